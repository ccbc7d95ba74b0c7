"""What people say of a change's origin and kinds of help, and what a failure does to what counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from changes.models import AssistanceKind, Assistant, Change, Decision, Origin, Prompt
from changes.services.rules import current_rules
from changes.services.weighing import reweigh, reweigh_one
from intake import ledger

Verdict = Decision.Verdict


def standing(change_id: int) -> Change:
    """The change that stands for this one, locked: a double leads to what it was merged into."""
    change = Change.objects.select_for_update(no_key=True).get(pk=change_id)
    return standing(change.merged_into_id) if change.merged_into_id else change


def say_origin(
    *,
    change_id: int,
    origin: str,
    by: User | None,
    prompted_by: str,
    now: datetime,
    verdict: str = Verdict.CONFIRMED,
    assistant: Assistant | None = None,
    reason: str = "",
    held: Change | None = None,
) -> Decision:
    """A person's word on the origin: holds over all evidence until somebody says otherwise.

    `held` is the change itself where whoever calls has locked it, and it is nobody's double.
    """
    return _decide(
        change_id,
        Decision(
            origin=Origin(origin), verdict=Verdict(verdict), assistant=assistant, said_at=now, said_by=by,
            prompted_by=Prompt(prompted_by), reason=reason,
        ),
        "origin said",
        held,
    )  # fmt: skip


def dismiss_origin(
    *,
    change_id: int,
    origin: str,
    by: User | None,
    prompted_by: str,
    now: datetime,
    reason: str = "",
    held: Change | None = None,
) -> Decision:
    """A person says that the evidence for this origin is wrong here; `held` as above."""
    return say_origin(
        change_id=change_id, origin=origin, by=by, prompted_by=prompted_by, now=now,
        verdict=Verdict.DISMISSED, reason=reason, held=held,
    )  # fmt: skip


def say_kind(
    *,
    change_id: int,
    kind: AssistanceKind,
    by: User | None,
    prompted_by: str,
    now: datetime,
    verdict: str = Verdict.CONFIRMED,
    assistant: Assistant | None = None,
    reason: str = "",
    held: Change | None = None,
) -> Decision:
    """A person confirms or dismisses one kind of help; `held` as above."""
    return _decide(
        change_id,
        Decision(
            kind=kind, verdict=Verdict(verdict), assistant=assistant, said_at=now, said_by=by,
            prompted_by=Prompt(prompted_by), reason=reason,
        ),
        "kind said",
        held,
    )  # fmt: skip


def _decide(change_id: int, decision: Decision, verb: str, held: Change | None) -> Decision:
    # Who holds the change is in a transaction already, and takes all of it back when this fails.
    with transaction.atomic(savepoint=held is None):
        change = held or standing(change_id)
        decision.change = change
        decision.save()
        _weigh_again(change, verb, decision.said_by)
    return decision


@transaction.atomic
def withdraw_decision(*, decision_id: int, by: User | None, now: datetime) -> Decision:
    decision = Decision.objects.select_for_update(no_key=True).get(pk=decision_id)
    if decision.withdrawn_at is None:
        decision.withdrawn_at = now
        decision.save(update_fields=["withdrawn_at"])
        _weigh_again(standing(decision.change_id), "decision withdrawn", by)
    return decision


@transaction.atomic
def set_first_incident(*, change_id: int, at: datetime | None) -> None:
    """Told by whoever knows of incidents: from then on nothing that is said enters a rate."""
    change = standing(change_id)
    if change.first_incident_at == at:
        return
    change.first_incident_at = at
    change.save(update_fields=["first_incident_at"])
    _weigh_again(change, "first incident", None)


def _weigh_again(change: Change, verb: str, by: User | None) -> None:
    change.version += 1
    reweigh_one(change, current_rules())
    ledger.touch(
        ledger.Kind.CHANGE, change.pk, verb=verb, repository_id=change.repository_id,
        actor_id=by.pk if by else None,
    )  # fmt: skip


@transaction.atomic
def weigh_again(*, change_ids: Sequence[int]) -> int:
    """After rules, terms or policies altered: verdicts anew from stored evidence; says how many altered."""
    changes = list(Change.objects.select_for_update(no_key=True).current().filter(pk__in=change_ids))
    altered = reweigh(changes, current_rules())
    for change in altered:
        ledger.touch(ledger.Kind.CHANGE, change.pk, verb="weighed again", repository_id=change.repository_id)
    return len(altered)
