"""The picture of activity beside value: each band has its own axis from zero, and a gap is no bar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from analytics.charts_bands import NARROW, WIDE, Band, Bars, Dots, Layout, Sum, TimeChart
from analytics.charts_time import QUARTER, chart, short, way
from analytics.metrics.time_spent import Spread

WEEKS = tuple(date(2025, 12, 1) + timedelta(weeks=n) for n in range(2 * QUARTER))
SUM = Sum("412", "315", "+31 %", "within chance")
Counts = tuple[int | None, ...]


def drawn(*rows: Bars | Dots, layout: Layout = WIDE, partial: bool = False) -> TimeChart:
    weeks = (*WEEKS, WEEKS[-1] + timedelta(weeks=1)) if partial else WEEKS
    return chart(rows, weeks, layout, is_partial=partial)


def bars(*looks: Counts, beside: bool = False, young: Counts = ()) -> Bars:
    named = tuple((f"look{n}", f"name{n}", weeks) for n, weeks in enumerate(looks))
    return Bars("merged", "Changes merged", "a week", named, (SUM,), beside=beside, young=young)


def dots(weeks: tuple[Spread | None, ...], before: Spread, now: Spread) -> Dots:
    return Dots("review", "Waiting for review", "seconds", weeks, before, now, (SUM,))


def only(found: TimeChart) -> Band:
    (band,) = found.bands
    return band


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_bars_are_stacked_from_zero_and_in_proportion(layout: Layout) -> None:
    band = only(drawn(bars((10,) * 26, (30,) * 26), layout=layout))
    assert band.ceiling == "40"
    foot, top = band.slots[0].pieces
    assert foot.y + foot.height == pytest.approx(band.foot, abs=0.1)
    assert top.y + top.height == pytest.approx(foot.y, abs=0.2)
    assert top.height == pytest.approx(3 * foot.height, abs=0.3)
    assert top.y == pytest.approx(band.top, abs=0.2)


def test_two_counts_stand_side_by_side_when_they_are_no_parts_of_one() -> None:
    band = only(drawn(bars((4,) * 26, (2,) * 26, beside=True)))
    left, right = band.slots[0].pieces
    assert left.x + left.width == pytest.approx(right.x, abs=0.2)
    assert left.height == pytest.approx(2 * right.height, abs=0.2)
    assert band.levels == ()


def test_a_gap_is_no_bar_and_the_half_with_it_has_no_mean() -> None:
    band = only(drawn(bars((None, 0, *[5] * 24))))
    gap, none, _ = band.slots[:3]
    assert (gap.is_gap, gap.pieces, gap.words) == (True, (), "1 Dec to 7 Dec 2025: not known")
    assert (none.is_gap, none.pieces, none.words) == (False, (), "8 Dec to 14 Dec 2025: 0 name0")
    assert [level.label for level in band.levels] == ["5 a week"]


def test_every_band_has_an_axis_of_its_own() -> None:
    found = drawn(bars((7,) * 26), bars((12_345,) * 26))
    assert [band.ceiling for band in found.bands] == ["8", "15\u202fk"]
    assert found.bands[0].foot < found.bands[1].y


def test_young_weeks_say_so() -> None:
    band = only(drawn(bars((1,) * 26, young=(0,) * 25 + (3,))))
    assert band.slots[-1].is_young
    assert band.slots[-1].words.endswith("1 name0; 3 too young to tell")
    assert not band.slots[-2].is_young


def test_a_week_that_is_not_over_stands_behind_the_two_spans() -> None:
    found = drawn(bars((3,) * 27), partial=True)
    assert only(found).slots[-1].is_partial
    assert only(found).slots[-1].words.endswith("not over yet")
    assert found.until == pytest.approx(only(found).slots[-1].x, abs=0.1)


def test_a_median_stands_on_its_range_and_a_wide_one_of_few_is_cut_off() -> None:
    hour = 3600
    weeks = (
        Spread(30, 2 * hour, 1 * hour, 4 * hour), Spread(7, 2 * hour, 1 * hour, 90 * hour),
        Spread(3, 2 * hour), Spread(), None, *[Spread(30, 2 * hour, hour, 3 * hour)] * 21,
    )  # fmt: skip
    band = only(drawn(dots(weeks, Spread(99, 2 * hour, 1.5 * hour, 2.5 * hour), Spread(4, 3 * hour))))
    assert band.ceiling == "4 h"
    sure, wide, few, nothing, unknown = band.slots[:5]
    assert (sure.high, wide.high) == (band.top, band.top)
    assert (few.is_few, few.low) == (True, None)
    assert (nothing.y, nothing.is_dot, unknown.is_dot) == (None, True, False)
    assert sure.words == "1 Dec to 7 Dec 2025: 2 h, 30 changes, 1 h to 4 h"
    assert [level.height is not None for level in band.levels] == [True, False]


def test_words_stand_across_a_band_without_anything_to_draw() -> None:
    empty = only(
        drawn(Bars("flow", "Deployments", "a week", (("flow", "x", (None,) * 26),), (SUM,), why="none told"))
    )
    assert empty.empty == "none told"
    assert only(drawn(dots((Spread(),) * 26, Spread(), Spread()))).empty


def test_sums_stand_beside_a_wide_band_and_above_a_narrow_one() -> None:
    two = Bars("t", "Trouble", "a week", (("failed", "f", (1,) * 26),), (SUM, SUM))
    wide, narrow = only(drawn(two)), only(drawn(two, layout=NARROW))
    assert all(wide.top <= line.value_y <= wide.foot for line in wide.lines)
    assert wide.lines[0].change_y < wide.lines[1].value_y
    assert all(narrow.y < line.y < narrow.top for line in narrow.lines)


def test_large_numbers_are_short_on_the_axis() -> None:
    assert [short(n) for n in (840, 9_999, 12_000, 1_500_000)] == [
        "840",
        "9\u202f999",
        "12\u202fk",
        "1.5\u202fM",
    ]


def test_the_way_is_as_wide_as_its_steps_are_long() -> None:
    steps = way(
        [
            ("made", "Made", Spread(9, 300.0)),
            ("review", "Review", Spread()),
            ("deployment", "Queued", Spread(9, 100.0)),
        ]
    )
    assert [(step.number, step.key) for step in steps] == [(1, "made"), (3, "deployment")]
    assert steps[0].width + 3 == 3 * (steps[1].width + 3)
    assert way([("made", "Made", Spread())]) == ()


def looks(band: Band) -> dict[str, int]:
    """How many shapes each path draws."""
    return {path.look: path.d.count("M") for path in band.paths}


def test_alike_shapes_are_one_path() -> None:
    found = looks(only(drawn(bars((None, 0, *[5] * 25), young=(0,) * 26 + (2,)), partial=True)))
    assert found == {"look0": 25, "gap": 2, "partial": 1}
    weeks = (
        Spread(9, 60.0, 50.0, 70.0),
        Spread(2, 60.0),
        Spread(),
        None,
        *[Spread(9, 60.0, 50.0, 70.0)] * 22,
    )
    found = looks(only(drawn(dots(weeks, Spread(), Spread()))))
    # Nothing measured is no gap; not known is one.
    assert found == {"bar": 23, "dot": 23, "few": 1, "gap": 1}


def test_nothing_is_hatched_when_words_stand_across_the_band() -> None:
    assert looks(only(drawn(bars((None,) * 26)))) == {}
