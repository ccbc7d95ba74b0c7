"""The failure-rate matrix: page, CSV, JSON, and the records behind each cell."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import reports
from analytics.charts import rate_chart
from analytics.forms import MatrixForm
from analytics.metrics.failure_rate import STATES
from analytics.metrics.measured import FOLLOW_UP_WORDS
from analytics.privacy import gives_away
from analytics.queries import behind, figures
from analytics.queries.figures import Basis, Filters, RowKey
from analytics.tasks import catch_up
from analytics.views.answers import csv_file, not_valid
from analytics.views.people import reader
from changes.models import Assistance, Change, FollowUp
from incidents.models import Incident
from incidents.queries.causes import StandingCause

PAGE = 50
HELPS = Prefetch("assistances", Assistance.objects.select_related("kind"))
FOLLOW_UPS = Prefetch("follow_ups", FollowUp.objects.select_related("fix"))
# What a cell is the share of, after "changes that"; the page and its table say the same.
FAILED = {
    Basis.INCIDENT: "were linked to an incident within 30 days of shipping",
    Basis.UNDONE: "were reverted, or named by a fix, within 30 days of shipping",
    Basis.FOLLOW_UP: "a fix followed up within 30 days of shipping (an estimate)",
    Basis.ANY: "were linked to an incident, undone, or followed up by a fix within 30 days of shipping",
}


def report_context(form: MatrixForm, incident_known: bool | None = None) -> dict[str, Any]:
    """`incident_known` spares whoever knows already the asking."""
    report = reports.matrix(form.filters(), catch_up(), form.words)
    return {
        "demo_data": form.demo,
        "report": report,
        "form": form,
        "query": form.query(),
        "chart": rate_chart(report),
        "kind_rows": [row for row in report.rows if row.is_kind and row.speaks],
        "silent_kinds": [row for row in report.rows if row.is_kind and not row.speaks],
        "other_rows": [row for row in report.rows if not row.is_kind and row.key != RowKey.TOTAL],
        "total_row": report.row(RowKey.TOTAL),
        "states": STATES,
        "failed_words": FAILED[Basis(report.filters.basis)],
        "estimate": FOLLOW_UP_WORDS if report.filters.basis in figures.WITH_FOLLOW_UPS else "",
        # Without any incident nothing can be linked to one: a rate of 0 % would be read as good news.
        "no_incident_known": report.filters.basis == Basis.INCIDENT
        and not (figures.incident_is_known(form.demo) if incident_known is None else incident_known),
    }


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = MatrixForm(request.GET.dict())
    if not form.is_valid():
        return render(request, "analytics/matrix.html", {"form": form}, status=400)
    return render(request, "analytics/matrix.html", report_context(form))


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    form = MatrixForm(request.GET.dict())
    if not form.is_valid():
        return not_valid(form)
    report = reports.matrix(form.filters(), catch_up(), form.words)
    return csv_file(f"failure-rates-{report.filters.as_of}", reports.HEADER, reports.as_table(report))


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    form = MatrixForm(request.GET.dict())
    if not form.is_valid():
        return not_valid(form)
    return JsonResponse(reports.as_json(reports.matrix(form.filters(), catch_up(), form.words)))


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The list behind a cell: the records it counts, with the incidents that the reader may see."""
    form = MatrixForm(request.GET.dict())
    if not form.is_valid():
        return render(request, "analytics/matrix_changes.html", {"form": form}, status=400)
    filters = form.filters()
    areas, kinds = form.words
    row = request.GET.get("row", RowKey.TOTAL.value)
    name = _row_name(row, kinds)
    found = figures.changes_behind(filters, row, areas, kinds)
    mature = figures.is_mature(filters)
    user = reader(request)
    lists = {
        "mature": found.filter(mature),
        "linked": figures.linked(found.filter(mature), filters, user),
        "pending": found.exclude(mature),
    }
    show = request.GET.get("show", "")
    show = show if show in lists else "mature"
    shown = lists[show]
    # Which incident a reader may see is in no cell: those that failed are counted.
    counts = behind.changes(filters, row, form.words, catch_up())._asdict() | {
        "linked": lists["linked"].count()
    }
    incidents = behind.incidents(shown, filters, user)
    with_follow_ups = filters.basis in figures.WITH_FOLLOW_UPS
    listed = shown.select_related("repository", "area").prefetch_related(
        HELPS, *([FOLLOW_UPS] if with_follow_ups else [])
    )
    pages = Paginator(listed.order_by("-shipped_at", "-id"), PAGE)
    vars(pages)["count"] = counts[show]
    current = pages.get_page(request.GET.get("page"))
    context = {
        "demo_data": form.demo,
        "form": form,
        "query": form.query(),
        "row": row,
        "row_name": name,
        "area_name": _area_name(filters, areas),
        "page": current,
        "counts": counts,
        "with_follow_ups": with_follow_ups,
        "show": show,
        "lines": _lines(current.object_list, filters, request),
        # Said only where they are not few: without it nobody knows whether there is one.
        "restricted_count": 0 if gives_away(incidents.total, incidents.hidden) else incidents.hidden,
        "incident_count": incidents.total,
        "seen_count": incidents.total - incidents.hidden,
    }
    return render(request, "analytics/matrix_changes.html", context)


def _row_name(row: str, kinds: figures.Taxonomy) -> str:
    """Raises: Http404 for a row that does not exist."""
    if row in RowKey.values:
        return str(RowKey(row).label)
    slug = row.removeprefix("kind:")
    for term in kinds.terms.values():
        if row.startswith("kind:") and term.slug == slug:
            return term.name
    raise Http404(f"There is no row {row!r}")


def _area_name(filters: Filters, areas: figures.Taxonomy) -> str:
    if not filters.area:
        return "all areas"
    return next((term.name for term in areas.terms.values() if term.slug == filters.area), "no area")


def _lines(found: Any, filters: Filters, request: HttpRequest) -> list[tuple[Change, list[StandingCause]]]:
    """Each change with its links to incidents that the reader may see."""
    listed = list(found)
    links: defaultdict[int, list[StandingCause]] = defaultdict(list)
    if filters.basis in figures.WITH_INCIDENTS:
        visible = Incident.objects.visible_to(reader(request))
        for cause in figures.causes_of([change.pk for change in listed], filters).filter(
            incident__in=visible
        ):
            links[cause.stands_for].append(cause)
    return [(change, links[change.pk]) for change in listed]
