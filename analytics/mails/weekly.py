"""The weekly mail: the ten decisions of the confirm queue that would tell most, for those who asked for it.

A mail keeps which changes it is about. What it says of them is read anew whenever it is sent or its page is
opened. No word on what failed: it leaves the sign-in, and a kind must not be said because a change failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.urls import reverse

from accounts.days import organisation_zone
from accounts.mail import Letter, readers, write
from accounts.mail_wishes import LEAST_ROLE
from accounts.models import Mail, Topic, User
from analytics.mails.links import LIFETIME, page_url
from analytics.queries import queue
from analytics.queries.figures import shows_demo
from analytics.views.queue import plan_of

MOST = 10
SHOWN_PATHS = 3
SHOWN_EVIDENCE = 2
# A worker that stood still on the day makes up for it so long; then the next week's is near enough.
LATE = timedelta(days=2)


@dataclass(frozen=True)
class Chosen:
    """The changes, the most telling first, and how many wait in all, or `is_over` as many."""

    ids: list[int]
    waiting: int
    is_over: bool = False


def chosen(*, demo: bool) -> Chosen:
    plan = plan_of(queue.Asked(), demo)
    alive = queue.still_waiting(plan.ids, demo)
    ids = [pk for pk in plan.ids if pk in alive]
    return Chosen(ids[:MOST], plan.total - (len(plan.ids) - len(ids)), plan.is_over)


def moment_before(now: datetime) -> datetime:
    """The latest that the weekly mail fell due, by the organisation's calendar."""
    zone = organisation_zone()
    today = now.astimezone(zone).date()
    day = today - timedelta(days=(today.weekday() - settings.MAIL_WEEKDAY) % 7)
    hour = time(settings.MAIL_HOUR)
    due = datetime.combine(day, hour, tzinfo=zone)
    return due if due <= now else datetime.combine(day - timedelta(days=7), hour, tzinfo=zone)


def key_of(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02}"


def make_due(*, now: datetime) -> int:
    """One row a reader and week. Where nothing waits the row is closed at once: the week is dealt with."""
    moment = moment_before(now)
    if now - moment > LATE:
        return 0
    key = key_of(moment)
    written = Mail.objects.filter(topic=Topic.DECISIONS, key=key).values("user")
    asked = readers(Topic.DECISIONS, before=moment).exclude(pk__in=written)
    people = [user for user in asked if user.at_least(LEAST_ROLE[Topic.DECISIONS])]
    if not people:
        return 0
    found = chosen(demo=False)
    content = {"changes": found.ids, "waiting": found.waiting} | ({"over": True} if found.is_over else {})
    rows = [
        Mail(
            user=user,
            topic=Topic.DECISIONS,
            key=key,
            content=content,
            made_at=now,
            next_attempt_at=now,
            closed_at=None if found.ids else now,
        )
        for user in people
    ]
    Mail.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows) if found.ids else 0


def letter(*, mail: Mail, now: datetime) -> Letter | None:
    """With what of it still waits; None for a reader who may not decide, or a page that is closed."""
    if not mail.user.at_least(LEAST_ROLE[Topic.DECISIONS]) or now >= mail.made_at + LIFETIME:
        return None
    alive = queue.still_waiting(mail.content["changes"], demo=False)
    ids = [pk for pk in mail.content["changes"] if pk in alive]
    url = page_url(mail)
    until = mail.made_at + LIFETIME
    told = Chosen(ids, mail.content["waiting"], mail.content.get("over", False))
    return _compose(mail.user, told, lambda pk: f"{url}#change-{pk}", now, page=url, until=until)


def preview(*, user: User, now: datetime) -> Letter | None:
    """What would be sent now, also of demonstration data; its buttons lead into the queue."""
    found = chosen(demo=shows_demo())
    url = settings.SITE_URL + reverse("analytics:queue")
    return _compose(user, found, lambda pk: f"{url}?at={pk}", now, page=url, preview=True)


def _compose(
    user: User,
    told: Chosen,
    link: Callable[[int], str],
    now: datetime,
    **context: object,
) -> Letter | None:
    entries = queue.shown(told.ids, {})
    if not entries:
        return None
    count = len(entries)
    return write(
        "decisions",
        subject=f"{count} decision{'' if count == 1 else 's'}: where did AI help?",
        to=user,
        topic=Topic.DECISIONS,
        now=now,
        count=count,
        waiting=max(told.waiting, count),
        is_over=told.is_over,
        entries=[(entry, link(entry.change.pk)) for entry in entries],
        shown_paths=f":{SHOWN_PATHS}",
        shown_evidence=f":{SHOWN_EVIDENCE}",
        queue_url=settings.SITE_URL + reverse("analytics:queue"),
        **context,
    )


def sent(*, mail: Mail, now: datetime) -> None:
    """Nothing follows from it: each decision is kept when it is taken."""
