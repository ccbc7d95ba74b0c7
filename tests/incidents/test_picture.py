"""The picture of an incident: what stands where, and that no words lie on words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents import picture
from incidents.picture import LETTER, Mark, Picture, Told, drawn

BEGAN = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
NAMES = list(picture.PHASES)
WIDTHS = (960, 344)


def minutes(count: float) -> datetime:
    return BEGAN + timedelta(minutes=count)


def told(*times: float | None, marks: tuple[Mark, ...] = (), **over: object) -> Told:
    values: dict[str, object] = {
        "times": dict(zip(NAMES, [None if one is None else minutes(one) for one in times], strict=True)),
        "wrong": frozenset(),
        "marks": marks,
        "began": BEGAN,
        "now": minutes(500),
        "is_over": True,
        "zone": ZoneInfo("Europe/Lisbon"),
    }
    return Told(**(values | over))  # type: ignore[arg-type]


def boxes(made: Picture) -> list[tuple[float, float, float, float]]:
    found = []
    for label in made.labels:
        wide = len(label.text) * LETTER
        x = {"start": label.text_x, "end": label.text_x - wide, "middle": label.text_x - wide / 2}[
            label.anchor
        ]
        found.append((x, label.y - 11, x + wide, label.y))
    return found


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


CASES = {
    "three_minutes": told(0, 1, 1.5, 2, 3),
    "nine_days": told(0, 3000, 3010, 9000, 9 * 1440),
    "all_at_the_beginning": told(0, 1, 2, 3, 600),
    "all_at_the_end": told(0, 597, 598, 599, 600),
    "nothing_known": told(None, None, None, None, None),
    "only_an_end": told(None, None, None, None, 30),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_no_words_lie_on_words_whatever_the_times(case: str, width: int) -> None:
    made = drawn(CASES[case], width=width)
    assert not [pair for pair in combinations(boxes(made), 2) if overlap(*pair)]
    assert all(box[0] >= -1 and box[2] <= width + 1 and box[1] >= -1 for box in boxes(made))
    for one, other in combinations(made.ticks, 2):
        assert abs(one.x - other.x) >= 30


@given(
    st.lists(st.one_of(st.none(), st.integers(-5000, 50_000)), min_size=5, max_size=5),
    st.lists(st.tuples(st.sampled_from(list(picture.LANES)), st.integers(-90_000, 90_000)), max_size=30),
    st.booleans(),
)
def test_everything_stands_within_whatever_is_told(
    times: list[int | None], marks: list[tuple[str, int]], is_over: bool
) -> None:
    made = drawn(
        told(*times, marks=tuple(Mark(lane, minutes(at), "x") for lane, at in marks), is_over=is_over),
        width=960,
    )
    assert not [pair for pair in combinations(boxes(made), 2) if overlap(*pair)]
    for lane in made.lanes:
        for one, other in combinations(lane.clusters, 2):
            assert abs(one.x - other.x) >= 18
        assert all(0 <= cluster.x <= made.width and cluster.words for cluster in lane.clusters)
    assert all(segment.width > 0 for segment in made.segments)
    assert len(made.ticks) < 40


def test_phases_follow_the_moments_when_all_are_known() -> None:
    made = drawn(told(0, 4, 9, 60, 90), width=960)
    assert [segment.phase for segment in made.segments] == ["unnoticed", "noticed", "worked", "mitigated"]
    assert made.segments[2].label == "51 min"


def test_a_missing_moment_is_told_when_a_phase_cannot_be_drawn() -> None:
    facts = told(0, None, None, None, 45)
    assert [segment.words for segment in drawn(facts, width=960).segments] == ["Impact began, then 45 min"]
    assert picture.notes(facts) == ["Not known: detected, acknowledged, mitigated."]


def test_an_impossible_moment_is_left_out_and_told_when_it_lies_before_its_start() -> None:
    facts = told(0, 5, -60, 30, 40, wrong=frozenset({"acknowledged_at"}))
    assert "worked" not in {segment.phase for segment in drawn(facts, width=960).segments}
    assert "Not drawn, as it lies before what must come first: acknowledged." in picture.notes(facts)


def test_the_last_phase_is_open_when_the_incident_is_not_over() -> None:
    made = drawn(told(0, 5, None, 30, None, is_over=False, now=minutes(80)), width=960)
    assert (made.segments[-1].label, made.segments[-1].is_open) == ("not over", True)


def test_the_axis_stays_readable_when_an_incident_was_open_for_months() -> None:
    made = drawn(told(0, 4, None, None, None, is_over=False, now=minutes(200_000)), width=960)
    assert made.segments[0].width > 300


def test_a_deployment_stands_in_the_margin_when_it_was_long_before() -> None:
    facts = told(0, 1, 2, 30, 60, marks=(Mark("change", minutes(-26 * 60), "Roll-out", is_cause=True),))
    cluster = drawn(facts, width=960).lanes[0].clusters[0]
    assert (cluster.away, cluster.is_cause) == ("25 h earlier", True)
    assert cluster.x < (drawn(facts, width=960).before_x or 0)


def test_marks_share_one_when_they_are_too_close() -> None:
    marks = tuple(Mark("alert", minutes(5 + place / 100), f"alert {place}") for place in range(9))
    cluster = drawn(told(0, 4, 9, 60, 90, marks=marks), width=960).lanes[0].clusters[0]
    assert cluster.text == "9"
    assert "alert 8" in cluster.words


def test_key_moments_carry_the_numbers_of_their_list_when_they_are_drawn() -> None:
    marks = (Mark("star", minutes(50), "later"), Mark("star", minutes(10), "first"))
    facts = told(0, 4, 9, 60, 90, marks=marks)
    assert [cluster.text for cluster in drawn(facts, width=960).lanes[0].clusters] == ["1", "2"]
    assert [mark.text for mark in picture.stars(marks)] == ["first", "later"]


def test_ticks_are_round_in_the_readers_zone_when_it_has_half_hours() -> None:
    made = drawn(told(0, 4, 9, 60, 90, zone=ZoneInfo("Asia/Kolkata")), width=960)
    assert {tick.time[-2:] for tick in made.ticks} <= {"00", "10", "20", "30", "40", "50"}
    assert made.ticks[0].day == "2 Mar"


def test_everything_is_told_in_words_when_the_picture_cannot_be_seen() -> None:
    facts = told(0, 4, None, None, 90, marks=(Mark("change", minutes(-12), "Roll-out", is_cause=True),))
    assert picture.in_words(facts) == [
        ("2 Mar 13:48", "Roll-out (named as a cause)"),
        ("2 Mar 14:00", "Impact began"),
        ("2 Mar 14:04", "Detected"),
        ("2 Mar 15:30", "Resolved"),
    ]
