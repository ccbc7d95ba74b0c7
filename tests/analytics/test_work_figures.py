"""Work in progress from rows made by hand: every number worked out beside them. Noon of Monday is `at()`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from analytics.balance import balance
from analytics.flow_weeks import Span
from analytics.metrics import work
from analytics.metrics.work import Work
from analytics.models.flow import ChangeFlow, ReviewRules
from changes.models import ChangeIdentity, CheckRun, Repository, Service
from incidents.models import Incident
from tests import make
from tests.analytics.flow_rows import DAY, MONDAY, NOW, at, broke, deployed, shipped

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY


@pytest.fixture
def shop() -> Service:
    return make.service("Shop", repository=make.repository())


def found(
    sort: str, scope: str = "", *, weeks: int = 1, now: datetime = NOW, begins_on: Any = MONDAY
) -> Work | None:
    """Ages as of the end of the span."""
    figures = work.reckon(Span(begins_on, weeks), False, ReviewRules(), now).get(scope)
    end = datetime.combine(begins_on, datetime.min.time(), UTC) + timedelta(weeks=weeks)
    return work.shown(figures, sort, min(end, now))


def of(sort: str, scope: str = "", **over: Any) -> Work:
    one = found(sort, scope, **over)
    assert one is not None
    return one


def opened(service: Service, when: datetime, ended: datetime | None = None, **over: Any) -> ChangeFlow:
    values = {
        "repository_id": service.repository_id, "opened_at": when, "ready_at": when, "shipped_at": None,
        "merged_at": ended, "state": "open" if ended is None else "merged",
    } | over  # fmt: skip
    return shipped(service, when, None, **values)


def test_the_average_weighs_by_time_and_not_by_openings(shop: Service) -> None:
    opened(shop, at(-10))  # all week
    opened(shop, at(0), at(1))  # one day
    opened(shop, at(4.5))  # from Saturday on: two days
    opened(shop, at(-3), at(-1))  # over before
    opened(shop, at(8))  # not yet
    one = of("changes")
    assert one.average == pytest.approx((7 + 1 + 2) / 7)
    assert (one.under_way, one.figures["begun"], one.figures["finished"]) == (2, 2, 1)
    assert one.oldest_days == pytest.approx(16.5)
    assert one.median_days == pytest.approx((16.5 + 2) / 2)
    assert one.p85_days == pytest.approx(2 + 0.85 * 14.5)


def test_thirteen_weeks_are_one_span_and_no_mean_of_weeks(shop: Service) -> None:
    opened(shop, at(-10), at(0.5))  # ends with Monday: one day inside
    assert of("changes", weeks=13).average == pytest.approx(1 / 91)


def test_a_week_that_is_not_over_ends_now(shop: Service) -> None:
    opened(shop, at(0), at(0.5))
    one = of("changes", now=at(1.5))
    assert one.seconds == 2 * DAY
    assert one.average == pytest.approx(0.25)
    assert work.reckon(Span(MONDAY), False, ReviewRules(), at(-3)) == {"": {"seconds": 0, "sorts": {}}}


def test_a_draft_is_counted_apart_until_it_is_ready(shop: Service) -> None:
    opened(shop, at(0), at(3), ready_at=at(2))
    opened(shop, at(-40), is_draft=True)
    opened(shop, at(1), at(2), is_draft=True, state="dropped", merged_at=None, closed_at=at(2))
    assert of("changes").average == pytest.approx(1 / 7)
    drafts = of("drafts")
    assert drafts.average == pytest.approx((2 + 7 + 1) / 7)
    assert (drafts.under_way, drafts.stale) == (1, 1)


def test_scopes_have_their_own_and_what_nobody_tells_of_is_not_measured(shop: Service) -> None:
    other = make.service("Other", repository=make.repository())
    opened(shop, at(0), at(7))
    assert of("changes", f"service:{shop.pk}").average == of("changes").average
    assert found("changes", f"service:{other.pk}") is None
    assert found("to_deploy") is None
    assert found("checks") is None
    assert found("incidents") is None
    opened(other, at(-100), at(-99))
    assert of("changes", f"service:{other.pk}").average == 0


def test_a_merged_change_waits_for_the_deployment_that_holds_it(shop: Service) -> None:
    here: Any = {"repository_id": shop.repository_id}
    shipped(shop, at(-1), None, **here, state="merged", shipped_at=None)
    assert found("to_deploy") is None
    deployed(shop, at(-20), **here, is_first_known=True)
    shipped(shop, at(0), None, **here, shipped_at=at(2))  # two days
    shipped(shop, at(-1), None, **here, shipped_at=None, is_first_known=True)
    shipped(shop, at(-30), None, **here, state="merged", shipped_at=None)  # before the first that is known
    one = of("to_deploy")
    assert one.average == pytest.approx((7 + 2) / 7)
    assert (one.under_way, one.figures["finished"]) == (1, 1)


def test_what_no_deployment_takes_in_ninety_days_waits_no_longer(shop: Service) -> None:
    here: Any = {"repository_id": shop.repository_id}
    deployed(shop, at(-200), **here, is_first_known=True)
    shipped(shop, at(-88), None, **here, state="merged", shipped_at=None)
    shipped(shop, at(-88), None, **here, shipped_at=at(40))  # late is the same as never
    one = of("to_deploy")
    assert one.average == pytest.approx(2 * 2.5 / 7)
    assert (one.under_way, one.figures["given_up"]) == (0, 2)


def test_no_merge_waits_where_a_merge_is_a_release() -> None:
    repository = make.repository(merged_is_shipped=True, shipping_said_by_person=True)
    shop = make.service("Shop", repository=repository)
    deployed(shop, at(-20), repository_id=repository.pk)
    assert found("to_deploy") is None


def test_merges_wait_once_deployments_are_known_of_an_imported_history() -> None:
    repository = make.repository(merged_is_shipped=True)  # as an import says; deployments decide from then on
    shop = make.service("Shop", repository=repository)
    assert found("to_deploy") is None
    deployed(shop, at(-20), repository_id=repository.pk)
    shipped(shop, at(5), None, repository_id=repository.pk, state="merged", shipped_at=None)
    one = of("to_deploy")
    assert one.under_way == 1
    assert one.average == pytest.approx(1.5 / 7)


def run(repository: Repository, queued: float, ended: float | None, sha: str = "a", **over: Any) -> CheckRun:
    values = {
        "repository": repository, "kind": "workflow", "external_id": f"{sha}{queued}{ended}", "sha": sha,
        "status": "running" if ended is None else "completed", "queued_at": at(queued), "told_at": at(queued),
        "completed_at": None if ended is None else at(ended),
    } | over  # fmt: skip
    return CheckRun.objects.create(**values)


def test_tests_of_one_commit_count_once_and_are_lost_after_a_week(shop: Service) -> None:
    assert shop.repository is not None
    run(shop.repository, 0, 1)
    run(shop.repository, 0.5, 1.5, kind="check")
    run(shop.repository, 3, 3.5)
    assert of("checks", f"service:{shop.pk}").average == pytest.approx((1.5 + 0.5) / 7)
    run(shop.repository, -5, None, sha="b")  # taken as lost at noon of Wednesday
    run(shop.repository, 6, None, sha="c")
    one = of("checks")
    assert one.average == pytest.approx((2 + 2.5 + 0.5) / 7)
    assert (one.under_way, one.figures["given_up"]) == (1, 1)


def incident(service: Service, when: datetime, seconds: int | None, **over: Any) -> Incident:
    row = make.incident(reported_at=when, **over)
    broke(service, when, seconds, incident_id=row.pk)
    return row


def test_incidents_count_until_they_are_over_and_one_without_an_end_is_said(shop: Service) -> None:
    incident(shop, at(0), 2 * DAY)
    incident(shop, at(3.5), None)
    broke(shop, at(1), None, is_open=False)
    one = of("incidents")
    assert one.average == pytest.approx((2 + 3) / 7)
    assert (one.under_way, one.figures["endless"]) == (1, 1)
    assert one.balance.unmeasured == 1


def test_a_postmortem_is_open_from_the_end_of_its_incident_where_one_is_asked_for(shop: Service) -> None:
    due = at(10).date()
    states = [
        ("not_started", None, due),
        ("published", at(3), None),
        ("draft", None, None),
        ("not_started", None, None),
        ("not_required", None, due),
    ]
    for state, published_at, due_on in states:
        row = incident(shop, at(0), DAY)
        type(row.postmortem).objects.filter(pk=row.postmortem.pk).update(
            state=state, published_at=published_at, due_on=due_on,
            not_required_reason="Harmless." if state == "not_required" else "",
        )  # fmt: skip
    going_on = incident(shop, at(0), None)
    type(going_on.postmortem).objects.filter(pk=going_on.postmortem.pk).update(due_on=due)
    one = of("postmortems")
    assert one.average == pytest.approx((5.5 + 2 + 5.5) / 7)
    assert (one.under_way, one.figures["finished"]) == (2, 1)


def test_an_action_counts_from_its_agreement_until_it_is_done(shop: Service) -> None:
    where = incident(shop, at(-9), DAY)
    agreed = make.action(where, created_at=at(-5), state_since=at(-5))
    for state, day in (("accepted", 0), ("in_progress", 1), ("done", 3), ("verified", 5)):
        agreed.state, agreed.state_since = state, at(day)
        agreed.save()
    make.action(where, created_at=at(-5))  # proposed
    make.action(where, created_at=at(-5), state="declined", declined_reason="No.", state_since=at(1))
    make.action(where, created_at=at(-5), state="in_progress", state_since=at(4.5))
    make.action(where, created_at=at(-5), state="done", state_since=at(0.5))  # the history begins here
    one = of("actions")
    assert one.average == pytest.approx((3 + 2 + 1) / 7)
    assert (one.under_way, one.figures["finished"]) == (1, 2)


def test_little_agrees_up_to_the_edges_which_are_known_to_the_second(shop: Service) -> None:
    opened(shop, at(-10), at(2))
    opened(shop, at(1), at(3))
    opened(shop, at(4))
    one = of("changes").balance
    # Finished: 12 and 2 days. Before the span 9.5 days of the first; inside of the third 2.5 days.
    assert one.by_throughput == pytest.approx(2 * 7 / 7)
    assert one.edges == pytest.approx((2.5 - 9.5) / 7)
    assert one.left == pytest.approx(0, abs=1e-9)
    assert not one.is_off


def test_a_request_that_was_closed_without_ever_being_opened_sets_the_alarm_off(shop: Service) -> None:
    opened(shop, at(0), at(2))
    row = make.change(repository=shop.repository)
    opened(shop, at(3), at(3), opened_at=None, ready_at=None, change_id=row.pk)
    assert of("changes").figures["commits"] == 1
    assert not of("changes").balance.is_off
    ChangeIdentity.objects.create(
        change=row, repository=row.repository, space="number", role="number", value="7"
    )
    one = of("changes")
    assert (one.figures["unopened"], one.figures["commits"]) == (1, 0)
    assert one.balance.is_off
    # One of two is missing from the average: what is left is its two days in seven.
    assert one.balance.left == pytest.approx(-2 / 7)


@given(
    some.lists(
        some.tuples(some.floats(-30, 13, allow_nan=False), some.floats(0.01, 30, allow_nan=False)),
        max_size=30,
    )
)
def test_the_law_holds_for_any_work(spells: list[tuple[float, float]]) -> None:
    length = 7.0
    inside = [max(0.0, min(begin + lasts, length) - max(begin, 0.0)) for begin, lasts in spells]
    over = [(begin, lasts) for begin, lasts in spells if 0 <= begin + lasts < length]
    after = sum(part for part, (begin, lasts) in zip(inside, spells, strict=True) if begin + lasts >= length)
    one = balance(
        seconds=length, inside=sum(inside), finished=len(over), whole=sum(lasts for _, lasts in over),
        before=sum(max(0.0, -begin) for begin, _ in over), after=after, unmeasured=0,
    )  # fmt: skip
    assert one.left == pytest.approx(0, abs=1e-6)


def test_nothing_finished_leaves_the_edges_alone() -> None:
    given_values: dict[str, Any] = {"seconds": 10, "inside": 5, "finished": 0, "whole": 0, "before": 0}
    one = balance(**given_values, after=5, unmeasured=0)
    assert (one.by_throughput, one.left, one.mean_days) == (None, 0, None)
    assert balance(**given_values, after=5, unmeasured=1).left is None
    with pytest.raises(ValueError, match="length"):
        balance(seconds=0, inside=0, finished=0, whole=0, before=0, after=0, unmeasured=0)
