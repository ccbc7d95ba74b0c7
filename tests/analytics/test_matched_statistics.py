"""The matched estimate's arithmetic, and simulated organisations whose truth is known."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from analytics.stats.matched import (
    Case,
    Drawn,
    Exposure,
    areas_disagree,
    matched_ratio,
    sums_of,
    tallies,
)
from analytics.stats.matched_simulation import Design, measure, organisation

KIND, MANUAL, OTHER = Exposure.KIND, Exposure.MANUAL, Exposure.OTHER
UNSAID, UNASKED = Exposure.UNSAID, Exposure.UNASKED


def cases(stratum: str, kind: int = 0, manual: int = 0, other: int = 0, unsaid: int = 0) -> list[Case]:
    sorts = [(KIND, kind), (MANUAL, manual), (OTHER, other), (UNSAID, unsaid)]
    return [Case(stratum, sort) for sort, n in sorts for _ in range(n)]


def controls(
    stratum: str, kind: int = 0, manual: int = 0, other: int = 0, unsaid: int = 0, pool: int = 100
) -> list[Drawn]:
    sorts = [(KIND, kind), (MANUAL, manual), (OTHER, other), (UNSAID, unsaid)]
    return [Drawn(stratum, sort, pool) for sort, n in sorts for _ in range(n)]


def test_ratio_is_that_of_the_rates_when_everybody_was_asked() -> None:
    """20 of 100 failed of the kind and 10 of 200 manual ones: 4 times."""
    found = matched_ratio(cases("s", 20, 10), controls("s", 80, 190, pool=270))
    assert found.ratio == pytest.approx((20 / 100) / (10 / 200))
    assert found.low is not None
    assert found.high is not None
    assert found.low < 4 < found.high
    assert found.bound_low == pytest.approx(4)
    assert found.bound_high == pytest.approx(4)


def test_half_of_the_controls_say_the_same_as_all_of_them() -> None:
    whole = matched_ratio(cases("s", 20, 10), controls("s", 80, 190, pool=270))
    half = matched_ratio(cases("s", 20, 10), controls("s", 40, 95, pool=270))
    assert half.ratio == pytest.approx(whole.ratio)
    assert half.high is not None
    assert whole.high is not None
    assert half.high > whole.high, "fewer answers, a wider range"


def test_failed_changes_that_nobody_asked_about_do_not_move_the_ratio() -> None:
    """Half of the failed are asked, and the other half is known to have failed."""
    asked = cases("s", 10, 5) + [Case("s", UNASKED)] * 15
    found = matched_ratio(asked, controls("s", 80, 190, pool=270))
    assert found.ratio == pytest.approx(4)
    assert (found.cases.asked, found.unasked) == (15, 15)


def test_other_help_is_on_neither_side() -> None:
    found = matched_ratio(cases("s", 20, 10, other=30), controls("s", 80, 190, other=70, pool=340))
    assert found.ratio == pytest.approx(4)
    assert (found.cases.other, found.controls.other) == (30, 70)


def test_strata_are_compared_each_within_itself() -> None:
    """Everybody was asked: the sums are Mantel and Haenszel's, whatever the strata hold."""
    said = cases("a", 10, 10) + cases("b", 2, 8)
    drawn = controls("a", 90, 190, pool=280) + controls("b", 48, 392, pool=440)
    kind = 10 * 200 / 300 + 2 * 400 / 450
    manual = 10 * 100 / 300 + 8 * 50 / 450
    assert matched_ratio(said, drawn).ratio == pytest.approx(kind / manual)


def test_shares_of_incidents_weigh() -> None:
    said = [Case("s", KIND, 0.5)] * 20 + [Case("s", MANUAL, 0.5)] * 10
    found = matched_ratio(said, controls("s", 80, 190, pool=285))
    # 10 failures of 90, 5 of 195.
    assert found.ratio == pytest.approx((10 / 90) / (5 / 195), rel=0.02)
    assert found.cases.kind == 20


def test_a_stratum_without_an_answered_control_says_nothing_and_is_told() -> None:
    said = cases("s", 20, 10) + cases("empty", 7) + cases("silent", 3)
    drawn = controls("s", 80, 190, pool=270) + controls("silent", unsaid=2)
    found = matched_ratio(said, drawn)
    assert found.ratio == pytest.approx(4)
    assert (found.alone, found.strata) == (10, 1)


