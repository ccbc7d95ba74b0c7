"""Areas from folders, until somebody names them: the cut that splits a repository's work best. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from changes.paths import MIGRATIONS, SOURCE, path_class

MOST_AREAS = 10
# A folder that holds less of the work than this is no area of its own.
LEAST_SHARE = 0.03
LEAST_CHANGES = 5
# And one that holds more is looked into.
SPLIT_SHARE = 0.2
ELSEWHERE, NO_SOURCE, TOP = "elsewhere", "no-source", "top"

Paths = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Cut:
    """The folders that are areas; of two, one inside the other, the inner one holds its own files."""

    folders: frozenset[str] = frozenset()

    def area_of(self, paths: Paths) -> str:
        """The folder with most of the change's source lines: one area for each change."""
        weights: Counter[str] = Counter()
        for path, lines in paths:
            if _is_source(path):
                weights[self._folder_of(path)] += max(1, lines)
        return max(weights, key=lambda name: (weights[name], name)) if weights else NO_SOURCE

    def _folder_of(self, path: str) -> str:
        if "/" not in path and self.folders:
            return TOP
        parts = path.split("/")[:-1]
        inside = ("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))
        return next((folder for folder in inside if folder in self.folders), ELSEWHERE)


def _is_source(path: str) -> bool:
    return path_class(path) in (SOURCE, MIGRATIONS)


def best_cut(changes: Iterable[Paths]) -> Cut:
    """Look into the folder with the most changes again and again, as long as its parts say something."""
    main = [folder for folder in (_main_folder(paths) for paths in changes) if folder is not None]
    least = max(LEAST_CHANGES, round(LEAST_SHARE * len(main)))
    held: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for folder, n in Counter(main).items():
        parts = folder.split("/") if folder else []
        for depth in range(len(parts) + 1):
            child = "/".join(parts[: depth + 1]) if depth < len(parts) else ""
            held["/".join(parts[:depth])][child] += n
    leaves, done = {""}, set[str]()
    while wide := [name for name in leaves - done if _total(held[name]) >= SPLIT_SHARE * len(main)]:
        top = max(wide, key=lambda name: (_total(held[name]), name))
        done.add(top)
        room = MOST_AREAS - len(leaves - {""})
        inner = [(child, n) for child, n in held[top].most_common() if child and n >= least]
        children = {child for child, _ in sorted(inner, key=lambda one: (-one[1], one[0]))[:room]}
        # A folder whose files lie around its folders keeps them under its own name.
        stays = bool(top) and _total(held[top]) - sum(held[top][child] for child in children) >= least
        if children:
            leaves = (leaves if stays else leaves - {top}) | children
    return Cut(frozenset(leaves - {""}))


def _total(held: Counter[str]) -> int:
    return sum(held.values())


def _main_folder(paths: Paths) -> str | None:
    weights: Counter[str] = Counter()
    for path, lines in paths:
        if _is_source(path):
            weights[path.rpartition("/")[0]] += max(1, lines)
    return max(weights, key=lambda name: (weights[name], name)) if weights else None


def area_name(key: str) -> str:
    return {
        ELSEWHERE: "Other folders",
        NO_SOURCE: "No source file (tests, documentation, configuration only)",
        TOP: "Files at the top",
    }.get(key, f"{key}/")
