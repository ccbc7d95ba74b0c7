"""What people are told: their own list, the bell above every page, and what is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction

from accounts.models import Notification, User

LONGEST = 300


def about(row: models.Model) -> str:
    """What stands in `Notification.about` for one row: "incident:12", by its primary key."""
    return f"{row._meta.model_name}:{row.pk}"


@transaction.atomic
def tell(
    *,
    users: Iterable[User],
    kind: str,
    key: str,
    text: str,
    path: str,
    about: str = "",
    now: datetime,
) -> int:
    """Puts it into the list of each of these people once; says for how many it was new.

    `text` begins with what is asked of the reader ("You are asked to review …"). `path` is a page of this
    product. `key` names the occasion ("review:34"): told again under it, nothing happens, read or not.
    `about(row)` names what it is about; the caller has seen that each of these people may see that.
    Raises: ValueError for a path that leads elsewhere, or a key that is too long to be kept.
    """
    if not path.startswith("/") or path.startswith(("//", "/\\")):
        raise ValueError(f"{path!r} is no page of this product")
    if len(key) > 120:
        raise ValueError(f"a key of {len(key)} characters cannot be kept")
    people = {user.pk: user for user in users if user.is_active}
    told = Notification.objects.filter(user__in=people, key=key).values_list("user", flat=True)
    new = people.keys() - set(told)
    rows = [
        Notification(
            user=people[pk], kind=kind, key=key, text=_short(text), path=path, about=about, created_at=now
        )
        for pk in sorted(new)
    ]
    # Two tellers at once: the database keeps one row, and neither fails.
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


@transaction.atomic
def take_back(*, about: str, except_users: Iterable[User | int] = ()) -> int:
    """Removes what was told about it, read or not, from all but these people (or their keys); says how much.

    For what becomes restricted, or is no longer asked. Raises: ValueError for nothing in particular.
    """
    if not about:
        raise ValueError("say what it was about")
    kept = {user.pk if isinstance(user, User) else user for user in except_users}
    removed, _ = Notification.objects.filter(about=about).exclude(user__in=kept).delete()
    return removed


@transaction.atomic
def forget(*, model: type[models.Model], ids: Iterable[int]) -> int:
    """Removes what was told about rows that are no more: its links would lead nowhere."""
    gone = [f"{model._meta.model_name}:{pk}" for pk in ids]
    removed, _ = Notification.objects.filter(about__in=gone).delete() if gone else (0, {})
    return removed


@transaction.atomic
def mark_read(*, user: User, ids: Iterable[int] | None = None, now: datetime) -> int:
    """Those of this person's own, or all of them; what was read before keeps its time."""
    unread = Notification.objects.filter(user=user, read_at=None)
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=now)
