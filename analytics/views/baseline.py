"""Kinds of help against their baseline: page, CSV and JSON of one report."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import comparisons
from analytics.charts_ratios import NARROW, ratio_chart
from analytics.comparisons import BaselineReport
from analytics.forms import BaselineForm
from analytics.metrics.adjusted_ratio import WHAT_IF
from analytics.metrics.measured import FOLLOW_UP_WORDS
from analytics.metrics.recall import hidden_work
from analytics.queries.figures import WITH_FOLLOW_UPS
from analytics.tasks import catch_up
from analytics.views.answers import csv_file, not_valid


def report_of(form: BaselineForm) -> BaselineReport:
    """Raises: KeyError when the form is not valid."""
    return comparisons.against_baseline(form.filters(), form.cleaned_data["kind"], catch_up(), form.words)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = BaselineForm(request.GET.dict())
    if not form.is_valid():
        return render(request, "analytics/baseline.html", {"form": form}, status=400)
    report = report_of(form)
    context = {
        "demo_data": form.demo,
        "form": form,
        "query": form.query(),
        "beside": form.beside(),
        "without_assistant": form.other_side(),
        "report": report,
        "chart": ratio_chart(report.rows),
        "narrow_chart": ratio_chart(report.rows, NARROW),
        "shares": WHAT_IF,
        "hidden": hidden_work(report.filters, report.rows),
        "estimate": FOLLOW_UP_WORDS if report.filters.basis in WITH_FOLLOW_UPS else "",
    }
    return render(request, "analytics/baseline.html", context)


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    form = BaselineForm(request.GET.dict())
    if not form.is_valid():
        return not_valid(form)
    report = report_of(form)
    name = f"against-baseline-{report.filters.as_of}"
    return csv_file(name, comparisons.HEADER, comparisons.as_table(report))


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    form = BaselineForm(request.GET.dict())
    return JsonResponse(comparisons.as_json(report_of(form))) if form.is_valid() else not_valid(form)
