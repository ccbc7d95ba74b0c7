"""Spans of days: each day lies in one span of 1, 4, 16, 64 and 256 days, and any window is a few of them.

Two years are about a dozen spans, wherever they begin and end. Of the ratios tried, 4 needs the fewest rows
read and written together. Comparisons over time ask for the same weeks, blocks of four weeks and quarters
again and again: each of these is a span as well, so that one that is asked for whole is read as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from analytics.stats.evidence import quarter_index

LEVELS = 5
# The calendar's spans: from Monday to Sunday, four such weeks as `queries.series` cuts them, and quarters.
WEEK, BLOCK, QUARTER = LEVELS, LEVELS + 1, LEVELS + 2
WEEK_DAYS, BLOCK_DAYS = 7, 28
# A node is its level times this, plus its number; ordinals of days stay below it until the year 2738.
STRIDE = 1_000_000
BITS = 2


def node(level: int, ordinal: int) -> int:
    return level * STRIDE + (ordinal >> BITS * level)


def nodes_between(start: date, end: date, *, calendar: bool = False) -> Iterator[int]:
    """The fewest nodes that hold every day from `start` to `end`, both within, and no other.

    `calendar`: whether the calendar's spans are there to be read.
    """
    whole = calendar_node(start, end) if calendar else None
    if whole is not None:
        yield whole
        return
    at, stop = start.toordinal(), end.toordinal() + 1
    while at < stop:
        level = LEVELS - 1
        while at & ((1 << BITS * level) - 1) or at + (1 << BITS * level) > stop:
            level -= 1
        yield node(level, at)
        at += 1 << BITS * level


def calendar_node(start: date, end: date) -> int | None:
    """The week, block or quarter that is just these days; None where they are something else."""
    days = (end - start).days + 1
    first = start.toordinal() - 1
    for level, length in ((WEEK, WEEK_DAYS), (BLOCK, BLOCK_DAYS)):
        if days == length and first % length == 0:
            return level * STRIDE + first // length
    after = end + timedelta(days=1)
    if start.day == after.day == 1 and start.month % 3 == 1 and 85 < days < 95:
        return QUARTER * STRIDE + quarter_index(start)
    return None


# The same in SQL: `day` and `level` are columns or expressions.
ORDINAL = "({day} - DATE '0001-01-01' + 1)"
NODE = f"({{level}} * {STRIDE} + ({{ordinal}} >> ({BITS} * {{level}})))"
# The calendar's spans of an ordinal; blocks are whole weeks.
_DAY = "(DATE '0001-01-01' + ({ordinal})::int - 1)"
WEEK_NODE = f"({WEEK * STRIDE} + ({{ordinal}} - 1) / {WEEK_DAYS})"
BLOCK_OF_WEEK = f"({BLOCK * STRIDE} + ({{week}} - {WEEK * STRIDE}) / {BLOCK_DAYS // WEEK_DAYS})"
QUARTER_NODE = (
    f"({QUARTER * STRIDE} + EXTRACT(YEAR FROM {_DAY})::int * 4 + (EXTRACT(MONTH FROM {_DAY})::int - 1) / 3)"
)
CALENDAR_NODES = f"{WEEK_NODE}, {BLOCK_OF_WEEK.format(week=WEEK_NODE)}, {QUARTER_NODE}"
