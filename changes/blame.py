"""Whose lines a fix deleted: an estimate of what it mended, read through git. No Django.

The idea is SZZ's: what a fix deletes or changes is what was wrong. It names the wrong change often enough
that it is only ever shown as an estimate, with how often (`manage.py audit_follow_up` measures it).
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from changes.gitlog import Clone, GitError
from changes.paths import DOCS, GENERATED, LOCK, TESTS, path_class

METHOD_VERSION = 1
WITHIN_DAYS = 30
SECONDS = 20.0
MOST_FILES = 50
MOST_LINES = 2000
UNREAD_CLASSES = frozenset({LOCK, GENERATED, TESTS, DOCS})

T = TypeVar("T")


class Outcome(StrEnum):
    READ = "read"
    NOTHING_DELETED = "nothing_deleted"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    NO_COMMIT = "no_commit"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What one fix deleted or changed.

    `by_commit` holds the commits of the default branch that landed those lines within the days asked for;
    what is older makes up the rest of `deleted_lines`.
    """

    fix: str
    outcome: Outcome
    deleted_lines: int = 0
    by_commit: Mapping[str, int] = field(default_factory=dict)


# -- Which changes call themselves a fix ---------------------------------------------------------------------

PREFIX = re.compile(r"^(?P<type>[\w-]+)(?:\((?P<scope>[^)]*)\))?!?:\s+", re.IGNORECASE)
# Marks in front: `[3.2]`, `#123`, `Refs #12 --`, and the parts of a kernel-like `net/ice: `.
IN_FRONT = re.compile(r"^(?:\[[^\]]*\]\s*|\(?#\d+\)?[\s:,-]*|[^\s:]+(?:,? [^\s:]+){0,2}:\s+)+")
FIX_TYPES = frozenset({"fix", "fixes", "bugfix", "hotfix", "bug", "regression"})
OTHER_TYPES = frozenset(
    {"feat", "feature", "docs", "doc", "style", "refactor", "perf", "test", "tests", "build", "ci", "chore",
     "release", "deps", "lint", "typo", "i18n", "l10n", "revert", "wip", "security-update"}
)  # fmt: skip
SIDE_SCOPES = frozenset(
    {"docs", "doc", "readme", "changelog", "test", "tests", "e2e", "ci", "deps", "dev-deps", "lint", "typo",
     "types", "typing", "release", "examples"}
)  # fmt: skip
NEVER = re.compile(
    r"^(?:\S+:\s+)?[\"'\[]*(?:revert|reapply|reland|unrevert|back ?out)\b"
    r"|^merge\b(?! (?:queue|conflict))"
    r"|^(?:\S+:\s+)?(?:bump|upgrade|update) \S+ (?:from \S+ )?to v?\d"
    r"|^(?:\S+:\s+)?update dependency\b"
    r"|^(?:\S+:\s+)?(?:release|prepare (?:for )?(?:the )?(?:next )?release)\b"
    r"|^(?:\S+:\s+)?(?:(?:bump|set) version|version bump)\b"
    r"|^v?\d+\.\d+[\w.]*\s*$",
    re.IGNORECASE,
)
VERB = r"(?:fix(?:e[sd])?|fixing|bug-?fix(?:es)?|hot-?fix(?:es)?)"
# As its first word, after a full stop or in brackets, or as the noun at the end.
PURPOSE = re.compile(
    rf"^{VERB}\b(?![-_./(=])"
    rf"|[.;,(]\s*{VERB}\b(?![-_./(=])"
    rf"|\b(?:and|also|to|that|which|should) {VERB}\b(?![-_./(=])"
    r"|\b(?:bug ?fix(?:es)?|hot ?fix(?:es)?|fix(?:es)? for|regressions? (?:in|from|of|with|when|caused))\b"
    r"|\b(?:fix|hotfix)\s*(?:\(#\d+\))?$",
    re.IGNORECASE,
)
SIZED = re.compile(
    r"^fixed[ -](?:size|width|length|point|array|position|header|ip|rate|price|time|version)", re.IGNORECASE
)
# Mending what no user runs is no failure of what shipped.
ASIDE = re.compile(
    rf"{VERB}\b[^,;]{{0,40}}?\b(?:typos?|spelling|misspell\w*|grammar|doc(?:s|umentation|strings?)?|readme"
    r"|changelog|release notes?|comments?|lint(?:er|ing|s)?|flake8|ruff|mypy|pyright|eslint|code ?style"
    r"|formatting|whitespace|indent(?:ation)?|imports? order|type (?:hints?|annotations?)|typing"
    r"|(?:unit |flaky |failing |broken )?tests?|test suite|fixtures?|ci|workflows?|github actions?|travis"
    r"|pipeline|merge conflicts?|conflicts?|review (?:comments|feedback|suggestions)|translations?|copyright"
    r"|warnings?|coverage)\b",
    re.IGNORECASE,
)
FIXES_COMMIT = re.compile(r"^Fixes:\s*(?:commit\s+)?[0-9a-f]{7,40}\b", re.IGNORECASE | re.MULTILINE)


