"""Work in progress: page, CSV and JSON of one report."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Role
from analytics import work_report
from analytics.charts_work import Bar, LimitedPanel, panel
from analytics.flow_weeks import Span, label
from analytics.metrics.work import Work
from analytics.metrics.work_words import number
from analytics.review_form import ReviewForm
from analytics.views.people import reader
from analytics.views.review_parts import beginning, csv_of, json_of
from analytics.work_report import Line, Report


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/work.html", {"form": form}, status=400)
    report = _report(request, form)
    context = {
        **beginning(form, report),
        "panels": [(line, _panel(line)) for line in report.measured],
        "rows": _rows(report),
        "may_set_limits": reader(request).at_least(Role.CURATOR),
    }
    return render(request, "analytics/work.html", context)


def _report(request: HttpRequest, form: ReviewForm) -> Report:
    return work_report.report_of(form, reader(request))


def _panel(line: Line) -> LimitedPanel:
    limit = line.limit.most if line.limit else None
    bars = [_bar(span, one, span.begins_on in line.hidden) for span, one in line.weeks]
    return panel(line.sort, line.name, bars, limit=limit, limit_words=f"limit {limit}")


def _bar(span: Span, one: Work | None, is_hidden: bool) -> Bar:
    begins = span.begins_on
    is_partial = one is not None and one.seconds < 7 * 86400 - 7200
    if one is None:
        return Bar(begins, None, f"{label(begins)}: {_absent(is_hidden)}")
    words = f"{label(begins)}: {number(one.average)} on average, {one.under_way} at its end"
    return Bar(begins, (("light", one.average),), words, is_partial)


def _absent(is_hidden: bool) -> str:
    return "hidden" if is_hidden else "not measured"


def _rows(report: Report) -> list[tuple[Span, bool, list[tuple[Work | None, str]]]]:
    """Week by week, the newest first: each measured sort in its column, or why it has no figure."""
    columns = [
        [(span, one, _absent(span.begins_on in line.hidden)) for span, one in line.weeks]
        for line in report.measured
    ]
    if not columns:
        return []
    rows = []
    for place in range(len(columns[0]) - 1, -1, -1):
        span = columns[0][place][0]
        is_partial = report.is_now and span.begins_on > report.quarter.last_day
        rows.append((span, is_partial, [column[place][1:] for column in columns]))
    return rows


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_of(
        request, "work", work_report.HEADER, lambda form: work_report.as_table(_report(request, form))
    )


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    return json_of(request, lambda form: work_report.as_json(_report(request, form)))
