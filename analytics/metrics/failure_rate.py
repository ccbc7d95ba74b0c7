"""Failure rate

Of the changes shipped at least 30 days ago, the share that was linked to an incident within 30 days.

Numerator: Failures, counted as shares of incidents. The causes of an incident that somebody confirmed or
suspects share it by their weights, so that an incident with three contributors does not look like three;
one change never counts for more than 1. Only confirmed causes are in the rate; what is only suspected is
shown beside it. An incident counts when it began 0 to 30 days after the change shipped; later ones are
listed as late failures. On the basis "undone" a failure is a change that was reverted, or named by a fix,
within 30 days; a change reverted, and its revert reverted in turn, stands. On the basis "follow_up" it is a
change that wrote most of the lines that a fix deleted within 30 days: an estimate, whose measured precision
stands below under "Followed up by a fix". On the basis "any" each change counts with the largest of the
three.

Denominator: Changes shipped in the window and at least 30 days before today. Only code changes, unless
another type is chosen. A change with several kinds of help counts in each of their rows and once in the
totals.

Exclusions: Changes still in their first 30 days (shown as pending, with how many have failed already);
duplicates, false alarms, tests and cancelled incidents; causes that a rule suggested and nobody took up,
and those ruled out. A cause known only as a deployment keeps its share of the incident and enters no cell.
Origin and kind of help count as they stood before the change's first incident or revert; what was said
afterwards is shown as "+n said afterwards" and enters no rate. Automations have a row of their own.
Demonstration data and real data are never in one figure.

Source: Changes and their shipping from forge, deploy tool or import; incidents and causes from postmortems.
The plausible range is Wilson's 95 % interval. It is not DORA's change fail rate, which counts deployments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from operator import add
from typing import Any

from analytics.privacy import gives_away
from analytics.queries.cells import CellCounts, CellIncidents
from analytics.queries.counted import Counted
from analytics.stats import shrunken_rates, wilson_interval
from analytics.stats.shapes import Counts

FEWEST_FOR_A_RATE = 10
# Smoothed rate against the rate of all changes: from clearly below (0) to far above (6).
LEVELS = (0.5, 0.75, 1.0, 1.35, 1.8, 2.5)

STATES: Mapping[str, tuple[str, str]] = {
    "empty": ("No changes", "Nothing of this kind shipped here and is old enough to count."),
    "few": (
        "Not enough data",
        "Under 10 changes: the counts are shown, and no rate. This is not good news or bad news.",
    ),
    "uncertain": (
        "Too few to rule out 1 in 10",
        "No failure so far, but a rate above 10 % still fits what we saw.",
    ),
    "restricted": (
        "Hidden for privacy",
        "Fewer than 3 incidents stand behind it and one is restricted, or a sum would give one away.",
    ),
    "shown": ("Measured", "Failures of changes, the rate, and the range of rates that fit what we saw."),
}


@dataclass(frozen=True)
class FailureRate:
    """One cell. What is hidden is None; `rate`, `low` and `high` are in 0..1."""

    n: int = 0
    failures: float | None = 0.0
    suspected: float | None = 0.0
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    state: str = "empty"
    smoothed: float | None = None
    level: int | None = None
    unknown_share: float | None = None
    pending: int = 0
    pending_failed: int | None = 0
    late: int | None = 0
    afterwards: int = 0
    by_policy: int = 0

    @property
    def range_words(self) -> str:
        """The range of rates that fit, in percent."""
        if self.low is None or self.high is None:
            return ""
        return f"{_percent(self.low)} to {_percent(self.high)}\u202f%"

    @property
    def state_name(self) -> str:
        return STATES[self.state][0]

    @property
    def state_words(self) -> str:
        return STATES[self.state][1]


def cells(lines: Iterable[Counted]) -> dict[tuple[int, int | None], CellCounts]:
    """By row and area (None: all areas), from counts of mature changes (period 0) and of pending ones (1)."""
    found: dict[tuple[int, int | None], list[float]] = {}
    for line in lines:
        more = _added(line)
        for place in ((line.row, line.area), (line.row, None)):
            sums = found.get(place)
            found[place] = list(map(add, sums, more)) if sums else list(more)
    return {
        (row, area): CellCounts(
            str(row), area, area is None, int(n), failures, suspected, *(int(count) for count in counts)
        )
        for (row, area), (n, failures, suspected, *counts) in found.items()
    }


def _added(line: Counted) -> tuple[float, ...]:
    """In the order of CellCounts: what a change adds depends on whether it is old enough to have failed."""
    if line.period:
        return 0, 0, 0, line.n, line.failed, line.late, 0, 0, line.incidents, line.restricted
    suspected = line.perhaps - line.failures
    return (
        line.n, line.failures, suspected, 0, 0, line.late, line.afterwards, line.by_policy,
        line.incidents, line.restricted,
    )  # fmt: skip


def may_give_away(counts: Iterable[CellCounts], incidents_are_fewest: bool) -> bool:
    """Whether incidents must be counted one by one, so that no number gives away a restricted one.

    `incidents_are_fewest`: the counts hold no fewer restricted incidents than there are, and their number
    of incidents is never more than there are. An instant of the past may know fewer restricted ones.
    """
    return not incidents_are_fewest or any(gives_away(found.incidents, found.restricted) for found in counts)


def _percent(rate: float) -> str:
    return f"{rate * 100:.0f}" if rate >= 0.0995 else f"{rate * 100:.1f}"


def altered(cell: FailureRate, **values: Any) -> FailureRate:
    """As `dataclasses.replace`, ten times as fast: a matrix has hundreds of cells."""
    copy = FailureRate.__new__(FailureRate)
    copy.__dict__.update(cell.__dict__, **values)
    return copy


EMPTY = FailureRate()


def measure(counts: CellCounts, unknown_share: float | None = None) -> FailureRate:
    return altered(
        EMPTY,
        n=counts.n,
        failures=round(counts.failures, 6),
        suspected=round(counts.suspected, 6),
        pending=counts.pending,
        pending_failed=counts.pending_failed,
        late=counts.late,
        afterwards=counts.afterwards,
        by_policy=counts.by_policy,
        unknown_share=unknown_share,
        **_rate(counts.failures, counts.n),
    )


def _rate(failures: float, n: int) -> dict[str, Any]:
    if n < FEWEST_FOR_A_RATE:
        return {"state": "few" if n else "empty"}
    low, high = wilson_interval(failures, n)
    state = "uncertain" if failures == 0 and high > 0.1 else "shown"
    return {"rate": failures / n, "low": low, "high": high, "state": state}


def without_numerator(cell: FailureRate) -> FailureRate:
    return altered(
        cell,
        failures=None,
        suspected=None,
        rate=None,
        low=None,
        high=None,
        pending_failed=None,
        late=None,
        state="restricted",
        smoothed=None,
        level=None,
    )


def without(cell: FailureRate, parts: Iterable[str]) -> FailureRate:
    return altered(cell, **dict.fromkeys(parts))


def must_hide(incidents: CellIncidents) -> bool:
    return gives_away(incidents.incidents, incidents.restricted)


Place = tuple[str, str]


# Rows of one area that add up exactly; kinds overlap, so no sum over them gives one away.
SUMMED = ("assisted", "manual", "unknown", "automation", "total")


def to_hide(incidents: Mapping[Place, CellIncidents]) -> set[Place]:
    """Cells whose numerator must go, and as many more as it takes that no sum gives one away."""
    return _with_decoys(
        {place: found.incidents for place, found in incidents.items()},
        {place for place, found in incidents.items() if must_hide(found)},
    )


# What is told beside the numerator: each may rest on fewer incidents than the cell.
PARTS = ("suspected", "pending_failed", "late")


def parts_to_hide(
    counts: Mapping[Place, CellCounts], restricted: Set[Place], hidden: Set[Place]
) -> dict[Place, list[str]]:
    """What must go of cells that are shown; `restricted` are those with a restricted incident behind them.

    Of those `hidden` all has gone. That there is nothing tells of nobody, so that a nought may stand.
    """
    found: dict[Place, list[str]] = {}
    for part in PARTS:
        events = {place: getattr(cell, part) for place, cell in counts.items()}
        few = {place for place in restricted - hidden if events[place] and gives_away(events[place], 1)}
        for place in _with_decoys(events, few | (hidden & events.keys())) - hidden if few else ():
            found.setdefault(place, []).append(part)
    return found


def _with_decoys(events: Mapping[Place, float], hidden: set[Place]) -> set[Place]:
    """As many more as it takes: places are (row, area), and no line that adds up may have just one hidden."""
    rows, areas = {row for row, _ in events}, {area for _, area in events}
    lines = [[place for place in events if place[0] == row] for row in sorted(rows)]
    lines += [
        [place for place in events if place[1] == area and place[0] in SUMMED] for area in sorted(areas)
    ]
    while True:
        for line in lines:
            shown = [place for place in line if place not in hidden]
            if len(line) - len(shown) == 1 and shown:
                hidden.add(min(shown, key=lambda place: (events[place], place)))
                break
        else:
            return hidden


def with_levels(cells: Mapping[Place, FailureRate]) -> dict[Place, FailureRate]:
    """Cells with their smoothed rate and colour class; the smoothed rate is for colours and order only."""
    matrix: dict[str, dict[str, Counts]] = {}
    for (row, area), cell in cells.items():
        if cell.failures is not None and cell.n:
            matrix.setdefault(area, {})[row] = Counts(failures=cell.failures, changes=cell.n)
    shrunken = shrunken_rates(matrix)
    done = dict(cells)
    for area, rows in shrunken.cells.items():
        for row, smoothed in rows.items():
            cell = cells[row, area]
            level = level_of(smoothed, shrunken.global_rate) if cell.n >= FEWEST_FOR_A_RATE else None
            done[row, area] = altered(cell, smoothed=smoothed, level=level)
    return done


def level_of(smoothed: float, reference: float) -> int:
    return sum(smoothed >= limit * reference for limit in LEVELS)


def unknown_share(counts: Iterable[CellCounts]) -> float | None:
    """Share of changes without a known origin, automations apart; None without any change."""
    n = {c.row: c.n for c in counts}
    known_or_not = n.get("total", 0) - n.get("automation", 0)
    return n.get("unknown", 0) / known_or_not if known_or_not else None
