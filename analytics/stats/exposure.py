"""Events over spans of time: how much faster they come in one than in the other."""

from __future__ import annotations

from math import inf

from analytics.stats.intervals import wilson_interval
from analytics.stats.shapes import RatioInterval


def time_ratio_interval(
    events: int, time: float, events_before: int, time_before: float, confidence: float = 0.95
) -> RatioInterval:
    """The rate of the one over the rate of the other; both times in the same unit, above zero.

    Given how many events there were in all, each falls into the first span with the probability that its
    share of the time and the ratio give: Wilson's interval for that share, turned back into a ratio.
    Source: the conditional test of two Poisson means (Przyborowski and Wilenski 1940), with Wilson's
    interval in place of the exact one, which is too wide for few events.
    """
    whole = events + events_before
    if not whole:
        return RatioInterval(None, 0.0, inf)
    low, high = wilson_interval(events, whole, confidence)
    ratio = _ratio(events / whole, time, time_before) if events_before else None
    return RatioInterval(ratio, _ratio(low, time, time_before), _ratio(high, time, time_before))


def _ratio(share: float, time: float, time_before: float) -> float:
    return inf if share >= 1 else share / (1 - share) * time_before / time


def chance_of_so_few(events: int, time: float, events_before: int, time_before: float) -> float:
    """How probable so few events or fewer are in the first span, were the rate the same in both."""
    whole = events + events_before
    share = time / (time + time_before)
    term, total = (1 - share) ** whole, 0.0
    for k in range(events + 1):
        total += term
        term *= (whole - k) / (k + 1) * share / (1 - share)
    return min(1.0, total)
