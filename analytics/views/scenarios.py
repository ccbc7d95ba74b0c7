"""Test scenarios: list, page, form, state."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Role, User
from analytics import feature_files
from analytics.filters import ScenarioFilter
from analytics.forms import ScenarioForm, ScenarioStateForm, initial_from_lesson, scenario_initial
from analytics.models import TestScenario
from analytics.queries import scenarios as queries
from analytics.queries import standings
from analytics.services import scenarios as services
from analytics.views.people import author, reader
from incidents.models import Incident, Lesson
from incidents.services.refusals import Conflict, Refused

PAGE = 50
NOT_A_READER = "Readers do not write test scenarios."


def filtered(request: HttpRequest) -> ScenarioFilter:
    return ScenarioFilter(request.GET, queryset=queries.for_list(reader(request)), request=request)


@require_safe
def scenario_list(request: HttpRequest) -> HttpResponse:
    found = filtered(request)
    page = Paginator(found.qs.order_by("-number"), PAGE).get_page(request.GET.get("page"))
    listed = list(page.object_list)
    found_standings = standings.standings(listed)
    narrowed = [name for name in found.form.fields if name != "q" and request.GET.get(name)]
    context = {
        "filter": found,
        "page": page,
        "lines": [(scenario, found_standings[scenario.number]) for scenario in listed],
        "query": request.GET.urlencode(),
        "narrowed": len(narrowed),
        "may_write": reader(request).at_least(Role.AUTHOR),
        "untested": queries.lessons_without_test(reader(request)).count(),
    }
    return render(request, "analytics/scenarios.html", context)


def visible(request: HttpRequest, number: int) -> TestScenario:
    visible = TestScenario.objects.visible_to(reader(request))
    return get_object_or_404(visible.select_related("area", "merged_into"), number=number)


@require_safe
def detail(request: HttpRequest, number: int) -> HttpResponse:
    scenario = visible(request, number)
    if scenario.merged_into is not None:
        # What may not be seen is not even named in an address.
        kept = get_object_or_404(TestScenario.objects.visible_to(reader(request)), pk=scenario.merged_into_id)
        return redirect("analytics:scenario", kept.number)
    return _detail(request, scenario, ScenarioStateForm(initial={"state": scenario.state}))


def _detail(
    request: HttpRequest, scenario: TestScenario, form: ScenarioStateForm, status: int = 200
) -> HttpResponse:
    user = reader(request)
    shown = Prefetch("incidents", Incident.objects.visible_to(user).order_by("number"), to_attr="shown")
    [written] = queries.written(TestScenario.objects.filter(pk=scenario.pk), user)
    branches, more = standings.branches(scenario)
    context = {
        "scenario": scenario,
        "steps": [
            feature_files.parts(line)
            for word, text in (("Given", scenario.given), ("When", scenario.when), ("Then", scenario.then))
            for line in feature_files.steps(word, text)
        ],
        "feature": feature_files.feature([written]),
        "lessons": scenario.lessons.prefetch_related(shown),
        "kinds": scenario.kinds.all(),
        "services": scenario.services.all(),
        "standing": standings.standings([scenario])[scenario.number],
        "branches": branches,
        "branches_more": more,
        "results": standings.results_of(scenario)[:10],
        "state_form": form,
        "states": queries.states_of(scenario)[:20],
        "merged": TestScenario.objects.visible_to(user).filter(merged_into=scenario),
        "may_write": user.at_least(Role.AUTHOR),
    }
    return render(request, "analytics/scenario.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    return _create(request, {}, None)


@require_http_methods(["GET", "HEAD", "POST"])
def from_lesson(request: HttpRequest, lesson_id: int) -> HttpResponse:
    user = author(request, NOT_A_READER)
    lesson = get_object_or_404(Lesson.objects.visible_to(user), pk=lesson_id)
    incidents = (
        Incident.objects.visible_to(user)
        .filter(lessons=lesson)
        .order_by("number")
        .prefetch_related("services", "factors")
    )
    return _create(request, initial_from_lesson(lesson, incidents), lesson)


def _create(request: HttpRequest, initial: dict[str, Any], lesson: Lesson | None) -> HttpResponse:
    user = author(request, NOT_A_READER)
    behind = [lesson.pk] if lesson else []
    form = ScenarioForm(request.POST or None, initial=initial, user=user, lessons=behind)
    if request.method == "POST" and form.is_valid():
        try:
            scenario = services.create_scenario(by=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            _add_refusal(form, refusal)
        else:
            messages.success(request, f"{scenario} is proposed.")
            return redirect(scenario)
    context = {"form": form, "lesson": lesson, "scenario": None, **_so_far(request, form, user, None)}
    return render(request, "analytics/scenario_form.html", context, status=422 if form.errors else 200)


def _so_far(request: HttpRequest, form: ScenarioForm, user: User, number: int | None) -> dict[str, Any]:
    """The same that is swapped in while one types, for those who see the page without scripts."""
    words = {name: str(form[name].value() or "") for name in queries.WORDS}
    told = {} if request.method == "POST" else feature_files.so_far(words)
    return {"near": queries.near(user, words, but=number), **told}


def _add_refusal(form: Any, refusal: Refused) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.reason)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    user = author(request, NOT_A_READER)
    scenario = visible(request, number)
    behind = list(scenario.lessons.values_list("pk", flat=True))
    form = ScenarioForm(request.POST or None, initial=scenario_initial(scenario), user=user, lessons=behind)
    status, theirs = 200, None
    if request.method == "POST" and form.is_valid():
        version = request.POST.get("version", "")
        try:
            services.edit_scenario(
                scenario_id=scenario.pk,
                by=user,
                expected_version=int(version) if version.isdecimal() else -1,
                **form.cleaned_data,
            )
        except Conflict as conflict:
            status, theirs = 409, conflict.theirs
        except Refused as refusal:
            _add_refusal(form, refusal)
        else:
            messages.success(request, f"{scenario} is saved.")
            return redirect(scenario)
    context = {"form": form, "scenario": scenario, "theirs": theirs, "lesson": None}
    context |= _so_far(request, form, user, scenario.number)
    return render(request, "analytics/scenario_form.html", context, status=422 if form.errors else status)


@require_POST
def set_state(request: HttpRequest, number: int) -> HttpResponse:
    user = author(request, NOT_A_READER)
    scenario = visible(request, number)
    form = ScenarioStateForm(request.POST)
    if form.is_valid():
        try:
            services.set_state(scenario_id=scenario.pk, by=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            _add_refusal(form, refusal)
        else:
            messages.success(request, f"{scenario} is {form.cleaned_data['state']}.")
            return redirect(scenario)
    return _detail(request, scenario, form, status=422)
