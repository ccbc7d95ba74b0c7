"""Which areas a repository's folders suggest, for a person to take, rename or leave. Pure.

Nothing here decides an area: without a path rule a change has none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from changes.paths import BUILT_IN, DOCS, TESTS, UNCOUNTED, PathClasses

MOST = 12
# A folder that fewer changes touch says nothing yet.
LEAST_CHANGES = 3
LEAST_SHARE = 0.01
# A folder that holds this share of the changes splits no work: what lies in it does.
WHOLE_SHARE = 0.5
DEEPEST = 8
# Folders that only hold others, by name: they are looked into whatever their share.
HOLDERS = frozenset(
    {
        "src", "lib", "app", "source", "packages", "apps", "services", "modules", "pkg", "internal", "cmd",
        "crates", "plugins", "projects", "libs", "features", "domains", "main", "java", "kotlin", "scala",
        "python", "com", "org", "net", "io",
    }
)  # fmt: skip
# Folders that repeat the work's own layout: their inner folders belong to the areas of the same name.
MIRRORS = re.compile(r"^([\w-]*tests?|testing|specs?|__tests__|e2e|templates)$", re.IGNORECASE)
MONOREPO = ("packages", "apps", "services")
ROOT = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One rule to offer: paths that match `glob`, or one of `also`, would be the area `name`.

    `lines` are the weights given for its paths. `is_apart`: no part of the business, such as documentation.
    """

    glob: str
    name: str
    changes: int
    lines: int
    why: str
    also: tuple[str, ...] = ()
    is_apart: bool = False
    # Only what lies in no other suggestion's folder: its rule stands after theirs.
    is_rest: bool = False


