"""The weekly digest: what began, shipped and falls due, as counts, for those who asked for it.

It leaves the sign-in: it names no incident, and hides what rests on few where one is restricted.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.mail import Letter, readers, write
from accounts.models import Mail, Subscription, Topic, User
from analytics.flow_weeks import label as week_label
from analytics.mails.weekly import LATE, key_of, moment_before
from analytics.queries.figures import organisation_zone, shows_demo
from analytics.queries.scope_choices import label
from analytics.queries.week_counts import WeekCounts, counts


def week_before(moment: datetime) -> date:
    """The Monday of the last whole week, by the organisation's calendar."""
    today = moment.astimezone(organisation_zone()).date()
    return today - timedelta(days=today.weekday() + 7)


def make_due(*, now: datetime) -> int:
    """One row a reader and week, with the scope that they want at that time."""
    moment = moment_before(now)
    if now - moment > LATE:
        return 0
    key = key_of(moment)
    written = Mail.objects.filter(topic=Topic.DIGEST, key=key).values("user")
    asked = readers(Topic.DIGEST, before=moment).exclude(pk__in=written)
    wanted = Subscription.objects.filter(topic=Topic.DIGEST, user__in=asked).order_by("user")
    begins_on = week_before(moment).isoformat()
    rows = [
        Mail(
            user_id=wish.user_id,
            topic=Topic.DIGEST,
            key=key,
            content={"week": begins_on, "scope": wish.scope},
            made_at=now,
            next_attempt_at=now,
        )
        for wish in wanted
    ]
    Mail.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def letter(*, mail: Mail, now: datetime) -> Letter | None:
    """None where nothing began, shipped or falls due, or what it was narrowed to is no more."""
    begins_on = date.fromisoformat(mail.content["week"])
    return _compose(mail.user, begins_on, mail.content["scope"], now, demo=False)


def preview(*, user: User, now: datetime) -> Letter | None:
    """What would be sent now of the last whole week, also of demonstration data."""
    wish = user.subscriptions.filter(topic=Topic.DIGEST).first()
    scope = wish.scope if wish else ""
    return _compose(user, week_before(now), scope, now, demo=shows_demo(), preview=True)


def _compose(
    user: User, begins_on: date, scope: str, now: datetime, *, demo: bool, **context: object
) -> Letter | None:
    of = label(scope)
    found = counts(begins_on, scope=scope, demo=demo) if of else None
    if found is None or not found.says_something:
        return None
    return write(
        "digest",
        subject=subject(found, of if scope else ""),
        to=user,
        topic=Topic.DIGEST,
        now=now,
        counts=found,
        of=of,
        review_url=review_url(begins_on, scope),
        **context,
    )


def subject(found: WeekCounts, of: str | None) -> str:
    year, week, _ = found.begins_on.isocalendar()
    return f"Week {week} of {year}" + (f", {of}" if of else "")


def review_url(begins_on: date, scope: str) -> str:
    asked = {"week": week_label(begins_on)} | ({"scope": scope} if scope else {})
    return f"{settings.SITE_URL}{reverse('analytics:review')}?{urlencode(asked, safe=':')}"


def sent(*, mail: Mail, now: datetime) -> None:
    """Nothing follows from it."""
