"""Counts by week, in fixed blocks of four: the same weeks whoever asks and on whatever day.

Call `analytics.tasks.catch_up` first. A block ends on a Sunday, and the next begins on the Monday after it: a
verdict of the last ones alters every four weeks, not daily, as looking daily would find trends in noise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from analytics.queries.counted import Counted, Period, Scope, counted, counted_briefly
from analytics.queries.figures import Filters, Words
from analytics.queries.ledger import Standing
from analytics.queries.strata import area_slug, row_ids, row_key
from analytics.spans import BLOCK_DAYS, WEEK_DAYS
from incidents.models import Incident

WEEKS = BLOCK_DAYS // WEEK_DAYS
# Two years: a longer window is drawn from its end.
MOST_BLOCKS = 26


class BlockLine(NamedTuple):
    """What one row has in one block, by its place among them."""

    block: int
    row: str
    counts: Counted


# What an area and size has in one week, by its place among the weeks: week, area, size, changes, failures.
WeekLine = tuple[int, str, str, int, float]


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


@dataclass(frozen=True)
class Read:
    """How the counts are read: whose, as they stand, in these words."""

    filters: Filters
    stands: Standing
    words: Words

    def weekly(self, weeks: list[Period], rows: Iterable[str]) -> dict[str, list[WeekLine]]:
        """Week by week of the rows of these keys. Changes of any age."""
        areas, kinds = self.words
        lines = counted_briefly(
            self.filters, weeks, by_size=True, rows=row_ids(rows, kinds), stands=self.stands,
            scope=Scope.of(self.filters, areas),
        )  # fmt: skip
        found: dict[str, list[WeekLine]] = {}
        by_row = {row: found.setdefault(row_key(row, kinds), []) for row in {line[2] for line in lines}}
        places = {area: area_slug(area, areas) for area in {line[3] for line in lines}}
        for week, size, row, area, n, failures in lines:
            if n:
                by_row[row].append((week, places[area], size, n, failures))
        return found

    def by_block(self, of: list[Period], rows: Iterable[str]) -> list[BlockLine]:
        """By block alone; a day after the window's end counts nowhere."""
        areas, kinds = self.words
        lines = counted(
            self.filters, [Period(one.start, min(one.end, self.filters.end)) for one in of],
            by_area=False, rows=row_ids(rows, kinds), stands=self.stands,
            scope=Scope.of(self.filters, areas),
        )  # fmt: skip
        return [BlockLine(line.period, row_key(line.row, kinds), line) for line in lines if line.n]


def weeks_of(of: list[Period], end: date) -> list[Period]:
    """The weeks of these blocks; none goes beyond the last day."""
    mondays = (block.start + timedelta(days=7 * number) for block in of for number in range(WEEKS))
    return [Period(monday, min(monday + timedelta(days=6), end)) for monday in mondays if monday <= end]


def restricted_is_known(demo: bool) -> bool:
    return Incident.objects.counted().filter(is_demo=demo, is_restricted=True).exists()
