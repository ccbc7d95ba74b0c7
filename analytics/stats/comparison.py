"""A kind against its baseline: adjusted ratio, tests, and what unknown origins could hide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import erfc, exp, inf, lgamma, log, sqrt

from analytics.stats.intervals import normal_quantile
from analytics.stats.shapes import (
    Bounds,
    CrudeAndAdjusted,
    Homogeneity,
    RatioInterval,
    Stratum,
    Tested,
)

# Changes and failures of the kind, and of what it is compared with: a stratum where there are thousands.
Fourfold = tuple[int, float, int, float]


def _fourfold(strata: Iterable[Stratum]) -> list[Fourfold]:
    return [(s["changes_ai"], s["failures_ai"], s["changes_manual"], s["failures_manual"]) for s in strata]


def comparable(tables: Iterable[Fourfold]) -> list[Fourfold]:
    """Those with both groups: a stratum with one of them says nothing about the comparison."""
    return [table for table in tables if table[0] > 0 and table[2] > 0]


def _quotient(ai: float, manual: float) -> float | None:
    if manual == 0:
        return None if ai == 0 else inf
    return ai / manual


def adjusted_rate_ratio(strata: Sequence[Stratum], confidence: float = 0.95) -> RatioInterval:
    """Mantel-Haenszel ratio with the Greenland-Robins (1985) interval."""
    return adjusted_ratio(comparable(_fourfold(strata)), confidence)


def adjusted_ratio(tables: Sequence[Fourfold], confidence: float = 0.95) -> RatioInterval:
    """The same of comparable strata."""
    ai = manual = variance = 0.0
    for n1, x1, n0, x0 in tables:
        total = n1 + n0
        ai += x1 * n0 / total
        manual += x0 * n1 / total
        variance += (n1 * n0 * (x1 + x0) - x1 * x0 * total) / total**2
    if ai == 0 or manual == 0:
        return RatioInterval(_quotient(ai, manual), 0.0, inf)
    half = normal_quantile(confidence) * sqrt(max(0.0, variance / (ai * manual)))
    return RatioInterval(ai / manual, ai / manual * exp(-half), ai / manual * exp(half))


def crude_and_adjusted_ratio(strata: Sequence[Stratum]) -> CrudeAndAdjusted:
    """Both ratios side by side, so that Simpson's paradox is seen."""
    x1, n1 = sum(s["failures_ai"] for s in strata), sum(s["changes_ai"] for s in strata)
    x0, n0 = sum(s["failures_manual"] for s in strata), sum(s["changes_manual"] for s in strata)
    return crude_beside(adjusted_rate_ratio(strata).ratio, x1, n1, x0, n0)


def crude_beside(adjusted: float | None, x1: float, n1: int, x0: float, n0: int) -> CrudeAndAdjusted:
    """The same where the adjusted ratio and the sums (failures, changes; 1 for "ai") are known already."""
    crude = (x1 / n1) / (x0 / n0) if n1 and n0 and x0 else None
    differs = crude is not None and adjusted is not None and (crude - 1) * (adjusted - 1) < 0
    return CrudeAndAdjusted(crude, adjusted, differs)


def ratios_if_assisted(
    tables: Sequence[tuple[int, float, int, float, int, float]], shares: Sequence[float]
) -> list[float | None]:
    """The adjusted ratio, if of each stratum's unknown such a share were assisted.

    Each is a fourfold table, with its unknown changes and failures behind it. It holds these on its
    manual side, which is never empty; what is moved fails like the rest of them.
    """
    found = []
    for share in shares:
        ai = manual = 0.0
        for n1, x1, n0, x0, n, failed in tables:
            moved, moved_failed, total = share * n, share * failed, n1 + n0
            ai += (x1 + moved_failed) * (n0 - moved) / total
            manual += (x0 - moved_failed) * (n1 + moved) / total
        found.append(_quotient(ai, manual))
    return found


def stratified_test(strata: Sequence[Stratum]) -> Tested:
    """Cochran-Mantel-Haenszel chi-square with one degree of freedom, without continuity correction."""
    deviation = variance = 0.0
    for n1, x1, n0, x0 in comparable(_fourfold(strata)):
        total, failed = n1 + n0, x1 + x0
        if total < 2:
            continue
        deviation += x1 - n1 * failed / total
        variance += n1 * n0 * failed * (total - failed) / (total**2 * (total - 1))
    if variance <= 0:
        return Tested(0.0, 1.0)
    statistic = deviation**2 / variance
    return Tested(statistic, erfc(sqrt(statistic / 2)))


def ratio_homogeneity(areas: Mapping[str, Sequence[Stratum]]) -> Homogeneity:
    """May one ratio stand for all areas? A conditional score test against the pooled ratio."""
    tables = [comparable(_fourfold(strata)) for strata in areas.values()]
    return homogeneity(tables, adjusted_ratio([one for of_area in tables for one in of_area]).ratio)


def homogeneity(areas: Sequence[Sequence[Fourfold]], pooled: float | None) -> Homogeneity:
    """The same of comparable strata, whose ratio is known already."""
    if pooled is None or pooled in (0.0, inf):
        return Homogeneity(0.0, 0, 1.0)
    statistic, informative = 0.0, 0
    for tables in areas:
        deviation = variance = 0.0
        for n1, x1, n0, x0 in tables:
            share = pooled * n1 / (pooled * n1 + n0)
            deviation += x1 - (x1 + x0) * share
            variance += (x1 + x0) * share * (1 - share)
        if variance > 0:
            statistic += deviation**2 / variance
            informative += 1
    df = max(0, informative - 1)
    return Homogeneity(statistic, df, chi_square_tail(statistic, df))


def chi_square_tail(statistic: float, df: int) -> float:
    """P(X >= statistic) for df degrees of freedom, by the recursion over df in steps of two."""
    if df <= 0 or statistic <= 0:
        return 1.0
    half = statistic / 2
    if df % 2:
        tail, shape = erfc(sqrt(half)), 0.5
    else:
        tail, shape = exp(-half), 1.0
    while shape < df / 2:
        tail += exp(shape * log(half) - half - lgamma(shape + 1))
        shape += 1
    return min(1.0, tail)


def unknown_origin_bounds(
    failures_kind: float,
    changes_kind: int,
    failures_manual: float,
    changes_manual: int,
    failures_unknown: float,
    changes_unknown: int,
) -> Bounds:
    """The extremes that the rate and ratio could reach if we knew every origin."""
    harmless = changes_unknown - failures_unknown
    rate_low = failures_kind / (changes_kind + harmless)
    rate_high = (failures_kind + failures_unknown) / (changes_kind + failures_unknown)
    manual_high = (failures_manual + failures_unknown) / (changes_manual + failures_unknown)
    manual_low = failures_manual / (changes_manual + harmless)
    return Bounds(
        rate_low,
        rate_high,
        rate_low / manual_high if manual_high > 0 else inf,
        rate_high / manual_low if manual_low > 0 else inf,
    )
