"""A kind against its baseline: adjusted ratio, tests, and what unknown origins could hide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def _comparable(strata: Sequence[Stratum]) -> list[Stratum]:
    """Those with both groups: a stratum with one of them says nothing about the comparison."""
    return [s for s in strata if s["changes_ai"] > 0 and s["changes_manual"] > 0]


def _mantel_haenszel_sums(strata: Sequence[Stratum]) -> tuple[float, float]:
    ai = manual = 0.0
    for s in strata:
        total = s["changes_ai"] + s["changes_manual"]
        ai += s["failures_ai"] * s["changes_manual"] / total
        manual += s["failures_manual"] * s["changes_ai"] / total
    return ai, manual


def _quotient(ai: float, manual: float) -> float | None:
    if manual == 0:
        return None if ai == 0 else inf
    return ai / manual


def adjusted_rate_ratio(strata: Sequence[Stratum], confidence: float = 0.95) -> RatioInterval:
    """Mantel-Haenszel ratio with the Greenland-Robins (1985) interval."""
    ai = manual = variance = 0.0
    for s in strata:
        n1, n0, x1, x0 = s["changes_ai"], s["changes_manual"], s["failures_ai"], s["failures_manual"]
        if n1 > 0 and n0 > 0:
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
    strata: Sequence[tuple[Stratum, int, float]], shares: Sequence[float]
) -> list[float | None]:
    """The adjusted ratio, if of each stratum's unknown (changes, failures) such a share were assisted.

    `strata` hold the unknown among the manual ones; what is moved fails like the rest of the unknown.
    """
    ai, manual = [0.0] * len(shares), [0.0] * len(shares)
    for s, n, failed in strata:
        n1, x1, n0, x0 = s["changes_ai"], s["failures_ai"], s["changes_manual"], s["failures_manual"]
        total = n1 + n0
        for at, share in enumerate(shares):
            own, other = n1 + share * n, n0 - share * n
            if own > 0 and other > 0:
                ai[at] += (x1 + share * failed) * other / total
                manual[at] += (x0 - share * failed) * own / total
    return [_quotient(*sums) for sums in zip(ai, manual, strict=True)]


def stratified_test(strata: Sequence[Stratum]) -> Tested:
    """Cochran-Mantel-Haenszel chi-square with one degree of freedom, without continuity correction."""
    deviation = variance = 0.0
    for s in _comparable(strata):
        n1, n0, failed = s["changes_ai"], s["changes_manual"], s["failures_ai"] + s["failures_manual"]
        total = n1 + n0
        if total < 2:
            continue
        deviation += s["failures_ai"] - n1 * failed / total
        variance += n1 * n0 * failed * (total - failed) / (total**2 * (total - 1))
    if variance <= 0:
        return Tested(0.0, 1.0)
    statistic = deviation**2 / variance
    return Tested(statistic, erfc(sqrt(statistic / 2)))


def ratio_homogeneity(areas: Mapping[str, Sequence[Stratum]]) -> Homogeneity:
    """May one ratio stand for all areas? A conditional score test against the pooled ratio."""
    comparable = [_comparable(strata) for strata in areas.values()]
    pooled = _quotient(*_mantel_haenszel_sums([s for strata in comparable for s in strata]))
    if pooled is None or pooled in (0.0, inf):
        return Homogeneity(0.0, 0, 1.0)
    statistic, informative = 0.0, 0
    for strata in comparable:
        deviation = variance = 0.0
        for s in strata:
            failed = s["failures_ai"] + s["failures_manual"]
            share = pooled * s["changes_ai"] / (pooled * s["changes_ai"] + s["changes_manual"])
            deviation += s["failures_ai"] - failed * share
            variance += failed * share * (1 - share)
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
