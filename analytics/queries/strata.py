"""Counts by stratum, for ratios between like and like.

Read `filters` as the matrix does; with `known_at` all of it is as it was known then. Call
`analytics.tasks.catch_up` first, and pass on what it answers. Changes that are not old enough to have failed
are left out: every failure here is one of a mature change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from analytics.queries.counted import ROWS, Period, Scope, counted_briefly
from analytics.queries.figures import NO_AREA, Filters, Taxonomy, Words, taxonomies
from analytics.queries.ledger import Standing
from analytics.stats.decision import Spot
from analytics.stats.evidence import quarter_index

# By row (a `RowKey` or `kind:<slug>`): changes and failures by area, size and quarter.
Strata = dict[str, dict[Spot, tuple[int, float]]]


def strata(
    filters: Filters, rows: Iterable[str], stands: Standing | None = None, words: Words | None = None
) -> Strata:
    """A change stands in each of its kinds, and else in exactly one of assisted, manual, unknown and
    automation: the unmarked baseline is manual and unknown added up.
    """
    periods = list(quarters(filters.start, min(filters.end, filters.mature_until)))
    areas, kinds = words or taxonomies()
    lines = counted_briefly(
        filters, periods, by_size=True, rows=row_ids(rows, kinds), stands=stands,
        scope=Scope.of(filters, areas),
    )  # fmt: skip
    # The same few names and places come back in thousands of lines.
    found: dict[str, dict[Spot, tuple[int, float]]] = {}
    by_row = {row: found.setdefault(row_key(row, kinds), {}) for row in {line[2] for line in lines}}
    places = {area: area_slug(area, areas) for area in {line[3] for line in lines}}
    numbers = [quarter_index(period.start) for period in periods]
    spots: dict[tuple[int, str, int], Spot] = {}
    for period, size, row, area, n, failures in lines:
        if not n:
            continue
        place = (area, size, period)
        spot = spots.get(place)
        if spot is None:
            spot = spots[place] = Spot(places[area], size, numbers[period])
        of_row = by_row[row]
        before = of_row.get(spot)
        of_row[spot] = (before[0] + n, before[1] + failures) if before else (n, failures)
    return found


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
