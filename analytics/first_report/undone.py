"""Which changes were undone: reverted for good, or named by a fix. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from changes.wiring import FIXES, REAPPLIES, REVERTS, Link

SUBJECT = "subject: "


@dataclass(frozen=True, slots=True)
class Landed:
    """A change as far as links go: the commits and number that it is known by, and what it says of others."""

    key: str
    at: datetime
    title: str
    shas: tuple[str, ...]
    number: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Undone:
    """When each change was undone; how many reverts there are, and how many name no change that was read."""

    at: Mapping[str, datetime]
    reverts: int
    unresolved: int


def find_undone(changes: Sequence[Landed]) -> Undone:
    names = _Names(changes)
    about: defaultdict[str, list[tuple[str, Landed]]] = defaultdict(list)
    unresolved = 0
    for change in changes:
        for link in change.links:
            if link.kind not in (REVERTS, REAPPLIES, FIXES):
                continue
            target = names.resolve(link, change)
            if target is None:
                unresolved += link.kind == REVERTS
            elif target.at <= change.at:
                about[target.key].append((link.kind, change))
    reverts = sum(any(link.kind == REVERTS for link in change.links) for change in changes)
    return Undone(dict(_times(about)), reverts, unresolved)


def _times(about: Mapping[str, list[tuple[str, Landed]]]) -> Iterable[tuple[str, datetime]]:
    reverted: dict[str, datetime | None] = {}

    def reverted_at(key: str, path: frozenset[str]) -> datetime | None:
        """A revert that was itself reverted, or whose target was applied again later, undoes nothing."""
        if key in reverted:
            return reverted[key]
        if key in path:
            return None
        stands = [
            (kind, one)
            for kind, one in about.get(key, ())
            if kind != FIXES and one.key != key and reverted_at(one.key, path | {key}) is None
        ]
        again = max((one.at for kind, one in stands if kind == REAPPLIES), default=None)
        times = [one.at for kind, one in stands if kind == REVERTS and (again is None or one.at > again)]
        reverted[key] = min(times, default=None)
        return reverted[key]

    for key, links in about.items():
        times = [one.at for kind, one in links if kind == FIXES and one.key != key]
        if (at := reverted_at(key, frozenset())) is not None:
            times.append(at)
        if times:
            yield key, min(times)


class _Names:
    """The one change that a link names: by commit, by number, by its exact title; else none."""

    def __init__(self, changes: Sequence[Landed]) -> None:
        self._shas = sorted((sha, index) for index, one in enumerate(changes) for sha in one.shas)
        self._changes = changes
        self._numbers: defaultdict[str, list[Landed]] = defaultdict(list)
        self._titles: defaultdict[str, list[Landed]] = defaultdict(list)
        for one in changes:
            if one.number:
                self._numbers[one.number].append(one)
            self._titles[one.title].append(one)

    def resolve(self, link: Link, linking: Landed) -> Landed | None:
        if link.names.startswith("#"):
            found = self._numbers[link.names[1:]]
        elif link.names.startswith(SUBJECT):
            found = self._titles[link.names[len(SUBJECT) :]]
        else:
            found = list(self._by_sha(link.names))
        others = [one for one in found if one.key != linking.key]
        return others[0] if len(others) == 1 else None

    def _by_sha(self, prefix: str) -> Iterable[Landed]:
        place = bisect_left(self._shas, (prefix, -1))
        indices = set[int]()
        while place < len(self._shas) and self._shas[place][0].startswith(prefix):
            indices.add(self._shas[place][1])
            place += 1
        return (self._changes[index] for index in indices)
