"""The mail on what a person is asked for: at most one a day, with what is unread by then."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from accounts.days import organisation_zone
from accounts.mail import Letter, readers, write
from accounts.models import Mail, Notification, Topic, User

# What is read on the page meanwhile needs no mail, and what comes together goes together.
SETTLES = timedelta(minutes=10)
MOST_LISTED = 50


def make_due(*, now: datetime) -> int:
    local = now.astimezone(organisation_zone())
    if local.hour < settings.MAIL_HOUR:
        return 0
    key = local.date().isoformat()
    waiting = Notification.objects.filter(
        read_at=None, mailed_at=None, created_at__lte=now - SETTLES, user__in=readers(Topic.NOTICES)
    )
    written = Mail.objects.filter(topic=Topic.NOTICES, key=key).values("user")
    ids: dict[int, list[int]] = {}
    for user_id, pk in waiting.exclude(user__in=written).order_by("pk").values_list("user", "pk"):
        ids.setdefault(user_id, []).append(pk)
    rows = [
        Mail(
            user_id=user_id,
            topic=Topic.NOTICES,
            key=key,
            content={"notifications": listed},
            made_at=now,
            next_attempt_at=now,
        )
        for user_id, listed in ids.items()
    ]
    Mail.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _left(mail: Mail) -> QuerySet[Notification]:
    """What was not read, and not taken back, since the mail was made."""
    return Notification.objects.filter(user=mail.user, pk__in=mail.content["notifications"], read_at=None)


def letter(*, mail: Mail, now: datetime) -> Letter | None:
    return _compose(mail.user, _left(mail), now)


def preview(*, user: User, now: datetime) -> Letter | None:
    """With all that is unread now, whether or not it came by mail before."""
    return _compose(user, Notification.objects.filter(user=user, read_at=None), now, preview=True)


def _compose(user: User, unread: QuerySet[Notification], now: datetime, **context: object) -> Letter | None:
    found = list(unread.order_by("-created_at", "-pk"))
    if not found:
        return None
    count = len(found)
    subject = found[0].text if count == 1 else f"{count} things wait for you"
    return write(
        "notices",
        subject=subject,
        to=user,
        topic=Topic.NOTICES,
        now=now,
        notices=found[:MOST_LISTED],
        count=count,
        more=count - MOST_LISTED,
        list_url=settings.SITE_URL + reverse("notices:list"),
        **context,
    )


def sent(*, mail: Mail, now: datetime) -> None:
    Notification.objects.filter(user=mail.user, pk__in=mail.content["notifications"]).update(mailed_at=now)
