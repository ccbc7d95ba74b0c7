"""What goes in and what comes out: x failures (may be fractional) of n changes, in strata and links."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple, TypedDict


class Counts(TypedDict):
    failures: float
    changes: int


class Stratum(TypedDict):
    """One area x size band x quarter: the kind ("ai") beside what it is compared with ("manual")."""

    failures_ai: float
    changes_ai: int
    failures_manual: float
    changes_manual: int


class StratumLink(TypedDict):
    """A link of an incident to a change, with the counts of that change's stratum."""

    weight: float
    is_kind: bool
    changes_kind: int
    changes_manual: int
    quarter: int


class Link(TypedDict):
    change: str
    weight: float
    confidence: str


class LinkedIncident(TypedDict):
    id: str
    links: list[Link]


class DatedIncident(LinkedIncident):
    started: date


class PlacedChange(TypedDict):
    id: str
    kind: str
    area: str


class DeployedChange(PlacedChange):
    size: str
    deployed: date


class DatedFailure(TypedDict):
    date: date
    weight: float


class WatchedChange(TypedDict):
    id: str
    deployed: date
    failures: list[DatedFailure]


class Review(TypedDict):
    lines: float
    minutes: float


class Interval(NamedTuple):
    low: float
    high: float


class RatioInterval(NamedTuple):
    """`ratio` is None where it is undefined, `high` is `inf` where nothing bounds it."""

    ratio: float | None
    low: float
    high: float


class DifferenceInterval(NamedTuple):
    difference: float
    low: float
    high: float


class CrudeAndAdjusted(NamedTuple):
    crude_ratio: float | None
    adjusted_ratio: float | None
    direction_differs: bool


class Tested(NamedTuple):
    statistic: float
    p: float


class Homogeneity(NamedTuple):
    statistic: float
    df: int
    p: float


class Bounds(NamedTuple):
    rate_low: float
    rate_high: float
    ratio_low: float
    ratio_high: float


class Shrunken(NamedTuple):
    """Smoothed rates: for colours and order only, never printed as the rate. Empty without any failure."""

    global_rate: float
    area_strength: float | None
    area_rate: dict[str, float]
    cell_strength: float | None
    cells: dict[str, dict[str, float]]


class MaturedCounts(NamedTuple):
    n: int
    x: float
    pending: int
    late_failures: int


class MedianRanks(NamedTuple):
    rank_low: int
    rank_high: int | None
    actual_confidence: float


class MedianInterval(NamedTuple):
    median: float | None
    low: float | None
    high: float | None
    rank_low: int
    rank_high: int | None


class Trend(NamedTuple):
    z: float
    p: float


class LoadTrend(NamedTuple):
    s: int
    z: float
    p: float
    slope: float


class MedianLoad(NamedTuple):
    median_log_ratio: float | None
    lines_per_minute: float | None
