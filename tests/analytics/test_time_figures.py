"""Where the time goes, from rows made by hand: every number worked out beside them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from analytics.flow_weeks import Span
from analytics.metrics import time_spent
from analytics.metrics.time_spent import Spread
from analytics.models.flow import ChangeFlow, FlowTold, ReviewRules
from analytics.stats import median_interval
from tests import make
from tests.analytics.flow_rows import DAY, HOUR, MONDAY, NOW, at, deployed, shipped

pytestmark = pytest.mark.django_db


def reckoned(begins_on: date = MONDAY, weeks: int = 1, *, demo: bool = False) -> dict[str, dict[str, Any]]:
    return time_spent.reckon(Span(begins_on, weeks), demo, ReviewRules(), NOW)


def spread(stage: str, group: str = "all", scope: str = "", **asked: Any) -> Spread:
    return time_spent.read(reckoned(**asked).get(scope), stage, group)


def waited(seconds: int | None, **over: Any) -> ChangeFlow:
    """Merged on the Monday, reviewed after so long."""
    service = over.pop("service", None)
    values = {"reviews": 1, "rounds": 1, "waited_for_review": seconds} | over
    return shipped(service, at(), None, **values)


def test_a_median_has_its_order_statistics_when_there_are_enough() -> None:
    drawn = random.Random(7)
    seconds = [drawn.randrange(10, 500_000) for _ in range(37)]
    for one in seconds:
        waited(one)
    found = spread("review")
    median, low, high, *_ = median_interval(seconds, 0)
    assert (found.n, found.median, found.low, found.high) == (37, median, low, high)
    assert found.p85 == sorted(seconds)[31]  # the 32nd of 37 is the first that 85 of 100 do not exceed


def test_there_is_no_range_when_a_median_rests_on_five() -> None:
    for hours in (1, 2, 3, 4, 10_000):
        waited(hours * HOUR)
    assert spread("review") == Spread(5, 3 * HOUR, None, None, None)


def test_the_middle_of_an_even_number_lies_between_the_two() -> None:
    waited(10 * 60)
    waited(14_400 * 60)
    assert spread("review").median == 7205 * 60


def test_each_stage_counts_in_its_own_week_when_a_change_ships_later() -> None:
    later = at(7)
    shipped(
        None, later, 9 * DAY, merged_at=at(), ready_at=at(-2), waited_for_review=HOUR, reviews=2, rounds=3,
        waited_for_tests=600, waited_for_deployment=7 * DAY,
    )  # fmt: skip
    found = reckoned()[""]
    second = reckoned(MONDAY + timedelta(weeks=1))[""]
    assert set(found["groups"]["all"]) == {"merged", "review", "rounds", "tests"}
    assert set(second["groups"]["all"]) == {"merged", "deployment", "lead"}
    assert (found["groups"]["all"]["merged"], second["groups"]["all"]["merged"]) == (1, 0)
    assert (found["flow"]["shipped"], second["flow"]["shipped"]) == (0, 1)
    # From the first commit on: nine days before it shipped, two before it was merged it was ready.
    both = reckoned(weeks=2)[""]["groups"]["all"]
    assert both["made"]["median"] == 0 * DAY
    assert both["reviewed"]["median"] == 2 * DAY - HOUR
    assert both["rounds"]["median"] == 3


def test_the_time_before_a_request_is_known_only_when_commits_were_told() -> None:
    shipped(None, at(3), 5 * DAY, merged_at=at(2), ready_at=at(1))
    shipped(None, at(3), 5 * DAY, merged_at=at(2), ready_at=at(1), lead_basis="opened")
    # Ready before its first commit: an order that cannot be.
    shipped(None, at(3), 1 * DAY, merged_at=at(2), ready_at=at(1))
    found = reckoned(weeks=13)[""]
    assert found["groups"]["all"]["made"] == {
        "n": 1, "median": 3 * DAY, "low": None, "high": None, "p85": None,
    }  # fmt: skip
    assert (found["groups"]["all"]["lead"]["n"], found["missing"]["from_opening"]) == (3, 1)


def test_what_cannot_be_measured_is_counted_by_its_reason_and_is_no_zero() -> None:
    FlowTold.objects.create(repository_id=77, checks_since=at(-3))
    waited(None, reviews=None, rounds=None)
    waited(None, reviews=0, rounds=0, repository_id=77)
    waited(None, reviews=1)
    waited(60, shipped_at=None, is_first_known=True, waited_for_tests=5)
    waited(60, shipped_at=None)
    waited(60, shipped_at=None, state="merged")
    found = reckoned()[""]
    assert found["missing"] == {
        "review_untold": 1, "review_none": 1, "review_unclear": 1, "rounds_none": 1, "tests_untold": 4,
        "tests_none": 1, "deployment_unclear": 3, "lead_unclear": 3, "from_opening": 0, "first_known": 1,
        "by_merge": 1, "not_deployed": 1,
    }  # fmt: skip
    assert found["groups"]["all"]["review"]["n"] == 3
    assert "lead" not in found["groups"]["all"]


def test_automation_and_unknown_origin_have_rows_of_their_own() -> None:
    for origin, seconds in (("unknown", 1), ("manual", 2), ("assisted", 3), ("autonomous", 4)):
        waited(seconds, origin=origin)
    waited(500, automation=True, lines=90_000)
    waited(6, automation=True, origin="assisted")
    found = reckoned()[""]["groups"]
    merged = {group: figures["merged"] for group, figures in found.items()}
    assert merged == {
        "all": 5, "origin:unknown": 1, "origin:manual": 1, "origin:assisted": 2, "origin:autonomous": 1,
        "origin:automation": 1,
    }  # fmt: skip
    assert found["all"]["review"]["median"] == 3
    assert found["origin:automation"]["review"]["median"] == 500
    assert reckoned()[""]["activity"]["lines"] == 0


def test_groups_of_size_and_area_are_told_apart_for_thirteen_weeks() -> None:
    area = make.area()
    shop = make.service("Shop", area=area)
    waited(10, service=shop, size_band="large")
    waited(30, service=shop, size_band="unknown")
    waited(50)
    found = reckoned(weeks=13)
    assert found[""]["groups"]["size:large"]["review"]["median"] == 10
    assert found[""]["groups"]["size:unknown"]["review"]["median"] == 30
    assert found[""]["groups"][f"area:{area.pk}"]["review"]["median"] == 20
    assert found[""]["groups"]["area:none"]["review"]["median"] == 50
    assert found[f"service:{shop.pk}"]["groups"][f"area:{area.pk}"]["merged"] == 2
    assert not any(group.startswith("area:") for group in found[f"area:{area.pk}"]["groups"])
    assert set(reckoned()[""]["groups"]) == {"all", "origin:unknown"}


def test_the_longest_waits_come_first_and_no_more_than_fifty() -> None:
    rows = [waited(seconds) for seconds in range(1, 61)]
    waited(9_999, automation=True)
    longest = reckoned(weeks=13)[""]["longest"]["review"]
    assert longest == [row.pk for row in rows[:9:-1]]
    assert len(longest) == 50
    assert reckoned()[""]["longest"] == {}


def test_activity_and_value_are_counted_side_by_side() -> None:
    shop = make.service("Shop", reports_incidents=True)
    shipped(shop, at(1), 60, lines=40)
    shipped(shop, at(1), 60, lines=1000, origin="assisted")
    shipped(shop, at(1), 60, lines=None)
    for day, over in (
        (1, {}),
        (2, {"failed": True}),
        (3, {"is_rework": True}),
        (4, {"reached_users": False}),
    ):
        deployed(shop, at(day), **over)
    found = reckoned()[f"service:{shop.pk}"]
    assert found["activity"] == {"lines": 1040, "lines_unknown": 1, "largest": 1000}
    assert found["flow"] == {
        "deployments": 3, "attempts": 1, "failed": 1, "suspected": 0, "pending": 0, "judged": 3,
        "unmeasured": 0, "rework": 1, "shipped": 3, "since": None,
    }  # fmt: skip


def test_a_failure_is_hidden_when_a_restricted_incident_alone_says_so() -> None:
    shop = make.service("Shop", reports_incidents=True)
    deployed(shop, at(1), failed=True, by_restricted=True)
    assert reckoned()[""]["flow"]["failed"] is None
    for day in (2, 3):
        deployed(shop, at(day), failed=True)
    assert reckoned()[""]["flow"]["failed"] == 3


def test_demonstration_data_is_never_in_one_figure_with_real_data() -> None:
    waited(60)
    waited(600, is_demo=True)
    assert spread("review").median == 60
    assert spread("review", demo=True).median == 600


def test_there_is_one_empty_scope_when_nothing_is_known() -> None:
    assert reckoned() == {"": time_spent.nothing()}
