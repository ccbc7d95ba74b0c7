"""Reminders by policy: who is told how many business days before or after a day; each occasion once.

Of the rows for the same kind and the same people the last whose day has come decides, so a row for five
days after takes over from one for one day after. By mail at most one comes a day (accounts.mail_notices).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.days import day_of
from accounts.models import AuditEntry, User
from incidents.models import ActionItem, Incident, Postmortem, ReminderPolicy, ReviewRequest
from incidents.services import telling
from incidents.services.incidents import due_on

UNFINISHED = (
    Postmortem.State.NOT_STARTED,
    Postmortem.State.DRAFT,
    Postmortem.State.IN_REVIEW,
    Postmortem.State.CHANGES_REQUESTED,
    Postmortem.State.APPROVED,
)
AGREED = (ActionItem.State.ACCEPTED, ActionItem.State.IN_PROGRESS)
SATURDAY = 5
Kind, Who, Side = ReminderPolicy.Kind, ReminderPolicy.Who, ReminderPolicy.Side


@dataclass(frozen=True)
class Due:
    """One thing and its day: when it is due, or when it was asked for. `about` goes on a sentence."""

    kind: ReminderPolicy.Kind
    key: str
    day: date
    what: str
    path: str
    incident: Incident
    owner: User | None
    facilitator: User | None


def remind(*, now: datetime) -> int:
    """What has come by this moment; each thing is told once, and none on a weekend. Says how many are new."""
    today = day_of(now)
    if today.weekday() >= SATURDAY:
        return 0
    rules = list(ReminderPolicy.objects.filter(is_active=True))
    return sum(_told(due, rules, today, now) for due in _everything(rules, today))


def _everything(rules: Sequence[ReminderPolicy], today: date) -> Iterator[Due]:
    """What is within reach of some rule, real and still waited for."""
    for kind, find in ((Kind.ACTION, _actions), (Kind.POSTMORTEM, _postmortems), (Kind.REVIEW, _reviews)):
        ahead = [rule.days if rule.side == Side.BEFORE else 0 for rule in rules if rule.kind == kind]
        if ahead:
            yield from find(due_on(today, max(ahead)))


def _actions(until: date) -> Iterator[Due]:
    rows = ActionItem.objects.filter(state__in=AGREED, due_on__lte=until, incident__is_demo=False)
    for action in rows.select_related("incident__postmortem__facilitator", "owner"):
        assert action.due_on is not None  # noqa: S101 (said by the filter)
        yield Due(
            Kind.ACTION,
            f"action:{action.pk}:{action.due_on}",
            action.due_on,
            f"action “{action.title}”",
            reverse("incidents:action", args=[action.pk]),
            action.incident,
            action.owner,
            action.incident.postmortem.facilitator,
        )


def _postmortems(until: date) -> Iterator[Due]:
    rows = Postmortem.objects.filter(state__in=UNFINISHED, due_on__lte=until, incident__is_demo=False)
    rows = rows.exclude(incident__closing_reason__in=Incident.NEVER_COUNTED)
    for postmortem in rows.select_related("incident", "owner", "facilitator"):
        assert postmortem.due_on is not None  # noqa: S101 (said by the filter)
        yield Due(
            Kind.POSTMORTEM,
            f"postmortem:{postmortem.pk}:{postmortem.due_on}",
            postmortem.due_on,
            f"postmortem of {postmortem.incident}",
            reverse("incidents:detail", args=[postmortem.incident.number]),
            postmortem.incident,
            postmortem.owner,
            postmortem.facilitator,
        )


def _reviews(until: date) -> Iterator[Due]:
    """Of those who were asked and have said nothing yet."""
    rows = ReviewRequest.objects.filter(answered_at=None, withdrawn_at=None)
    rows = rows.filter(postmortem__state__in=UNFINISHED, postmortem__incident__is_demo=False)
    rows = rows.exclude(postmortem__incident__closing_reason__in=Incident.NEVER_COUNTED)
    for request in rows.select_related("postmortem__incident", "postmortem__facilitator", "reviewer"):
        incident = request.postmortem.incident
        yield Due(
            Kind.REVIEW,
            f"review-waits:{request.pk}",
            day_of(request.requested_at),
            f"review of the postmortem of {incident}",
            reverse("incidents:postmortem", args=[incident.number]),
            incident,
            request.reviewer,
            request.postmortem.facilitator,
        )


# ------------------------------------------------------------------ which rule, and whom it tells


def _told(due: Due, rules: Iterable[ReminderPolicy], today: date, now: datetime) -> int:
    """Nobody is told twice on one occasion, as the owner and as one of the team."""
    count, known = 0, set[int]()
    for who in Who:
        rule = decides([rule for rule in rules if (rule.kind, rule.who) == (due.kind, who)], due.day, today)
        if rule is None:
            continue
        people = [user for user in _people(due, who) if user.pk not in known]
        known |= {user.pk for user in people}
        count += telling.tell_at(
            due.incident,
            people,
            kind=f"{due.kind}-due",
            key=f"{due.key}:{occasion(rule, due.day, today)}",
            text=_text(due, who, today),
            path=due.path,
            now=now,
        )
    return count


def decides(rules: Sequence[ReminderPolicy], day: date, today: date) -> ReminderPolicy | None:
    """Of rows for the same people the last whose day has come; before the day only rows for before count."""
    come = [
        rule
        for rule in rules
        if (rule.side == Side.AFTER and today >= due_on(day, rule.days))
        or (rule.side == Side.BEFORE and today <= day <= due_on(today, rule.days))
    ]
    return max(come, key=lambda rule: rule.days if rule.side == Side.AFTER else -rule.days - 1, default=None)


def occasion(rule: ReminderPolicy, day: date, today: date) -> str:
    """Names it: a row that tells again has another each time."""
    if rule.side == Side.BEFORE:
        return f"before-{rule.days}"
    passed = business_days(day, today) - rule.days
    return f"after-{rule.days}-{passed // rule.repeat_every if rule.repeat_every else 0}"


def business_days(start: date, end: date) -> int:
    """How many lie behind `start`, up to `end`; that many `due_on` adds."""
    weeks, rest = divmod((end - start).days, 7)
    return 5 * weeks + sum((start + timedelta(days=1 + step)).weekday() < 5 for step in range(rest))


def _people(due: Due, who: ReminderPolicy.Who) -> list[User]:
    if who == Who.TEAM:
        members = User.objects.filter(teams__in=due.incident.services.values("team"), is_active=True)
        owner = due.owner.pk if due.owner else 0
        return list(members.exclude(pk=owner).distinct().order_by("pk"))
    chosen = due.owner if who == Who.OWNER else due.facilitator
    return [chosen] if chosen is not None else []


def _text(due: Due, who: ReminderPolicy.Who, today: date) -> str:
    """No person is named in it, whoever is late."""
    title = "" if due.kind == Kind.ACTION else f": {due.incident.title}"
    day = f"{due.day:%-d %B}"
    if due.kind == Kind.REVIEW:
        asked = (
            f"You were asked on {day} for a" if who == Who.OWNER else f"Asked for on {day} and still open: a"
        )
        return f"{asked} {due.what}{title}"
    whose = {Who.OWNER: "Your", Who.FACILITATOR: "You facilitate: the", Who.TEAM: "Of your team: the"}[who]
    return f"{whose} {due.what} {'is' if due.day >= today else 'was'} due on {day}{title}"


def tell_appointed(*, postmortem: Postmortem, owner: User, now: datetime) -> int:
    """Whoever was named by somebody else learns of it at once."""
    until = f", due on {postmortem.due_on:%-d %B}" if postmortem.due_on else ""
    incident = postmortem.incident
    return telling.tell(
        incident,
        [owner],
        kind="postmortem-due",
        key=f"postmortem:{postmortem.pk}:owner",
        text=f"You own the postmortem of {incident}{until}: {incident.title}",
        place="detail",
        now=now,
    )


# ------------------------------------------------------------------ the rows


@transaction.atomic
def save_policy(*, policy: ReminderPolicy, by: User | None) -> ReminderPolicy:
    """Raises: ValidationError for a row that says nothing that can be kept."""
    verb = "reminder_policy.created" if policy._state.adding else "reminder_policy.changed"
    policy.full_clean()
    policy.save()
    AuditEntry.objects.create(actor=by, verb=verb, target_kind="reminderpolicy", target_id=policy.pk)
    return policy


@transaction.atomic
def remove_policy(*, policy: ReminderPolicy, by: User | None) -> None:
    AuditEntry.objects.create(
        actor=by, verb="reminder_policy.removed", target_kind="reminderpolicy", target_id=policy.pk
    )
    policy.delete()
