"""What a cell of the matrix holds, how it is smoothed, hidden and named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from math import inf

from analytics.stats.shapes import (
    Counts,
    LinkedIncident,
    MaturedCounts,
    PlacedChange,
    Shrunken,
    WatchedChange,
)

Grid = Mapping[str, Mapping[str, Counts]]


def failure_sums(
    changes: Sequence[PlacedChange], incidents: Sequence[LinkedIncident]
) -> dict[str, dict[str, float]]:
    """Failures as shares of incidents: per "kind|area" n, x and x_confirmed, at most 1 for one change."""
    all_weight: defaultdict[str, float] = defaultdict(float)
    confirmed: defaultdict[str, float] = defaultdict(float)
    for incident in incidents:
        standing = [link for link in incident["links"] if link["confidence"] != "ruled_out"]
        whole = sum(link["weight"] for link in standing)
        for link in standing:
            share = link["weight"] / whole if whole else 0.0
            all_weight[link["change"]] += share
            if link["confidence"] == "confirmed":
                confirmed[link["change"]] += share
    sums: dict[str, dict[str, float]] = {}
    for change in changes:
        cell = sums.setdefault(f"{change['kind']}|{change['area']}", {"n": 0, "x": 0.0, "x_confirmed": 0.0})
        cell["n"] += 1
        cell["x"] += min(1.0, all_weight[change["id"]])
        cell["x_confirmed"] += min(1.0, confirmed[change["id"]])
    return sums


def matured_rate_counts(as_of: date, window_days: int, changes: Sequence[WatchedChange]) -> MaturedCounts:
    """Young changes are pending, failed or not: else they would count only when they fail."""
    n, x, pending, late = 0, 0.0, 0, 0
    for change in changes:
        weight = 0.0
        for failure in change["failures"]:
            if failure["date"] > as_of:
                continue
            age = (failure["date"] - change["deployed"]).days
            if age > window_days:
                late += 1
            elif age >= 0:
                weight += failure["weight"]
        if (as_of - change["deployed"]).days < window_days:
            pending += 1
        else:
            n += 1
            x += min(1.0, weight)
    return MaturedCounts(n, x, pending, late)


def shrunken_rates(matrix: Grid) -> Shrunken:
    """Two-level empirical-Bayes rates, areas towards the whole and cells towards their area.

    Moments, clipped, since both moments and likelihood run to "no spread" with few failures.
    """
    filled = {area: {kind: c for kind, c in row.items() if c["changes"] > 0} for area, row in matrix.items()}
    totals = {
        area: Counts(
            failures=sum(c["failures"] for c in row.values()), changes=sum(c["changes"] for c in row.values())
        )
        for area, row in filled.items()
        if row
    }
    failures, n = sum(t["failures"] for t in totals.values()), sum(t["changes"] for t in totals.values())
    if failures <= 0:
        return Shrunken(0.0, None, {}, None, {})
    mean = failures / n
    few = sum(len(row) for row in filled.values()) < 8 or failures < 10
    if few or len(totals) < 3:
        area_strength = 50.0
    else:
        groups = [(t["failures"], t["changes"], mean, 1 - t["changes"] / n) for t in totals.values()]
        area_strength = _clipped(_strength(groups), 10, 200)
    area_rate = {
        area: (t["failures"] + mean * area_strength) / (t["changes"] + area_strength)
        for area, t in totals.items()
    }
    if few:
        cell_strength = 30.0
    else:
        groups = [
            (c["failures"], c["changes"], area_rate[area], 1.0)
            for area, row in filled.items()
            for c in row.values()
        ]
        cell_strength = _clipped(_strength(groups), 10, 50)
    cells = {
        area: {
            kind: (c["failures"] + area_rate[area] * cell_strength) / (c["changes"] + cell_strength)
            for kind, c in row.items()
        }
        for area, row in filled.items()
    }
    return Shrunken(mean, area_strength, area_rate, cell_strength, cells)


def _strength(groups: Sequence[tuple[float, int, float, float]]) -> float:
    """Strength of the prior by moments from (failures, changes, mean, correction) of each group."""
    spread = sum(n * (x / n - m) ** 2 / (m * (1 - m)) for x, n, m, _ in groups if 0 < m < 1)
    excess = spread - sum(c for *_, c in groups)
    room = sum((n - 1) * c for _, n, _, c in groups)
    if excess <= 0 or room <= 0:
        return inf
    return room / excess - 1


def _clipped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def hidden_cells(
    changes: Mapping[str, Mapping[str, int]],
    people: Mapping[str, Mapping[str, int]],
    min_changes: int,
    min_people: int,
) -> list[str]:
    """Small cells, and as many more as it takes that no total gives one away. Shape: sorted "area|kind"."""
    filled = {(area, kind): n for area, row in changes.items() for kind, n in row.items() if n > 0}
    hidden = {
        cell
        for cell, n in filled.items()
        if n < min_changes or people.get(cell[0], {}).get(cell[1], 0) < min_people
    }
    lines = [[c for c in filled if c[0] == area] for area in sorted({c[0] for c in filled})]
    lines += [[c for c in filled if c[1] == kind] for kind in sorted({c[1] for c in filled})]
    while (line := _giving_away(lines, hidden)) is not None:
        hidden.add(min((c for c in line if c not in hidden), key=lambda c: (filled[c], c)))
    return sorted(f"{area}|{kind}" for area, kind in hidden)


def _giving_away(
    lines: Sequence[Sequence[tuple[str, str]]], hidden: set[tuple[str, str]]
) -> Sequence[tuple[str, str]] | None:
    """The first line with exactly one hidden cell that still shows another."""
    for line in lines:
        if len(line) > 1 and sum(cell in hidden for cell in line) == 1:
            return line
    return None


def cell_state(
    changes: int,
    manual_changes: int,
    people: int,
    incidents: int,
    unknown_share: float,
    harm_e: float,
    harm_selected: bool,
    harm_e_confirmed: float,
    benefit_selected: bool,
    holds_e: float,
    noticeable_ratio: float | None,
) -> str:
    """The decision rule: the first line that applies. The product passes the changes as `people`."""
    lines = [
        (changes < 10 or people < 3, "hidden"),
        (unknown_share > 0.3, "origin_unknown"),
        (changes < 20 or manual_changes < 20, "not_enough_data"),
        (harm_selected and incidents >= 3 and harm_e_confirmed >= 20, "stronger_safeguard"),
        (harm_e >= 20 and incidents >= 3, "early_sign"),
        (benefit_selected, "does_better"),
        (holds_e >= 20 and harm_e < 20, "holds_up"),
        (noticeable_ratio is not None and noticeable_ratio <= 3, "no_clear_difference"),
    ]
    return next((state for applies, state in lines if applies), "not_enough_data")
