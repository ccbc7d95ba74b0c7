"""The failure rate over time beside its baseline: page, CSV and JSON of one report."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import trends
from analytics.charts_trend import trend_chart
from analytics.forms import TrendForm
from analytics.metrics.measured import FOLLOW_UP_WORDS
from analytics.metrics.trend import Point
from analytics.queries.figures import WITH_FOLLOW_UPS
from analytics.tasks import catch_up
from analytics.trends import Series, TrendReport
from analytics.views.answers import csv_file, not_valid


def report_of(form: TrendForm) -> TrendReport:
    """Raises: KeyError when the form is not valid."""
    return trends.over_time(form.filters(), form.cleaned_data["kind"], catch_up(), form.words)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = TrendForm(request.GET.dict())
    if not form.is_valid():
        return render(request, "analytics/trend.html", {"form": form}, status=400)
    report = report_of(form)
    context = {
        "demo_data": form.demo,
        "form": form,
        "query": form.query(),
        "beside": form.beside(),
        "without_assistant": form.other_side(),
        "report": report,
        "chart": trend_chart(report.series),
        "lines": _lines(report),
        "estimate": FOLLOW_UP_WORDS if report.filters.basis in WITH_FOLLOW_UPS else "",
    }
    return render(request, "analytics/trend.html", context)


def _lines(report: TrendReport) -> list[tuple[list[tuple[Series, Point]], float | None]]:
    """The table, block by block, the newest first: each series with its point, and the marked share."""
    lines = [
        ([(series, series.points[number]) for series in report.series], marked)
        for number, marked in enumerate(report.marked)
    ]
    return lines[::-1]


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    form = TrendForm(request.GET.dict())
    if not form.is_valid():
        return not_valid(form)
    report = report_of(form)
    return csv_file(f"trend-{report.filters.as_of}", trends.HEADER, trends.as_table(report))


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    form = TrendForm(request.GET.dict())
    return JsonResponse(trends.as_json(report_of(form))) if form.is_valid() else not_valid(form)
