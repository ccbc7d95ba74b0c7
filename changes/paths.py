"""What paths say: which rule they match, what class of file they are, how large a change counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from changes.facts import FileFact

LOCK, GENERATED, TESTS, DOCS, MIGRATIONS, CONFIG, SOURCE = (
    "lock", "generated", "tests", "docs", "migrations", "config", "source",
)  # fmt: skip
SMALL, MEDIUM, LARGE, UNKNOWN = "small", "medium", "large", "unknown"

# First match wins. Habits that many repositories share; where one differs, its own rules come first.
CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            # Lists of requirements too: a compiled one looks just like a written one.
            LOCK,
            r"\.lock(\.(json|ya?ml|hcl))?$|(^|/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|bun\.lockb"
            r"|go\.(work\.)?sum|packages\.lock\.json|gradle\.lockfile|package\.resolved|conda-lock\.yml)$"
            r"|(^|/)(requirements|constraints)[\w.-]*\.txt$|(^|/)requirements/[^/]+\.txt$",
        ),
        (
            GENERATED,
            r"(^|/)(node_modules|bower_components|_?vendor(ed)?|third[-_]party|dist|__snapshots__|__generated__"
            r"|generated|cassettes|vcr_cassettes)/"
            r"|[.-]min\.(js|css)$|\.bundle\.js$|\.(js|css)\.map$|_pb2(_grpc)?\.pyi?$|\.pb\.(go|cc|h)$|\.g\.dart$"
            r"|\.snap(\.new)?$|\.designer\.cs$|[._]generated\.\w+$|\.(svg|tsbuildinfo|inv)$"
            # Catalogues that tools extract and translators fill, but not hand-written English ones.
            r"|\.(po|pot|mo|xlf|xliff|arb)$"
            r"|(^|/)(locales?|translations?|i18n)/(?!en\b)([\w-]+/)*(?!en\b)[\w.-]+\.(json|ya?ml)$",
        ),
        (
            TESTS,
            r"(^|/)([\w-]+[_-])?(tests?|testing|specs?|e2e)/|(^|/)(__tests__|__mocks__|fixtures|test-?data|cypress"
            r"|playwright)/|(^|/)(test_[^/]*|tests?|conftest)\.py$|_tests?\.(go|py|rb|rs|exs?|cc|cpp|c)$|_spec\.rb$"
            r"|\.(test|spec)\.[cm]?[jt]sx?$|tests?\.(java|kt|cs|swift|php|scala)$",
        ),
        (
            MIGRATIONS,
            r"(^|/)(migrations?|db/migrate|alembic/versions)/([^/]+/)?[^/]+\.(py|sql|rb|js|ts|php)$",
        ),
        (
            DOCS,
            r"(^|/)(docs?|documentation|changelog\.d|newsfragments)/|\.(md|mdx|rst|adoc)$"
            r"|(^|/)(readme|changelog|changes\.txt|news|contributors|authors|license|copying)[^/]*$",
        ),
        (
            CONFIG,
            r"\.(ya?ml|toml|ini|cfg|conf|tf|tfvars|hcl|properties|env|gradle|kts|nix|cmake|mk|m4|am|ac"
            r"|csproj|sln|jsonc)$"
            r"|(^|/)(dockerfile|makefile|jenkinsfile|vagrantfile|procfile|\.[^/]+)[^/]*$"
            r"|(^|/)(package|composer|jsconfig|tsconfig[\w.-]*|angular|nx|turbo|lerna|vercel|biome|renovate)\.json$"
            r"|(^|/)(setup\.py|manifest\.in|pipfile|gemfile|go\.(mod|work)|pom\.xml|cmakelists\.txt)$"
            r"|(^|/)(\.github|\.circleci|infra|terraform|helm|k8s)/|^(deploy|charts)/",
        ),
    )
)
# Classes whose lines nobody wrote: they make no change large.
UNCOUNTED = frozenset({LOCK, GENERATED})


@lru_cache(maxsize=65536)
def built_in_class(path: str) -> str:
    return next((name for name, pattern in CLASSES if pattern.search(path)), SOURCE)


@dataclass(frozen=True, slots=True)
class PathClasses:
    """What class of file a repository's paths are: its own rules in order, then the habits of many.

    `rules` are pairs of glob and class.
    """

    rules: tuple[tuple[str, str], ...] = ()

    def of(self, path: str) -> str:
        own = (name for glob, name in self.rules if matches(path, glob))
        return next(own, "") or built_in_class(path)

    def counts(self, path: str) -> bool:
        return self.of(path) not in UNCOUNTED


BUILT_IN = PathClasses()


def path_class(path: str, classes: PathClasses = BUILT_IN) -> str:
    return classes.of(path)


def counted_lines(files: Iterable[FileFact], classes: PathClasses = BUILT_IN) -> int | None:
    """Added and deleted lines without generated and lock files; None where no line counts were told.

    A binary file has no lines; a renamed one stands under its new path with the lines that were altered.
    """
    told = [one for one in files if one.added is not None]
    if not told:
        return None
    return sum((one.added or 0) + (one.deleted or 0) for one in told if classes.counts(one.path))


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
    LOCK: ("dependency-upgrade", "All its files are lock files or lists of requirements."),
}


def suggested_kind(paths: Sequence[str], classes: PathClasses = BUILT_IN) -> tuple[str, str] | None:
    """Recordings and snapshots that came with the files they belong to say nothing of their own."""
    found = {classes.of(path) for path in paths} - {GENERATED}
    return SUGGESTED_KINDS.get(found.pop()) if len(found) == 1 else None
