"""The matched estimate: page, CSV, JSON, and the failed changes and controls behind it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import matching
from analytics.charts_ratios import NARROW, ratio_chart
from analytics.forms_matched import MatchedForm
from analytics.matching import MatchedReport
from analytics.queries.matched import Asked, Failed, Like, asked
from analytics.tasks import catch_up
from analytics.views.answers import csv_file, not_valid
from analytics.views.people import reader
from changes.models import Change
from incidents.models import Cause, Incident

PAGE = 50


def report_of(form: MatchedForm) -> MatchedReport:
    """Raises: KeyError when the form is not valid."""
    return matching.matched(form.filters(), form.cleaned_data["kind"], catch_up(), form.words)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = MatchedForm(request.GET.dict())
    if not form.is_valid():
        return render(request, "analytics/matched.html", {"form": form}, status=400)
    report = report_of(form)
    context = {
        "form": form,
        "query": form.query(),
        "beside": form.beside(),
        "report": report,
        "chart": ratio_chart(report.rows),
        "narrow_chart": ratio_chart(report.rows, NARROW),
    }
    return render(request, "analytics/matched.html", context)


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    form = MatchedForm(request.GET.dict())
    if not form.is_valid():
        return not_valid(form)
    report = report_of(form)
    return csv_file(f"matched-{report.filters.as_of}", matching.HEADER, matching.as_table(report))


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    form = MatchedForm(request.GET.dict())
    return JsonResponse(matching.as_json(report_of(form))) if form.is_valid() else not_valid(form)


@require_safe
def records(request: HttpRequest) -> HttpResponse:
    """Each failed change that was asked about, with what its controls said, as far as the reader may see."""
    form = MatchedForm(request.GET.dict())
    if not form.is_valid():
        return render(request, "analytics/matched_records.html", {"form": form}, status=400)
    catch_up()
    areas, kinds = form.words
    found = asked(form.filters(), areas, kinds, is_whole=False)
    visible = _visible(found, request)
    cases = found.failed
    open_ones = [one for one in cases if one.incidents & visible.keys()]
    restricted = len(cases) - len(open_ones)
    # Beside a hidden number the rest of it would tell that number.
    if restricted and matching.hides(asked(form.filters(), areas, kinds)):
        restricted = 0
    pages = Paginator(open_ones, PAGE)
    current = pages.get_page(request.GET.get("page"))
    like = _like_by_change(found, visible)
    names = {pk: term.name for pk, term in kinds.terms.items()}
    context = {
        "form": form,
        "query": form.query(),
        "page": current,
        "restricted": restricted,
        "shown": len(open_ones),
        "lines": _lines(list(current.object_list), like, visible, names),
    }
    return render(request, "analytics/matched_records.html", context)


def _visible(found: Asked, request: HttpRequest) -> dict[int, Incident]:
    wanted = {pk for one in found.failed for pk in one.incidents} | {one.incident for one in found.like}
    return Incident.objects.visible_to(reader(request)).in_bulk(wanted)


def _like_by_change(found: Asked, visible: dict[int, Incident]) -> dict[int, list[Like]]:
    """By failed change; those drawn in an incident that the reader may not see are left out."""
    drawn = [one for one in found.like if one.incident in visible]
    causes = Cause.objects.filter(pk__in={one.cause for one in drawn}).values_list("pk", "change_id")
    change_of: dict[int, int | None] = dict(causes)
    by_change: defaultdict[int, list[Like]] = defaultdict(list)
    for one in drawn:
        by_change[change_of.get(one.cause) or 0].append(one)
    return by_change


def _lines(
    cases: list[Failed],
    like: dict[int, list[Like]],
    visible: dict[int, Incident],
    names: dict[int, str],
) -> list[dict[str, Any]]:
    wanted = {one.change for one in cases} | {one.change for case in cases for one in like[case.change]}
    changes = Change.objects.select_related("repository", "area").in_bulk(wanted)
    return [
        {
            "change": changes[case.change],
            "said": _words(case.said.origin, case.said.kinds, names),
            "incidents": [visible[pk] for pk in sorted(case.incidents) if pk in visible],
            "controls": [
                {
                    "change": changes[one.change],
                    "said": "Passed over"
                    if one.was_passed_over
                    else _words(one.said.origin, one.said.kinds, names),
                    "pool": one.pool,
                }
                for one in like[case.change]
            ],
        }
        for case in cases
    ]


def _words(origin: str, kinds: frozenset[int], names: dict[int, str]) -> str:
    if origin in {"assisted", "autonomous"}:
        told = ", ".join(sorted(names[pk] for pk in kinds if pk in names))
        how = "Autonomous agent" if origin == "autonomous" else "AI-assisted"
        return f"{how}: {told}" if told else f"{how}, kind not said"
    return "Manual" if origin == "manual" else "Cannot say"
