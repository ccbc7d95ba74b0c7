"""The key in the address of a person's calendar feed: whoever has it reads the feed, and nothing else."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.core.cache import cache
from django.db import transaction

from accounts.models import CalendarKey, User
from accounts.services import audit, digest

_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
# Calendars look every few minutes at the most: so many readings of one key within so many seconds are served.
MOST, WINDOW = 60, 600


@transaction.atomic
def make(*, user: User, now: datetime) -> str:
    """A new key, which is shown once and stored nowhere; the one before opens nothing any more."""
    secret = secrets.token_urlsafe(32)
    row, _ = CalendarKey.objects.update_or_create(
        user=user, defaults={"digest": digest(secret), "created_at": now}
    )
    audit(verb="make_calendar_key", target=row, actor=user)
    return secret


@transaction.atomic
def revoke(*, user: User) -> bool:
    """Says whether there was one. A second time changes nothing."""
    row = CalendarKey.objects.select_for_update().filter(user=user).first()
    if row is None:
        return False
    audit(verb="revoke_calendar_key", target=row, actor=user)
    row.delete()
    return True


def owner(secret: str) -> User | None:
    """Whose it is; None for a key that is unknown or revoked, and for somebody who may not come in."""
    if not _SHAPE.fullmatch(secret):
        return None
    found = CalendarKey.objects.select_related("user").filter(digest=digest(secret)).first()
    return found.user if found is not None and found.user.is_active else None


def may_read(user: User) -> bool:
    """Protection, not a quota: the counting is not exact between processes."""
    name = f"accounts:calendar:{user.pk}"
    cache.add(name, 0, WINDOW)
    try:
        return bool(cache.incr(name) <= MOST)
    except ValueError:  # it ran out between the two
        return True
