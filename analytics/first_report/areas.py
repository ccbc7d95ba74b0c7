"""Areas of the report: those that people named, else what the folders suggest. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analytics.first_report.shapes import ReportChange
from changes.areas import Suggestion, suggested_areas
from changes.paths import matches

ELSEWHERE, NONE = "Other folders", "No area"
# A suggested area with fewer changes of its own is not worth a row.
FEWEST = 5
Paths = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Areas:
    """`rules` are tried in order, the inner folders before the outer ones."""

    rules: tuple[Suggestion, ...]
    of: Mapping[str, str]

    @property
    def are_named(self) -> bool:
        """Whether people named them: else they are suggestions."""
        return not self.rules and set(self.of.values()) - {NONE, ELSEWHERE} != set()


def find_areas(changes: Sequence[ReportChange], name: str) -> Areas:
    if any(one.area for one in changes):
        return Areas((), {one.key: one.area or NONE for one in changes})
    found = suggested_areas((dict(one.paths) for one in changes), name=name)
    rules = tuple(sorted(found, key=lambda one: (-one.glob.count("/"), one.glob)))
    place = _Places(rules)
    area_of = {one.key: place.of(one.paths) for one in changes}
    sizes = Counter(area_of.values())
    return Areas(rules, {key: name if sizes[name] >= FEWEST else ELSEWHERE for key, name in area_of.items()})


class _Places:
    def __init__(self, rules: Sequence[Suggestion]) -> None:
        self._globs = [(glob, one) for one in rules for glob in (one.glob, *one.also)]
        self._rule_of = lru_cache(maxsize=65536)(self._match)

    def _match(self, path: str) -> Suggestion | None:
        return next((one for glob, one in self._globs if matches(path, glob)), None)

    def of(self, paths: Paths) -> str:
        """Where most of its lines are; what is apart from the work counts only where it is all there is."""
        work, apart = Counter[str](), Counter[str]()
        for path, lines in paths:
            rule = self._rule_of(path)
            if rule:
                (apart if rule.is_apart else work)[folder_of(rule)] += max(1, lines)
        weights = work or apart
        return max(weights, key=lambda name: (weights[name], name)) if weights else ELSEWHERE


def folder_of(rule: Suggestion) -> str:
    """Until people name an area it goes by its folder."""
    return rule.glob.removesuffix("**")


def ordered(names: Iterable[str], sizes: Mapping[str, int]) -> list[str]:
    """Most changes first, what is no area last."""
    last = (ELSEWHERE, NONE)
    return sorted(names, key=lambda name: (name in last, -sizes[name], name))
