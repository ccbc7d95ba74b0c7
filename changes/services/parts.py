"""A request that landed as several commits, as a rebase or an unnamed merge does: which ones are its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet

from changes import origin
from changes.facts import ChangeFact
from changes.models import Change, ChangeIdentity, Origin, OriginEvidence, Repository
from changes.services.rules import Rules
from changes.services.weighing import reweigh

Space, Role = ChangeIdentity.Space, ChangeIdentity.Role
# A forge that rebases commits them all anew, at once.
AT_ONCE = timedelta(minutes=5)
MOST_PARTS = 250


@dataclass(frozen=True, slots=True)
class Whole:
    """The request, all that it is made of, and the fact that says so."""

    request: Change
    changes: tuple[int, ...]
    fact: ChangeFact


def find_wholes(repository: Repository, changes: Sequence[Change]) -> list[Whole]:
    """Requests that landed about when these changes did, each of whose commits is known by now."""
    times = [one.merged_at for one in changes if one.merged_at]
    if not times:
        return []
    ends = ChangeIdentity.objects.filter(
        repository=repository,
        space=Space.SHA,
        role=Role.MERGE,
        change__merged_at__range=(min(times) - AT_ONCE, max(times) + AT_ONCE),
        change__commits__range=(2, MOST_PARTS),
    )
    found = []
    for end in ends.exclude(parent="").select_related("change").order_by("id"):
        if whole := _whole(end):
            found.append(whole)
    return found


def _whole(end: ChangeIdentity) -> Whole | None:
    request = end.change
    number = request.identities.filter(space=Space.NUMBER, role=Role.NUMBER).first()
    before = _named(request, end.parent)
    if number is None or before is None:
        return None
    if before.change_id == request.pk and before.role == Role.HEAD:
        # A merge whose message does not say so: the head of the branch stands before it, unaltered.
        role, parts = Role.HEAD, _branch(request, before)
    elif request.identities.filter(role=Role.HEAD).exclude(parent="").exists():
        return None  # a merge pushed with other commits between: only the clone can tell them apart
    else:
        role, parts = Role.LANDED, _rebased(request, before)
    others = [one for one in parts if one.change_id != request.pk]
    if not others:
        return None
    fact = ChangeFact(
        told_at=request.told_at or end.change.recorded_at,
        number=number.value,
        shas=tuple((role.value, one.value) for one in others),
        is_whole=True,
    )
    return Whole(request, (request.pk, *(one.change_id for one in others)), fact)


def _named(request: Change, sha: str) -> ChangeIdentity | None:
    rows = ChangeIdentity.objects.filter(repository=request.repository_id, space=Space.SHA, value=sha)
    return rows.select_related("change").first()


def _back_from(request: Change, first: ChangeIdentity, most: int) -> Iterator[ChangeIdentity]:
    row: ChangeIdentity | None = first
    for _ in range(most):
        if row is None:
            return
        yield row
        row = _named(request, row.parent) if row.parent else None


def _branch(request: Change, head: ChangeIdentity) -> list[ChangeIdentity]:
    """Those pushed with the head, unless more were: a push lists its commits by time and not by branch."""
    found = list(_back_from(request, head, request.commits or 0))
    if any(row.change_id != request.pk and row.role != Role.PUSHED for row in found):
        return []
    base = _named(request, found[-1].parent) if found[-1].parent else None
    return [] if base is not None and base.role == Role.PUSHED else found


def _rebased(request: Change, before: ChangeIdentity) -> list[ChangeIdentity]:
    """All of them or none: fewer would be somebody else's."""
    wanted = (request.commits or 0) - 1
    found = []
    for row in _back_from(request, before, wanted):
        is_mine = row.change_id == request.pk
        if not is_mine and not (row.role in {Role.LANDED, Role.PUSHED} and _may_be_part(row.change, request)):
            return []
        found.append(row)
    return found if len(found) == wanted else []


def _may_be_part(part: Change, request: Change) -> bool:
    if part.merged_at is None or request.merged_at is None:
        return False
    is_request = part.identities.filter(space=Space.NUMBER).exists()
    return abs(part.merged_at - request.merged_at) <= AT_ONCE and not is_request


def _by_agents() -> QuerySet[OriginEvidence]:
    return OriginEvidence.objects.filter(place=origin.AUTHOR, origin=Origin.AUTONOMOUS)


def all_by_agents(changes: Sequence[int]) -> bool:
    """Whether each part has an agent for its author: only then the whole has."""
    return _by_agents().filter(change__in=changes).values("change").distinct().count() == len(set(changes))


def lessen_agents(request: Change, rules: Rules) -> None:
    """An agent's commits beside people's: they helped."""
    if _by_agents().filter(change=request).update(origin=Origin.ASSISTED):
        reweigh([Change.objects.get(pk=request.pk)], rules)
