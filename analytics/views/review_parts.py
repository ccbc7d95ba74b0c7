"""What the pages of the weekly review answer alike: what each begins with, its files, the lists behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from analytics.flow_weeks import QUARTER, WEEK, Span, label
from analytics.models import SpanFigures
from analytics.review_form import ReviewForm
from analytics.views.answers import csv_file, not_valid


def beginning(form: ReviewForm, report: Any) -> dict[str, Any]:
    """`report` is that of any page; each says by `waiting` how many of its spans are being reckoned."""
    return {
        "demo_data": form.demo,
        "form": form,
        "tab_query": form.tab_query,
        "query": form.query(),
        "report": report,
        "waiting": report.waiting,
    }


def csv_of(
    request: HttpRequest,
    name: str,
    header: Iterable[str],
    table: Callable[[ReviewForm], Iterable[Iterable[Any]]],
) -> HttpResponse:
    form = ReviewForm(request.GET)
    return csv_file(f"{name}-{form.label}", header, table(form)) if form.is_valid() else not_valid(form)


def json_of(request: HttpRequest, document: Callable[[ReviewForm], dict[str, Any]]) -> HttpResponse:
    form = ReviewForm(request.GET)
    return JsonResponse(document(form)) if form.is_valid() else not_valid(form)


def span_asked(request: HttpRequest, form: ReviewForm) -> Span:
    """The week of the form, or with `weeks=13` the 13 that end with it."""
    if request.GET.get("weeks") == str(QUARTER):
        return Span(form.week - (QUARTER - 1) * WEEK, QUARTER)
    return form.span


def page_asked(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1


def behind(url_name: str, scope: str, span: Span) -> str:
    """The address of the lists behind the numbers of a span, up to the name of the list."""
    last = span.ends_on - WEEK
    asked = ({"scope": scope} if scope else {}) | {"week": label(last), "weeks": span.weeks, "of": ""}
    return f"{reverse(url_name)}?{urlencode(asked)}"


def kept_of(page: str, span: Span, demo: bool) -> SpanFigures | None:
    """What was reckoned of everything in that span: which rules it went by, and when."""
    return (
        SpanFigures.objects.filter(
            page=page, is_demo=demo, scope="", begins_on=span.begins_on, weeks=span.weeks
        )
        .select_related("rules")
        .only("rules", "reckoned_at")
        .first()
    )
