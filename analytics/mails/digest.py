"""The weekly digest: what began, shipped and falls due, as counts, for those who asked for it.

It leaves the sign-in: it names no incident, and hides what rests on few where one is restricted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.days import day_of
from accounts.mail import Letter, Picture, readers, write
from accounts.models import Mail, Subscription, Topic, User
from analytics.delivery import Period, period
from analytics.flow_weeks import WEEK, Span
from analytics.flow_weeks import label as week_label
from analytics.mails.weekly import LATE, key_of, moment_before
from analytics.pixels import weeks_png
from analytics.queries import spans
from analytics.queries.figures import shows_demo
from analytics.queries.scope_choices import label
from analytics.queries.week_counts import WeekCounts, counts
from analytics.weekly import FEWEST_OUTSIDE, Glance, Line, live


def week_before(moment: datetime) -> date:
    """The Monday of the last whole week, by the organisation's calendar."""
    today = day_of(moment)
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
    if of is None or found is None or not found.says_something:
        return None
    glance = at_a_glance(begins_on, scope, of, now, demo=demo)
    weeks = weeks_of(begins_on, scope, demo=demo)
    return write(
        "digest",
        subject=subject(found, of if scope else ""),
        to=user,
        topic=Topic.DIGEST,
        now=now,
        counts=found,
        of=of,
        lines=[(line, f"{settings.SITE_URL}{reverse(line.url_name)}") for line in told(glance)],
        kept_back=len(glance.lines) - len(told(glance)),
        weeks=weeks,
        picture=weeks.picture if weeks else None,
        review_url=review_url(begins_on, scope),
        **context,
    )


def at_a_glance(begins_on: date, scope: str, of: str, now: datetime, *, demo: bool) -> Glance:
    name = of.partition(" ")[2] if scope else ""
    today = day_of(now)
    return live(span=Span(begins_on), scope=scope, scope_name=name, demo=demo, today=today)


def told(glance: Glance) -> list[Line]:
    """It leaves the sign-in: what rests on a few stays there."""
    return [line for line in glance.lines if line.leaves]


@dataclass(frozen=True)
class Weeks:
    """Deployments of 26 weeks, the picture of them, and the same in words for who sees no pictures."""

    picture: Picture
    most: int
    failed: int
    unknown: int


def weeks_of(begins_on: date, scope: str, *, demo: bool) -> Weeks | None:
    """None where no deployment is known in all of them, or they are few."""
    series = Span(begins_on - 25 * WEEK, 26)
    shown = spans.read(page="delivery", scope=scope, demo=demo, since=series.begins_on, until=series.ends_on)
    periods = [period(Span(week), shown.at(week)) for week in series.each()]
    numbers = [one.frequency.number for one in periods]
    known = [number for number in numbers if number is not None]
    if sum(known) < FEWEST_OUTSIDE:
        return None
    failed = [_failed(one) for one in periods]
    return Weeks(
        Picture("deployments", weeks_png(numbers, failed)),
        max(known),
        sum(number for number in failed if number),
        len(numbers) - len(known),
    )


def _failed(one: Period) -> int | None:
    """Those that failed, old enough to be judged or not; None where that is hidden or not known."""
    if one.fail.failed is None or one.fail.pending_failed is None:
        return None
    return one.fail.failed + one.fail.pending_failed


def subject(found: WeekCounts, of: str | None) -> str:
    year, week, _ = found.begins_on.isocalendar()
    return f"Week {week} of {year}" + (f", {of}" if of else "")


def review_url(begins_on: date, scope: str) -> str:
    asked = {"week": week_label(begins_on)} | ({"scope": scope} if scope else {})
    return f"{settings.SITE_URL}{reverse('analytics:review')}?{urlencode(asked, safe=':')}"


def sent(*, mail: Mail, now: datetime) -> None:
    """Nothing follows from it."""
