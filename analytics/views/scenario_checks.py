"""A scenario while it is written: is it Gherkin, does another say the same; two become one."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from analytics.feature_files import so_far
from analytics.models import TestScenario
from analytics.queries import scenarios as queries
from analytics.services import scenario_merging
from analytics.views.people import author
from analytics.views.scenarios import NOT_A_READER, visible
from incidents.models import Lesson
from incidents.services.refusals import Refused


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """The words so far, as a feature file or with what keeps them from being one. Nothing is saved."""
    user = author(request, NOT_A_READER)
    words = {part: request.POST.get(part, "").replace("\r\n", "\n") for part in queries.WORDS}
    but = request.POST.get("number", "")
    return render(request, "analytics/scenario_check.html", {
        **so_far(words),
        "near": queries.near(user, words, but=int(but) if but.isdecimal() and len(but) < 10 else None),
        "lesson": _lesson(user, request.POST.get("lesson", "")),
    })  # fmt: skip


def _lesson(user: User, given: str) -> Lesson | None:
    if not given.isdecimal() or len(given) > 12:
        return None
    return Lesson.objects.visible_to(user).filter(pk=int(given)).first()


class MergeForm(forms.Form):
    into = forms.RegexField(
        r"^\s*(?i:ts-)?(\d{1,9})\s*$", label="Merge into", help_text="Its number, such as TS-7.",
        error_messages={"invalid": "Give the number of a scenario, such as TS-7."},
    )  # fmt: skip

    def clean_into(self) -> int:
        return int(self.cleaned_data["into"].strip().upper().removeprefix("TS-"))


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, number: int) -> HttpResponse:
    """What would come together is shown before it does."""
    user = author(request, NOT_A_READER)
    scenario = visible(request, number)
    data = request.POST if request.method == "POST" else request.GET if "into" in request.GET else None
    form = MergeForm(data)
    into = None
    if form.is_valid():
        found = TestScenario.objects.visible_to(user).prefetch_related("lessons")
        into = (
            found.filter(number=form.cleaned_data["into"], merged_into=None).exclude(pk=scenario.pk).first()
        )
        if into is None:
            form.add_error("into", "No other scenario that stands has this number.")
        elif request.method == "POST":
            try:
                scenario_merging.merge(scenario_id=scenario.pk, into_id=into.pk, by=user, now=timezone.now())
            except Refused as refusal:
                form.add_error(None, refusal.reason)
            else:
                messages.success(request, f"{into} stands for both now; {scenario} leads to it.")
                return redirect(into)
    context = {
        "scenario": scenario,
        "lessons": scenario.lessons.all(),
        "into": into,
        "form": form,
        "near": queries.near(user, queries.words_of(scenario), but=scenario.number),
    }
    return render(request, "analytics/scenario_merge.html", context, status=422 if form.errors else 200)


@require_POST
def take_apart(request: HttpRequest, number: int) -> HttpResponse:
    user = author(request, NOT_A_READER)
    scenario = get_object_or_404(TestScenario.objects.visible_to(user), number=number)
    try:
        scenario_merging.take_apart(scenario_id=scenario.pk, by=user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.reason)
    else:
        messages.success(request, f"{scenario} stands on its own again.")
    return redirect(scenario)


@require_POST
def stand_for(request: HttpRequest, number: int, lesson_id: int) -> HttpResponse:
    """In place of a new scenario: one that says it already stands for this lesson too."""
    user = author(request, NOT_A_READER)
    scenario = visible(request, number)
    lesson = get_object_or_404(Lesson.objects.visible_to(user), pk=lesson_id)
    scenario_merging.stand_for(scenario_id=scenario.pk, lesson_id=lesson.pk, by=user)
    messages.success(request, f"{scenario} stands for this lesson too.")
    return redirect(scenario)
