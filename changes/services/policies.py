"""Marking policies: stated, ended from a day, or revoked as if they never were."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from changes.models import Change, MarkingPolicy, Repository
from changes.services.rereading import ask_to_weigh_again
from changes.services.rules import current_rules
from changes.services.weighing import reweigh
from intake import ledger

FEW = 1000


@transaction.atomic
def state_policy(
    *, repository: Repository, since: date, by: User | None, now: datetime, how: str = ""
) -> MarkingPolicy:
    """From `since` on every AI-assisted change is marked here; unmarked counts as manual on this word.

    Raises: ValueError while another one is in effect.
    """
    if MarkingPolicy.objects.filter(repository=repository, ended_on=None, revoked_at=None).exists():
        raise ValueError("A marking policy is already in effect for this repository: end or revoke it first.")
    policy = MarkingPolicy.objects.create(
        repository=repository, since=since, how=how, stated_at=now, stated_by=by
    )
    _apply(policy, "policy stated", by)
    return policy


@transaction.atomic
def end_policy(*, policy: MarkingPolicy, on: date, by: User | None) -> MarkingPolicy:
    """Changes merged from that day on are no longer covered. Raises: ValueError for a day before it began."""
    if on < policy.since:
        raise ValueError("A policy cannot end before it began: revoke it instead.")
    policy.ended_on = on
    policy.save(update_fields=["ended_on"])
    _apply(policy, "policy ended", by)
    return policy


@transaction.atomic
def revoke_policy(*, policy: MarkingPolicy, by: User | None, now: datetime) -> MarkingPolicy:
    policy.revoked_at = now
    policy.save(update_fields=["revoked_at"])
    _apply(policy, "policy revoked", by)
    return policy


def _apply(policy: MarkingPolicy, verb: str, by: User | None) -> None:
    """Few changes are weighed at once, many in the background, with progress."""
    actor = by.pk if by else None
    ledger.touch(ledger.Kind.POLICY, policy.pk, verb=verb, repository_id=policy.repository_id, actor_id=actor)
    rows = Change.objects.current().filter(repository=policy.repository_id).order_by("id")
    if rows.count() > FEW:
        ask_to_weigh_again(repository=policy.repository, by=by)
        return
    altered = reweigh(list(rows), current_rules())
    ledger.touch(
        ledger.Kind.CHANGE, *(one.pk for one in altered), verb=verb,
        repository_id=policy.repository_id, actor_id=actor,
    )  # fmt: skip
