"""What some drawn changes say of all: exact intervals, bounds, recall, and ratios without dilution."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb, inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.stats.sampling import (
    AI,
    CANNOT_SAY,
    NO_AI,
    Answers,
    Bounds,
    Known,
    answers,
    assisted_of,
    at_most,
    estimate,
    finite_interval,
    part_of,
    undiluted,
)


def exactly_at_most(found: int, population: int, marked: int, drawn: int) -> Fraction:
    ways = sum(comb(marked, k) * comb(population - marked, drawn - k) for k in range(found + 1))
    return Fraction(ways, comb(population, drawn))


@given(st.integers(1, 60), st.data())
@settings(max_examples=60, deadline=None)
def test_interval_is_the_exact_tails_turned_round(population: int, data: st.DataObject) -> None:
    drawn = data.draw(st.integers(1, population))
    found = data.draw(st.integers(0, drawn))
    tail = Fraction(1, 40)
    fits = [
        marked
        for marked in range(found, population - (drawn - found) + 1)
        if (found == drawn or exactly_at_most(found, population, marked, drawn) > tail)
        and (found == 0 or 1 - exactly_at_most(found - 1, population, marked, drawn) > tail)
    ]
    assert finite_interval(found, drawn, population) == (fits[0], fits[-1])


def test_tail_is_the_hypergeometric_one_when_numbers_are_large() -> None:
    assert at_most(30, 5000, 600, 300) == pytest.approx(float(exactly_at_most(30, 5000, 600, 300)), rel=1e-9)


@pytest.mark.parametrize(("population", "marked", "drawn"), [(80, 8, 20), (300, 120, 40), (45, 1, 15)])
def test_interval_covers_at_least_as_often_as_it_says_whatever_is_drawn(
    population: int, marked: int, drawn: int
) -> None:
    """Not simulated: every outcome with its own chance."""
    whole = comb(population, drawn)
    covered = sum(
        Fraction(comb(marked, k) * comb(population - marked, drawn - k), whole)
        for k in range(max(0, drawn - (population - marked)), min(marked, drawn) + 1)
        if finite_interval(k, drawn, population)[0] <= marked <= finite_interval(k, drawn, population)[1]
    )
    assert covered >= Fraction(95, 100)


def test_interval_closes_when_all_are_drawn() -> None:
    assert finite_interval(7, 30, 30) == (7, 7)


def test_interval_is_narrower_than_that_of_an_endless_population() -> None:
    low, high = finite_interval(10, 40, 60)
    wide_low, wide_high = finite_interval(10, 40, 100_000)
    assert (high - low) / 60 < (wide_high - wide_low) / 100_000


@pytest.mark.parametrize(("found", "drawn", "population"), [(3, 2, 10), (1, 11, 10), (-1, 3, 10)])
def test_interval_is_refused_when_no_draw_has_such_numbers(found: int, drawn: int, population: int) -> None:
    with pytest.raises(ValueError, match="rise"):
        finite_interval(found, drawn, population)


def test_cannot_say_widens_both_ends() -> None:
    sure = assisted_of(400, Answers(assisted=10, manual=30, cannot_say=0))
    open_ = assisted_of(400, Answers(assisted=10, manual=20, cannot_say=10))
    assert (sure.low, open_.low) == (finite_interval(10, 40, 400)[0],) * 2
    assert open_.high == finite_interval(20, 40, 400)[1] > sure.high
    assert sure.value == 100
    assert open_.value == pytest.approx(400 / 3)


def test_nothing_is_estimated_when_nobody_answered() -> None:
    assert assisted_of(400, answers([None] * 40)) == Bounds(None, 0, 400)


def test_no_value_but_bounds_when_nobody_can_say() -> None:
    found = assisted_of(50, answers([CANNOT_SAY] * 20))
    assert found.value is None
    assert (found.low, found.high) == (0, 50)


def test_what_is_open_behind_the_last_answer_was_not_asked() -> None:
    assert answers([AI, NO_AI, None, None]) == Answers(1, 1, 0)


def test_what_was_passed_over_counts_as_cannot_say() -> None:
    assert answers([AI, None, CANNOT_SAY, NO_AI, None]) == Answers(1, 1, 2)


def test_recall_joins_the_known_and_the_drawn_part() -> None:
    found = estimate(Known(marked=40, declared=10, said=0, manual=50, population=100), Answers(10, 40, 0))
    assert found.hidden.value == 20
    assert found.assisted.value == 70
    assert found.recall.value == pytest.approx(40 / 70)
    assert found.recall.low == pytest.approx(40 / (50 + found.hidden.high))
    assert found.recall.high == pytest.approx(40 / (50 + found.hidden.low))
    assert found.known.value == pytest.approx(50 / 70)
    assert found.hidden_in_unmarked.value == pytest.approx(20 / 150)
    assert found.assisted_share.value == pytest.approx(70 / 200)


def test_recall_is_open_when_nothing_is_marked_and_nothing_found() -> None:
    found = estimate(Known(marked=0, declared=0, said=0, manual=0, population=50), Answers(0, 10, 0))
    assert (found.recall.value, found.recall.low, found.recall.high) == (None, 0.0, 1.0)
    assert part_of(0, Bounds(0, 0, 0)) == Bounds(None, 0.0, 1.0)


@given(st.integers(0, 200), st.integers(0, 50), st.integers(1, 300), st.integers(0, 40), st.integers(0, 40))
def test_shares_stay_shares_and_hold_their_value(
    marked: int, manual: int, population: int, ai: int, no_ai: int
) -> None:
    ai, no_ai = min(ai, population), min(no_ai, max(0, population - ai))
    found = estimate(Known(marked, 0, 0, manual, population), Answers(ai, no_ai, 0))
    for one in (found.recall, found.known, found.assisted_share, found.hidden_in_unmarked):
        assert 0 <= one.low <= one.high <= 1
        assert one.value is None or one.low - 1e-9 <= one.value <= one.high + 1e-9


def test_ratio_without_dilution_is_the_one_that_was_diluted() -> None:
    """600 marked at 10 %; 400 unmarked, of which 100 hidden AI work fail at 10 % and 300 manual at 4 %."""
    unmarked = (100 * 0.10 + 300 * 0.04) / 400
    assert undiluted(0.10 / unmarked, 0.25) == pytest.approx(0.10 / 0.04)


def test_ratio_of_one_stays_one_and_others_move_away_from_it() -> None:
    assert undiluted(1.0, 0.4) == pytest.approx(1.0)
    assert undiluted(1.5, 0.0) == 1.5
    assert undiluted(1.5, 0.2) > 1.5
    assert undiluted(0.6, 0.2) < 0.6


def test_ratio_has_no_limit_when_hidden_work_alone_would_account_for_all_failures() -> None:
    assert undiluted(4.0, 0.25) == inf
    assert undiluted(1.0, 1.0) == inf


def test_interval_covers_the_truth_in_most_seeded_draws() -> None:
    truth = set(range(0, 700, 3))
    hits = 0
    for seed in range(100):
        lots = random.Random(seed).sample(range(700), 40)
        said = answers(AI if one in truth else NO_AI for one in lots)
        found = assisted_of(700, said)
        hits += found.low <= len(truth) <= found.high
    assert hits >= 90
