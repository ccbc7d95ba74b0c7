"""Do lessons hold, did what was done help: coverage of lessons, and what came after actions."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.forms import today
from analytics.metrics.afterwards import Afterwards, afterwards
from analytics.metrics.coverage import LABELS, Coverage, Row, coverage, state_of
from analytics.models import Safeguard
from analytics.queries import afterwards as after_queries
from analytics.queries import coverage as coverage_queries
from analytics.queries.coverage import Told
from analytics.queries.figures import shows_demo
from analytics.tasks import catch_up
from analytics.views.answers import csv_file
from analytics.views.people import reader

PAGE = 25
COVERAGE_HEADER = ("by", "name", "lessons", *LABELS)
EFFECT_HEADER = (
    "action", "title", "incident", "done_on", "state", "before", "days_before", "since", "days_since",
    "ratio_low", "ratio_high",
)  # fmt: skip


def _told(request: HttpRequest) -> list[Told]:
    return coverage_queries.told(reader(request), shows_demo())


@require_safe
def lesson_coverage(request: HttpRequest) -> HttpResponse:
    told = _told(request)
    wanted = request.GET.get("state", "")
    context = {
        "found": coverage(told, today()),
        "labels": LABELS,
        "state": wanted if wanted in LABELS else "",
        "lines": [
            (one, state_of(one), LABELS[state_of(one)]) for one in told if wanted in ("", state_of(one))
        ],
    }
    return render(request, "analytics/coverage.html", context)


def _rows(found: Coverage) -> list[tuple[str, Row]]:
    whole = [("total", found.total)] if found.total else []
    return [*whole, *(("area", row) for row in found.areas), *(("kind", row) for row in found.kinds)]


@require_safe
def coverage_csv(request: HttpRequest) -> HttpResponse:
    rows = _rows(coverage(_told(request), today()))
    lines = [(by, row.name, row.n, *(row.counts[state] for state in LABELS)) for by, row in rows]
    return csv_file(f"coverage-{today()}", COVERAGE_HEADER, lines)


@require_safe
def coverage_json(request: HttpRequest) -> HttpResponse:
    found = coverage(_told(request), today())
    ratio = found.ratio
    return JsonResponse({
        "as_of": today(),
        "rows": [{"by": by, "name": row.name, "lessons": row.n, **row.counts} for by, row in _rows(found)],
        "repeats": {
            "with_a_test": found.covered.as_json(),
            "without": found.uncovered.as_json(),
            "ratio": ratio.ratio if ratio else None,
            "low": ratio.low if ratio else None,
            "high": ratio.high if ratio and ratio.high != float("inf") else None,
        },
        "sentence": found.sentence,
    })  # fmt: skip


def _finished(request: HttpRequest) -> list[Afterwards]:
    catch_up()
    actions = list(after_queries.finished(reader(request), shows_demo()).order_by("-state_since", "-pk"))
    return [afterwards(one) for one in after_queries.around(actions, today())]


@require_safe
def effects(request: HttpRequest) -> HttpResponse:
    found = _finished(request)
    context: dict[str, Any] = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "states": [
            (name, sum(1 for one in found if one.state == state))
            for state, name in (
                ("fewer", "fewer since"), ("unclear", "no clear difference"), ("more", "more since"),
                ("nothing", "nothing to fall from"), ("early", "too early"), ("hidden", "hidden"),
            )
        ],
        "safeguards": Safeguard.objects.filter(is_demo=shows_demo()).order_by("-starts_on")[:PAGE],
    }  # fmt: skip
    return render(request, "analytics/effects.html", context)


@require_safe
def effects_csv(request: HttpRequest) -> HttpResponse:
    return csv_file(f"effects-{today()}", EFFECT_HEADER, [_line(one) for one in _finished(request)])


@require_safe
def effects_json(request: HttpRequest) -> HttpResponse:
    found = [dict(zip(EFFECT_HEADER, _line(one), strict=True)) for one in _finished(request)]
    return JsonResponse({"as_of": today(), "actions": found})


def _line(one: Afterwards) -> tuple[Any, ...]:
    around, ratio = one.around, one.ratio
    return (
        around.action.pk,
        around.action.title,
        str(around.action.incident),
        around.done_on.isoformat(),
        one.state,
        around.before,
        one.days_before,
        around.after,
        one.days,
        ratio.low if ratio else None,
        ratio.high if ratio and ratio.high != float("inf") else None,
    )
