"""Delivery: the five figures of the last 13 weeks, week by week, and the records behind each number."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics import delivery
from analytics.charts_delivery import panels
from analytics.flow_weeks import Span
from analytics.metrics.delivery_sentences import apart
from analytics.privacy import gives_away
from analytics.queries import delivery_records, spans
from analytics.queries.delivery import Asked
from analytics.review_form import ReviewForm
from analytics.views.people import reader
from analytics.views.review_parts import beginning, behind, csv_of, json_of, kept_of, page_asked, span_asked
from changes.models import Change, Deployment
from incidents.models import Incident

SERVICES = 50
BEHIND = "analytics:review_delivery_records"
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
        **beginning(form, report),
        "panels": panels(report.weeks),
        "apart": apart(report.now.fail),
        "sentences": report.sentences,
        "services": [
            (one, behind(BEHIND, one.scope, one.now.span), behind(BEHIND, one.scope, one.before.span))
            for one in report.services[:SERVICES]
        ],
        "more_services": max(0, len(report.services) - SERVICES),
        "rows": [(one, behind(BEHIND, form.scope, one.span)) for one in reversed(report.weeks)],
        "behind_now": behind(BEHIND, form.scope, report.now.span),
        "behind_before": behind(BEHIND, form.scope, report.before.span),
    }
    return render(request, "analytics/delivery.html", context)


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_of(
        request, "delivery", delivery.HEADER, lambda form: delivery.as_table(delivery.report_of(form))
    )


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    return json_of(request, lambda form: delivery.as_json(delivery.report_of(form)))


@require_safe
def records(request: HttpRequest) -> HttpResponse:
    """The list behind a number: `of` says which, `weeks` 1 or 13, ending with the week of the form."""
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/delivery_records.html", {"form": form}, status=400)
    which = request.GET.get("of", "deployments")
    if which not in LISTS:
        raise Http404(f"There is no list {which!r}")
    span = span_asked(request, form)
    asked = _asked(span, form.demo)
    found = delivery_records.listed(asked, form.scope, which, reader(request), page_asked(request))
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
        "behind": behind(BEHIND, form.scope, span),
    }
    return render(request, "analytics/delivery_records.html", context)


def _asked(span: Span, demo: bool) -> Asked:
    """As the number was reckoned: by its rules, and as young as its deployments were then."""
    kept = kept_of(delivery.PAGE, span, demo)
    if kept is None:
        return Asked(span, demo, spans.rules_in_force(), timezone.now())
    return Asked(span, demo, kept.rules, kept.reckoned_at)


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
