"""Little's law as a check of the data: what was under way against what was finished, in how long. Pure.

Over a span of T days the average under way, L, is what is inside the span divided by T. What was finished
in it, times how long that took on average, divided by T, says the same but for the edges: time that lies
before the span, and time of what is still under way at its end. The edges are known to the second, so that
whatever is left is a fault of the data: things finished whose beginning nobody told, for example.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86400
# Rounding of seconds is no fault of anybody.
CLEAR = 0.05


@dataclass(frozen=True)
class Balance:
    """In things under way on average. `left` is what neither throughput nor edges explain."""

    average: float
    # Finished a day, times the average days of those whose beginning is known.
    by_throughput: float | None
    edges: float
    left: float | None
    finished: int
    unmeasured: int
    mean_days: float | None

    @property
    def is_off(self) -> bool:
        return self.left is not None and abs(self.left) > max(CLEAR * self.average, 0.005)


def balance(
    *,
    seconds: float,
    inside: float,
    finished: int,
    whole: float,
    before: float,
    after: float,
    unmeasured: int,
) -> Balance:
    """`whole`: all the time of the `finished`, `before`: the part of it before the span, `after`: the time
    within the span of what was not finished by its end; `unmeasured` were finished beside them.

    Raises: ValueError for a span without length.
    """
    if seconds <= 0:
        raise ValueError("a span has a length")
    average = inside / seconds
    edges = (after - before) / seconds
    if not finished:
        # Without one duration nothing can be said of those that were not measured.
        left = None if unmeasured else average - edges
        return Balance(average, None, edges, left, 0, unmeasured, None)
    mean = whole / finished
    by_throughput = (finished + unmeasured) * mean / seconds
    left = average - by_throughput - edges
    return Balance(average, by_throughput, edges, left, finished, unmeasured, mean / DAY)
