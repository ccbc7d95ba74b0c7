"""Intervals for one rate, for two, and for a median."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb, inf, sqrt
from statistics import NormalDist, median

from analytics.stats.shapes import (
    DifferenceInterval,
    Interval,
    MedianInterval,
    MedianRanks,
    RatioInterval,
)


@lru_cache(maxsize=32)
def normal_quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson_interval(failures: float, changes: float, confidence: float = 0.95) -> Interval:
    """Wilson's score interval; with no changes at all everything from 0 to 1 is possible.

    Source: Wilson 1927, in the form of Newcombe 1998.
    """
    if changes <= 0:
        return Interval(0.0, 1.0)
    z = normal_quantile(confidence)
    rate = failures / changes
    spread = 1 + z * z / changes
    centre = (rate + z * z / (2 * changes)) / spread
    half = z / spread * sqrt(max(0.0, rate * (1 - rate) / changes + z * z / (4 * changes * changes)))
    low = 0.0 if failures <= 0 else max(0.0, centre - half)
    high = 1.0 if failures >= changes else min(1.0, centre + half)
    return Interval(low, high)


def rate_ratio_interval(
    failures_ai: float,
    changes_ai: float,
    failures_manual: float,
    changes_manual: float,
    confidence: float = 0.95,
) -> RatioInterval:
    """MOVER-R over two Wilson intervals (Donner and Zou 2012)."""
    p1, p0 = failures_ai / changes_ai, failures_manual / changes_manual
    l1, u1 = wilson_interval(failures_ai, changes_ai, confidence)
    l0, u0 = wilson_interval(failures_manual, changes_manual, confidence)
    product = p1 * p0
    low = 0.0
    if failures_ai > 0:
        root = sqrt(max(0.0, product**2 - l1 * u0 * (2 * p1 - l1) * (2 * p0 - u0)))
        low = l1 * (2 * p1 - l1) / (product + root)
    high = inf
    if failures_manual > 0:
        root = sqrt(max(0.0, product**2 - u1 * l0 * (2 * p1 - u1) * (2 * p0 - l0)))
        high = (product + root) / (l0 * (2 * p0 - l0))
    return RatioInterval(p1 / p0 if failures_manual > 0 else None, low, high)


def rate_difference_interval(
    failures_ai: float,
    changes_ai: float,
    failures_manual: float,
    changes_manual: float,
    confidence: float = 0.95,
) -> DifferenceInterval:
    """Newcombe's hybrid score interval (1998, method 10)."""
    p1, p0 = failures_ai / changes_ai, failures_manual / changes_manual
    l1, u1 = wilson_interval(failures_ai, changes_ai, confidence)
    l0, u0 = wilson_interval(failures_manual, changes_manual, confidence)
    difference = p1 - p0
    return DifferenceInterval(
        difference,
        difference - sqrt((p1 - l1) ** 2 + (u0 - p0) ** 2),
        difference + sqrt((u1 - p1) ** 2 + (p0 - l0) ** 2),
    )


def median_ranks(n: int, confidence: float = 0.95) -> MedianRanks:
    """Which of n sorted values bound the median; rank 0 says that n is too small for any."""
    tail = (1 - confidence) / 2
    below, rank = 0.0, 0
    for k in range(1, n // 2 + 1):
        below_next = below + comb(n, k - 1) / 2**n
        if below_next > tail:
            break
        below, rank = below_next, k
    return MedianRanks(rank, n + 1 - rank if rank else None, 1 - 2 * below)


def median_interval(
    resolved_minutes: Sequence[float], open_incidents: int, confidence: float = 0.95
) -> MedianInterval:
    """Open incidents rank as longer than every resolved one, so that dropping them flatters nobody."""
    values = [*sorted(resolved_minutes), *[inf] * open_incidents]
    if not values:
        return MedianInterval(None, None, None, 0, None)
    ranks = median_ranks(len(values), confidence)
    if ranks.rank_high is None:
        return MedianInterval(median(values), None, None, 0, None)
    return MedianInterval(
        median(values),
        values[ranks.rank_low - 1],
        values[ranks.rank_high - 1],
        ranks.rank_low,
        ranks.rank_high,
    )
