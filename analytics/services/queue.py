"""What one key of the confirm queue writes, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from analytics.queries.figures import ASSISTED
from analytics.queries.queue import still_waiting
from changes.models import (
    Assistance,
    AssistanceKind,
    Change,
    Decision,
    Origin,
    OriginEvidence,
    Prompt,
    Strength,
)
from changes.queries.together import Prepared
from changes.services.origin import dismiss_origin, say_kind, say_origin, withdraw_decision
from incidents.services.refusals import Refused

KIND, MANUAL, AI, NOT, SUGGESTED = "kind", "manual", "assisted", "not", "suggested"
Dismissed = Decision.Verdict.DISMISSED
HELD = Prepared(lambda pk: [Change.objects.select_for_update(no_key=True).filter(pk=pk)], 1)


@transaction.atomic
def decide(
    *,
    change_id: int,
    say: str,
    kind: AssistanceKind | None = None,
    by: User,
    now: datetime,
    prompted_by: str = Prompt.QUEUE,
    beside: Iterable[int] = (),
) -> set[int]:
    """`say` is one of the words above; all that one key says has the same `now`, by which it is undone.

    Returns those of it and of the changes `beside` it that waited just before, as they are asked for anyway.

    Raises: Refused where it waits no more, or nothing is suggested to be judged.
    """
    # Held, so that of two people who press at once the second sees what the first said.
    [held] = HELD(change_id)
    # In a statement of its own: it sees what was said until the lock was had.
    alive = still_waiting([change_id, *beside])
    if not held or change_id not in alive:
        raise Refused("It waits no more: somebody has said it meanwhile.", code="waits_no_more")
    change: Change = held[0]
    if say == KIND and kind:
        _say_kind(change, kind, by, now, prompted_by)
    elif say in {MANUAL, AI}:
        origin = Origin.MANUAL if say == MANUAL else Origin.ASSISTED
        say_origin(change_id=change_id, origin=origin, by=by, prompted_by=prompted_by, now=now, held=change)
    elif say == SUGGESTED:
        _confirm_suggested(change, by, now, prompted_by)
    elif say == NOT:
        _dismiss(change, by, now, prompted_by)
    else:
        raise Refused("That is no answer the queue knows.")
    return alive


def _say_kind(
    change: Change,
    kind: AssistanceKind,
    by: User,
    now: datetime,
    prompted_by: str,
    verdict: str = Decision.Verdict.CONFIRMED,
) -> None:
    say_kind(
        change_id=change.pk, kind=kind, by=by, prompted_by=prompted_by, now=now, verdict=verdict, held=change
    )


def _suggested(change: Change) -> list[AssistanceKind]:
    rows = Assistance.objects.filter(change=change, status=Assistance.Status.SUGGESTED)
    return [row.kind for row in rows.select_related("kind")]


def _confirm_suggested(change: Change, by: User, now: datetime, prompted_by: str) -> None:
    kinds = _suggested(change)
    if not kinds:
        raise Refused("No kind is suggested here.")
    for kind in kinds:
        _say_kind(change, kind, by, now, prompted_by)


def _dismiss(change: Change, by: User, now: datetime, prompted_by: str) -> None:
    """The suggested kinds are wrong; where only the origin is suggested, its evidence is wrong here."""
    kinds = _suggested(change)
    for kind in kinds:
        _say_kind(change, kind, by, now, prompted_by, Dismissed)
    if kinds:
        return
    weak = OriginEvidence.objects.filter(change=change, strength=Strength.WEAK, origin__in=ASSISTED)
    origins = list(weak.order_by("origin").values_list("origin", flat=True).distinct())
    if not origins:
        raise Refused("Nothing is suggested here that could be wrong.")
    for origin in origins:
        dismiss_origin(
            change_id=change.pk, origin=origin, by=by, prompted_by=prompted_by, now=now, held=change
        )


def decide_many(
    *,
    change_ids: Sequence[int],
    say: str,
    kind: AssistanceKind | None = None,
    by: User,
    now: datetime,
) -> tuple[int, int]:
    """Each in a transaction of its own; returns how many were said, and how many waited no more."""
    said = 0
    for change_id in change_ids:
        try:
            decide(change_id=change_id, say=say, kind=kind, by=by, now=now)
        except Refused:
            continue
        said += 1
    return said, len(change_ids) - said


@transaction.atomic
def undo(*, by: User, said_at: datetime, now: datetime) -> list[int]:
    """Withdraws what this person said in the queue at that moment; returns the changes it was said of."""
    mine = Decision.objects.filter(
        said_by=by, prompted_by=Prompt.QUEUE, said_at=said_at, withdrawn_at=None
    ).order_by("change_id", "pk")
    found = list(mine.values_list("pk", "change_id"))
    for pk, _ in found:
        withdraw_decision(decision_id=pk, by=by, now=now)
    return list(dict.fromkeys(change_id for _, change_id in found))
