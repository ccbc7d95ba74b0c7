"""Counts by week, in fixed blocks of four: the same weeks whoever asks and on whatever day.

Call `analytics.tasks.catch_up` first. A block ends on a Sunday, and the next begins on the Monday after it: a
verdict of the last ones alters every four weeks, not daily, as looking daily would find trends in noise.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from analytics.queries.counted import Counted, Period, Scope, counted
from analytics.queries.figures import Filters, taxonomies
from analytics.queries.ledger import Standing
from analytics.queries.strata import area_slug, row_key
from incidents.models import Incident

WEEKS = 4
BLOCK_DAYS = 7 * WEEKS
# Two years: a longer window is drawn from its end.
MOST_BLOCKS = 26


class WeekLine(NamedTuple):
    """What one row, area and size has in one week, by its place in the weeks of the blocks."""

    week: int
    row: str
    area: str
    counts: Counted


def blocks(filters: Filters) -> list[Period]:
    """Whole blocks within the window; the last may reach past its end, when it ends today."""
    first = filters.start.toordinal() - 1
    at = 1 + -(-first // BLOCK_DAYS) * BLOCK_DAYS
    found = []
    while at <= filters.end.toordinal():
        start = date.fromordinal(at)
        found.append(Period(start, start + timedelta(days=BLOCK_DAYS - 1)))
        at += BLOCK_DAYS
    if found and found[-1].end > filters.end and filters.end < filters.as_of:
        found.pop()
    return found[-MOST_BLOCKS:]


def weekly(filters: Filters, of: list[Period], stands: Standing | None = None) -> list[WeekLine]:
    """Changes of any age; a day after the window's end counts nowhere."""
    weeks = [
        Period(monday, min(monday + timedelta(days=6), filters.end))
        for block in of
        for monday in (block.start + timedelta(days=7 * number) for number in range(WEEKS))
        if monday <= filters.end
    ]
    areas, kinds = taxonomies()
    return [
        WeekLine(line.period, row_key(line.row, kinds), area_slug(line.area, areas), line)
        for line in counted(filters, weeks, by_size=True, stands=stands, scope=Scope.of(filters, areas))
        if line.n
    ]


def restricted_is_known(demo: bool) -> bool:
    return Incident.objects.counted().filter(is_demo=demo, is_restricted=True).exists()
