"""Coverage of lessons

Of the lessons that hold, how many a test stands for, and whether that test passes in CI.

Numerator: Lessons with a test scenario that passes on the default branch of at least one repository and
fails on none ("proven"). Written but not proven, failing, and stale are shown apart.

Denominator: Lessons that are not retired, by domain area and by kind of help. A lesson of several kinds
counts in each, and once in the total.

Repeats: Counted incidents that are linked to a lesson and began after the day it was written. Each is set
against the time in which it could happen: the lesson's days before its first passing test, and those since.
The ratio of both rates has a 95 % range; with fewer than 5 repeats in all none is given.

Exclusions: Retired lessons and scenarios; duplicates, false alarms, tests and cancelled incidents. Incidents
that nobody linked to a lesson are not known to repeat it.

Does not say: That a test prevents. Lessons that get a test may be those that could be tested, and new lessons
come up again more often than old ones.

Source: Lessons, scenarios, and the results that CI reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from analytics.metrics.sentences import number
from analytics.queries.coverage import Told
from analytics.stats import time_ratio_interval
from analytics.stats.shapes import RatioInterval

PROVEN, FAILING, STALE, WRITTEN, NONE = "proven", "failing", "stale", "written", "none"
LABELS = {
    PROVEN: "Proven in CI",
    FAILING: "Failing",
    STALE: "Stale",
    WRITTEN: "Written, never run",
    NONE: "No test",
}
NO_AREA, NO_KIND = "No area", "Any change"
FEWEST_REPEATS = 5
YEAR = 365.25


def state_of(told: Told) -> str:
    """The worst that its tests say, as one failing test is a lesson that no longer holds."""
    if not told.scenarios:
        return NONE
    if "failing" in told.states:
        return FAILING
    if told.states & {"passing", "flaky"}:
        return PROVEN
    return STALE if told.states else WRITTEN


@dataclass(frozen=True)
class Row:
    name: str
    counts: dict[str, int]

    @property
    def n(self) -> int:
        return sum(self.counts.values())

    @property
    def share(self) -> float:
        return self.counts[PROVEN] / self.n

    @property
    def cells(self) -> list[tuple[str, str, int]]:
        return [(state, LABELS[state], self.counts[state]) for state in LABELS]


@dataclass(frozen=True)
class Span:
    """Repeats over the lesson-years in which they could happen."""

    repeats: int
    years: float

    def as_json(self) -> dict[str, float]:
        return {"incidents": self.repeats, "lesson_years": round(self.years, 3)}


@dataclass(frozen=True)
class Coverage:
    total: Row | None
    areas: tuple[Row, ...]
    kinds: tuple[Row, ...]
    covered: Span
    uncovered: Span
    ratio: RatioInterval | None

    @property
    def sentence(self) -> str:
        """Does it pay?"""
        both = f"{_times(self.covered)} with a test, {_times(self.uncovered)} without one"
        if self.ratio is None:
            return f"Lessons came up again {both}: too little to compare."
        said = (
            "less often with a test, beyond what chance gives" if self.ratio.high < 1
            else "more often with a test, beyond what chance gives" if self.ratio.low > 1
            else "no clear difference yet"
        )  # fmt: skip
        middle = f"{number(self.ratio.ratio)} times as often, " if self.ratio.ratio is not None else ""
        return (
            f"Lessons came up again {both}: {middle}plausibly {number(self.ratio.low)} to "
            f"{number(self.ratio.high)} times; {said}."
        )


def _times(span: Span) -> str:
    noun = "time" if span.repeats == 1 else "times"
    return f"{span.repeats} {noun} in {span.years:.1f} lesson-years"


def coverage(lessons: Iterable[Told], as_of: date) -> Coverage:
    rows = list(lessons)
    covered, uncovered = _spans(rows, as_of)
    ratio = None
    if covered.repeats + uncovered.repeats >= FEWEST_REPEATS and covered.years and uncovered.years:
        ratio = time_ratio_interval(covered.repeats, covered.years, uncovered.repeats, uncovered.years)
    return Coverage(
        total=_row("All lessons", rows) if rows else None,
        areas=_rows(rows, lambda one: [one.lesson.area.name if one.lesson.area else NO_AREA]),
        kinds=_rows(rows, lambda one: one.kinds or [NO_KIND]),
        covered=covered,
        uncovered=uncovered,
        ratio=ratio,
    )


def _row(name: str, rows: Iterable[Told]) -> Row:
    counts = dict.fromkeys(LABELS, 0)
    for one in rows:
        counts[state_of(one)] += 1
    return Row(name, counts)


def _rows(rows: list[Told], names: Callable[[Told], Iterable[str]]) -> tuple[Row, ...]:
    grouped: dict[str, list[Told]] = {}
    for one in rows:
        for name in names(one):
            grouped.setdefault(name, []).append(one)
    found = [_row(name, group) for name, group in grouped.items()]
    # Where most is still to be done comes first.
    return tuple(sorted(found, key=lambda row: (row.counts[PROVEN] - row.n, row.name)))


def _spans(rows: list[Told], as_of: date) -> tuple[Span, Span]:
    with_test = without = 0
    days_with = days_without = 0
    for one in rows:
        turn = min(max(one.proven_from or as_of, one.written_on), as_of)
        days_without += (turn - one.written_on).days
        days_with += (as_of - turn).days
        for day in one.repeats:
            if one.proven_from and day >= turn:
                with_test += 1
            else:
                without += 1
    return Span(with_test, days_with / YEAR), Span(without, days_without / YEAR)
