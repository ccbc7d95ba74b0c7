"""Spans of days: each day lies in one span of 1, 4, 16, 64 and 256 days, and any window is a few of them.

Two years are about a dozen spans, wherever they begin and end, and a change alters five. Of the ratios
tried, 4 needs the fewest rows read and written together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

LEVELS = 5
# A node is its level times this, plus its number; ordinals of days stay below it until the year 2738.
STRIDE = 1_000_000
BITS = 2


def node(level: int, ordinal: int) -> int:
    return level * STRIDE + (ordinal >> BITS * level)


def nodes_between(start: date, end: date) -> Iterator[int]:
    """The fewest nodes that hold every day from `start` to `end`, both within, and no other."""
    at, stop = start.toordinal(), end.toordinal() + 1
    while at < stop:
        level = LEVELS - 1
        while at & ((1 << BITS * level) - 1) or at + (1 << BITS * level) > stop:
            level -= 1
        yield node(level, at)
        at += 1 << BITS * level


# The same in SQL: `day` and `level` are columns or expressions.
ORDINAL = "({day} - DATE '0001-01-01' + 1)"
NODE = f"({{level}} * {STRIDE} + ({{ordinal}} >> ({BITS} * {{level}})))"
