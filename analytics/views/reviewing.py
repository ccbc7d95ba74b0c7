"""Reviewing: what it asks of people, week by week, and the changes behind each share."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import reviewing
from analytics.charts_reviewing import columns, panels
from analytics.flow_weeks import Span
from analytics.metrics.large_assisted_days import MOST_SHOWN
from analytics.metrics.reviewing_words import NAMES
from analytics.queries import reviewing_records, spans
from analytics.queries.reviewing import Asked
from analytics.review_form import ReviewForm
from analytics.views.review_parts import beginning, behind, csv_of, json_of, kept_of, page_asked, span_asked
from changes.models import Change, SizeException

BEHIND = "analytics:review_reviewing_changes"
# What each list holds, as a sentence goes on.
LISTS: dict[str, str] = {
    "merged": "Changes that merged",
    "too_large": "Merged changes larger than one can review",
    "bare": "Merged changes larger than one can review, without a documented exception",
    "excused": "Merged changes larger than one can review, with a documented exception",
    "unreviewed": "Changes that merged without a review by another person",
    "one_moment": "Changes reviewed in one moment only",
    "timed": "Changes whose review minutes and lines are known",
    "high_risk": "Merged changes of high risk",
    "by_senior": "Merged changes of high risk that a senior reviewed",
    "not_by_senior": "Merged changes of high risk that no senior reviewed",
}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/reviewing.html", {"form": form}, status=400)
    report = reviewing.report_of(form)
    context = {
        **beginning(form, report),
        "sentences": report.sentences,
        "panels": panels(report.weeks, report.limit),
        "columns": columns(report.now.days.spread, report.now.days.limit, MOST_SHOWN),
        "shown_week": next(one for one in report.weeks if one.span == form.span),
        "rows": [(one, behind(BEHIND, form.scope, one.span)) for one in reversed(report.weeks)],
        "behind_now": behind(BEHIND, form.scope, report.now.span),
        "behind_before": behind(BEHIND, form.scope, report.before.span),
    }
    return render(request, "analytics/reviewing.html", context)


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_of(
        request, "reviewing", reviewing.HEADER, lambda form: reviewing.as_table(reviewing.report_of(form))
    )


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    return json_of(request, lambda form: reviewing.as_json(reviewing.report_of(form)))


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The list behind a number: `of` says which, `group` of whom, `weeks` 1 or 13 to the week of the form."""
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/reviewing_changes.html", {"form": form}, status=400)
    which, group = request.GET.get("of", "merged"), request.GET.get("group", "")
    if which not in LISTS or group not in NAMES:
        raise Http404("There is no such list")
    span = span_asked(request, form)
    asked = _asked(span, form.demo)
    found = reviewing_records.listed(asked, form.scope, group, which, page_asked(request))
    context = {
        "demo_data": form.demo,
        "form": form,
        "query": form.query(),
        "which": which,
        "group": group,
        "group_name": NAMES[group] if group else "",
        "title": LISTS[which],
        "limit": asked.limit,
        "span": span,
        "found": found,
        "lines": _lines(found),
        "behind": f"{behind(BEHIND, form.scope, span)}{which}{f'&group={group}' if group else ''}",
    }
    return render(request, "analytics/reviewing_changes.html", context)


def _asked(span: Span, demo: bool) -> Asked:
    """By the rules that the number was reckoned by."""
    kept = kept_of(reviewing.PAGE, span, demo)
    rules = kept.rules if kept else spans.rules_in_force()
    return Asked(span, demo, rules.reviewable_lines)


def _lines(found: reviewing_records.Listed) -> list[tuple[Change, dict[str, Any], str]]:
    """Each change with what the list says of it, and why it was right to be so large."""
    known = Change.objects.select_related("repository", "area").in_bulk(found.ids)
    reasons = dict(SizeException.objects.filter(change__in=found.ids).values_list("change", "reason"))
    return [
        (known[row["change_id"]], row, reasons.get(row["change_id"], ""))
        for row in found.rows
        if row["change_id"] in known
    ]
