"""The first report of an imported repository: on screen, and as figures."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.first_report.build import build
from analytics.first_report.from_rows import read_repository
from analytics.first_report.pictures import pictures
from analytics.first_report.render import as_data
from analytics.first_report.shapes import Report
from changes.models import Repository
from intake import ledger

KEPT_SECONDS = 3600


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(Repository, pk=pk)
    report = _report(repository)
    context = {"repository": repository, "report": report, **pictures(report)}
    return render(request, "analytics/report/page.html", context)


@require_safe
def as_json(request: HttpRequest, pk: int) -> HttpResponse:
    return JsonResponse(as_data(_report(get_object_or_404(Repository, pk=pk))))


def _report(repository: Repository) -> Report:
    """Kept for as long as nothing new is told: a report on a large history takes seconds."""
    key = f"first-report:{repository.pk}:{ledger.generation()}"
    found: Report | None = cache.get(key)
    if found is None:
        found = build(*read_repository(repository=repository, now=timezone.now()))
        cache.set(key, found, KEPT_SECONDS)
    return found