@dataclass(slots=True)
class _Folder:
    path: str
    touched: set[int] = field(default_factory=set)
    direct: set[int] = field(default_factory=set)
    lines: int = 0
    inner: dict[str, _Folder] = field(default_factory=dict)

    @property
    def last(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    def add(self, parts: Sequence[str], change: int, lines: int) -> None:
        folder = self
        for depth, part in enumerate(("", *parts)):
            if depth:
                folder = folder.inner.setdefault(part, _Folder("/".join(parts[:depth])))
            folder.touched.add(change)
            folder.lines += lines
        folder.direct.add(change)


def top_folder(path: str) -> str:
    """How work is grouped while no path rule exists; empty for a file at the top."""
    return path.split("/", 1)[0] if "/" in path else ROOT


def suggested_areas(
    changes: Iterable[Mapping[str, int]], *, name: str = "", classes: PathClasses = BUILT_IN
) -> list[Suggestion]:
    """The folders that split the work best, most changes first; what is apart stands last.

    Takes for each change its paths with their lines (1 where they are unknown), and the repository's name.
    """
    work, docs, mirrored = _Folder(ROOT), _Folder(ROOT), _Folder(ROOT)
    for number, files in enumerate(changes):
        for path, lines in files.items():
            tree = _tree_of(path, classes, work, docs, mirrored)
            if tree is not None:
                tree.add(path.split("/")[:-1], number, max(lines, 1))
    total = len(work.touched)
    chosen = _split(work, name.rsplit("/", 1)[-1], total)
    least = max(LEAST_CHANGES, total * LEAST_SHARE)
    worth = sorted(
        (one for one in chosen if _own(one, chosen) >= least), key=lambda one: (-_own(one, chosen), one.path)
    )[:MOST]
    mirrors = _mirrors(mirrored, [one.path for one in worth])
    names = _names([one.path for one in worth])
    found = [
        _suggestion(one, names[one.path], mirrors.get(one.path, ()), chosen, total)
        for one in worth
        if one.path
    ]
    return [*found, *_documentation(docs)]


def _tree_of(
    path: str, classes: PathClasses, work: _Folder, docs: _Folder, mirrored: _Folder
) -> _Folder | None:
    if path.startswith(".") or "/" not in path:
        return None
    kind = classes.of(path)
    if kind in UNCOUNTED:
        return None
    if kind == DOCS:
        return docs
    parts = path.split("/")[:-1]
    if kind == TESTS or any(MIRRORS.match(part) for part in parts):
        return mirrored
    return work


def _split(root: _Folder, name: str, total: int) -> list[_Folder]:
    """From the top down: a folder is looked into when it only holds others, or holds most of the work."""
    chosen: list[_Folder] = []
    waiting = [(one, 1) for one in root.inner.values()]
    while waiting:
        folder, depth = waiting.pop()
        if depth < DEEPEST and _is_holder(folder, name, total):
            waiting += [(one, depth + 1) for one in folder.inner.values()]
            if folder.direct and folder.last.lower() not in HOLDERS:
                chosen.append(folder)
        else:
            chosen.append(folder)
    return chosen


def _is_holder(folder: _Folder, name: str, total: int) -> bool:
    if not folder.inner:
        return False
    inside = set().union(*(one.touched for one in folder.inner.values()))
    if len(inside) * 4 < len(folder.touched):
        # Its own files are the work: its folders would leave most of it without an area.
        return False
    known = folder.last.lower()
    return (
        (known in HOLDERS and len(folder.direct) * 2 <= len(folder.touched))
        or _plain(known) == _plain(name.lower())
        or len(folder.touched) >= total * WHOLE_SHARE
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]|\.?(org|com|io|js|py)$", "", name)


def _own(folder: _Folder, chosen: Sequence[_Folder]) -> int:
    """A folder that was looked into stands for the files right in it alone."""
    return len(folder.direct if _was_looked_into(folder, chosen) else folder.touched)


def _was_looked_into(folder: _Folder, chosen: Sequence[_Folder]) -> bool:
    return any(one.path.startswith(f"{folder.path}/") for one in chosen)


def _suggestion(
    folder: _Folder, name: str, also: Sequence[str], chosen: Sequence[_Folder], total: int
) -> Suggestion:
    touched = _own(folder, chosen)
    if _was_looked_into(folder, chosen):
        why = f"What lies in {folder.path}/ itself and in no other area's folder"
        lines = folder.lines - sum(
            one.lines
            for one in chosen
            if one.path.startswith(f"{folder.path}/") and _is_next(one, folder, chosen)
        )
    else:
        why, lines = f"The folder {folder.path}/", folder.lines
    share = touched / total if total else 0
    why += f": {touched} changes, {share:.0%} of those that touch code"
    if also:
        why += f"; with {', '.join(one.removesuffix('**') for one in also)}"
    return Suggestion(
        f"{folder.path}/**",
        name,
        touched,
        max(lines, 0),
        why,
        tuple(also),
        is_rest=_was_looked_into(folder, chosen),
    )


def _is_next(one: _Folder, above: _Folder, chosen: Sequence[_Folder]) -> bool:
    """Whether no other chosen folder stands between the two, whose lines hold this one's already."""
    return not any(
        one.path.startswith(f"{other.path}/") and other.path.startswith(f"{above.path}/") for other in chosen
    )


def _mirrors(tree: _Folder, areas: Sequence[str]) -> dict[str, list[str]]:
    """For each area the folders of tests and templates that repeat its path, whatever stands around it."""
    by_tail: dict[str, list[str]] = defaultdict(list)
    for path in areas:
        if path:
            by_tail[path.rsplit("/", 1)[-1].lower()].append(path)
    found: dict[str, list[str]] = defaultdict(list)
    waiting = list(tree.inner.values())
    while waiting:
        folder = waiting.pop()
        owners = by_tail.get(folder.last.lower(), [])
        inside = any(folder.path == path or folder.path.startswith(f"{path}/") for path in areas if path)
        is_mirrored = any(MIRRORS.match(part) for part in folder.path.split("/")[:-1])
        if len(owners) == 1 and is_mirrored and not folder.path.startswith(f"{owners[0]}/"):
            found[owners[0]].append(f"{folder.path}/**")
        elif not inside or is_mirrored:
            waiting += folder.inner.values()
    return {path: sorted(globs) for path, globs in found.items()}


def _names(paths: Sequence[str]) -> dict[str, str]:
    tails = Counter(path.rsplit("/", 1)[-1].lower() for path in paths)
    named = {}
    for path in paths:
        above, _, tail = path.rpartition("/")
        words = re.sub(r"[_-]+", " ", tail).strip() or tail
        named[path] = words[:1].upper() + words[1:]
        if tails[tail.lower()] > 1 and above:
            named[path] += f" ({above})"
    return named


def _documentation(docs: _Folder) -> list[Suggestion]:
    folders = sorted(docs.inner.values(), key=lambda one: (-len(one.touched), one.path))
    named = [one for one in folders if re.fullmatch(r"docs?|documentation", one.last, re.IGNORECASE)]
    return [
        Suggestion(
            f"{one.path}/**", "Documentation", len(one.touched), one.lines,
            f"The folder {one.path}/: documentation, apart from the work itself", is_apart=True,
        )
        for one in named[:1]
        if len(one.touched) >= LEAST_CHANGES
    ]  # fmt: skip


def suggested_services(changes: Iterable[Sequence[str]]) -> list[Suggestion]:
    """Of a monorepo: each folder below packages/, apps/ or services/ with enough changes, most first."""
    touched: dict[str, set[int]] = defaultdict(set)
    files: Counter[str] = Counter()
    for number, paths in enumerate(changes):
        for path in paths:
            top, _, rest = path.partition("/")
            inner = rest.partition("/")[0] if "/" in rest else ""
            if top in MONOREPO and inner:
                touched[f"{top}/{inner}"].add(number)
                files[f"{top}/{inner}"] += 1
    worth = {path: numbers for path, numbers in touched.items() if len(numbers) >= LEAST_CHANGES}
    if len(worth) < 2:
        return []
    names = _names(list(worth))
    ranked = sorted(worth, key=lambda path: (-len(worth[path]), path))[:MOST]
    return [
        Suggestion(
            f"{path}/**", names[path], len(worth[path]), files[path], f"The folder {path}/ of a monorepo"
        )
        for path in ranked
    ]
