"""Trend

Whether the failure rate went up or down over the last 26 weeks whose changes are old enough to have failed.

Points: Failure rates of four-week buckets, Monday to Sunday, with Wilson's 95 % range; under 10 changes the
counts and no rate. The same four weeks for everybody: a bucket is drawn once all its changes are 30 days old,
until then it is shown as pending.

Test: Mantel's trend test over the weeks, within strata of area and size, so that work moving to riskier areas
makes no trend. An arrow is drawn when p is below 0.005; looked at every four weeks, 3 to 5 % of series show a
false one in a year. Without one there is "no clear trend", which is not the same as stable: a doubling over
26 weeks is found in 59 % of cases at 3,000 changes a year and in 10 % at 500.

Exclusions: Those of the failure rate. How many changes are marked as AI-assisted is a habit that jumps, with
a new tool or a new template; it is printed beside and never read as a trend in the use of AI.

Source: The counts of the matrix, with their hiding of restricted incidents, for each bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from analytics.metrics.failure_rate import FEWEST_FOR_A_RATE
from analytics.stats import stratified_trend, wilson_interval
from analytics.stats.shapes import Counts

WEEKS_TESTED = 26
CLEAR_BELOW = 0.005
SMALL = 35
FEWEST_FAILURES = 3
NO_CLEAR_TREND = "the ups and downs are within what chance gives; a slow change could still be hidden"


@dataclass(frozen=True)
class Point:
    """One series in one bucket; what is hidden is None, and so is a rate on too few or too young changes."""

    start: date
    end: date
    is_pending: bool
    n: int
    failures: float | None
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    state: str = "empty"

    @property
    def is_small(self) -> bool:
        return self.n < SMALL


# One area and size in one week, by its place among the weeks: week, area, size, changes, failures.
Week = tuple[int, str, str, int, float]


@dataclass(frozen=True)
class Verdict:
    """`direction` is up, down or empty; `weeks` under 26: too short to be tested."""

    direction: str
    weeks: int
    # Under 3 failures in all these weeks: nothing could be seen.
    is_thin: bool = False
    z: float | None = None
    p: float | None = None

    @property
    def name(self) -> str:
        names: Mapping[str, str] = {"up": "Going up", "down": "Going down"}
        return names.get(self.direction, "No clear trend")

    @property
    def words(self) -> str:
        if self.weeks < WEEKS_TESTED:
            return (
                f"No clear trend: the test needs {WEEKS_TESTED} weeks whose changes are old enough, and this "
                f"window holds {self.weeks}."
            )
        if self.p is None:
            return "Hidden for privacy: too few incidents stand behind it and one of them is restricted."
        if self.is_thin:
            return f"No clear trend: too few failures in {WEEKS_TESTED} weeks for one to be seen."
        if not self.direction:
            return f"No clear trend over the last {WEEKS_TESTED} weeks: {NO_CLEAR_TREND}."
        return (
            f"Going {self.direction} over the last {WEEKS_TESTED} weeks, among changes of the same area and "
            f"size, beyond what chance gives (p = {self.p:.1g})."
        )


def point(start: date, end: date, *, is_pending: bool, n: int, failures: float, may_give_away: bool) -> Point:
    """`may_give_away`: the numerator could give away a restricted incident."""
    plain = Point(start, end, is_pending, n, None if may_give_away else round(failures, 6))
    if may_give_away:
        return replace(plain, state="restricted")
    if is_pending:
        return replace(plain, state="pending")
    if n < FEWEST_FOR_A_RATE:
        return replace(plain, state="few" if n else "empty")
    low, high = wilson_interval(failures, n)
    return replace(plain, rate=failures / n, low=low, high=high, state="shown")


def verdict(weeks: Iterable[Week], count: int) -> Verdict:
    """Of the last `count` weeks, numbered from 0: the trend within strata of area and size."""
    if count < WEEKS_TESTED:
        return Verdict("", count)
    strata: dict[tuple[str, str], list[Counts]] = {}
    for number, area, size, n, failures in weeks:
        stratum = strata.get((area, size))
        if stratum is None:
            stratum = strata[area, size] = [Counts(failures=0, changes=0) for _ in range(count)]
        stratum[number]["failures"] += failures
        stratum[number]["changes"] += n
    z, p = stratified_trend([strata[key] for key in sorted(strata)], range(count))
    direction = ("up" if z > 0 else "down") if p < CLEAR_BELOW else ""
    failed = sum(one["failures"] for stratum in strata.values() for one in stratum)
    return Verdict(direction, count, failed < FEWEST_FAILURES, z, p)
