"""From the files of one commit to its counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from changes.manifests import direct, locked, settings
from changes.manifests.direct import Manifest, Name
from changes.manifests.names import Unreadable, is_aside

# Ways to name dependencies that no rule here reads: where one is used a count would be too small.
NOT_READ = re.compile(
    r"(?:.*/)?(?:build\.gradle(?:\.kts)?|[^/]+\.csproj|build\.sbt|mix\.exs|Package\.swift|pubspec\.yaml"
    r"|Pipfile|[^/]+\.cabal|conanfile\.(?:txt|py)|build\.zig\.zon|rebar\.config|deno\.jsonc?)"
)


@dataclass(frozen=True)
class Wanted:
    """Which files of a tree have to be read, each by its path."""

    manifests: tuple[str, ...]
    locks: tuple[str, ...]
    settings: tuple[str, ...]
    not_read: tuple[str, ...] = ()

    @property
    def paths(self) -> list[str]:
        return list(dict.fromkeys((*self.manifests, *self.locks, *self.settings)))


@dataclass(frozen=True)
class Counted:
    """None: not measured. `reasons` says why, by kind; beside a count, what it goes without."""

    dependencies: int | None = None
    indirect: int | None = None
    settings: int | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=262144)
def _roles(path: str) -> tuple[bool, bool, bool, bool]:
    """Manifest, lock file, settings, a manifest that no rule reads."""
    if is_aside(path):
        return (False, False, False, False)
    return (
        _reader(path) is not None,
        path.rpartition("/")[2] in locked.READERS,
        settings.reader_of(path) is not None,
        NOT_READ.fullmatch(path) is not None,
    )


def wanted(paths: Iterable[str]) -> Wanted:
    found: tuple[list[str], ...] = ([], [], [], [])
    for path in paths:
        for role, has in zip(found, _roles(path), strict=True):
            if has:
                role.append(path)
    return Wanted(*(tuple(sorted(one)) for one in found))


def _reader(path: str) -> object:
    both = (path.rpartition("/")[2], "/".join(path.split("/")[-2:]))
    fitting = (reader for pattern, reader in direct.READERS if any(map(pattern.fullmatch, both)))
    return next(fitting, None)


def counted(files: Wanted, texts: Mapping[str, str | None]) -> Counted:
    """`texts` by path; None for a file that is too large or absent."""
    reasons: dict[str, str] = {}
    dependencies, indirect = _dependencies(files, texts, reasons)
    return Counted(dependencies, indirect, _settings(files, texts, reasons), reasons)


def _dependencies(
    files: Wanted, texts: Mapping[str, str | None], reasons: dict[str, str]
) -> tuple[int | None, int | None]:
    if files.not_read:
        reasons["dependencies"] = f"{files.not_read[0]} names dependencies in a way that is not read"
        return None, None
    if not files.manifests:
        reasons["dependencies"] = "no manifest of dependencies was found"
        return None, None
    try:
        read, compiled = _manifests(files, texts)
    except Unreadable as error:
        reasons["dependencies"] = str(error)
        return None, None
    own = frozenset(name for one in read for name in one.own)
    names = frozenset(name for one in read for name in one.names) - own
    if not names:
        # Else what needs libraries of the system would look as if it needed nothing.
        reasons["dependencies"] = "its manifests name no dependency"
        return None, None
    return len(names), _indirect(files, texts, compiled, names | own, reasons)


def _manifests(files: Wanted, texts: Mapping[str, str | None]) -> tuple[list[Manifest], set[Name]]:
    """What manifests say, and what was compiled from them: that asks for nothing by itself."""
    read: list[Manifest] = []
    compiled: set[Name] = set()
    for path in files.manifests:
        text = _text(texts, path)
        if path.endswith(".txt") and (f"{path[:-4]}.in" in files.manifests or locked.is_compiled(text)):
            compiled |= locked.compiled(text)
            continue
        read.append(_read(path, text))
    return read, compiled


def _read(path: str, text: str) -> Manifest:
    reader = _reader(path)
    if not callable(reader):
        raise Unreadable(f"{path}: no rule reads it")
    try:
        found: Manifest = reader(text)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from error
    return found


def _indirect(
    files: Wanted,
    texts: Mapping[str, str | None],
    compiled: set[Name],
    known: frozenset[Name],
    reasons: dict[str, str],
) -> int | None:
    if not files.locks and not compiled:
        reasons["indirect"] = "no lock file was found"
        return None
    pinned = set(compiled)
    try:
        for path in files.locks:
            try:
                pinned |= locked.READERS[path.rpartition("/")[2]](_text(texts, path))
            except Unreadable as error:
                raise Unreadable(f"{path}: {error}") from error
    except Unreadable as error:
        reasons["indirect"] = str(error)
        return None
    return len(pinned - known)


def _settings(files: Wanted, texts: Mapping[str, str | None], reasons: dict[str, str]) -> int | None:
    """A file without an entry is no file of settings: a page about settings may bear their name."""
    total = closed = 0
    for path in files.settings:
        reader = settings.reader_of(path)
        try:
            text = _text(texts, path)
        except Unreadable as error:
            reasons["settings"] = str(error)
            return None
        # Encrypted where it lies.
        closed += "\0" in text
        total += reader(text) if reader and "\0" not in text else 0
    if not total:
        reasons["settings"] = "no file of settings was found"
        return None
    if closed:
        reasons["settings"] = f"without {closed} {'file' if closed == 1 else 'files'} that cannot be read"
    return total


def _text(texts: Mapping[str, str | None], path: str) -> str:
    text = texts.get(path)
    if text is None:
        raise Unreadable(f"{path}: it is too large, or not in this clone")
    return text
