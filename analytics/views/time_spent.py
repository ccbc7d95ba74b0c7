"""Where the time goes: what was made beside what reached users, and how long changes waited on the way."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import time_files, times
from analytics.charts_time import way
from analytics.metrics import time_words
from analytics.metrics.time_words import MISSING, ORIGINS, STAGES, STEPS, Pair
from analytics.queries import time_spent as queries
from analytics.review_form import ReviewForm
from analytics.tasks import ring_for_weeks
from analytics.time_bands import pictures
from analytics.times import Measure, TimeReport, Waited
from analytics.views.review_parts import beginning, csv_of, json_of

# Stages whose longest waits are listed.
LISTED = {key: name for key, name in STAGES.items() if key != "rounds"}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/time.html", {"form": form}, status=400)
    report = times.report_of(form)
    if report.waiting:
        ring_for_weeks()
    context = {
        **beginning(form, report),
        "headline": headline(report),
        "chance": chance(report),
        "pictures": pictures(report),
        "bands": [(key, name) for key, name, _ in ORIGINS][::-1],
        "steps": _steps(report),
        "way": way([(key, STEPS[key], spread) for key, spread in report.steps]),
        "sentences": [said for said in map(_sentence, report.stages) if said],
        "stages": [(one, missing(report, one.key)) for one in report.stages],
        "tables": _tables(report),
        "weeks": _weeks(report),
    }
    return render(request, "analytics/time.html", context)


def headline(report: TimeReport) -> str:
    merged, deployments, failed = (_pair(report.measure(key)) for key in ("merged", "deployments", "failed"))
    return time_words.headline(merged, deployments, failed, _opening(report))


def _opening(report: TimeReport) -> str:
    last = report.last_day
    return "Over the last 13 weeks" if report.is_latest else f"Over the 13 weeks to {last:%-d %b %Y}"


def chance(report: TimeReport) -> str:
    names = {"merged": "changes merged", "deployments": "deployments", "failed": "failures"}
    return time_words.chance([(name, _pair(report.measure(key))) for key, name in names.items()])


def _pair(one: Measure) -> Pair:
    return Pair(one.now, one.before, one.altered, one.why)


def _sentence(one: Waited) -> str:
    return time_words.stage_sentence(one.key, one.now, one.before, one.altered)


def _steps(report: TimeReport) -> list[dict[str, Any]]:
    return [{"key": key, "name": STEPS[key], "spread": spread} for key, spread in report.steps]


def missing(report: TimeReport, stage: str) -> list[tuple[str, int]]:
    """Why so many could not be measured, in words."""
    return [(words, report.missing[key]) for key, words in MISSING[stage].items() if report.missing[key]]


def _tables(report: TimeReport) -> list[dict[str, Any]]:
    names = {"origin": "By origin", "area": "By area", "size": "By size"}
    notes = {
        "origin": "Origin as it stands now. Unknown is not manual; automation is in no other row.",
        "area": "Each change counts in one area. In alphabetical order.",
        "size": "Lines without generated and lock files, where that is known.",
    }
    return [
        {"key": key, "name": name, "note": notes[key], "rows": report.groups[key]}
        for key, name in names.items()
        if report.groups[key]
    ]


def _weeks(report: TimeReport) -> list[dict[str, Any]]:
    """The table under the pictures, the newest first."""
    found = [
        {
            "begins_on": week,
            "is_partial": report.is_partial and number == len(report.weeks) - 1,
            "origins": [report.origins[key][number] for key, _, _ in ORIGINS],
            "measures": [one.weeks[number] for one in report.measures],
            "stages": [(one.weeks[number], one.unit) for one in report.stages],
        }
        for number, week in enumerate(report.weeks)
    ]
    return found[::-1]


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_of(request, "time", time_files.HEADER, lambda form: time_files.as_table(times.report_of(form)))


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    return json_of(request, lambda form: time_files.as_json(times.report_of(form)))


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The longest waits of one stage in the 13 weeks, at most 50."""
    form = ReviewForm(request.GET)
    stage = request.GET.get("stage", "review")
    if stage not in LISTED:
        raise Http404(f"There is no list of {stage!r}")
    if not form.is_valid():
        return render(request, "analytics/time_changes.html", {"form": form, "stage": stage}, status=400)
    report = times.report_of(form)
    found = queries.waited(list(report.longest.get(stage, ())), form.demo)
    context = {
        **beginning(form, report),
        "stage": stage,
        "stage_name": LISTED[stage],
        "tabs": LISTED.items(),
        "lines": [(one.change, seconds(one, stage), one.flow) for one in found],
        "measured": report.stage(stage).now.n,
    }
    return render(request, "analytics/time_changes.html", context)


def seconds(one: queries.Waited, stage: str) -> int | None:
    found: int | None = getattr(one.flow, queries.STAGES[stage].value.removeprefix("flow."))
    return found
