"""Two spans of as many weeks beside each other: did a count or a median alter more than chance explains?"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, sqrt
from typing import NamedTuple

from analytics.stats.exposure import time_ratio_interval
from analytics.stats.intervals import normal_quantile

# Looked at every week and beside others: as careful as the test for a trend.
SURE = 0.995


class Altered(NamedTuple):
    """95 % range of the ratio (counts) or the difference (medians); `direction` only beyond chance."""

    low: float
    high: float
    # 1, -1 or 0: within what chance gives.
    direction: int


def dispersion(*halves: Sequence[int]) -> float:
    """How much more weekly counts vary around their half's mean than single events by themselves would.

    Pearson's chi-square over its degrees of freedom, at least 1 (McCullagh and Nelder 1989, 6.2.2). Work
    comes in bursts, with holidays and releases: taken as single events its counts would seem too sure.
    """
    free = sum(len(half) - 1 for half in halves if sum(half))
    if free < 1:
        return 1.0
    total = 0.0
    for half in halves:
        mean = sum(half) / len(half) if half else 0.0
        total += sum((count - mean) ** 2 / mean for count in half) if mean else 0.0
    return max(1.0, total / free)


def counts_compared(recent: Sequence[int], before: Sequence[int]) -> Altered:
    """Weekly counts of two spans: the ratio of their rates, given how much weeks differ among themselves.

    The conditional interval of two Poisson means, over counts that are divided by the dispersion.
    """
    spread = dispersion(recent, before)
    events, earlier = round(sum(recent) / spread), round(sum(before) / spread)
    if not events + earlier:
        return Altered(0.0, inf, 0)
    usual = time_ratio_interval(events, len(recent), earlier, len(before))
    sure = time_ratio_interval(events, len(recent), earlier, len(before), SURE)
    return Altered(usual.low, usual.high, (sure.low > 1) - (sure.high < 1))


class Bounded(NamedTuple):
    """A median with its 95 % interval."""

    median: float
    low: float
    high: float


def medians_compared(recent: Bounded, before: Bounded) -> Altered:
    """The difference of two medians of different changes, from their two intervals.

    Variance estimates recovered from the limits (Zou and Donner 2008), which asks for no shape of the
    values; the surer range is the same one wider by the ratio of the two normal quantiles.
    """
    difference = recent.median - before.median
    down = sqrt((recent.median - recent.low) ** 2 + (before.high - before.median) ** 2)
    up = sqrt((recent.high - recent.median) ** 2 + (before.median - before.low) ** 2)
    wider = normal_quantile(SURE) / normal_quantile(0.95)
    direction = (difference > down * wider) - (-difference > up * wider)
    return Altered(difference - down, difference + up, direction)
