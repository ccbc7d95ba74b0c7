"""Applying stored letters: one at a time, each in one transaction with its own mark."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEntry, User
from intake.models import Delivery
from intake.services import note_first_real_fact
from intake.sources import Ignored, Letter, Unprocessable, providers

log = logging.getLogger(__name__)
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 15  # about a day, all in all


def process_next(*, now: datetime) -> bool:
    """Apply the letter that has been due longest and that nobody else holds; False when there is none."""
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("source")
            .due(now)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if delivery is None:
            return False
        _process(delivery)
    return True


@transaction.atomic
def process_one(*, delivery_id: int) -> Delivery:
    """Apply this letter now, due or not; one that is held elsewhere is waited for."""
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("source").get(pk=delivery_id)
    if delivery.state == Delivery.State.RECEIVED:
        _process(delivery)
    return delivery


@transaction.atomic
def apply_conflicting(*, delivery_id: int, by: User | None) -> Delivery:
    """Somebody says that this body is the right one for its key: apply it over what is there."""
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("source").get(pk=delivery_id)
    if not delivery.conflicting or delivery.body_purged_at:
        raise ValueError("Only a conflicting delivery whose body is still kept can be applied so")
    AuditEntry.objects.create(
        actor=by, verb="delivery.conflict_applied", target_kind="delivery", target_id=delivery.pk
    )
    _process(delivery)
    if delivery.state == Delivery.State.RECEIVED:  # no later try would look at it
        _mark(delivery, Delivery.State.PARKED, delivery.reason)
    return delivery


def _process(delivery: Delivery) -> None:
    letter = Letter(delivery.headers, bytes(delivery.body), delivery.received_at)
    try:
        with transaction.atomic():
            _handle(delivery, letter)
    except Ignored as reason:
        _mark(delivery, Delivery.State.IGNORED, str(reason))
    except Unprocessable as reason:
        _mark(delivery, Delivery.State.PARKED, str(reason))
    except Exception as error:
        log.exception("Delivery %s of %s failed", delivery.pk, delivery.source.slug)
        _try_later(delivery, error)
    else:
        _mark(delivery, Delivery.State.DONE, "")


def _handle(delivery: Delivery, letter: Letter) -> None:
    provider = providers().get(delivery.source.kind)
    if provider is None:
        raise Unprocessable(f"Nothing here understands sources of kind {delivery.source.kind!r}")
    provider.handle(delivery, letter)
    if not delivery.source.is_demo:
        note_first_real_fact(at=delivery.received_at)


def _mark(delivery: Delivery, state: Delivery.State, reason: str) -> None:
    delivery.state = state
    delivery.reason = reason.replace("\x00", "")
    delivery.attempts += 1
    delivery.processed_at = timezone.now()
    delivery.save(update_fields=["state", "reason", "attempts", "processed_at"])


def _try_later(delivery: Delivery, error: Exception) -> None:
    reason = f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")
    if delivery.attempts + 1 >= MOST_ATTEMPTS:
        _mark(delivery, Delivery.State.PARKED, reason)
        return
    wait = min(FIRST_WAIT * 2**delivery.attempts, LONGEST_WAIT)
    delivery.attempts += 1
    delivery.reason = reason
    delivery.next_attempt_at = timezone.now() + wait
    delivery.save(update_fields=["attempts", "reason", "next_attempt_at"])
