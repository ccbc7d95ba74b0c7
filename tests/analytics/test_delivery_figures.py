"""The five figures of delivery from rows made by hand: every number worked out beside them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import product
from math import inf

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as some

from accounts.models import Team
from analytics.flow_weeks import Span
from analytics.metrics import (
    change_fail_rate,
    change_lead_time,
    deployment_frequency,
    deployment_rework_rate,
    failed_deployment_recovery,
)
from analytics.metrics.change_fail_rate import most_assigned
from analytics.metrics.delivery_words import Failures, Recovery, Share
from analytics.queries.ranked import SPREAD, ranked
from analytics.stats import median_interval, median_ranks
from analytics.stats.ranks import EXACT, count_interval, low_rank, low_ranks
from changes.models import Service
from tests import make
from tests.analytics.flow_rows import HOUR, MONDAY, NOW, at, broke, deployed, reckoned, shipped

WEEK = timedelta(days=7)


@pytest.fixture
def shop(db: None) -> Service:
    return make.service("Shop", reports_incidents=True)


def fail(scope: str = "", weeks: int = 1, begins_on: date = MONDAY) -> Failures:
    return change_fail_rate.read(reckoned(begins_on, weeks).get(scope))


def recovery(scope: str = "", name: str = "recovery") -> Recovery:
    return failed_deployment_recovery.read(reckoned().get(scope), name)


def test_deployments_active_days_and_attempts_are_three_numbers(shop: Service) -> None:
    deployed(shop, at(-20), is_first_known=True)
    for hour in range(20):
        deployed(shop, at(1) + timedelta(minutes=10 * hour))
    deployed(shop, at(3))
    deployed(shop, at(4), reached_users=False)
    found = deployment_frequency.read(reckoned()[""], Span(MONDAY))
    assert (found.number, found.active_days, found.attempts) == (21, 2, 1)
    assert (found.between.n, found.between.median) == (20, 600)
    assert found.a_week == 21
    assert found.a_week_range == pytest.approx((13.0, 32.1), abs=0.05)


def test_no_deployment_is_0_only_after_the_first_that_is_known(shop: Service) -> None:
    first = deployed(shop, at(9), is_first_known=True)
    after = deployment_frequency.read(reckoned(MONDAY + 2 * WEEK)[""], Span(MONDAY + 2 * WEEK))
    assert (after.number, after.state) == (0, "shown")
    before = deployment_frequency.read(reckoned()[""], Span(MONDAY))
    assert (before.number, before.a_week, before.state) == (None, None, "empty")
    assert deployment_frequency.read(None, Span(MONDAY)).number is None
    begun = deployment_frequency.read(reckoned(weeks=13)[""], Span(MONDAY, 13))
    assert (begun.number, begun.state, begun.known_since) == (1, "since", first.at.date())
    assert begun.a_week is None


def test_every_scope_has_its_own_counts(db: None) -> None:
    team = Team.objects.create(name="Payments", slug="payments")
    one = make.service("One", team=team, reports_incidents=True)
    two = make.service("Two", team=team, reports_incidents=True)
    other = make.service("Other", reports_incidents=True)
    for service, number in ((one, 3), (two, 2), (other, 1)):
        for minute in range(number):
            deployed(service, at(1) + timedelta(minutes=minute), failed=minute == 0)
    figures = reckoned()
    counts = {scope: (said["fail"]["failed"], said["fail"]["judged"]) for scope, said in figures.items()}
    assert counts == {
        "": (3, 6), f"team:{team.pk}": (2, 5), f"service:{one.pk}": (1, 3), f"service:{two.pk}": (1, 2),
        f"service:{other.pk}": (1, 1),
    }  # fmt: skip


def test_demonstration_and_real_rows_never_meet(shop: Service) -> None:
    sample = make.service("Sample", is_demo=True, reports_incidents=True)
    deployed(shop, at(1))
    deployed(sample, at(1), is_demo=True, failed=True)
    broke(sample, at(1), HOUR, is_demo=True)
    assert (fail().failed, fail().judged, recovery().n) == (0, 1, 0)
    theirs = change_fail_rate.read(reckoned(demo=True)[""])
    assert (theirs.failed, theirs.judged) == (1, 1)


def test_lead_time_is_of_what_the_weeks_shipped_and_says_what_it_leaves_out(shop: Service) -> None:
    for hours in range(1, 11):
        shipped(shop, at(1), hours * HOUR, lead_basis="commit" if hours < 8 else "opened")
    shipped(shop, at(1), None)
    shipped(shop, at(1), 99 * HOUR, shipped_at=at(8))
    shipped(shop, at(1), None, shipped_at=None, is_first_known=True)
    shipped(shop, at(1), None, shipped_at=None, state="merged")
    deployed(shop, at(2), is_gap=True)
    found = change_lead_time.read(reckoned()[""])
    assert (found.n, found.median, found.p90) == (10, 5.5 * HOUR, 9 * HOUR)
    assert (found.low, found.high) == (2 * HOUR, 9 * HOUR)
    assert (found.from_commit, found.from_opening) == (7, 3)
    assert (found.no_begin, found.first_known, found.not_deployed, found.gaps) == (1, 1, 1, 1)
    assert found.left_out == 3


def test_lead_time_without_any_is_not_0(shop: Service) -> None:
    shipped(shop, at(1), None, shipped_at=None, is_first_known=True)
    found = change_lead_time.read(reckoned()[""])
    assert (found.n, found.median, found.state) == (0, None, "left_out")
    assert change_lead_time.read(None).state == "empty"


def test_suspected_deployments_stand_beside_the_rate(shop: Service) -> None:
    for number in range(20):
        deployed(shop, at(1) + timedelta(minutes=number), failed=number < 2, suspected=number in (1, 2))
    found = fail()
    assert (found.failed, found.suspected, found.judged) == (2, 1, 20)
    assert found.share.rate == 0.1


def test_rate_has_no_percentage_below_20_deployments(shop: Service) -> None:
    for number in range(19):
        deployed(shop, at(1) + timedelta(minutes=number), failed=number == 0)
    assert (fail().failed, fail().judged, fail().share.rate, fail().state) == (1, 19, None, "few")
    deployed(shop, at(2))
    assert (fail().share.rate, fail().state) == (0.05, "shown")


def test_exposure_is_the_services_own_where_it_has_one(db: None) -> None:
    slow = make.service("Slow", reports_incidents=True, exposure_days=30)
    quick = make.service("Quick", reports_incidents=True)
    when = datetime(2026, 3, 3, 12, tzinfo=UTC)
    for service in (slow, quick):
        deployed(service, when)
        deployed(service, when, failed=True)
    now = when + timedelta(days=20)
    figures = reckoned(now=now)
    young, old = figures[f"service:{slow.pk}"]["fail"], figures[f"service:{quick.pk}"]["fail"]
    assert (young["judged"], young["failed"], young["pending"], young["pending_failed"]) == (0, 0, 2, 1)
    assert (old["judged"], old["failed"], old["pending"]) == (2, 1, 0)
    assert change_fail_rate.read(figures[f"service:{slow.pk}"]).state == "pending"
    assert reckoned(now=now, exposure_days=21)[f"service:{quick.pk}"]["fail"]["pending"] == 2


def test_pooled_rate_leaves_out_services_whose_incidents_are_not_known(shop: Service) -> None:
    silent = make.service("Silent")
    told = make.service("Told not", reports_incidents=False)
    deployed(shop, at(1))
    deployed(silent, at(1))
    deployed(silent, at(2), failed=True)
    deployed(told, at(1))
    deployed(None, at(1))
    found = fail()
    assert (found.judged, found.failed, found.unmeasured, found.unmeasured_failed) == (1, 0, 4, 1)
    assert (found.services, found.services_unmeasured, found.of_no_service) == (3, 2, 1)


def test_alert_or_incident_that_names_a_service_shows_that_its_incidents_are_known(db: None) -> None:
    named, silent = make.service("Named"), make.service("Silent")
    make.incident().services.add(named)
    deployed(named, at(1))
    deployed(silent, at(1))
    assert fail(f"service:{named.pk}").judged == 1
    assert fail(f"service:{silent.pk}").state == "not_measured"


def test_upper_end_gives_each_incident_of_unknown_cause_a_deployment_of_its_own(db: None) -> None:
    one = make.service("One", reports_incidents=True)
    two = make.service("Two", reports_incidents=True)
    for minute in range(12):
        deployed(one, at(1) + timedelta(minutes=minute), failed=minute == 0)
    for minute in range(8):
        deployed(two, at(1) + timedelta(minutes=minute), failed=minute < 7)
    for _ in range(3):
        broke(two, at(2), HOUR, by_change="unknown")  # Two has one deployment left for them
    broke(one, at(2), HOUR, by_change="unknown")
    broke(one, at(2), HOUR, by_change="no")
    broke(None, at(2), HOUR, by_change="unknown")
    found = fail()
    assert (found.failed, found.judged, found.unknown, found.assigned) == (8, 20, 5, 3)
    assert (found.share.rate, found.most.rate) == (0.4, 0.55)
    assert fail(f"service:{two.pk}").assigned == 1


@given(
    some.lists(some.lists(some.integers(1, 3), max_size=2).map(tuple), max_size=5),
    some.dictionaries(some.integers(1, 3), some.integers(0, 2), max_size=3),
)
def test_most_incidents_find_a_deployment_as_by_trying_all(
    incidents: list[tuple[int, ...]], room: dict[int, int]
) -> None:
    best = 0
    for picks in product(*[[None, *(one or room)] for one in incidents]):
        used = [pick for pick in picks if pick is not None]
        if all(used.count(one) <= room.get(one, 0) for one in used):
            best = max(best, len(used))
    assert most_assigned(incidents, room) == best


def test_recovery_is_of_incidents_by_a_change_and_restoring_of_all(shop: Service) -> None:
    broke(shop, at(1), 2 * HOUR)
    broke(shop, at(1), 4 * HOUR)
    broke(shop, at(1), 90 * HOUR, by_change="no")
    assert (recovery().n, recovery().median) == (2, 3 * HOUR)
    assert (recovery(name="restore").n, recovery(name="restore").median) == (3, 4 * HOUR)


def test_missing_and_impossible_times_are_counted_apart_and_never_0(shop: Service) -> None:
    broke(shop, at(1), HOUR)
    broke(shop, at(1), None, is_open=False)
    broke(shop, at(1), None, is_open=False, ended_at=at(0))
    found = recovery()
    assert (found.n, found.median, found.missing, found.invalid) == (1, HOUR, 1, 1)
    assert (found.incidents, found.open) == (3, 0)


def test_recovery_of_mostly_open_incidents_has_no_median_yet(shop: Service) -> None:
    broke(shop, at(1), HOUR)
    broke(shop, at(2), None)
    found = recovery()
    assert (found.median, found.open, found.state, found.is_open_ended) == (None, 1, "open", True)


def test_few_incidents_with_a_restricted_one_hide_how_long_they_took(shop: Service) -> None:
    broke(shop, at(1), HOUR, is_restricted=True)
    broke(shop, at(1), HOUR)
    assert (recovery().median, recovery().state, recovery().incidents) == (None, "hidden", None)
    broke(shop, at(1), HOUR)
    assert (recovery().median, recovery().state) == (HOUR, "shown")


def test_few_failures_told_by_restricted_incidents_hide_their_number(shop: Service) -> None:
    for minute in range(20):
        deployed(shop, at(1) + timedelta(minutes=minute), failed=minute < 2, by_restricted=minute == 0)
    assert (fail().failed, fail().share.rate, fail().state, fail().judged) == (None, None, "hidden", 20)
    deployed(shop, at(2), failed=True)
    assert (fail().failed, fail().state) == (3, "shown")


def test_rework_is_a_share_of_what_reached_users(shop: Service) -> None:
    for minute in range(20):
        deployed(shop, at(1) + timedelta(minutes=minute), is_rework=minute < 3)
    deployed(shop, at(2), reached_users=False)
    found = deployment_rework_rate.read(reckoned()[""])
    assert (found.shown, found.n, found.share.rate, found.state) == (3, 20, 0.15, "shown")
    assert fail().judged == 20  # a rollback may fail as any other deployment


def test_rework_that_nobody_could_tell_of_is_not_0(db: None) -> None:
    silent = make.service("Silent")
    deployed(silent, at(1))
    found = deployment_rework_rate.read(reckoned()[""])
    assert (found.shown, found.state) == (None, "not_measured")
    deployed(silent, at(2), is_rework=True)
    found = deployment_rework_rate.read(reckoned()[""])
    assert (found.shown, found.n, found.state) == (1, 2, "few")


def test_empty_installation_says_of_nothing_that_it_is_0(db: None) -> None:
    figures = reckoned()[""]
    assert deployment_frequency.read(figures, Span(MONDAY)).number is None
    assert change_lead_time.read(figures).median is None
    assert change_fail_rate.read(figures).state == "empty"
    assert failed_deployment_recovery.read(figures, "recovery").state == "empty"
    assert deployment_rework_rate.read(figures).shown is None


@pytest.mark.parametrize("size", [1, 2, 5, 6, 9, 40, EXACT, EXACT + 1, 365])
def test_ranks_in_the_database_are_those_of_the_statistics(db: None, size: int) -> None:
    drawn = random.Random(size)
    values = [round(drawn.uniform(1, 1e6), 2) for _ in range(size)]
    still_open = size // 3
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(SPREAD)} FROM ("  # noqa: S608 -- fixed text
            + ranked("SELECT array_agg(one ORDER BY one) AS v FROM unnest(%(values)s::float8[]) AS one")
            + ") AS picked",
            {"values": [*values, *[inf] * still_open], "ranks": list(low_ranks())},
        )
        n, median, low, high, _ = cursor.fetchone()
    expected = median_interval(values, still_open)
    assert (n, median) == (size + still_open, expected.median)
    assert (low, high) == (expected.low, expected.high)


def test_ranks_of_many_values_are_at_most_one_to_the_cautious_side() -> None:
    differences = {median_ranks(n).rank_low - low_rank(n) for n in range(EXACT + 1, 500, 7)}
    assert differences <= {0, 1}


@pytest.mark.parametrize(("count", "low", "high"), [(1, 0.025, 5.57), (10, 4.80, 18.39), (100, 81.4, 121.6)])
def test_range_of_a_count_is_close_to_the_exact_poisson_limits(count: int, low: float, high: float) -> None:
    assert count_interval(count) == pytest.approx((low, high), rel=0.02, abs=0.03)
    assert count_interval(0)[0] == 0


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(0, 20, 0.0, 16.1), (0, 60, 0.0, 6.0), (2, 20, 2.8, 30.1), (4, 23, 7.0, 37.1), (6, 23, 12.5, 46.5)],
)
def test_share_carries_wilsons_interval(k: int, n: int, low: float, high: float) -> None:
    share = Share(k, n)
    assert (round(share.low * 100, 1), round(share.high * 100, 1)) == (low, high)  # type: ignore[operator]


def test_figures_of_a_year_need_a_fixed_number_of_statements(
    shop: Service, django_assert_num_queries: object
) -> None:
    deployed(shop, at(1))
    with django_assert_num_queries(6):  # type: ignore[operator]
        reckoned(MONDAY, 52, now=NOW + WEEK)