def calls_itself_a_fix(subject: str, body: str = "") -> bool:
    """Whether mending something that shipped is the change's own purpose, in its own words."""
    subject = subject.strip()
    if not subject or NEVER.search(subject):
        return False
    if FIXES_COMMIT.search(body):
        return True
    rest = subject
    if conventional := PREFIX.match(subject):
        kind, scope = conventional["type"].lower(), (conventional["scope"] or "").lower()
        if kind in OTHER_TYPES:
            return False
        if kind in FIX_TYPES:
            said = "fix " + subject[conventional.end() :]
            return scope not in SIDE_SCOPES and ASIDE.search(said) is None
    for text in (rest, IN_FRONT.sub("", rest)):
        if SIZED.search(text):
            return False
        if PURPOSE.search(text):
            return ASIDE.search(text) is None
    return False


# -- What a fix deleted, and who wrote it --------------------------------------------------------------------


def rewritten_by(
    clone: Clone,
    fix_sha: str,
    parent_sha: str,
    within_days: int = WITHIN_DAYS,
    seconds: float = SECONDS,
    class_of: Callable[[str], str] = path_class,
) -> Rewrite:
    """Read one fix against its first parent; never raises for what the clone lacks or takes too long."""
    if not (SHA.fullmatch(fix_sha) and SHA.fullmatch(parent_sha)):
        return Rewrite(fix_sha, Outcome.NO_COMMIT)
    clock = _Clock(clone, seconds)
    try:
        return _read(clock, fix_sha, parent_sha, within_days, class_of)
    except subprocess.TimeoutExpired:
        return Rewrite(fix_sha, Outcome.TIMED_OUT)
    except GitError:
        return Rewrite(fix_sha, Outcome.NO_COMMIT)


def first_parent(clone: Clone, sha: str) -> str:
    """Empty for a commit that has none. Raises: GitError where the clone does not hold it."""
    if not SHA.fullmatch(sha):
        raise GitError(f"{sha} is no commit")
    return " ".join(clone.run("show", "--no-patch", "--format=%P", "--end-of-options", sha).split()[:1])


def mostly_written_by(rewrite: Rewrite, owner: Callable[[str], T | None]) -> tuple[T, int] | None:
    """Who landed more than half of all the lines, with how many; `owner` says whose a commit is."""
    lines: dict[T, int] = {}
    for sha, count in rewrite.by_commit.items():
        if (whose := owner(sha)) is not None:
            lines[whose] = lines.get(whose, 0) + count
    return next(((whose, n) for whose, n in lines.items() if 2 * n > rewrite.deleted_lines), None)


class _Clock:
    """The clone, with one budget of seconds for all that is asked of it."""

    def __init__(self, clone: Clone, seconds: float) -> None:
        self._clone = clone
        self._until = time.monotonic() + seconds

    def run(self, *arguments: str) -> str:
        left = self._until - time.monotonic()
        if left <= 0:
            raise subprocess.TimeoutExpired("git", left)
        return self._clone.run(*arguments, seconds=left)


def _read(clock: _Clock, fix: str, parent: str, within_days: int, class_of: Callable[[str], str]) -> Rewrite:
    at = int(clock.run("show", "--no-patch", "--format=%ct", "--end-of-options", fix).split()[0])
    files = [(names, gone) for names, gone in _deletions(clock, fix, parent, class_of) if gone]
    if not files:
        return Rewrite(fix, Outcome.NOTHING_DELETED)
    if len(files) > MOST_FILES or sum(gone for _, gone in files) > MOST_LINES:
        return Rewrite(fix, Outcome.TOO_LARGE)
    paths = [name for names, _ in files for name in names]
    patch = clock.run(*DIFF, "-p", "-U0", "--end-of-options", parent, fix, "--", *paths)
    wanted = {path: lines for path, lines in _deleted_lines(patch) if lines}
    count = sum(len(lines) for lines in wanted.values())
    if not count:
        return Rewrite(fix, Outcome.NOTHING_DELETED)
    since = at - int(timedelta(days=within_days).total_seconds())
    by_commit: dict[str, int] = {}
    for path, lines in wanted.items():
        for sha, n in _authors(clock, parent, path, lines, since):
            by_commit[sha] = by_commit.get(sha, 0) + n
    return Rewrite(fix, Outcome.READ, count, by_commit)


