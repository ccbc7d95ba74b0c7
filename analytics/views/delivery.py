"""Delivery: the five figures of the last 13 weeks, week by week, and the records behind each number."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics import delivery
from analytics.charts_delivery import panels
from analytics.flow_weeks import QUARTER, WEEK, Span, label
from analytics.metrics.delivery_sentences import apart
from analytics.models import ReviewRules, SpanFigures
from analytics.privacy import gives_away
from analytics.queries import delivery_records, spans
from analytics.queries.delivery import Asked
from analytics.review_form import ReviewForm
from analytics.views.answers import csv_file, not_valid
from analytics.views.people import reader
from changes.models import Change, Deployment
from incidents.models import Incident

SERVICES = 50
# What each list holds, as a sentence goes on.
LISTS: dict[str, str] = {
    "deployments": "Deployments that reached users",
    "attempts": "Attempts that failed or were cancelled before they reached users",
    "judged": "Deployments old enough to have failed",
    "failed": "Deployments that failed",
    "suspected": "Deployments that are suspected to have failed",
    "pending": "Deployments too young to have shown whether they failed",
    "pending_failed": "Young deployments that failed already",
    "pending_suspected": "Young deployments that are suspected to have failed",
    "unmeasured": "Deployments of services whose incidents are not known here",
    "unmeasured_failed": "Failed deployments of services whose incidents are otherwise not known here",
    "of_no_service": "Deployments of no known service",
    "gaps": "Deployments whose content is not known",
    "rework": "Deployments that followed from an incident",
    "lead": "Changes with a known lead time, the longest first",
    "from_commit": "Changes measured from their first commit",
    "from_opening": "Changes measured from their opening, as no commit was told",
    "no_begin": "Shipped changes without a usable begin",
    "first_known": "Changes that came with the first deployment that is known of a service",
    "not_deployed": "Merged changes that no known deployment holds",
    "recovery": "Incidents that a change had a hand in",
    "recovery_open": "Incidents that a change had a hand in, not over yet",
    "recovery_missing": "Incidents that a change had a hand in, with a time missing",
    "recovery_invalid": "Incidents that a change had a hand in, ending before they begin",
    "restore": "All incidents",
    "restore_open": "All incidents that are not over yet",
    "unknown": "Incidents whose cause nobody has determined",
}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/delivery.html", {"form": form}, status=400)
    report = delivery.report_of(form)
    context = {
        "demo_data": form.demo,
        "form": form,
        "tab_query": form.tab_query,
        "query": form.query(),
        "report": report,
        "waiting": report.waiting,
        "panels": panels(report.weeks),
        "apart": apart(report.now.fail),
        "sentences": report.sentences,
        "services": [
            (one, _behind(one.scope, one.now.span), _behind(one.scope, one.before.span))
            for one in report.services[:SERVICES]
        ],
        "more_services": max(0, len(report.services) - SERVICES),
        "rows": [(one, _behind(form.scope, one.span)) for one in reversed(report.weeks)],
        "behind_now": _behind(form.scope, report.now.span),
        "behind_before": _behind(form.scope, report.before.span),
    }
    return render(request, "analytics/delivery.html", context)


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return not_valid(form)
    return csv_file(f"delivery-{form.label}", delivery.HEADER, delivery.as_table(delivery.report_of(form)))


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    return JsonResponse(delivery.as_json(delivery.report_of(form))) if form.is_valid() else not_valid(form)


@require_safe
def records(request: HttpRequest) -> HttpResponse:
    """The list behind a number: `of` says which, `weeks` 1 or 13, ending with the week of the form."""
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/delivery_records.html", {"form": form}, status=400)
    which = request.GET.get("of", "deployments")
    if which not in LISTS:
        raise Http404(f"There is no list {which!r}")
    span = _span(form.week, request.GET.get("weeks", ""))
    asked = _asked(span, form.demo)
    found = delivery_records.listed(asked, form.scope, which, reader(request), _page(request))
    hides = found.shut > 0 and gives_away(found.total, found.veiled)
    context = {
        "demo_data": form.demo,
        "form": form,
        "query": form.query(),
        "which": which,
        "title": LISTS[which],
        "span": span,
        "found": found,
        "total": None if hides else found.total,
        "hides": hides,
        "lines": _lines(found, request),
        "behind": _behind(form.scope, span),
    }
    return render(request, "analytics/delivery_records.html", context)


def _behind(scope: str, span: Span) -> str:
    """The address of the lists behind these numbers, up to the name of the list."""
    last = span.ends_on - WEEK
    asked = ({"scope": scope} if scope else {}) | {"week": label(last), "weeks": span.weeks, "of": ""}
    return f"{reverse('analytics:review_delivery_records')}?{urlencode(asked)}"


def _span(week: date, weeks: str) -> Span:
    return Span(week - (QUARTER - 1) * WEEK, QUARTER) if weeks == str(QUARTER) else Span(week)


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1


def _asked(span: Span, demo: bool) -> Asked:
    """As the number was reckoned: by its rules, and as young as its deployments were then."""
    row = (
        SpanFigures.objects.filter(
            page=delivery.PAGE, is_demo=demo, scope="", begins_on=span.begins_on, weeks=span.weeks
        )
        .values_list("rules", "reckoned_at")
        .first()
    )
    if row is None:
        return Asked(span, demo, spans.rules_in_force(), timezone.now())
    return Asked(span, demo, ReviewRules.objects.get(pk=row[0]), row[1])


def _lines(found: delivery_records.Listed, request: HttpRequest) -> list[tuple[Any, dict[str, Any]]]:
    """Each record with what the list says of it."""
    if found.kind == "deployment":
        rows: Any = Deployment.objects.for_list()
    elif found.kind == "change":
        rows = Change.objects.select_related("repository")
    else:
        rows = Incident.objects.visible_to(reader(request)).for_list()
    known = rows.in_bulk(found.ids)
    return [(known[row["id"]], row) for row in found.rows if row["id"] in known]
