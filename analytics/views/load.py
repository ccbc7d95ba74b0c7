"""Operating load: page, CSV and JSON of one report."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from analytics import load_report
from analytics.charts_work import Bar, LimitedPanel, panel
from analytics.flow_weeks import label
from analytics.load_report import Report
from analytics.metrics.load import Load
from analytics.review_form import ReviewForm
from analytics.views.review_parts import beginning, csv_of, json_of


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/load.html", {"form": form}, status=400)
    report = load_report.report_of(form)
    context = {
        **beginning(form, report),
        "panels": _panels(report),
        "rows": report.weeks[::-1],
        "address": settings.SITE_URL + reverse("api:load-reading-list"),
    }
    return render(request, "analytics/load.html", context)


def _panels(report: Report) -> list[LimitedPanel]:
    drawn = [
        ("alerts", "Alerts a week", _alerts),
        ("dependencies", "Dependencies", lambda one: _reading(one, "dependencies")),
        ("settings", "Settings", lambda one: _reading(one, "settings")),
        ("services", "Services", _services),
    ]
    return [_panel(report, key, title, parts) for key, title, parts in drawn]


Parts = tuple[tuple[tuple[str, float], ...] | None, str]


def _panel(report: Report, key: str, title: str, parts: Callable[[Load], Parts]) -> LimitedPanel:
    bars = []
    for span, one, is_partial in report.weeks:
        pieces, words = parts(one) if one else (None, "not reckoned")
        bars.append(Bar(span.begins_on, pieces, f"{label(span.begins_on)}: {words}", is_partial))
    return panel(key, title, bars)


def _alerts(one: Load) -> Parts:
    noise = one.noise
    if noise is None:
        return None, "not measured"
    words = f"{noise.n} alerts, {noise.k} of them noise"
    return (("hatched", noise.k), ("light", noise.n - noise.k)), words


def _reading(one: Load, kind: str) -> Parts:
    count = one.total(kind)
    if count is None:
        return None, "not measured"
    return (("light", count),), f"{count}, by readings since {one.oldest(kind)}"


def _services(one: Load) -> Parts:
    count = one.services
    return (None, "none known") if count is None else ((("light", count),), f"{count} known here")


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    return csv_of(
        request, "load", load_report.HEADER, lambda form: load_report.as_table(load_report.report_of(form))
    )


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    return json_of(request, lambda form: load_report.as_json(load_report.report_of(form)))
