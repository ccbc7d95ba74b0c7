"""Counts by stratum, for ratios between like and like.

Read `filters` as the matrix does; with `known_at` all of it is as it was known then. Call
`analytics.tasks.catch_up` first, and pass on what it answers. Changes that are not old enough to have failed
are left out: every failure here is one of a mature change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from analytics.queries.counted import ROWS, Period, Scope, counted
from analytics.queries.figures import NO_AREA, Filters, RowKey, Taxonomy, Words, taxonomies
from analytics.queries.ledger import Standing
from analytics.stats.evidence import quarter_index


class StratumCount(NamedTuple):
    """Changes of one row that are alike in area, size and quarter (`year * 4 + quarter`, from 0).

    `row` is a `RowKey` or `kind:<slug>`. A change stands in each of its kinds, and else in exactly one of
    assisted, manual, unknown and automation: the unmarked baseline is manual and unknown added up.
    """

    row: str
    area: str
    size: str
    quarter: int
    n: int
    failures: float
    perhaps: float


def strata(
    filters: Filters, stands: Standing | None = None, words: Words | None = None
) -> list[StratumCount]:
    """Every row at once: pick the kind and its baseline from the answer."""
    periods = list(quarters(filters.start, min(filters.end, filters.mature_until)))
    areas, kinds = words or taxonomies()
    lines = counted(filters, periods, by_size=True, stands=stands, scope=Scope.of(filters, areas))
    rows = {row: row_key(row, kinds) for row in {line.row for line in lines}}
    places = {area: area_slug(area, areas) for area in {line.area for line in lines}}
    numbers = [quarter_index(period.start) for period in periods]
    return [
        StratumCount(
            rows[line.row],
            places[line.area],
            line.size,
            numbers[line.period],
            line.n,
            line.failures,
            line.perhaps,
        )
        for line in lines
        if line.n
    ]


def unknown_shares(lines: Iterable[StratumCount]) -> dict[str, float]:
    """By area: the share of its changes without a known origin, automations apart."""
    n: dict[tuple[str, str], int] = {}
    for line in lines:
        n[line.area, line.row] = n.get((line.area, line.row), 0) + line.n
    shares = {}
    for area in {area for area, _ in n}:
        asked = n.get((area, RowKey.TOTAL), 0) - n.get((area, RowKey.AUTOMATION), 0)
        if asked:
            shares[area] = n.get((area, RowKey.UNKNOWN), 0) / asked
    return shares


def quarters(start: date, end: date) -> Iterable[Period]:
    while start <= end:
        following = quarter_index(start) + 1
        last = date(following // 4, following % 4 * 3 + 1, 1) - timedelta(days=1)
        yield Period(start, min(last, end))
        start = last + timedelta(days=1)


def row_key(row: int, kinds: Taxonomy) -> str:
    return ROWS.get(row) or f"kind:{kinds.terms[row].slug}"


def row_ids(keys: Iterable[str], kinds: Taxonomy) -> set[int]:
    """The rows of these keys, as facts and cells name them."""
    wanted = set(keys)
    found = {row for row, key in ROWS.items() if key in wanted}
    return found | {pk for pk, kind in kinds.terms.items() if f"kind:{kind.slug}" in wanted}


def area_slug(area: int, areas: Taxonomy) -> str:
    return areas.terms[area].slug if area else NO_AREA
