"""The first report as data: what a feeder gives, and what every rendering shows. No Django.

Rates and shares are in 0..1; a rate is None below ten changes, where only the counts are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

MARKED = ("assisted", "autonomous")


@dataclass(frozen=True, slots=True)
class ReportChange:
    """One change that landed, from whatever feeder. `lines` None: nobody told its size.

    `paths` are (path, counted lines) without generated and lock files; `url` may be empty.
    """

    key: str
    label: str
    title: str
    at: datetime
    lines: int | None = None
    paths: tuple[tuple[str, int], ...] = ()
    origin: str = "unknown"
    tools: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    is_automation: bool = False
    is_hinted: bool = False
    by_policy: bool = False
    is_fix: bool = False
    area: str = ""
    undone_at: datetime | None = None
    followed_at: datetime | None = None
    followed_lines: int = 0
    attested_ai: int | None = None
    attested_of: int | None = None
    url: str = ""

    @property
    def is_marked(self) -> bool:
        return self.origin in MARKED

    @property
    def is_apart(self) -> bool:
        """A dependency or release bot's own work: in no comparison."""
        return self.is_automation and not self.is_marked


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and what was not.

    `fixes_from`: since when every fix was looked into; None where none was. `as_of`: the newest moment known.
    """

    name: str
    as_of: datetime
    since: datetime
    until: datetime
    commits: int = 0
    sizeless: int = 0
    is_shallow: bool = False
    branch: str = ""
    fixes: int = 0
    fixes_read: int = 0
    fixes_unreadable: int = 0
    fixes_from: datetime | None = None
    minutes: float | None = None
    links_unresolved: int = 0
    notes: int = 0
    notes_unreadable: int = 0
    said_afterwards: int = 0
    is_following: bool = False
    is_demo: bool = False
    from_import: bool = False
    has_policy: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """How many of these changes carry a mark."""

    key: str
    name: str
    n: int
    marked: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    n: int


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    n: int
    marked: int
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """`failed` of the `n` changes that were old enough."""

    n: int
    failed: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Marked against unmarked on one basis. `ratio` compares like with like, `crude` just divides.

    `refused` says why there is no ratio; a `high` of None has no upper bound. `noticeable`: the smallest
    ratio that these numbers would probably have shown; None where not even a tenfold one. `comparable` is
    the share of the marked changes that have unmarked ones of the same area, size and quarter beside them.
    """

    key: str
    name: str
    meaning: str
    marked: Rate
    unmarked: Rate
    crude: float | None = None
    crude_low: float | None = None
    crude_high: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    comparable: float | None = None
    refused: str = ""
    noticeable: float | None = None
    late: int = 0
    early: int = 0
    young: int = 0
    is_estimate: bool = False

    @property
    def has_rates(self) -> bool:
        return self.marked.rate is not None and self.unmarked.rate is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A marked change whose kind of help is worth asking for."""

    key: str
    label: str
    title: str
    on: date
    tool: str
    size: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Recall:
    """If `recall` of the AI-helped changes were marked: how many unmarked ones are hidden AI work, how a
    true ratio of 2 would look here, and what could be noticed once all are marked (None: nothing).
    """

    recall: float
    hidden: int
    of: int
    two_looks_like: float
    noticeable: float | None


@dataclass(frozen=True, slots=True)
class Policy:
    """What a marking policy would change, at this pace."""

    per_quarter: int
    noticeable_now: float | None
    recalls: tuple[Recall, ...]


@dataclass(frozen=True, slots=True)
class PathRule:
    """`also`: folders that repeat this one's path, such as its tests."""

    glob: str
    area: str
    changes: int
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attested:
    """Lines that a tool's own record attests, over the changes that have such a record."""

    changes: int
    ai_lines: int
    lines: int
    marked_elsewhere: int


@dataclass(frozen=True, slots=True)
class Report:
    reading: Reading
    title: str
    summary: tuple[str, ...]
    caveats: tuple[str, ...]
    overall: Share
    landed: int
    automation: int
    automation_marked: int
    declared_manual: int
    hinted: int
    reverts_seen: int
    tools: tuple[Tool, ...]
    months: tuple[Month, ...]
    sizes: tuple[Share, ...]
    classes: tuple[Share, ...]
    areas: tuple[Share, ...]
    area_note: str
    path_rules: tuple[PathRule, ...]
    comparisons: tuple[Comparison, ...]
    outcome_words: tuple[str, ...]
    kind_words: str
    kinds: tuple[Tool, ...]
    candidates: tuple[Candidate, ...]
    candidate_words: str
    policy: Policy | None
    policy_words: tuple[str, ...]
    attested: Attested | None
    attested_words: str
    read_words: tuple[str, ...]
    not_read_words: tuple[str, ...]
    definitions: tuple[tuple[str, str], ...]
