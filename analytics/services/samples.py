"""Sampled checks: lots are drawn, people answer, and an answer can be taken back."""

from __future__ import annotations

import random
import secrets
from datetime import datetime

from django.db import transaction

from accounts.models import User
from analytics.models import Sample, SampledChange
from analytics.queries.samples import BY_POLICY, MOST_DRAWN, UNKNOWN, Scope, counts
from changes.models import Origin, Prompt
from changes.services.origin import say_origin, withdraw_decision
from incidents.services.refusals import Refused
from intake import ledger

ASSISTED, AUTONOMOUS, MANUAL, CANNOT_SAY = "assisted", "autonomous", "manual", "cannot_say"
ORIGINS = {ASSISTED: Origin.ASSISTED, AUTONOMOUS: Origin.AUTONOMOUS, MANUAL: Origin.MANUAL}


@transaction.atomic
def draw(*, scope: Scope, size: int, by: User | None, now: datetime, seed: int | None = None) -> Sample:
    """Changes of which nobody told the origin, by lot; the seed is kept, so that the draw can be repeated.

    Raises: Refused where there is nothing to draw from, or for a size that is none.
    """
    if not 1 <= size <= MOST_DRAWN:
        raise Refused(f"Draw 1 to {MOST_DRAWN} changes.", field="size", code="size")
    stand = scope.stand()
    untold = sorted([*stand.get(UNKNOWN, ()), *stand.get(BY_POLICY, ())])
    if not untold:
        raise Refused(
            "Every change there has its origin told: nothing is left to draw from.", code="nothing_unknown"
        )
    seed = secrets.randbits(48) if seed is None else seed
    known = counts(stand)
    sample = Sample.objects.create(
        team=scope.team,
        repository=scope.repository,
        since=scope.since,
        until=scope.until,
        seed=seed,
        drawn_from=sum(known.values()),
        population=len(untold),
        known=known,
        drawn_at=now,
        drawn_by=by,
    )
    lots = random.Random(seed).sample(untold, min(size, len(untold)))  # noqa: S311 -- a lot, not a secret
    SampledChange.objects.bulk_create(
        SampledChange(sample=sample, change_id=pk, position=place) for place, pk in enumerate(lots)
    )
    return sample


@transaction.atomic
def answer(*, drawn_id: int, say: str, by: User, now: datetime) -> SampledChange:
    """Kept as this person's word on the change, prompted by the sample; "cannot say" is kept here alone.

    Raises: Refused where it is answered by now, or the answer is none.
    """
    drawn = _open(drawn_id)
    if drawn.cannot_say or _holds(drawn):
        raise Refused("Somebody has answered it meanwhile.", code="answered")
    if say in ORIGINS:
        drawn.decision = say_origin(
            change_id=drawn.change_id, origin=ORIGINS[say], by=by, prompted_by=Prompt.SAMPLE, now=now
        )
    elif say == CANNOT_SAY:
        drawn.decision, drawn.cannot_say = None, True
        _touch(drawn, "cannot say", by)
    else:
        raise Refused("That is no answer a sampled check knows.", field="say")
    drawn.answered_at = now
    drawn.save(update_fields=["decision", "cannot_say", "answered_at"])
    return drawn


@transaction.atomic
def undo(*, drawn_id: int, by: User, now: datetime) -> SampledChange:
    """Takes an answer back; somebody else's word is theirs. Raises: Refused."""
    drawn = _open(drawn_id)
    if drawn.decision is not None and drawn.decision.said_by_id != by.pk:
        raise Refused("Somebody else said it: only they take it back here.", code="not_yours")
    if drawn.decision is None and not drawn.cannot_say:
        raise Refused("It is not answered.", code="not_answered")
    if _holds(drawn) and drawn.decision is not None:
        withdraw_decision(decision_id=drawn.decision.pk, by=by, now=now)
    else:
        _touch(drawn, "cannot say withdrawn", by)
    drawn.decision, drawn.cannot_say, drawn.answered_at = None, False, None
    drawn.save(update_fields=["decision", "cannot_say", "answered_at"])
    return drawn


@transaction.atomic
def close(*, sample: Sample, now: datetime) -> Sample:
    """No more is asked; what was answered stays, and so does its estimate."""
    if sample.closed_at is None:
        sample.closed_at = now
        sample.save(update_fields=["closed_at"])
    return sample


@transaction.atomic
def reopen(*, sample: Sample) -> Sample:
    sample.closed_at = None
    sample.save(update_fields=["closed_at"])
    return sample


def _open(drawn_id: int) -> SampledChange:
    # What hangs on it is read behind the lock: a joined row would be that of before the wait.
    drawn = SampledChange.objects.select_for_update().get(pk=drawn_id)
    if drawn.sample.closed_at is not None:
        raise Refused("This check is closed.", code="closed")
    return drawn


def _holds(drawn: SampledChange) -> bool:
    return drawn.decision is not None and drawn.decision.withdrawn_at is None


def _touch(drawn: SampledChange, verb: str, by: User) -> None:
    ledger.touch(ledger.Kind.CHANGE, drawn.change_id, verb=verb, actor_id=by.pk)
