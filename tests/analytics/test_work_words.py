"""Sentences and pictures of work in progress and operating load: true by the figures beside them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from analytics.charts_work import Bar, panel
from analytics.metrics import load_words
from analytics.metrics.load import Load
from analytics.metrics.work import Work
from analytics.metrics.work_words import age, number, sentences
from analytics.queries.work import Sums

AT = datetime(2026, 3, 9, tzinfo=UTC)
DAY = 86400


def work(sort: str = "changes", **over: Any) -> Work:
    values = asdict(Sums()) | {"unopened": 0, "commits": 0} | over
    return Work(sort, 7 * DAY, values, AT)


def since(days: float) -> float:
    return (AT - timedelta(days=days)).timestamp()


@dataclass
class Limit:
    most: int | None = None
    oldest_days: int | None = None
    crossed_since: datetime | None = None


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({}, ("None at all now.",)),
        ({"under_way": 1, "median_since": since(2), "p85_since": since(2)}, ("1 change is open now.",)),
        (
            {"under_way": 1200, "median_since": since(2), "p85_since": since(12.4), "stale": 1},
            ("1\u202f200 changes are open now.",
             "Half are older than 2.0 days, 15 in 100 older than 12 days.", "1 is older than 30 days."),
        ),
    ],
)  # fmt: skip
def test_the_state_is_said_in_words(over: dict[str, Any], said: tuple[str, ...]) -> None:
    assert sentences("changes", work(**over), None, None, None, True).state == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (0, 0, "None in 26 weeks."),
        (100, 98, "100 on average, about as in the 13 weeks before."),
        (12, 8, "12.0 on average, more than the 8.0 of the 13 weeks before."),
        (0.5, 8, "0.50 on average, fewer than the 8.0 of the 13 weeks before."),
    ],
)
def test_an_average_stands_beside_its_own_past(now: float, before: float, said: str) -> None:
    own, past = (work(inside=value * 7 * DAY) for value in (now, before))
    assert sentences("changes", None, own, past, None, True).past == (said,)


def test_a_limit_is_crossed_from_one_more_on() -> None:
    state = work(under_way=5, oldest_since=since(10))
    for limit, crossed in (
        (Limit(most=5), 0), (Limit(most=4), 1), (Limit(oldest_days=10), 0), (Limit(oldest_days=9), 1),
        (Limit(most=4, oldest_days=9), 2),
    ):  # fmt: skip
        assert len(sentences("changes", state, None, None, limit, True).over) == crossed


def test_little_speaks_only_where_the_data_is_at_fault() -> None:
    even: dict[str, Any] = {"inside": 14 * DAY, "finished": 7, "whole": 14 * DAY}
    assert sentences("changes", None, work(**even), None, None, True).alarm == ()
    (said,) = sentences("changes", None, work(**even, unopened=12), None, None, True).alarm
    assert said == (
        "Open changes: 12 changes were closed without ever being opened here. By what was finished the "
        "average of 13 weeks should be 5.4, and not 2.0."
    )
    (said,) = sentences("incidents", None, work("incidents", endless=1), None, None, True).alarm
    assert said.endswith("so that no average can be checked.")
    off = even | {"whole": 28 * DAY}
    (said,) = sentences("changes", None, work(**off), None, None, True).alarm
    assert "the data contradicts itself" in said


def test_numbers_have_as_many_digits_as_mean_something() -> None:
    assert [number(one) for one in (0.123, 3.14159, 99.94, 12345.6)] == ["0.12", "3.1", "99.9", "12\u202f346"]
    assert [age(one) for one in (0.01, 0.5, 1.25, 400)] == [
        "14 minutes",
        "12.0 hours",
        "1.2 days",
        "400 days",
    ]


MONDAY = date(2026, 1, 5)


def bars(*heights: float | None) -> list[Bar]:
    return [
        Bar(MONDAY + timedelta(weeks=place), None if one is None else (("light", one),), f"week {place}")
        for place, one in enumerate(heights)
    ]


def test_a_bar_stands_on_the_foot_and_a_limit_within_the_picture() -> None:
    drawn = panel("a", "A", bars(4, 0, None, 0.001), limit=10, limit_words="limit 10")
    four, none, gap, little = drawn.marks
    assert four.pieces[0].y + four.pieces[0].height == drawn.foot
    assert (none.pieces, none.is_gap) == ((), False)
    assert (gap.pieces, gap.is_gap) == ((), True)
    assert little.pieces[0].height == 1
    assert drawn.limit_y is not None
    assert drawn.top <= drawn.limit_y < drawn.foot
    assert [line.label for line in drawn.lines] == ["0", "5", "10", "15"]
    assert drawn.dates[0][2] == "2026"


@pytest.mark.parametrize("highest", [0, 0.03, 1, 7, 19.99, 20, 450, 123456])
def test_a_scale_has_few_round_lines_and_holds_every_bar(highest: float) -> None:
    drawn = panel("a", "A", bars(highest, None))
    assert 2 <= len(drawn.lines) <= 6
    assert all(piece.y >= drawn.top - 0.1 for mark in drawn.marks for piece in mark.pieces)


def load(**over: Any) -> Load:
    return Load({"services": 3, "alerts": None, "readings": {}} | over)


def reading(**counts: int) -> dict[str, Any]:
    return {"dependencies": {"counts": counts, "repositories": len(counts), "oldest": "2026-01-01"}}


def alerts(opened: int, apart: int) -> dict[str, int]:
    return {"opened": opened, "apart": apart, "false": 0, "open": 0}


@pytest.mark.parametrize(
    ("now", "before", "head", "said"),
    [
        (load(), None, "alerts", "No alert ever named anything here: nobody can tell whether it is watched."),
        (load(alerts=alerts(0, 0)), None, "alerts", "No alert in 13 weeks."),
        (load(alerts=alerts(1, 0)), None, "alerts", "It belonged to an incident."),
        (load(alerts=alerts(30, 6)), load(alerts=alerts(28, 0)), "alerts",
         "6 of 30 led to no incident, or to a false alarm: noise. 2 more than in the 13 weeks before."),
        (load(), load(), "dependencies",
         "Not measured. One line in a pipeline, or a count in a clone, tells."),
        (load(readings=reading(a=4)), load(), "dependencies",
         "Measured for the first time within these weeks: what it was before nobody knows."),
        (load(readings=reading(a=4, b=9)), load(readings=reading(a=4)), "dependencies",
         "As many as 13 weeks ago. 1 place was measured for the first time since, and is no growth."),
        (load(readings=reading(a=4)), load(readings=reading(a=5)), "dependencies",
         "1 dependency fewer than 13 weeks ago, 5 then."),
        (load(), load(services=1), "services", "2 more known here than 13 weeks ago."),
        (load(), load(), "services", "No more and no fewer than 13 weeks ago."),
        (load(services=0), None, "services", "No service is known here."),
    ],
)  # fmt: skip
def test_load_is_said_in_words(now: Load, before: Load | None, head: str, said: str) -> None:
    assert load_words.sentences(now, before)[head] == said