DIFF = ("--literal-pathspecs", "diff-tree", "-r", "-M", "-w", "--no-ext-diff", "--no-textconv", "--no-color",
        "--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules")  # fmt: skip
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
SINCE_SLACK = 24 * 3600


def _deletions(
    clock: _Clock, fix: str, parent: str, class_of: Callable[[str], str]
) -> Iterator[tuple[tuple[str, ...], int]]:
    """The names of each file that counts, the old one first, and how many of its lines went."""
    told = clock.run(*DIFF, "--numstat", "-z", "--end-of-options", parent, fix)
    parts = iter(told.split("\0"))
    for part in parts:
        if part.count("\t") < 2:
            continue
        _, deleted, path = part.split("\t", 2)
        names = (path,) if path else tuple(islice(parts, 2))
        if deleted.isdigit() and names and class_of(names[0]) not in UNREAD_CLASSES:
            yield names, int(deleted)


def _deleted_lines(patch: str) -> Iterator[tuple[str, list[int]]]:
    """Each old path with the numbers of the lines that went and that say something."""
    path, numbers, left, number, added = "", list[int](), 0, 0, 0
    for line in patch.split("\n"):
        if left and line.startswith("-"):
            if says_something(line[1:], path):
                numbers.append(number)
            left, number = left - 1, number + 1
        elif added and line.startswith("+"):
            added -= 1
        elif line.startswith("--- "):
            if path:
                yield path, numbers
            path, numbers = _plain_path(line[4:]), []
        elif hunk := HUNK.match(line):
            number, left = int(hunk[1]), int(hunk[2] or 1)
            added = int(hunk[4] or 1)
    if path:
        yield path, numbers


def _plain_path(told: str) -> str:
    """Of a file that was added the path is `/dev/null`: nothing of it went."""
    told = told.rstrip("\t")
    if told.startswith('"'):
        told = re.sub(r"\\(.)", lambda found: ESCAPED.get(found[1], found[1]), told[1:-1])
    return told.removeprefix("a/") if told.startswith("a/") else ""


ESCAPED = {"t": "\t", "n": "\n", "r": "\r"}
HASH_IS_CODE = re.compile(
    r"\.(?:c|h|cc|cpp|cxx|hpp|hh|m|mm|cs|rs|swift|css|scss|less|js|jsx|ts|tsx|md)$", re.IGNORECASE
)
DASHES_COMMENT = re.compile(r"\.(?:sql|lua|hs|adb|ads|elm|vhdl?)$", re.IGNORECASE)


def says_something(line: str, path: str) -> bool:
    """Whether a line is more than blank, brackets or a comment."""
    text = line.strip()
    if not any(sign.isalnum() for sign in text):
        return False
    if text.startswith(("//", "/*", "*/", "* ", "<!--", "{#", "{% comment")):
        return False
    if text.startswith("#"):
        return HASH_IS_CODE.search(path) is not None
    return not (text.startswith("--") and DASHES_COMMENT.search(path))


def _authors(
    clock: _Clock, parent: str, path: str, lines: Iterable[int], since: int
) -> Iterator[tuple[str, int]]:
    """Commits that landed these lines since then, with how many; the history behind that is not walked."""
    ranges = [part for first, last in _ranges(lines) for part in ("-L", f"{first},{last}")]
    told = clock.run(
        "blame", "-w", "--porcelain", "--first-parent", "--no-textconv", "--ignore-revs-file=",
        f"--since={since - SINCE_SLACK}", *ranges, parent, "--", path,
    )  # fmt: skip
    counts: dict[str, int] = {}
    landed: dict[str, int] = {}
    edges: set[str] = set()
    sha = ""
    for line in told.split("\n"):
        if header := BLAMED.match(line):
            sha = header[1]
            counts[sha] = counts.get(sha, 0) + 1
        elif line == "boundary":
            edges.add(sha)
        elif line.startswith("committer-time "):
            landed[sha] = int(line.split(" ", 1)[1])
    recent = {one for one in counts if landed.get(one, 0) >= since}
    if recent & edges and clock.run("rev-parse", "--is-shallow-repository").strip() == "true":
        recent -= edges  # where a clone was cut off, its last commit seems to have written everything
    yield from ((one, n) for one, n in counts.items() if one in recent)


BLAMED = re.compile(r"([0-9a-f]{40,64}) \d+ \d+(?: \d+)?$")


def _ranges(lines: Iterable[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in sorted(lines):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
