"""How long agreed actions have been open, as a page and as files; never by person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import days
from design.csv_files import csv_text
from incidents.filters import ActionItemFilter
from incidents.models import ActionItem, Incident
from incidents.queries.ageing import BANDS, FIELDS, Ageing, Group, ageing, records
from intake.queries import in_view


def _report(request: HttpRequest) -> Ageing:
    mine = Incident.objects.visible_to(request.user)
    seen = in_view(ActionItem.objects.filter(incident__in=mine), "incident__is_demo")
    found = ActionItemFilter(request.GET, queryset=seen)
    return ageing(found.qs, now=timezone.now(), today=days.today())


@require_GET
def ageing_page(request: HttpRequest) -> HttpResponse:
    report = _report(request)
    groups: list[tuple[str, str, list[Group]]] = [
        ("priority", "Priority", report.by_priority),
        ("type", "Type", report.by_type),
        ("area", "Area", report.by_area),
        ("service", "Service", report.by_service),
        ("team", "Team", report.by_team),
    ]
    context = {
        "report": report,
        "bands": [label for label, _ in BANDS],
        "groups": [{"key": key, "title": title, "rows": rows} for key, title, rows in groups],
        "query": request.GET.urlencode(),
    }
    return render(request, "incidents/ageing.html", context)


@require_GET
def ageing_csv(request: HttpRequest) -> HttpResponse:
    rows = ([record[name] for name in FIELDS] for record in records(_report(request)))
    response = HttpResponse(csv_text(FIELDS, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="action-ageing.csv"'
    return response


@require_GET
def ageing_json(request: HttpRequest) -> JsonResponse:
    report = _report(request)
    told = {
        "as_of": report.as_of,
        "proposed": report.proposed,
        "overdue": len(report.overdue),
        "without_owner_or_date": len(report.unassigned),
        "done_not_verified": [action.pk for action in report.unverified],
        "open": list(records(report)),
    }
    return JsonResponse(told, json_dumps_params={"indent": 2, "ensure_ascii": False})
