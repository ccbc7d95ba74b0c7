"""What is known of where AI had a hand, and what is missing: page, CSV and JSON of one report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.forms_recall import RecallForm
from analytics.queries.figures import shows_demo
from analytics.queries.recall import PARTS, Recall, recall
from analytics.queries.samples import lines, samples
from analytics.views.answers import csv_file, not_valid

HEADER = ("team", "month", "changes", *(part for part, _ in PARTS))
CHECKS = 5


def _form(request: HttpRequest) -> RecallForm:
    return RecallForm(request.GET.dict(), demo=shows_demo())


def _report(form: RecallForm) -> Recall:
    return recall(form.scope(), form.cleaned_data["type"])


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        return render(request, "analytics/recall.html", {"form": form}, status=400)
    context = {
        "form": form,
        "query": form.query(),
        "report": _report(form),
        "parts": PARTS,
        "checks": lines(samples(form.demo)[:CHECKS]),
    }
    return render(request, "analytics/recall.html", context)


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        return not_valid(form)
    return csv_file(f"recall-{form.cleaned_data['to']}", HEADER, _lines(_report(form)))


def _lines(report: Recall) -> Iterator[tuple[Any, ...]]:
    for line in report.lines:
        for month, shares in line.months:
            yield line.name, f"{month:%Y-%m}", shares.total, *(n for _, _, n, _ in shares.parts)


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        return not_valid(form)
    report = _report(form)
    sampled = report.sampled
    return JsonResponse(
        {
            "from": report.scope.since,
            "to": report.scope.until,
            "team": report.scope.team.slug if report.scope.team else None,
            "repository": report.scope.repository.pk if report.scope.repository else None,
            "type": report.type,
            "demonstration_data": report.scope.demo,
            "teams": [
                {
                    "name": line.name,
                    "slug": line.slug or None,
                    "months": [
                        {"month": f"{month:%Y-%m}", "changes": shares.total}
                        | {part: n for part, _, n, _ in shares.parts}
                        for month, shares in line.months
                    ],
                }
                for line in report.lines
            ],
            "sampled": None
            if sampled is None
            else {"check": sampled.sample.pk, "recall": asdict(sampled.estimate.recall)},
        }
    )
