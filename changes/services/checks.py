"""Checks of commits: folded from what a forge tells of them, in any order; each attempt is a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from changes.facts import CheckFact
from changes.models import Change, ChangeIdentity, CheckRun, Repository
from intake import ledger
from intake.models import Delivery
from intake.services import note_first_real_fact

Status, Basis = CheckRun.Status, CheckRun.EndBasis
End = tuple[datetime, CheckRun.EndBasis]


@transaction.atomic
def record_checks(
    *, repository: Repository, facts: Iterable[CheckFact], delivery: Delivery | None = None
) -> list[CheckRun]:
    """Upsert by kind, the sender's id and attempt; touches every change that has the commit."""
    facts = list(facts)
    if not facts:
        return []
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    if not repository.is_demo:
        note_first_real_fact(at=timezone.now())
    found = {row.pk: row for row in (_record(repository, fact, delivery) for fact in facts)}
    shas, names = {row.sha for row in found.values()}, {row.name for row in found.values()}
    unended = _unended(repository).filter(Q(sha__in=shas) | Q(name__in=names))
    _touch(repository, shas | _settle(repository, list(unended)), delivery)
    return list(CheckRun.objects.filter(pk__in=found))


def _record(repository: Repository, fact: CheckFact, delivery: Delivery | None) -> CheckRun:
    key = {
        "repository": repository,
        "kind": fact.kind,
        "external_id": fact.external_id,
        "attempt": fact.attempt,
    }
    row = CheckRun.objects.filter(**key).first()
    if row is None:
        row = CheckRun(**key, queued_at=fact.queued_at, told_at=fact.told_at, delivery=delivery)
    row.sha = row.sha or fact.sha.lower()
    row.name = row.name or fact.name[:200]
    row.branch = row.branch or fact.branch[:250]
    row.url = row.url or fact.url[:500]
    row.queued_at = min(row.queued_at, fact.queued_at)
    row.started_at = min(filter(None, (row.started_at, fact.started_at)), default=None)
    row.told_at = max(row.told_at, fact.told_at)
    if fact.completed_at is not None:
        end = (fact.completed_at, fact.conclusion[:20])
        if row.end_basis != Basis.TOLD or end > (row.completed_at or fact.completed_at, row.conclusion):
            row.completed_at, row.conclusion = end
            row.end_basis = Basis.TOLD
    _status(row)
    row.save()
    return row


def _status(row: CheckRun) -> None:
    if row.end_basis:
        row.status = Status.COMPLETED
    else:
        row.status = Status.RUNNING if row.started_at else Status.QUEUED


def _unended(repository: Repository) -> QuerySet[CheckRun]:
    """Whose end nobody told: what else may have ended them is looked at anew."""
    return CheckRun.objects.filter(repository=repository).exclude(end_basis=Basis.TOLD)


@transaction.atomic
def settle_checks_of(repository: Repository, change_ids: Sequence[int]) -> None:
    """After changes were told: closed or opened again, or found to have a commit that was checked before."""
    unended = _unended(repository)
    if not unended.exists():
        return
    names = ChangeIdentity.objects.filter(change__in=change_ids, space=ChangeIdentity.Space.SHA)
    shas = _settle(repository, list(unended.filter(sha__in=names.values("value"))))
    _touch(repository, shas, None)


def _settle(repository: Repository, rows: Sequence[CheckRun]) -> set[str]:
    """Give each the end that follows from the rest, or none; returns the commits whose checks altered."""
    changes = _changes_by_sha(repository, {row.sha for row in rows})
    later = _by_name(repository, {row.name for row in rows}) if rows else {}
    altered = []
    for row in rows:
        before = (row.status, row.completed_at, row.end_basis)
        end = _end(row, changes[row.sha], later[(row.kind, row.name)])
        row.completed_at, row.end_basis = end or (None, Basis.NONE)
        _status(row)
        if before != (row.status, row.completed_at, row.end_basis):
            altered.append(row)
    CheckRun.objects.bulk_update(altered, ["status", "completed_at", "end_basis"])
    return {row.sha for row in altered}


def _changes_by_sha(repository: Repository, shas: set[str]) -> dict[str, list[Change]]:
    names = ChangeIdentity.objects.filter(
        repository=repository, space=ChangeIdentity.Space.SHA, value__in=shas, change__merged_into=None
    )
    found: dict[str, list[Change]] = defaultdict(list)
    for name in names.select_related("change"):
        found[name.value].append(name.change)
    return found


def _by_name(repository: Repository, names: set[str]) -> dict[tuple[str, str], list[CheckRun]]:
    found: dict[tuple[str, str], list[CheckRun]] = defaultdict(list)
    rows = CheckRun.objects.filter(repository=repository, name__in=names).order_by("-queued_at")
    for row in rows.only("kind", "name", "external_id", "attempt", "sha", "branch", "queued_at")[:2000]:
        found[(row.kind, row.name)].append(row)
    return found


def _end(row: CheckRun, changes: Sequence[Change], named_alike: Iterable[CheckRun]) -> End | None:
    """The earliest of: a later attempt or run of the same commit; the closing of all its changes.

    A check that no open change waits for is over, too, with the next of its name on the same branch.
    """
    is_waited_for = any(change.state == Change.State.OPEN for change in changes)
    ends: list[End] = [
        (max(other.queued_at, row.queued_at), Basis.SUPERSEDED)
        for other in named_alike
        if other.pk != row.pk and _takes_over(other, row, is_waited_for=is_waited_for)
    ]
    closed = [change.merged_at or change.closed_at for change in changes]
    if closed and not is_waited_for and None not in closed:
        at = max(one for one in closed if one is not None)
        if at >= row.queued_at:
            ends.append((at, Basis.CLOSED))
    return min(ends, default=None)


def _takes_over(other: CheckRun, row: CheckRun, *, is_waited_for: bool) -> bool:
    if other.external_id == row.external_id:
        return other.attempt > row.attempt
    if other.queued_at <= row.queued_at:
        return False
    is_next_on_branch = not is_waited_for and row.branch != "" and other.branch == row.branch
    return other.sha == row.sha or is_next_on_branch


def _touch(repository: Repository, shas: set[str], delivery: Delivery | None) -> None:
    names = ChangeIdentity.objects.filter(
        repository=repository, space=ChangeIdentity.Space.SHA, value__in=shas
    )
    ledger.touch(
        ledger.Kind.CHANGE, *sorted(set(names.values_list("change_id", flat=True))), verb="checked",
        repository_id=repository.pk, delivery_id=delivery.pk if delivery else None,
    )  # fmt: skip
