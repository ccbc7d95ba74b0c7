"""Ranks and ranges for many values at once: medians over whole tables, and plain counts."""

from __future__ import annotations

from functools import cache
from math import floor, sqrt

from analytics.stats.intervals import median_ranks
from analytics.stats.shapes import Interval

# Beyond it the normal approximation differs by one rank at the most, to the cautious side.
EXACT = 200
HALF_Z = 0.9799819922700268


@cache
def low_ranks() -> tuple[int, ...]:
    """For n = 1, 2, ... EXACT: the rank whose value bounds the median from below; 0: n is too small."""
    return tuple(median_ranks(n).rank_low for n in range(1, EXACT + 1))


def low_rank(n: int) -> int:
    """The rank from below and, counted from above, the one that bounds the median of n sorted values."""
    if n <= EXACT:
        return low_ranks()[n - 1] if n > 0 else 0
    return floor(n / 2 + 0.5 - HALF_Z * sqrt(n))


def count_interval(count: int) -> Interval:
    """95 % range of a count of events that come one by one (Byar's approximation to the Poisson limits)."""
    upper = count + 1
    high = upper * (1 - 1 / (9 * upper) + 1.959964 / (3 * sqrt(upper))) ** 3
    if count == 0:
        return Interval(0.0, high)
    return Interval(count * (1 - 1 / (9 * count) - 1.959964 / (3 * sqrt(count))) ** 3, high)
