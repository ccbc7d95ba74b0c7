"""Keeping the hooks, and putting messages on their way: the writes of what goes out, but for the sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import AuditEntry, User
from intake.models import OutgoingHook, OutgoingMessage
from intake.outgoing.addresses import Allowed, Target, allowed, read
from intake.outgoing.signing import key_of, new_secret
from intake.outgoing.writers import TEST
from intake.sealing import seal, unseal

# For so long the secret before is signed with as well.
FORMER_SECRET = timedelta(days=1)
SWITCHED_OFF = "The hook was switched off."


def listed() -> Allowed:
    return allowed(settings.OUTGOING_ALLOWED)


def target_of(hook: OutgoingHook) -> Target:
    """Raises: Unsealable, or Refused for an address that was allowed once and no longer is one."""
    return read(unseal(hook.url_sealed).decode())


def secrets_of(hook: OutgoingHook, now: datetime) -> list[str]:
    """The present one first, then the one before while it is good. Raises: Unsealable."""
    sealed = [hook.secret_sealed]
    if hook.former_secret_sealed and hook.former_secret_until and now < hook.former_secret_until:
        sealed.append(hook.former_secret_sealed)
    return [unseal(one).decode() for one in sealed]


@transaction.atomic
def save_hook(
    *, hook: OutgoingHook, url: str, by: User | None, now: datetime, secret: str = ""
) -> str | None:
    """Keeps it; an empty `url` leaves the address as it is.

    A new hook has `secret`, else one that is made and returned, this once.
    Raises: Refused for what is no address; ValueError for what is no secret; ValidationError.
    """
    made = None
    if url:
        hook.url_sealed, hook.host = seal(url), read(url).shown
    if is_new := hook._state.adding:
        made = None if secret else new_secret()
        hook.secret_sealed = _sealed(made or secret)
    hook.full_clean(exclude=["url_sealed", "host", "secret_sealed", "former_secret_sealed"])
    if hook.is_active:
        hook.stopped_reason = ""
    hook.save()
    if not hook.is_active:
        close(messages=hook.messages.all(), why=hook.stopped_reason or SWITCHED_OFF, now=now)
    _audit("outgoing_hook.created" if is_new else "outgoing_hook.changed", hook, by)
    return made


@transaction.atomic
def rotate_secret(*, hook: OutgoingHook, by: User | None, now: datetime, secret: str = "") -> str:
    """A new secret, returned this once; the one before is signed with beside it for a day.

    Raises: ValueError for a given secret that is none.
    """
    fresh = secret or new_secret()
    locked = OutgoingHook.objects.select_for_update().get(pk=hook.pk)
    hook.secret_sealed, hook.former_secret_sealed = _sealed(fresh), locked.secret_sealed
    hook.former_secret_until = now + FORMER_SECRET
    hook.save(update_fields=["secret_sealed", "former_secret_sealed", "former_secret_until"])
    _audit("outgoing_hook.secret_rotated", hook, by)
    return fresh


def _sealed(secret: str) -> bytes:
    key_of(secret)
    return seal(secret.strip())


def _audit(verb: str, hook: OutgoingHook, by: User | None) -> None:
    AuditEntry.objects.create(actor=by, verb=verb, target_kind="outgoinghook", target_id=hook.pk)


# ------------------------------------------------------------------ messages


def listening(topic: str, *, since: datetime | None = None) -> QuerySet[OutgoingHook]:
    """The hooks that are told of it; with `since`, those that were there by then."""
    found = OutgoingHook.objects.filter(is_active=True, topics__contains=[topic])
    return found if since is None else found.filter(created_at__lte=since)


def put(
    *, hooks: Iterable[OutgoingHook], topic: str, key: str, content: Mapping[str, Any], now: datetime
) -> int:
    """One message to each of them, once under this key however often it is put; says how many are new.

    Raises: ValueError for a key that is too long to be kept.
    """
    whole = f"{topic}:{key}"
    if len(whole) > 120:
        raise ValueError(f"a key of {len(whole)} characters cannot be kept")
    chosen = {hook.pk: hook for hook in hooks}
    known = OutgoingMessage.objects.filter(hook__in=chosen, key=whole).values_list("hook", flat=True)
    rows = [
        OutgoingMessage(
            hook_id=pk, topic=topic, key=whole, content=dict(content), made_at=now, next_attempt_at=now
        )
        for pk in sorted(chosen.keys() - set(known))
    ]
    # Two at once: the database keeps one row, and neither fails.
    OutgoingMessage.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def put_test(*, hook: OutgoingHook, by: User | None, now: datetime) -> OutgoingMessage:
    """A message that says it is a test, each time it is asked for."""
    message = OutgoingMessage.objects.create(
        hook=hook,
        topic=TEST,
        key=f"{TEST}:{now.isoformat()}",
        content={},
        made_at=now,
        next_attempt_at=now,
    )
    _audit("outgoing_hook.tested", hook, by)
    return message


def close(*, messages: QuerySet[OutgoingMessage], why: str, now: datetime) -> int:
    return messages.filter(sent_at=None, closed_at=None).update(closed_at=now, error=why[:300])


@transaction.atomic
def stop(*, hook: OutgoingHook, why: str, now: datetime) -> None:
    """The other side wants no more of it (410 Gone): what waits is closed with the reason."""
    OutgoingHook.objects.filter(pk=hook.pk).update(is_active=False, stopped_reason=why[:200])
    close(messages=hook.messages.all(), why=why, now=now)
    _audit("outgoing_hook.stopped", hook, None)


def try_again(*, messages: QuerySet[OutgoingMessage], now: datetime) -> int:
    """An admin has mended what was wrong: all attempts anew, for what was not sent and whose hook is on."""
    failed = messages.filter(sent_at=None).exclude(error="")
    unsent = failed.filter(Q(hook__is_active=True) | Q(topic=TEST))
    return unsent.update(closed_at=None, attempts=0, next_attempt_at=now, error="")
