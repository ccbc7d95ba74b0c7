"""Does it go up or down? Of rates in strata, and of the load on reviewers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import erfc, exp, log, sqrt
from statistics import median

from analytics.stats.shapes import Counts, LoadTrend, MedianLoad, Review, Trend


def stratified_trend(strata: Sequence[Sequence[Counts]], scores: Sequence[float]) -> Trend:
    """Mantel's (1963) test for a trend over scored periods, within strata; two-sided."""
    deviation = variance = 0.0
    for stratum in strata:
        total = sum(period["changes"] for period in stratum)
        if total < 2:
            continue
        failed = sum(period["failures"] for period in stratum)
        pairs = list(zip(stratum, scores, strict=True))
        mean = sum(period["changes"] * t for period, t in pairs) / total
        spread = sum(period["changes"] * (t - mean) ** 2 for period, t in pairs) / total
        deviation += sum(period["failures"] * t for period, t in pairs) - failed * mean
        variance += failed * (total - failed) / (total - 1) * spread
    if variance <= 0:
        return Trend(0.0, 1.0)
    z = deviation / sqrt(variance)
    return Trend(z, erfc(abs(z) / sqrt(2)))


def load_trend(weekly_median_log_ratio: Sequence[float], weeks: Sequence[int] | None = None) -> LoadTrend:
    """Mann-Kendall with correction for ties and continuity, and the Theil-Sen slope per week.

    `weeks`: the place of each among all weeks, where some have no value.
    """
    values = weekly_median_log_ratio
    n = len(values)
    pairs = list(combinations(zip(weeks or range(n), values, strict=True), 2))
    s = sum((b > a) - (b < a) for (_, a), (_, b) in pairs)
    ties = sum(t * (t - 1) * (2 * t + 5) for t in Counter(values).values())
    variance = (n * (n - 1) * (2 * n + 5) - ties) / 18
    slope = median((b - a) / (j - i) for (i, a), (j, b) in pairs) if pairs else 0.0
    if variance <= 0 or s == 0:
        return LoadTrend(s, 0.0, 1.0, slope)
    z = (s - (1 if s > 0 else -1)) / sqrt(variance)
    return LoadTrend(s, z, erfc(abs(z) / sqrt(2)), slope)


def median_log_load(reviews: Sequence[Review]) -> MedianLoad:
    """Median of ln(lines / minutes): one generated giant barely moves it."""
    logs = [log(r["lines"] / r["minutes"]) for r in reviews if r["lines"] > 0 and r["minutes"] > 0]
    if not logs:
        return MedianLoad(None, None)
    middle = median(logs)
    return MedianLoad(middle, exp(middle))
