"""Signals: what the decision rule says, what people make of it, and the safeguards they adopt."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Role
from analytics.effects import effect
from analytics.forms import (
    EndSafeguardForm,
    SafeguardForm,
    SignalReviewForm,
    safeguard_initial,
    safeguard_scope,
    today,
)
from analytics.metrics.sentences import STATES
from analytics.models import Safeguard, Signal, SignalShown
from analytics.queries.figures import incident_is_known, shows_demo
from analytics.services import signals as services
from analytics.services.judging import Line, Run, look_cached
from analytics.tasks import catch_up
from analytics.views.people import author, reader
from incidents.services.refusals import Refused

SHOWN = 60
NOT_A_READER = "Readers do not review signals."
SILENT = ("not_enough_data", "hidden")


def _signals(demo: bool | None = None) -> QuerySet[Signal]:
    is_demo = shows_demo() if demo is None else demo
    return Signal.objects.filter(is_demo=is_demo).select_related("kind", "area", "reviewed_by")


def _look(demo: bool) -> Run:
    return look_cached(as_of=today(), demo=demo, stands=catch_up())


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    demo = shows_demo()
    run = _look(demo)
    signals = list(_signals(demo).order_by("-first_shown_on", "-id"))
    waiting = [one for one in signals if one.review == Signal.Review.OPEN]
    lines = {(line.kind.pk, line.area.pk if line.area else None): line for line in run.lines}
    cells = [line for line in run.lines if line.area is not None]
    context = {
        "demo_data": demo,
        "run": run,
        "is_of_today": run.as_of == today(),
        "waiting": [(one, lines.get((one.kind_id, one.area_id))) for one in waiting],
        "reviewed": [one for one in signals if one.review != Signal.Review.OPEN][:20],
        "wholes": [line for line in run.lines if line.area is None],
        "saying": [line for line in cells if line.judged.state not in SILENT],
        "silent": [line for line in cells if line.judged.state == "not_enough_data"],
        "small": sum(line.judged.state == "hidden" for line in cells),
        "errors": _errors(run),
        "states": [(slug, *words[:2]) for slug, words in STATES.items() if slug != "origin_unknown"],
        "may_write": reader(request).at_least(Role.AUTHOR),
        "no_incident_known": not incident_is_known(run.demo),
    }
    return render(request, "analytics/signals.html", context)


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    run = _look(shows_demo())
    lines = [
        {"kind": line.kind.slug, "area": line.area.slug if line.area else None, **line.figures}
        for line in run.lines
    ]
    return JsonResponse({"as_of": run.as_of.isoformat(), "is_demo": run.demo, "lines": lines})


def _errors(run: Run) -> list[Any]:
    """The simulated error rates of each baseline in use."""
    baselines = sorted({line.judged.baseline for line in run.lines})
    return [found for baseline in baselines if (found := run.errors(baseline))]


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_object_or_404(_signals(), pk=pk), SignalReviewForm())


def _detail(request: HttpRequest, signal: Signal, form: SignalReviewForm, status: int = 200) -> HttpResponse:
    run = _look(signal.is_demo)
    shown = SignalShown.objects.filter(kind=signal.kind, area=signal.area, is_demo=signal.is_demo)
    line = _line_of(run, signal)
    context = {
        "signal": signal,
        "line": line,
        "errors": run.errors(line.judged.baseline) if line else None,
        "shown": shown.order_by("-on")[:SHOWN],
        "safeguards": signal.safeguards.all(),
        "form": form,
        "may_review": signal.review in {Signal.Review.OPEN, Signal.Review.ACKNOWLEDGED},
        "may_write": reader(request).at_least(Role.AUTHOR),
        "state_words": STATES[signal.state],
    }
    return render(request, "analytics/signal.html", context, status=status)


def _line_of(run: Run, signal: Signal) -> Line | None:
    return next(
        (one for one in run.lines if one.kind == signal.kind and one.area == signal.area),
        None,
    )


@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    user = author(request, NOT_A_READER)
    signal = get_object_or_404(_signals(), pk=pk)
    form = SignalReviewForm(request.POST)
    if form.is_valid():
        try:
            services.review_signal(signal_id=pk, by=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(refusal.field or None, refusal.reason)
        else:
            messages.success(request, f"The signal is {form.cleaned_data['review']}.")
            return redirect("analytics:signals")
    return _detail(request, signal, form, status=422)


def _safeguards() -> QuerySet[Safeguard]:
    return Safeguard.objects.filter(is_demo=shows_demo()).select_related(
        "kind", "area", "signal", "adopted_by"
    )


@require_safe
def safeguard_list(request: HttpRequest) -> HttpResponse:
    context = {
        "lines": [(one, safeguard_scope(one)) for one in _safeguards()],
        "may_write": reader(request).at_least(Role.AUTHOR),
    }
    return render(request, "analytics/safeguards.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def adopt(request: HttpRequest) -> HttpResponse:
    """With `?signal=` it answers that signal."""
    user = author(request, NOT_A_READER)
    number = request.GET.get("signal", "")
    signal = get_object_or_404(_signals(), pk=int(number)) if number.isdecimal() else None
    form = SafeguardForm(request.POST or None, initial=safeguard_initial(signal))
    if request.method == "POST" and form.is_valid():
        try:
            safeguard = services.adopt_safeguard(
                by=user, now=timezone.now(), signal=signal, is_demo=shows_demo(), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(refusal.field or None, refusal.reason)
        else:
            messages.success(request, f"“{safeguard.title}” holds from {safeguard.starts_on:%-d %B %Y}.")
            return redirect("analytics:safeguard", safeguard.pk)
    context = {"form": form, "signal": signal}
    return render(request, "analytics/safeguard_form.html", context, status=422 if form.errors else 200)


@require_safe
def safeguard(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_safeguards(), pk=pk)
    return _safeguard(request, found, EndSafeguardForm(initial={"ends_on": today()}))


def _safeguard(
    request: HttpRequest, found: Safeguard, form: EndSafeguardForm, status: int = 200
) -> HttpResponse:
    context = {
        "safeguard": found,
        "scope": safeguard_scope(found),
        "effect": effect(found, today()),
        "form": form,
        "may_write": reader(request).at_least(Role.AUTHOR),
    }
    return render(request, "analytics/safeguard.html", context, status=status)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    user = author(request, NOT_A_READER)
    found = get_object_or_404(_safeguards(), pk=pk)
    form = EndSafeguardForm(request.POST)
    if form.is_valid():
        try:
            services.end_safeguard(safeguard_id=pk, by=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(refusal.field or None, refusal.reason)
        else:
            messages.success(request, f"“{found.title}” ends on {form.cleaned_data['ends_on']:%-d %B %Y}.")
            return redirect("analytics:safeguard", pk)
    return _safeguard(request, found, form, status=422)
