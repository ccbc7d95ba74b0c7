"""Reminders to owners: once before the day, once a week behind it; never twice for one occasion."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from incidents.models import ActionItem, Incident, Postmortem
from incidents.services import telling
from incidents.services.incidents import due_on

# Business days before the day on which an owner is told.
AHEAD = 2
UNFINISHED = (
    Postmortem.State.NOT_STARTED,
    Postmortem.State.DRAFT,
    Postmortem.State.IN_REVIEW,
    Postmortem.State.CHANGES_REQUESTED,
    Postmortem.State.APPROVED,
)
AGREED = (ActionItem.State.ACCEPTED, ActionItem.State.IN_PROGRESS)


def remind(*, now: datetime) -> int:
    """What is due by this moment; each thing is told once. Says how many are new."""
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    return sum(_of_actions(today, now)) + sum(_of_postmortems(today, now))


def _of_actions(today: date, now: datetime) -> Iterable[int]:
    rows = ActionItem.objects.filter(state__in=AGREED, due_on__lte=due_on(today, AHEAD)).exclude(owner=None)
    for action in rows.filter(incident__is_demo=False).select_related("incident", "owner"):
        assert action.owner is not None  # noqa: S101 (said by the filter)
        assert action.due_on is not None  # noqa: S101
        key = f"action:{action.pk}:{action.due_on}"
        if action.due_on >= today:
            key, words = f"{key}:soon", f"is due on {action.due_on:%-d %B}"
        else:
            key, words = f"{key}:week-{_week(action.due_on, today)}", f"was due on {action.due_on:%-d %B}"
        yield _tell_action(action, action.owner, key, f"Your action “{action.title}” {words}", now)


def _tell_action(action: ActionItem, owner: User, key: str, text: str, now: datetime) -> int:
    return telling.tell_at(
        action.incident,
        [owner],
        kind="action-due",
        key=key,
        text=text,
        path=reverse("incidents:action", args=[action.pk]),
        now=now,
    )


def _of_postmortems(today: date, now: datetime) -> Iterable[int]:
    rows = Postmortem.objects.filter(state__in=UNFINISHED, incident__is_demo=False).exclude(owner=None)
    rows = rows.exclude(incident__closing_reason__in=Incident.NEVER_COUNTED)
    for postmortem in rows.filter(due_on__lte=due_on(today, AHEAD)).select_related("incident", "owner"):
        assert postmortem.owner is not None  # noqa: S101 (said by the filter)
        assert postmortem.due_on is not None  # noqa: S101
        key = f"postmortem:{postmortem.pk}:{postmortem.due_on}"
        if postmortem.due_on >= today:
            key, words = f"{key}:soon", f"is due on {postmortem.due_on:%-d %B}"
        else:
            key, words = (
                f"{key}:week-{_week(postmortem.due_on, today)}",
                f"was due on {postmortem.due_on:%-d %B}",
            )
        text = f"Your postmortem of {postmortem.incident} {words}: {postmortem.incident.title}"
        yield _tell_owner(postmortem, postmortem.owner, key, text, now)


def tell_appointed(*, postmortem: Postmortem, owner: User, now: datetime) -> int:
    """Whoever was named by somebody else learns of it at once."""
    until = f", due on {postmortem.due_on:%-d %B}" if postmortem.due_on else ""
    incident = postmortem.incident
    text = f"You own the postmortem of {incident}{until}: {incident.title}"
    return _tell_owner(postmortem, owner, f"postmortem:{postmortem.pk}:owner", text, now)


def _tell_owner(postmortem: Postmortem, owner: User, key: str, text: str, now: datetime) -> int:
    return telling.tell(
        postmortem.incident, [owner], kind="postmortem-due", key=key, text=text, place="detail", now=now
    )


def _week(due: date, today: date) -> int:
    """1 in the first seven days behind the day, then 2 and so on."""
    return (today - due - timedelta(days=1)).days // 7 + 1
