"""Storing what came, counting what was refused, and keeping the sources: all writes of the letterbox."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import AuditEntry, User
from intake.models import Delivery, Setup, Source
from intake.queries import forget_doors
from intake.sealing import seal
from intake.sources import Letter, Provider

log = logging.getLogger(__name__)
WARN_BEFORE = timedelta(days=30)


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    SEEN = "seen"
    CONFLICT = "conflict"  # the same key with another body: kept, not applied until somebody says so


@dataclass(frozen=True)
class Stored:
    outcome: Outcome
    delivery_id: int | None


INSERT = """
INSERT INTO intake_delivery (source_id, key, event, body, body_sha256, headers, received_at, state, reason,
                             conflicting, attempts, next_attempt_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, 'received', '', %s, 0, %s)
ON CONFLICT DO NOTHING RETURNING id
"""


def store(*, source_id: int, provider: Provider, letter: Letter) -> Stored:
    """Keep a verified letter, in one statement unless its key has been seen before.

    Written in SQL because the insert must say whether it inserted: Django's `ignore_conflicts` does not.
    Raises: TooLarge.
    """
    digest = provider.digest(letter)
    key = _fitting(provider.key(letter), letter)
    row = (
        source_id,
        key,
        provider.event(letter)[:80],
        letter.body,
        digest,
        json.dumps(provider.kept(letter)),
        letter.received_at,
    )
    with connection.cursor() as cursor:
        if (new := _insert(cursor, (*row, False, letter.received_at))) is not None:
            return Stored(Outcome.ACCEPTED, new)
        cursor.execute(
            "SELECT id FROM intake_delivery WHERE source_id = %s AND key = %s AND body_sha256 = %s",
            (source_id, key, digest),
        )
        if (same := cursor.fetchone()) is not None:
            return Stored(Outcome.SEEN, same[0])
        other = _insert(cursor, (*row, True, letter.received_at))
    return Stored(Outcome.CONFLICT, other)


def _insert(cursor, values: tuple[object, ...]) -> int | None:  # type: ignore[no-untyped-def]
    cursor.execute(INSERT, values)
    row = cursor.fetchone()
    return None if row is None else int(row[0])


def _fitting(key: str, letter: Letter) -> str:
    if not key:
        return f"sha256:{letter.sha256.hex()}"
    return key if len(key) <= 200 else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def count_refusal(*, source_id: int, reason: str) -> None:
    """Nothing of the request is kept but that there was one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_refusal AS r (source_id, day, reason, count) VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (source_id, day, reason) DO UPDATE SET count = r.count + 1",
            (source_id, timezone.localdate(), reason[:40]),
        )


@transaction.atomic
def note_first_real_fact(*, at: datetime) -> None:
    """From the first real delivery or import on, demonstration data steps aside."""
    if Setup.objects.filter(pk=1, first_real_fact_at__isnull=False).exists():
        return
    Setup.objects.bulk_create([Setup(pk=1)], ignore_conflicts=True)
    Setup.objects.filter(pk=1, first_real_fact_at=None).update(first_real_fact_at=at)


@transaction.atomic
def set_secret(*, source: Source, secret: str, by: User | None) -> None:
    """Make this the only secret."""
    source.secret_sealed, source.second_secret_sealed = seal(_usable(secret)), None
    _save_secrets(source, "source.secret_set", by)


@transaction.atomic
def rotate_secret(*, source: Source, secret: str, by: User | None) -> None:
    """A new first secret; the one it replaces stays good as the second until it is cleared."""
    locked = Source.objects.select_for_update().get(pk=source.pk)
    source.secret_sealed, source.second_secret_sealed = seal(_usable(secret)), locked.secret_sealed
    _save_secrets(source, "source.secret_rotated", by)


@transaction.atomic
def clear_second_secret(*, source: Source, by: User | None) -> None:
    source.second_secret_sealed = None
    _save_secrets(source, "source.second_secret_cleared", by)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def _usable(secret: str) -> str:
    if len(secret.strip()) < 12:
        raise ValueError("A secret needs at least 12 characters")
    return secret.strip()


def _save_secrets(source: Source, verb: str, by: User | None) -> None:
    source.save(update_fields=["secret_sealed", "second_secret_sealed"])
    AuditEntry.objects.create(actor=by, verb=verb, target_kind="source", target_id=source.pk)
    transaction.on_commit(forget_doors)


@transaction.atomic
def save_source(*, source: Source, by: User | None) -> Source:
    """Keep a source's settings, not its secrets."""
    verb = "source.changed" if source.pk else "source.created"
    source.full_clean(exclude=["secret_sealed", "second_secret_sealed"])
    if source.pk:
        source.save(update_fields=["slug", "name", "kind", "is_active", "team", "mapping"])
    else:
        source.save()
    AuditEntry.objects.create(actor=by, verb=verb, target_kind="source", target_id=source.pk)
    transaction.on_commit(forget_doors)
    return source


@transaction.atomic
def replay(*, deliveries: list[int], by: User | None) -> int:
    """Make them due again. Those whose body is purged and those set aside for a conflict are left alone."""
    chosen = Delivery.objects.filter(pk__in=deliveries, conflicting=False, body_purged_at=None)
    count = chosen.update(
        state=Delivery.State.RECEIVED,
        reason="",
        attempts=0,
        next_attempt_at=timezone.now(),
        processed_at=None,
    )
    _audit_deliveries("delivery.replayed", deliveries, by)
    return count


@transaction.atomic
def park(*, deliveries: list[int], by: User | None) -> int:
    """Set waiting letters aside by hand."""
    waiting = Delivery.objects.filter(pk__in=deliveries, state=Delivery.State.RECEIVED)
    count = waiting.update(state=Delivery.State.PARKED, reason="Parked by hand", processed_at=timezone.now())
    _audit_deliveries("delivery.parked", deliveries, by)
    return count


def _audit_deliveries(verb: str, deliveries: list[int], by: User | None) -> None:
    detail = {"deliveries": sorted(deliveries)[:200]}
    AuditEntry.objects.create(actor=by, verb=verb, target_kind="delivery", detail=detail)


@dataclass(frozen=True)
class Purged:
    done: int
    parked: int
    parked_soon: int  # parked letters that lose their body within 30 days


def purge(*, now: datetime) -> Purged:
    """Empty the bodies of letters kept long enough; the row stays, so that a late repeat is still known."""
    kept = Delivery.objects.filter(body_purged_at=None)
    finished = Q(state__in=[Delivery.State.DONE, Delivery.State.IGNORED])
    parked_before = now - settings.INTAKE_KEEP_PARKED
    emptied = {"body": b"", "headers": {}, "body_purged_at": now}
    done = kept.filter(finished, received_at__lt=now - settings.INTAKE_KEEP_DONE).update(**emptied)
    waiting = kept.exclude(finished)
    parked = waiting.filter(received_at__lt=parked_before).update(
        **emptied, state=Delivery.State.PARKED, reason="Its body was purged before anybody dealt with it"
    )
    soon = waiting.filter(received_at__lt=parked_before + WARN_BEFORE).count()
    if soon:
        log.warning("%d parked deliveries will lose their bodies soon: deal with them in the admin", soon)
    return Purged(done, parked, soon)
