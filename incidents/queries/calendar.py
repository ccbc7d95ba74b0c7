"""What stands in a person's calendar: what is due, of them and their teams, as they may see it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.urls import reverse

from accounts.days import day_of
from accounts.models import User
from incidents.models import ActionItem, Incident, Postmortem, ReviewRequest
from intake.models import LedgerEntry

AGREED = (ActionItem.State.ACCEPTED, ActionItem.State.IN_PROGRESS)
OVER = (ActionItem.State.DONE, ActionItem.State.VERIFIED, ActionItem.State.DECLINED)
DONE = (Postmortem.State.PUBLISHED, Postmortem.State.NOT_REQUIRED)
# So long what is over stays as cancelled: programs that merge rather than replace take it away by that.
CANCELLED_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Entry:
    """One day with something on it. `revision` only grows; `path` is a page of this product."""

    uid: str
    day: date
    title: str
    path: str
    is_over: bool
    revision: int
    changed_at: datetime


@dataclass(frozen=True)
class _Found:
    uid: str
    day: date
    title: str
    path: str
    is_over: bool
    incident: Incident


def entries(user: User, *, now: datetime) -> list[Entry]:
    """In the order of their days. Restricted incidents only for who is named on them, and without titles.

    Demonstration data stands in nobody's calendar.
    """
    found = [*_actions(user, now), *_postmortems(user, now), *_reviews(user, now)]
    revisions = _revisions({one.incident.pk for one in found})
    made = [
        Entry(
            one.uid, one.day, one.title, one.path, one.is_over,
            *revisions.get(one.incident.pk, (0, one.incident.recorded_at)),
        )
        for one in found
    ]  # fmt: skip
    kept = [one for one in made if not one.is_over or one.changed_at > now - CANCELLED_FOR]
    return sorted(kept, key=lambda one: (one.day, one.uid))


def _revisions(ids: Iterable[int]) -> dict[int, tuple[int, datetime]]:
    """How often each incident was touched, with all that hangs on it, and when last: the ledger knows."""
    rows = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.INCIDENT, object_id__in=list(ids))
    grouped = rows.order_by().values_list("object_id").annotate(Count("pk"), Max("at"))
    return {pk: (count, at.astimezone(UTC)) for pk, count, at in grouped}


def _visible(user: User) -> QuerySet[Incident]:
    return Incident.objects.visible_to(user).real()


def _of_teams(user: User, incident: str) -> Exists:
    """Some service of the incident belongs to a team of theirs."""
    through = Incident.services.through.objects
    return Exists(through.filter(incident=OuterRef(incident), service__team__members=user))


def _actions(user: User, now: datetime) -> Iterator[_Found]:
    mine = Q(owner=user) | _of_teams(user, "incident")
    stands = Q(state__in=AGREED) | Q(state__in=OVER, state_since__gt=now - CANCELLED_FOR)
    rows = ActionItem.objects.filter(mine, stands, due_on__isnull=False, incident__in=_visible(user))
    for action in rows.select_related("incident"):
        incident = action.incident
        of = "Action" if action.owner_id == user.pk else "Team action"
        what = f" of {incident} (restricted)" if incident.is_restricted else f": {action.title} ({incident})"
        assert action.due_on is not None  # noqa: S101 (said by the filter)
        path = reverse("incidents:action", args=[action.pk])
        yield _Found(
            f"action-{action.pk}", action.due_on, f"{of} due{what}", path, action.state in OVER, incident
        )


def _is_open(postmortem: Postmortem) -> bool:
    return postmortem.state not in DONE and postmortem.incident.closing_reason not in Incident.NEVER_COUNTED


def _postmortems(user: User, now: datetime) -> Iterator[_Found]:
    mine = Q(owner=user) | Q(facilitator=user) | _of_teams(user, "incident")
    rows = Postmortem.objects.filter(mine, due_on__isnull=False, incident__in=_visible(user))
    for postmortem in rows.filter(_is_open_or_touched(now)).select_related("incident"):
        own = user.pk in (postmortem.owner_id, postmortem.facilitator_id)
        title = f"{'Postmortem' if own else 'Team postmortem'} due: {_named(postmortem.incident)}"
        assert postmortem.due_on is not None  # noqa: S101 (said by the filter)
        path = reverse("incidents:postmortem", args=[postmortem.incident.number])
        yield _Found(
            f"postmortem-{postmortem.pk}",
            postmortem.due_on,
            title,
            path,
            not _is_open(postmortem),
            postmortem.incident,
        )


def _is_open_or_touched(now: datetime) -> Q:
    """Years of published postmortems are not read for a calendar."""
    touched = LedgerEntry.objects.filter(
        kind=LedgerEntry.Kind.INCIDENT, object_id=OuterRef("incident"), at__gt=now - CANCELLED_FOR
    )
    return ~Q(state__in=DONE) | Q(Exists(touched))


def _reviews(user: User, now: datetime) -> Iterator[_Found]:
    """On the day that the postmortem is due, else on the day that it was asked for."""
    rows = ReviewRequest.objects.filter(reviewer=user, postmortem__incident__in=_visible(user))
    for request in rows.filter(_stood_of_late(now)).select_related("postmortem__incident"):
        postmortem = request.postmortem
        asked_on = day_of(request.requested_at)
        over = bool(request.answered_at or request.withdrawn_at) or not _is_open(postmortem)
        yield _Found(
            f"review-{request.pk}",
            postmortem.due_on or asked_on,
            f"You are asked to review: {_named(postmortem.incident)}",
            reverse("incidents:postmortem", args=[postmortem.incident.number]),
            over,
            postmortem.incident,
        )


def _stood_of_late(now: datetime) -> Q:
    since = now - CANCELLED_FOR
    return Q(answered_at=None, withdrawn_at=None) | Q(answered_at__gt=since) | Q(withdrawn_at__gt=since)


def _named(incident: Incident) -> str:
    return f"{incident} (restricted)" if incident.is_restricted else f"{incident} {incident.title}"
