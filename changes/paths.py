"""What paths say: which rule they match, what class of file they are, how large a change counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from changes.facts import FileFact

LOCK, GENERATED, TESTS, DOCS, MIGRATIONS, CONFIG, SOURCE = (
    "lock", "generated", "tests", "docs", "migrations", "config", "source",
)  # fmt: skip
SMALL, MEDIUM, LARGE, UNKNOWN = "small", "medium", "large", "unknown"

# First match wins. A repository's own classes come with path rules; these are habits that many share.
CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            LOCK,
            r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock"
            r"|pipfile\.lock|uv\.lock|pdm\.lock|cargo\.lock|go\.sum|composer\.lock|gemfile\.lock|mix\.lock"
            r"|podfile\.lock|pubspec\.lock|flake\.lock|packages\.lock\.json|gradle\.lockfile)$",
        ),
        (
            GENERATED,
            r"(^|/)(node_modules|vendor|third_party|dist|__snapshots__|__generated__|generated)/"
            r"|\.min\.(js|css)$|\.(js|css)\.map$|_pb2(_grpc)?\.pyi?$|\.pb\.(go|cc|h)$|\.g\.dart$|\.snap$"
            r"|\.designer\.cs$|\.generated\.\w+$|_generated\.\w+$",
        ),
        (
            TESTS,
            r"(^|/)(tests?|testing|specs?|__tests__|e2e|fixtures)/|(^|/)(test_[^/]*|conftest)\.py$"
            r"|_test\.(go|py|rb|exs?)$|_spec\.rb$|\.(test|spec)\.[jt]sx?$|tests?\.(java|kt|cs|swift)$",
        ),
        (MIGRATIONS, r"(^|/)(migrations?|db/migrate|alembic/versions)/[^/]+\.(py|sql|rb|js|ts|php)$"),
        (
            DOCS,
            r"(^|/)docs?/|\.(md|mdx|rst|adoc)$|(^|/)(readme|changelog|contributors|authors|license|copying)[^/]*$",
        ),
        (
            CONFIG,
            r"\.(ya?ml|toml|ini|cfg|conf|tf|tfvars|hcl|properties|env)$|(^|/)(dockerfile|makefile|\.[^/]+)[^/]*$"
            r"|(^|/)(\.github|\.circleci|deploy|infra|terraform|helm|k8s|charts)/",
        ),
    )
)
# Classes whose lines nobody wrote: they make no change large.
UNCOUNTED = frozenset({LOCK, GENERATED})


@lru_cache(maxsize=65536)
def path_class(path: str) -> str:
    return next((name for name, pattern in CLASSES if pattern.search(path)), SOURCE)


def counted_lines(files: Iterable[FileFact]) -> int | None:
    """Added and deleted lines without generated and lock files; None where no line counts were told."""
    counts = [
        (one.added or 0) + (one.deleted or 0)
        for one in files
        if one.added is not None and path_class(one.path) not in UNCOUNTED
    ]
    told = [one for one in files if one.added is not None]
    return sum(counts) if told else None


def size_band(lines: int | None) -> str:
    if lines is None:
        return UNKNOWN
    return SMALL if lines <= 50 else MEDIUM if lines <= 200 else LARGE


@lru_cache(maxsize=1024)
def _glob(glob: str) -> re.Pattern[str]:
    """`*` stays inside a folder, `**` crosses them; a folder's name alone means all within it."""
    text = glob.strip().lstrip("/")
    if text.endswith("/"):
        text += "**"
    anywhere = "" if "/" in text else "(?:.*/)?"
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", text)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(meaning.get(piece, re.escape(piece)) for piece in pieces)
    return re.compile(f"{anywhere}{body}(?:/.*)?")


def matches(path: str, glob: str) -> bool:
    return _glob(glob).fullmatch(path) is not None


def touches(paths: Sequence[str], globs: Sequence[str]) -> bool:
    """Whether these paths are a service's; without globs all are."""
    return not globs or any(matches(path, glob) for path in paths for glob in globs)


# What a change's files suggest about the kind of help, where one class is all there is. Paths decide a
# minority and tell about the change, not about the help: suggestions only.
SUGGESTED_KINDS = {
    TESTS: ("test-writing", "All its files are tests."),
    DOCS: ("documentation", "All its files are documentation."),
    CONFIG: ("configuration", "All its files are configuration."),
    MIGRATIONS: ("migration", "All its files are migrations."),
    LOCK: ("dependency-upgrade", "All its files are lock files."),
}


def suggested_kind(paths: Sequence[str]) -> tuple[str, str] | None:
    classes = {path_class(path) for path in paths}
    return SUGGESTED_KINDS.get(classes.pop()) if len(classes) == 1 else None
