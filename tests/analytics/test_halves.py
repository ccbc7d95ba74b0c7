"""Two spans beside each other: chance is named as such, and bursts are no evidence."""

from __future__ import annotations

import random
from math import inf

import pytest

from analytics.stats.halves import Bounded, counts_compared, dispersion, medians_compared
from analytics.stats.intervals import median_interval


def test_counts_differ_when_single_events_would_hardly_do_so_by_chance() -> None:
    found = counts_compared([32] * 13, [24] * 13)
    assert found.direction == 1
    # 416 of 728: Wilson's 53.5 to 60.7 % as odds.
    assert (found.low, found.high) == pytest.approx((1.152, 1.542), abs=0.002)
    assert counts_compared([24] * 13, [32] * 13).direction == -1


def test_the_same_counts_say_nothing_when_weeks_differ_as_much_among_themselves() -> None:
    bursts = [0, 0, 130, 0, 0, 130, 0, 0, 0, 156, 0, 0, 0]
    calm = [0, 104, 0, 0, 0, 104, 0, 0, 0, 104, 0, 0, 0]
    assert (sum(bursts), sum(calm)) == (416, 312)
    assert dispersion(bursts, calm) > 50
    assert counts_compared(bursts, calm).direction == 0


def test_small_counts_are_within_chance() -> None:
    eleven, six = [1] * 11 + [0] * 2, [1] * 6 + [0] * 7
    found = counts_compared(eleven, six)
    assert found.direction == 0
    assert found.low < 1 < found.high


def test_nothing_is_said_when_nothing_happened() -> None:
    assert counts_compared([0] * 13, [0] * 13) == (0.0, inf, 0)
    assert dispersion([0] * 13, [0] * 13) == 1.0
    assert dispersion([5], [7]) == 1.0


def test_medians_differ_when_their_ranges_lie_far_apart() -> None:
    found = medians_compared(Bounded(9, 8, 11), Bounded(5, 4, 6))
    assert found == (4 - 2**0.5, 4 + 5**0.5, 1)
    assert medians_compared(Bounded(5, 4, 6), Bounded(9, 8, 11)).direction == -1
    # The usual range leaves out 0, the surer one does not.
    close = medians_compared(Bounded(6.5, 5.5, 7.5), Bounded(5, 4, 6))
    assert close.low > 0
    assert close.direction == 0


def test_chance_alone_is_rarely_taken_for_a_difference() -> None:
    drawn = random.Random(11)

    def median(n: int) -> Bounded:
        found = median_interval([drawn.lognormvariate(3, 1.5) for _ in range(n)], 0)
        return Bounded(found.median or 0, found.low or 0, found.high or 0)

    said = sum(medians_compared(median(60), median(90)).direction != 0 for _ in range(600))
    assert said <= 9
    weeks = [[sum(drawn.random() < 0.3 for _ in range(10)) for _ in range(13)] for _ in range(1200)]
    said = sum(
        counts_compared(one, two).direction != 0 for one, two in zip(weeks[::2], weeks[1::2], strict=True)
    )
    assert said <= 9
