"""The weekly review: the week at a glance, its notes, closing it, closed weeks, any two beside each other."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Role, User
from analytics import weekly
from analytics.flow_weeks import WEEK, Span, label, last_full, read_label
from analytics.forms import today
from analytics.models import FrozenWeek, WeekNote
from analytics.queries import week as queries
from analytics.queries.figures import shows_demo
from analytics.review_form import ReviewForm
from analytics.services import weeks
from analytics.views.answers import csv_file, not_valid
from analytics.views.people import author, reader
from incidents.services.refusals import Refused

# What a count is called where it is one and where it is more, and where its records stand.
HAPPENED = (
    ("incidents", "incidents began", "", "began-title"),
    ("ended", "incidents were over", "incidents:list", ""),
    ("published", "postmortems were published", "incidents:list", "postmortem=published"),
    ("actions_done", "actions were done", "incidents:actions", ""),
    ("lessons", "lessons were written", "incidents:lessons", ""),
    ("scenarios", "test scenarios were written", "analytics:scenarios", ""),
    ("signals", "signals were new", "analytics:signals", ""),
    ("safeguards", "safeguards began", "analytics:safeguards", ""),
)
WAITS = (
    ("unresolved", "incidents not over", "incidents:list", "ongoing=true"),
    ("postmortems", "postmortems due or overdue", "", "due-title"),
    ("actions", "actions due or overdue", "", "due-title"),
    ("unreviewed", "signals nobody has reviewed", "analytics:signals", ""),
    ("crossed", "limits of work in progress crossed", "analytics:review_work", ""),
    ("untested", "lessons without a test", "analytics:coverage", ""),
    ("failing", "test scenarios failing", "analytics:scenarios", ""),
)
LATE = {"postmortems": "postmortems_late", "actions": "actions_late"}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    user = reader(request)
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return render(request, "analytics/review.html", {"form": form}, status=400)
    glance = _live(form)
    asked = queries.Asked(form.span, form.scope, form.demo, form.today)
    with_waiting = form.is_latest or form.is_partial
    counts = queries.counts(asked, with_waiting=with_waiting)
    context = {
        "demo_data": form.demo,
        "form": form,
        "tab_query": form.tab_query,
        "query": form.query(),
        "glance": glance,
        "waiting": glance.waiting,
        "happened": _counted(HAPPENED, counts.week, counts.before),
        "waits": _counted(WAITS, counts.waiting, {}) if counts.waiting is not None else None,
        "counts": counts,
        "lists": queries.lists(user, asked),
        "frozen": queries.closed(form.week, form.demo),
        "kinds": WeekNote.Kind.choices,
        **_rights(user),
    }
    return render(request, "analytics/review.html", context)


def _live(form: ReviewForm) -> weekly.Glance:
    glance = weekly.live(
        span=form.span, scope=form.scope, scope_name=form.scope_name, demo=form.demo, today=form.today
    )
    return weekly.ask_for_missing(glance, now=timezone.now())


def _rights(user: User) -> dict[str, bool]:
    return {"may_write": user.at_least(Role.AUTHOR), "may_close": user.at_least(Role.CURATOR)}


def _counted(lines: Any, found: Any, before: Any, *, lists: bool = True) -> list[dict[str, Any]]:
    """`lists`: the page has lists of its own, which some counts lead to."""

    def address(url: str, query: str) -> str:
        if not url:
            return f"#{query}" if lists else reverse("incidents:list")
        return reverse(url) + (f"?{query}" if query else "")

    return [
        {
            "key": key,
            "words": words,
            "count": found[key],
            "before": before.get(key),
            "late": found.get(LATE.get(key, "")),
            "url": address(url, query),
        }
        for key, words, url, query in lines
        if key in found
    ]


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return not_valid(form)
    header = ("week", "figure", "words", "value", "week_before_words", "week_before_value")
    rows = (
        (form.label, now.key, now.words, now.value, past.words, past.value) for now, past in _live(form).rows
    )
    return csv_file(f"week-{form.label}", header, rows)


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.GET)
    if not form.is_valid():
        return not_valid(form)
    asked = queries.Asked(form.span, form.scope, form.demo, form.today)
    counts = queries.counts(asked, with_waiting=form.is_latest or form.is_partial)
    glance = _live(form)
    return JsonResponse(
        {
            "week": form.label,
            "from": form.span.begins_on,
            "to": form.span.last_day,
            "partial": form.is_partial,
            "scope": form.scope,
            "demonstration_data": form.demo,
            "reckoned_at": glance.reckoned_at,
            "waiting": glance.waiting,
            "happened": counts.week,
            "week_before": counts.before,
            "waits": counts.waiting,
            "sentences": {line.key: line.words for line in glance.lines},
            "figures": {
                now.key: {"words": now.words, "value": now.value, "week_before": past.value}
                for now, past in glance.rows
            },
        }
    )


# ------------------------------------------------------------------ notes, and closing a week


@require_POST
def note(request: HttpRequest) -> HttpResponse:
    user = author(request, "Notes are written by authors.")
    week = _asked_week(request)
    if week is None:
        return redirect("analytics:review")
    try:
        weeks.add_note(
            week=week, demo=shows_demo(), kind=request.POST.get("kind", "note"),
            text=request.POST.get("text", ""), by=user, now=timezone.now(),
        )  # fmt: skip
    except Refused as refused:
        _refuse(request, refused)
    else:
        messages.success(request, "Kept with the week.")
    return redirect(_back(week, "notes"))


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        note = weeks.take_back_note(note_id=pk, by=reader(request), now=timezone.now())
    except WeekNote.DoesNotExist:
        raise Http404("There is no such note") from None
    except Refused as refused:
        raise PermissionDenied(refused.reason) from None
    messages.success(request, "Taken back.")
    return redirect(_back(note.begins_on, "notes"))


@require_POST
def close(request: HttpRequest) -> HttpResponse:
    user = reader(request)
    if not user.at_least(Role.CURATOR):
        raise PermissionDenied("Weeks are closed by curators.")
    week, demo, now = _asked_week(request), shows_demo(), timezone.now()
    if week is None:
        return redirect("analytics:review")
    span = Span(week)
    try:
        weeks.may_close(span=span, demo=demo, by=user, now=now)
        weeks.close_week(span=span, demo=demo, content=_content(span, demo), by=user, now=now)
    except Refused as refused:
        _refuse(request, refused)
        return redirect(_back(week))
    messages.success(request, "The week is closed: its numbers stay as they are.")
    return redirect("analytics:review_closed", label(week))


def _content(span: Span, demo: bool) -> dict[str, Any]:
    names = ReviewForm({}, demo=demo).names
    day = today()

    def counted(scope: str) -> dict[str, Any]:
        found = queries.counts(queries.Asked(span, scope, demo, day), with_waiting=True)
        return {"week": found.week, "before": found.before, "waiting": found.waiting}

    return weekly.content(
        span=span, demo=demo, names=names, counts={scope: counted(scope) for scope in names}
    )


def _refuse(request: HttpRequest, refused: Refused) -> None:
    """Raises: PermissionDenied for what this person may never do; else it is said on the page."""
    if refused.code == "forbidden":
        raise PermissionDenied(refused.reason)
    messages.error(request, refused.reason)


def _week(text: str) -> date:
    try:
        return read_label(text)
    except ValueError:
        raise Http404(f"{text!r} is no week such as 2026-W47") from None


def _asked_week(request: HttpRequest) -> date | None:
    """None where the form does not say which, and that was said."""
    try:
        return read_label(request.POST.get("week", ""))
    except ValueError:
        messages.error(request, "A week is written as 2026-W47.")
        return None


def _back(week: date, anchor: str = "") -> str:
    address = reverse("analytics:review")
    latest = last_full(today()).begins_on
    if week <= latest + WEEK and week != latest:
        address += f"?week={label(week)}"
    return f"{address}#{anchor}" if anchor else address


# ------------------------------------------------------------------ closed weeks


@require_safe
def closed_list(request: HttpRequest) -> HttpResponse:
    demo = shows_demo()
    rows = [(label(one.begins_on), Span(one.begins_on), one) for one in queries.frozen_weeks(demo)[:260]]
    return render(request, "analytics/review_weeks.html", {"weeks": rows, "demo_data": demo})


@require_safe
def closed(request: HttpRequest, week: str) -> HttpResponse:
    """Under a permanent address, as it was when it was closed."""
    user = reader(request)
    begins_on = _week(week)
    kept = queries.frozen(begins_on, shows_demo())
    if kept is None:
        raise Http404("This week is not closed")
    scope = request.GET.get("scope", "")
    if scope and scope not in kept.figures["names"]:
        raise Http404("Nothing is kept of that in this week")
    glance = weekly.frozen(kept.figures, span=Span(begins_on), scope=scope, demo=kept.is_demo)
    counts, names = kept.figures["counts"].get(scope), dict[str, str](kept.figures["names"])
    context = {
        "demo_data": kept.is_demo,
        "kept": kept,
        "glance": glance,
        "label": label(begins_on),
        "scopes": sorted(names.items(), key=lambda one: (bool(one[0]), one[1].lower())),
        "happened": _counted(HAPPENED, counts["week"], counts["before"], lists=False) if counts else None,
        "waits": _counted(WAITS, counts["waiting"], {}, lists=False) if counts else None,
        "notes": queries.notes(begins_on, kept.is_demo),
        **_rights(user),
    }
    return render(request, "analytics/review_closed.html", context)


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Any two weeks, `a` and `b`; of a closed one what was kept."""
    form = ReviewForm({"scope": request.GET.get("scope", "")})
    if not form.is_valid():
        return render(request, "analytics/review_compare.html", {"form": form}, status=400)
    latest = last_full(form.today).begins_on
    try:
        asked = [_asked(request, name, form, other) for name, other in (("a", latest - WEEK), ("b", latest))]
    except ValueError as error:
        context = {"form": form, "error": str(error), "asked": _texts(request)}
        return render(request, "analytics/review_compare.html", context, status=400)
    sides = [_side(Span(week), form) for week in asked]
    context = {
        "demo_data": form.demo,
        "form": form,
        "asked": [side["label"] for side in sides],
        "sides": sides,
        "rows": weekly.side_by_side(*(side["cells"] for side in sides)),
    }
    return render(request, "analytics/review_compare.html", context)


def _texts(request: HttpRequest) -> list[str]:
    return [request.GET.get(name, "")[:8] for name in ("a", "b")]


def _asked(request: HttpRequest, name: str, form: ReviewForm, otherwise: date) -> date:
    """Raises: ValueError in words for the page."""
    text = request.GET.get(name, "")
    try:
        week = read_label(text) if text else otherwise
    except ValueError:
        raise ValueError("A week is written as 2026-W47.") from None
    if week > form.today:
        raise ValueError("Nothing is known of weeks to come.")
    return week


def _side(span: Span, form: ReviewForm) -> dict[str, Any]:
    kept: FrozenWeek | None = queries.frozen(span.begins_on, form.demo)
    if kept is None:
        glance = weekly.live(
            span=span, scope=form.scope, scope_name=form.scope_name, demo=form.demo, today=form.today
        )
    else:
        glance = weekly.frozen(kept.figures, span=span, scope=form.scope, demo=form.demo)
    return {
        "span": span,
        "label": label(span.begins_on),
        "closed": kept,
        "is_partial": span.begins_on > last_full(form.today).begins_on,
        "cells": weekly.cells(glance.week, span),
    }
