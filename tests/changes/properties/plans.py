"""Small histories as plans: what a team did, before it is a repository or a letter."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from hypothesis import strategies as st

PATHS = ("pay/round.py", "pay/once.py", "lib/a.py", "app.py", "tests/a.py", "uv.lock")
TRAILERS = {
    "claude": "Co-Authored-By: Claude <noreply@anthropic.com>",
    "copilot": "Co-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>",
    "review": "Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>",
}
PEOPLE = {
    "ada": ("Ada Example", "ada@example.org", "ada-example", 31, "User"),
    "grace": ("Grace Sample", "grace@example.org", "grace-sample", 32, "User"),
    "claude": ("Claude", "noreply@anthropic.com", "claude", 81847, "User"),
    "dependabot": ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com",
                   "dependabot[bot]", 49699333, "Bot"),
    "forge": ("GitHub", "noreply@github.com", "web-flow", 19864447, "User"),
}  # fmt: skip


class Method(Enum):
    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"
    # Merged on somebody's machine and pushed, with whatever else lay there.
    LOCAL = "local"


class Words(Enum):
    """What the landed commit says."""

    DEFAULT = "default"
    TITLE = "title"  # a merge whose subject is the request's title and number
    EDITED = "edited"  # a subject that names no number at all


@dataclass(frozen=True)
class Commit:
    path: str
    lines: int
    author: str
    trailer: str


@dataclass(frozen=True)
class Request:
    commits: tuple[Commit, ...]
    method: Method = Method.MERGE
    words: Words = Words.DEFAULT
    is_retitled: bool = False
    is_forced: bool = False
    is_reopened: bool = False
    by_bot: bool = False
    same_branch_name: bool = False
    stray: Commit | None = None  # pushed together with a merge made on somebody's machine
    undoes: int | None = None  # an earlier step, by its number or commit
    fixes: int | None = None


@dataclass(frozen=True)
class Queue:
    """Requests that a merge queue lands one after another, in one push."""

    method: Method
    requests: tuple[Request, ...]


@dataclass(frozen=True)
class Direct:
    commits: tuple[Commit, ...]
    issue: int | None = None  # the subject ends with a number, which is no request's
    undoes: int | None = None
    fixes: int | None = None


@dataclass(frozen=True)
class Dropped:
    commits: tuple[Commit, ...]


Step = Request | Queue | Direct | Dropped


@dataclass(frozen=True)
class Plan:
    steps: tuple[Step, ...]
    cut: int  # the first import reads so many steps
    seed: int = field(default=0)


commits = st.builds(
    Commit,
    path=st.sampled_from(PATHS),
    lines=st.sampled_from((1, 5, 60, 250)),
    author=st.sampled_from(("ada", "grace", "ada", "claude")),
    trailer=st.sampled_from(("", "", "", *TRAILERS)),
)
some_commits = st.lists(commits, min_size=1, max_size=3).map(tuple)
earlier = st.none() | st.integers(0, 6)
requests = st.builds(
    Request,
    commits=some_commits,
    method=st.sampled_from(Method),
    words=st.sampled_from((Words.DEFAULT, Words.DEFAULT, Words.TITLE, Words.EDITED)),
    is_retitled=st.booleans(),
    is_forced=st.booleans(),
    is_reopened=st.booleans(),
    by_bot=st.sampled_from((False, False, False, True)),
    same_branch_name=st.booleans(),
    stray=st.none() | commits,
    undoes=earlier,
    fixes=earlier,
)
queues = st.builds(
    Queue,
    method=st.sampled_from((Method.MERGE, Method.SQUASH, Method.REBASE)),
    requests=st.lists(
        st.builds(Request, commits=some_commits, is_retitled=st.booleans()), min_size=2, max_size=3
    ).map(tuple),
)
directs = st.builds(
    Direct, commits=some_commits, issue=st.none() | st.sampled_from((900, 901)), undoes=earlier, fixes=earlier
)
plans = st.builds(
    Plan,
    steps=st.lists(
        st.one_of(requests, requests, directs, queues, st.builds(Dropped, commits=some_commits)),
        min_size=2,
        max_size=6,
    ).map(tuple),
    cut=st.integers(0, 6),
    seed=st.integers(0, 9999),
)