def test_bounds_hold_whatever_was_not_said() -> None:
    said = cases("s", 20, 10, unsaid=2)
    drawn = controls("s", 80, 190, unsaid=10, pool=280)
    found = matched_ratio(said, drawn)
    assert found.ratio is not None
    assert found.bound_low is not None
    assert found.bound_high is not None
    assert found.bound_low < found.ratio < found.bound_high
    worst = matched_ratio(cases("s", 22, 10), controls("s", 80, 200, pool=280))
    assert found.bound_high == pytest.approx(worst.ratio)


REFUSED = {
    "under 5 failed changes of this kind": (cases("s", 4, 10), controls("s", 20, 20)),
    "under 5 failed manual changes": (cases("s", 10, 4), controls("s", 20, 20)),
    "under 5 controls of this kind": (cases("s", 10, 10), controls("s", 4, 20)),
    "under 5 manual controls": (cases("s", 10, 10), controls("s", 20, 4)),
    "more than 30 % of the answers": (cases("s", 10, 10), controls("s", 20, 20, unsaid=18)),
    "meet in any stratum": (
        cases("a", 6) + cases("b", manual=6),
        controls("a", 6) + controls("b", manual=6),
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_no_ratio_is_given_when(words: str) -> None:
    found = matched_ratio(*REFUSED[words])
    assert found.ratio is None
    assert found.low is None
    assert words in found.refused


def test_variance_is_that_of_the_sums_when_organisations_are_drawn_again() -> None:
    """One stratum, many times over: what the formula says against what is seen."""
    random = Random(4)
    seen, told = [], []
    for _ in range(3000):
        said = [Case("s", KIND if random.random() < 0.6 else MANUAL) for _ in range(4)]
        drawn = [Drawn("s", KIND if random.random() < 0.5 else MANUAL, 60) for _ in range(6)]
        (one,) = tallies(said, drawn).values()
        sums = sums_of(one)
        # The odds ratio of 0.6 and 0.5 is 1.5; so many fail that the ratio of rates is a little less.
        ratio = (0.6 * 4 / (0.6 * 4 + 0.5 * 60)) / (0.4 * 4 / (0.4 * 4 + 0.5 * 60))
        seen.append(sums.kind - ratio * sums.manual)
        told.append(sums.variance(ratio))
    mean = sum(seen) / len(seen)
    variance = sum((one - mean) ** 2 for one in seen) / len(seen)
    assert sum(told) / len(told) == pytest.approx(variance, rel=0.1)
    assert abs(mean) < 4 * (variance / len(seen)) ** 0.5 + 0.03


def test_areas_disagree_when_one_is_far_from_the_other() -> None:
    def area(stratum: object) -> object:
        return str(stratum)[0]

    same = cases("a", 20, 10) + cases("b", 20, 10), controls("a", 80, 190) + controls("b", 80, 190)
    assert not areas_disagree(*same, area)
    apart = cases("a", 30, 5) + cases("b", 5, 30), controls("a", 50, 50) + controls("b", 50, 50)
    assert areas_disagree(*apart, area)
    assert not areas_disagree([], [], area)


def test_bound_has_no_limit_when_no_manual_side_is_left() -> None:
    said = cases("a", 6, 6) + cases("b", 6, 6)
    drawn = controls("a", 6, 6, unsaid=1) + controls("b", 6, 6)
    found = matched_ratio(said, drawn)
    assert found.bound_high is not None
    assert found.bound_high < inf


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_matched_ratio_is_unbiased_where_cells_are_inflated(ratio: float) -> None:
    """A short run, seeded: `manage.py simulate_matched` runs it long."""
    found = measure(Design(changes=1200, ratio=ratio), 150, seed=3)
    assert found.cells > 1.3 * ratio, "what was said because it failed is counted"
    assert found.matched == pytest.approx(ratio, rel=0.15)
    assert abs(found.lean) < 0.12
    assert 0.9 <= found.covered <= 0.99
    assert found.given > 0.9


def test_organisation_is_equal_when_the_seed_is() -> None:
    assert organisation(Design(changes=50), Random(1)) == organisation(Design(changes=50), Random(1))
