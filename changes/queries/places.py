"""Reads on where changes live: a repository's own path classes, and what its folders hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, Count, When
from django.db.models.functions import TruncMonth

from changes.areas import Suggestion, suggested_areas, suggested_services, top_folder
from changes.models import Change, ChangeQuerySet, Origin, PathClassRule, Repository, Service
from changes.paths import PathClasses


def path_classes(repository_ids: Iterable[int]) -> Mapping[int, PathClasses]:
    """The classes of each repository that has rules of its own; for the others the built-in ones hold."""
    rules: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for rule in PathClassRule.objects.filter(repository__in=set(repository_ids)):
        rules[rule.repository_id].append((rule.glob, rule.path_class))
    return {pk: PathClasses(tuple(pairs)) for pk, pairs in rules.items()}


def classes_of(repository: Repository) -> PathClasses:
    return path_classes([repository.pk]).get(repository.pk, PathClasses())


def classes_by(rules: Iterable[PathClassRule]) -> PathClasses:
    """The classes of a repository whose rules are known already."""
    return PathClasses(tuple((rule.glob, rule.path_class) for rule in rules))


# A suggestion and a trial look at the newest changes: enough to see a habit, little enough to wait for.
NEWEST = 2000
# Where paths are hardly ever told, no more changes than these are gone through for some that have any.
MOST_LOOKED_AT = 4 * NEWEST


@dataclass(frozen=True)
class Folder:
    name: str
    changes: int
    marked: int


@dataclass(frozen=True)
class Trial:
    """What one more path class rule would move, among the paths of the newest changes."""

    paths: int
    moved: int
    changes: int
    was: tuple[tuple[str, int], ...]
    examples: tuple[str, ...]


Newest = Sequence[tuple[str, Sequence[str]]]


def newest_paths(repository: Repository) -> Newest:
    """Origin and paths of the newest changes that landed."""
    landed = Change.objects.current().filter(repository=repository).exclude(merged_at=None)
    newest = landed.order_by("-merged_at")[:MOST_LOOKED_AT].values("pk")
    rows = Change.objects.filter(pk__in=newest).exclude(paths=[]).order_by("-merged_at")
    return list(rows.values_list("origin", "paths")[:NEWEST])


def by_folder(newest: Newest) -> list[Folder]:
    """How the work lies in top folders, most first; a change counts in each that it touches."""
    touched: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for origin, paths in newest:
        folders = {top_folder(path) for path in paths}
        touched.update(folders)
        if origin in {Origin.ASSISTED, Origin.AUTONOMOUS}:
            marked.update(folders)
    return [Folder(name, count, marked[name]) for name, count in touched.most_common(12)]


def areas_to_suggest(repository: Repository, newest: Newest, classes: PathClasses) -> list[Suggestion]:
    changes = [dict.fromkeys(paths, 1) for _, paths in newest]
    return suggested_areas(changes, name=repository.name, classes=classes)


def services_to_suggest(services: Iterable[Service], newest: Newest) -> list[Suggestion]:
    """`services`: those that the repository has already."""
    known = {glob for one in services for glob in one.path_globs}
    found = suggested_services([paths for _, paths in newest])
    return [one for one in found if one.glob not in known]


def try_class(newest: Newest, classes: PathClasses, glob: str, path_class: str) -> Trial:
    """As the last of the repository's own rules, where it would stand."""
    after = PathClasses((*classes.rules, (glob, path_class)))
    known = {path for _, paths in newest for path in paths}
    was: Counter[str] = Counter()
    moved = set()
    for path in known:
        before = classes.of(path)
        if before != after.of(path):
            was[before] += 1
            moved.add(path)
    changes = sum(1 for _, paths in newest if not moved.isdisjoint(paths))
    return Trial(len(known), len(moved), changes, tuple(was.most_common()), tuple(sorted(moved)[:8]))


@dataclass(frozen=True)
class Month:
    month: date
    shipped: int
    marked: int

    @property
    def share(self) -> float:
        return self.marked / self.shipped if self.shipped else 0.0


@dataclass(frozen=True)
class Shipped:
    """How many changes shipped: by origin, most first, and month by month from the first to the last."""

    origins: list[dict[str, Any]]
    months: list[Month]

    @property
    def total(self) -> int:
        return sum(row["n"] for row in self.origins)


def shipped(changes: ChangeQuerySet, since: datetime, known_origins: Counter[str] | None = None) -> Shipped:
    """In one statement, which an index of `Change` answers; months from `since` on.

    `known_origins`: how many of each shipped ever, where that is kept; what is older is then not read.
    """
    month = Case(When(shipped_at__gte=since, then=TruncMonth("shipped_at")))
    read = changes.shipped() if known_origins is None else changes.shipped().filter(shipped_at__gte=since)
    rows = read.order_by().values("origin", month=month).annotate(n=Count("*"))
    origins: Counter[str] = Counter()
    known: dict[date, tuple[int, int]] = {}
    for row in rows:
        origins[row["origin"]] += row["n"]
        if row["month"] is not None:
            day = row["month"].date()
            before, marked = known.get(day, (0, 0))
            is_marked = row["origin"] in {Origin.ASSISTED, Origin.AUTONOMOUS}
            known[day] = before + row["n"], marked + is_marked * row["n"]
    counted = origins if known_origins is None else known_origins
    found = [{"origin": origin, "n": n} for origin, n in counted.most_common()]
    return Shipped(found, list(_every_month(known)))


def _every_month(known: Mapping[date, tuple[int, int]]) -> Iterator[Month]:
    """From the first that has any to the last."""
    month = min(known, default=None)
    while month is not None and month <= max(known):
        yield Month(month, *known.get(month, (0, 0)))
        month = (month + timedelta(days=32)).replace(day=1)
