"""What a payload or a clone says, in our words. Identities live here only, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit or request names. Never stored: rules look at it, then it is dropped."""

    name: str = ""
    email: str = ""
    login: str = ""
    is_bot: bool = False

    def __str__(self) -> str:
        return f"{self.name or self.login} <{self.email}>"


@dataclass(frozen=True, slots=True)
class RepositoryFact:
    name: str
    host: str = ""
    forge_id: str = ""
    origin_address: str = ""
    default_branch: str = ""


@dataclass(frozen=True, slots=True)
class FileFact:
    """One touched file; counts are None for a binary file or where only the path was told."""

    path: str
    added: int | None = None
    deleted: int | None = None


@dataclass(frozen=True, slots=True)
class CommitFact:
    """A commit whose author and message are evidence on the change that holds it."""

    sha: str
    message: str
    at: datetime
    author: Identity | None = None
    committer: Identity | None = None


@dataclass(frozen=True, slots=True)
class DeclaredKind:
    """A kind of help that the change's own sender declares; `slug` as in the taxonomy."""

    slug: str
    assistant: str = ""


@dataclass(frozen=True, slots=True)
class ChangeFact:
    """One telling about one change. A None says nothing; only what is told can overwrite.

    `shas` are pairs of role (head, merge, squash, landed, pushed) and commit; `parent` is the commit before
    the plain one that landed. `is_whole` says that these commits are one request, and nothing else.
    """

    told_at: datetime
    number: str = ""
    # Read out of a subject such as "Fix it (#12)", which may as well name an issue.
    number_is_guess: bool = False
    external_id: str = ""
    shas: tuple[tuple[str, str], ...] = ()
    parent: str = ""
    is_whole: bool = False
    state: str | None = None
    type: str | None = None
    is_draft: bool | None = None
    title: str | None = None
    message: str | None = None
    url: str | None = None
    branch: str | None = None
    labels: tuple[str, ...] | None = None
    opened_at: datetime | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    additions: int | None = None
    deletions: int | None = None
    files_changed: int | None = None
    commits: int | None = None
    files: tuple[FileFact, ...] | None = None
    author: Identity | None = None
    # The commit that landed (squash, direct or merge), and the branch commits that a merge brought in.
    landed: CommitFact | None = None
    merged_in: tuple[CommitFact, ...] = ()
    # When it stopped being a draft.
    ready_at: datetime | None = None
    # Pairs of a commit and when it was made, where the commit itself is not told.
    commit_times: tuple[tuple[str, datetime], ...] = ()
    declared_origin: str = ""
    declared_assistant: str = ""
    declared_kinds: tuple[DeclaredKind, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PushFact:
    """What landed on the default branch, oldest first."""

    branch: str
    is_forced: bool
    changes: tuple[ChangeFact, ...]


@dataclass(frozen=True, slots=True)
class ReviewFact:
    """Names its change by number, or by the sender's own id of it. Its `text`: None says nothing."""

    number: str
    external_id: str
    state: str
    submitted_at: datetime
    told_at: datetime
    reviewer: Identity
    reviewer_id: str
    commit_sha: str = ""
    is_self: bool = False
    change_id: str = ""
    text: str | None = None
    comments: int | None = None
    is_senior: bool = False


@dataclass(frozen=True, slots=True)
class RemarkFact:
    """One comment on a change. Its `text` is read in memory and dropped; None says nothing of it."""

    number: str
    external_id: str
    kind: str
    at: datetime
    told_at: datetime
    reviewer: Identity
    reviewer_id: str
    text: str | None = None
    is_self: bool = False
    deleted_at: datetime | None = None
    change_id: str = ""


@dataclass(frozen=True, slots=True)
class CheckFact:
    """One telling about one attempt of a check; `queued_at` is as early as the sender can say."""

    kind: str
    external_id: str
    sha: str
    told_at: datetime
    queued_at: datetime
    attempt: int = 1
    name: str = ""
    branch: str = ""
    url: str = ""
    started_at: datetime | None = None
    # None: this telling says nothing of an end.
    completed_at: datetime | None = None
    conclusion: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentStep:
    """One status that a sender reported."""

    external_id: str
    status: str
    at: datetime
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class DeploymentFact:
    external_id: str
    environment: str
    told_at: datetime
    is_production: bool | None = None
    kind: str | None = None
    sha: str | None = None
    ref: str | None = None
    url: str | None = None
    service: str = ""
    requested_at: datetime | None = None
    steps: tuple[DeploymentStep, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class TestCaseFact:
    """A test case that names scenarios ("TS-42"), or an error of a whole suite, which names none."""

    __test__ = False

    scenarios: tuple[str, ...]
    suite: str
    name: str
    outcome: str
    seconds: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class TestRunFact:
    """What the sender of a report says beside it; a `ran_at` of None: the report's own time, else receipt."""

    __test__ = False

    key: str
    received_at: datetime
    sha: str = ""
    branch: str = ""
    suite: str = ""
    url: str = ""
    ran_at: datetime | None = None
