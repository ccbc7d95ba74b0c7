"""Marking policies: stated, ended from a day, or revoked as if they never were."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from changes.models import Change, MarkingPolicy, Repository
from changes.services.rereading import ask_to_weigh_again
from changes.services.rules import current_rules
from changes.services.weighing import reweigh
from intake import ledger

FEW = 1000


class PolicyRefused(ValueError):
    """A rule of policies forbids it: in words to be shown, with the input to mend and a code for machines."""

    def __init__(self, reason: str, *, field: str = "", code: str = "refused") -> None:
        super().__init__(reason)
        self.field = field
        self.code = code


@transaction.atomic
def state_policy(
    *, repository: Repository, since: date, by: User | None, now: datetime, how: str = ""
) -> MarkingPolicy:
    """From `since` on every AI-assisted change is marked here; unmarked counts as manual on this word.

    Raises: PolicyRefused while another one is in effect, or was on one of its days.
    """
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    standing = MarkingPolicy.objects.filter(repository=repository, revoked_at=None)
    if standing.filter(ended_on=None).exists():
        raise PolicyRefused(
            "A marking policy is already in effect for this repository: end or revoke it first.",
            code="in_effect",
        )
    if earlier := standing.filter(Q(ended_on__gt=since)).order_by("-ended_on").first():
        raise PolicyRefused(
            f"An earlier policy covers the days until {earlier.ended_on}: begin on that day or later.",
            field="since",
            code="overlaps",
        )
    policy = MarkingPolicy.objects.create(
        repository=repository, since=since, how=how, stated_at=now, stated_by=by
    )
    _apply(policy, "policy stated", by)
    return policy


@transaction.atomic
def end_policy(*, policy: MarkingPolicy, on: date, by: User | None, reason: str = "") -> MarkingPolicy:
    """Changes merged from that day on are no longer covered.

    Raises: PolicyRefused for a day before it began, or where it is over already.
    """
    policy = _standing(policy)
    if policy.ended_on is not None:
        raise PolicyRefused(f"This policy already ended on {policy.ended_on}.", code="ended")
    if on < policy.since:
        raise PolicyRefused(
            "A policy cannot end before it began: revoke it instead.", field="on", code="before_it_began"
        )
    policy.ended_on, policy.end_reason = on, reason
    policy.save(update_fields=["ended_on", "end_reason"])
    _apply(policy, "policy ended", by)
    return policy


@transaction.atomic
def revoke_policy(
    *, policy: MarkingPolicy, by: User | None, now: datetime, reason: str = ""
) -> MarkingPolicy:
    """As if it never was, an ended one too. Raises: PolicyRefused where it is revoked already."""
    policy = _standing(policy)
    policy.revoked_at = now
    # Why it was ended stays where nobody says why it is taken back.
    policy.end_reason = reason or policy.end_reason
    policy.save(update_fields=["revoked_at", "end_reason"])
    _apply(policy, "policy revoked", by)
    return policy


def _standing(policy: MarkingPolicy) -> MarkingPolicy:
    """The row as it is now, locked."""
    locked = MarkingPolicy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    if locked.revoked_at is not None:
        raise PolicyRefused("This policy was revoked: it is as if it never was.", code="revoked")
    return locked


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
