"""The decision rule in organisations whose truth is known; long: `manage.py simulate_rule`."""

from __future__ import annotations

import pytest

from analytics.metrics.error_rates import DESIGNS, design_of, measured, nearest
from analytics.stats.simulation import Design, error_rates, power, simulate_year

SMALL = Design(areas=3, kinds=2, changes_a_year=1500)


def test_simulated_year_is_the_same_when_the_seed_is() -> None:
    first, again, other = (simulate_year(SMALL, seed).last for seed in (4, 4, 5))
    assert first == again
    assert len(first) == 2 + 6
    assert other != first


def test_no_safeguard_is_asked_for_when_nothing_differs() -> None:
    rates = error_rates(SMALL, years=4)
    assert (rates.false_safeguard_cells, rates.false_safeguard_kinds) == (0.0, 0.0)


def test_strong_planted_effect_is_found_and_never_called_harmless() -> None:
    design = Design(areas=2, kinds=1, changes_a_year=2500, effects={("kind-0", "area-1"): 6.0})
    shown = power(design, years=2)
    assert shown.get("stronger_safeguard", 0) + shown.get("early_sign", 0) >= 1
    assert not shown.get("holds_up")
    assert not shown.get("does_better")


def test_nothing_reassuring_is_ever_shown_when_nobody_says_manual() -> None:
    unmarked = Design(areas=2, kinds=2, changes_a_year=4000, recall=0.33, said_manual=0.0)
    seen = simulate_year(unmarked, 1)
    assert set(seen.ever) <= {"hidden", "not_enough_data", "early_sign", "stronger_safeguard", "does_better"}
    assert "not_enough_data" in seen.ever


@pytest.mark.parametrize("key", DESIGNS)
def test_every_design_was_measured(key: tuple[str, int, int]) -> None:
    baseline, cells, changes = key
    found = nearest(baseline, cells, changes)
    assert found
    assert (found.baseline, found.cells, found.changes_a_year) == key
    assert found.rates.years >= 50
    assert design_of(key).changes_a_year == changes


def test_error_is_stated_on_the_safe_side_when_the_design_in_use_lies_between_two() -> None:
    found = nearest("manual", 43, 5000)
    assert found
    assert (found.cells, found.changes_a_year) == (60, 10_000)
    largest = nearest("unmarked", 4000, 10**6)
    assert largest
    assert (largest.cells, largest.changes_a_year) == (120, 10_000)


def test_promise_holds_in_every_measured_design() -> None:
    """e-BH at 10 %: no more than one year in ten with a false claim, as far as so many years can tell."""
    for one in measured():
        for share in (one.rates.false_safeguard_cells, one.rates.false_safeguard_kinds):
            assert one.range_of(share).low <= 0.1
