"""Marking policies of a repository: stated with the effect before the eyes, ended, revoked, and checked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import days
from accounts.models import User
from changes.models import MarkingPolicy, Repository
from changes.queries import policies as queries
from changes.services import policies as services
from changes.services.policies import PolicyRefused
from changes.views.who import person
from design.csv_files import csv_text

SHOWN = 200
MOST_WORDS = 2000
NOT_OWNED = "A marking policy is a statement of the team that owns a service here, or of a curator."
HEADER = ("change", "title", "url", "merged_at", "why", "shown_by", "said_at")


def _writer(request: HttpRequest, repository: Repository) -> User:
    """Raises: PermissionDenied for whoever cannot speak for this repository."""
    someone = person(request)
    if not queries.may_state(someone, repository):
        raise PermissionDenied(NOT_OWNED)
    return someone


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if queries.EARLIEST <= day <= queries.LATEST else None


@require_safe
def policy_list(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(Repository, pk=pk)
    context = {
        "repository": repository,
        "policies": repository.policies.order_by("-stated_at"),
        "standing": _standing(repository),
        "may_state": queries.may_state(person(request), repository),
        "today": days.today(),
    }
    return render(request, "changes/policies.html", context)


def _standing(repository: Repository) -> MarkingPolicy | None:
    return repository.policies.filter(ended_on=None, revoked_at=None).first()


@require_http_methods(["GET", "HEAD", "POST"])
def policy_new(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows what it would do, and writes nothing; POST states it."""
    repository = get_object_or_404(Repository, pk=pk)
    given = request.POST if request.method == "POST" else request.GET
    now = timezone.now()
    asked = given.get("since", "") or days.today().isoformat()
    since, how = _day(asked), given.get("how", "").strip()[:MOST_WORDS]
    error = "" if since else "Give a day as YYYY-MM-DD."
    if request.method == "POST":
        someone = _writer(request, repository)
        if since is not None:
            try:
                stated = services.state_policy(
                    repository=repository, since=since, by=someone, now=now, how=how
                )
            except PolicyRefused as refusal:
                error = str(refusal)
            else:
                messages.success(request, f"Stated: marked in {repository} since {since}.")
                return redirect("changes:policy", pk=pk, policy=stated.pk)
    context = {
        "repository": repository,
        "standing": _standing(repository),
        "may_state": queries.may_state(person(request), repository),
        "since": since or asked,
        "how": how,
        "error": error,
        "effect": queries.effect(repository, since, now) if since else None,
    }
    return render(request, "changes/policy_new.html", context, status=400 if error else 200)


def _policy(pk: int, policy: int) -> MarkingPolicy:
    rows = MarkingPolicy.objects.select_related("repository", "stated_by")
    return get_object_or_404(rows, pk=policy, repository=pk)


@require_safe
def policy_detail(request: HttpRequest, pk: int, policy: int) -> HttpResponse:
    row = _policy(pk, policy)
    found = queries.check(row)
    context = {
        "repository": row.repository,
        "policy": row,
        "check": found,
        "broken": found.broken[:SHOWN],
        "may_state": queries.may_state(person(request), row.repository),
        "today": days.today(),
    }
    return render(request, "changes/policy.html", context)


@require_safe
def policy_csv(request: HttpRequest, pk: int, policy: int) -> HttpResponse:
    row = _policy(pk, policy)
    response = HttpResponse(
        csv_text(HEADER, _lines(queries.check(row))), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="policy-{row.pk}-broken-by.csv"'
    return response


def _lines(found: queries.Check) -> Iterator[tuple[Any, ...]]:
    for one in found.broken:
        change = one.change
        merged, said = (at.isoformat() if at else "" for at in (change.merged_at, one.at))
        yield change.pk, change.title, change.url, merged, one.why.value, one.shown_by, said


@require_POST
def policy_end(request: HttpRequest, pk: int, policy: int) -> HttpResponse:
    row = _policy(pk, policy)
    someone = _writer(request, row.repository)
    day, reason = _day(request.POST.get("on", "")), request.POST.get("reason", "").strip()[:MOST_WORDS]
    if day is None or not reason:
        messages.error(request, "Give the day from which it no longer holds, and why. Nothing was changed.")
        return redirect("changes:policy", pk=pk, policy=policy)
    try:
        services.end_policy(policy=row, on=day, by=someone, reason=reason)
    except PolicyRefused as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        messages.success(request, f"Ended: what is merged from {day} on is not covered.")
    return redirect("changes:policy", pk=pk, policy=policy)


@require_POST
def policy_revoke(request: HttpRequest, pk: int, policy: int) -> HttpResponse:
    row = _policy(pk, policy)
    someone = _writer(request, row.repository)
    reason = request.POST.get("reason", "").strip()[:MOST_WORDS]
    if not reason:
        messages.error(request, "Say why it is revoked. Nothing was changed.")
        return redirect("changes:policy", pk=pk, policy=policy)
    try:
        services.revoke_policy(policy=row, by=someone, now=timezone.now(), reason=reason)
    except PolicyRefused as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        messages.success(request, "Revoked: it is as if it never was. Origins follow.")
    return redirect("changes:policy", pk=pk, policy=policy)
