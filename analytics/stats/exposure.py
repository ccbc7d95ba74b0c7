"""Events over spans of time: how much faster they come in one than in the other."""

from __future__ import annotations

from math import inf

from analytics.stats.intervals import wilson_interval
from analytics.stats.shapes import RatioInterval

STEPS = 40
ENOUGH = 15


def time_ratio_interval(
    events: int, time: float, events_before: int, time_before: float, confidence: float = 0.95
) -> RatioInterval:
    """The rate of the one over the rate of the other; both times in the same unit, above zero.

    Given how many events there were in all, each falls into the first span with a probability that its
    share of the time and the ratio give: the exact interval for that share with the mid-P rule, turned back
    into a ratio. Sources: the conditional test of two Poisson means (Przyborowski and Wilenski 1940); mid-P
    (Lancaster 1961), since the exact interval alone is wider than it claims for few events.
    """
    whole = events + events_before
    if not whole:
        return RatioInterval(None, 0.0, inf)
    low, high = _share(events, whole, confidence)
    ratio = _ratio(events / whole, time, time_before) if events_before else None
    return RatioInterval(ratio, _ratio(low, time, time_before), _ratio(high, time, time_before))


def _share(events: int, whole: int, confidence: float) -> tuple[float, float]:
    """Wilson's interval where there is enough on both sides: then the two say the same."""
    if min(events, whole - events) >= ENOUGH:
        interval = wilson_interval(events, whole, confidence)
        return interval.low, interval.high
    tail = (1 - confidence) / 2
    low = _share_at(1 - tail, events, whole) if events else 0.0
    return low, _share_at(tail, events, whole) if events < whole else 1.0


def _share_at(wanted: float, events: int, whole: int) -> float:
    """The share at which fewer events, and half the chance of just as many, have this probability."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if _below(events, whole, middle) > wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _below(events: int, whole: int, share: float) -> float:
    """Summed from the side with fewer terms."""
    if events > whole - events:
        return 1 - _below(whole - events, whole, 1 - share)
    if share >= 1:
        return 0.0
    term, total = (1 - share) ** whole, 0.0
    for k in range(events):
        total += term
        term *= (whole - k) / (k + 1) * share / (1 - share)
    return total + term / 2


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
