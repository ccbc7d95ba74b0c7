"""The narrow rows of the weekly review and its weeks: kept from the ledger, whatever is altered later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from analytics.flow_weeks import QUARTER, Span, label, last_full, monday, read_label
from analytics.models import (
    ChangeFlow,
    DeploymentFlow,
    DirtySpan,
    IncidentFlow,
    ReviewRules,
    SpanFigures,
)
from analytics.queries import spans
from analytics.services import flow, flow_spans
from changes.models import Change, ChangeIdentity, CheckRun, Deployment, Review, ReviewRemark
from incidents.models import Cause, Fix, Incident
from intake import ledger
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def touched(row: Any) -> Any:
    kinds = {Change: "change", Deployment: "deployment", Incident: "incident"}
    ledger.touch(ledger.Kind(kinds[type(row)]), row.pk, verb="told")
    return row


def reckon(span: Span, demo: bool, rules: ReviewRules, now: datetime) -> dict[str, dict[str, Any]]:
    """Merged changes by scope: as little as a page can reckon."""
    found: dict[str, dict[str, Any]] = {"": {"merged": 0, "limit": rules.reviewable_lines}}
    begin = datetime.combine(span.begins_on, datetime.min.time(), tzinfo=UTC)
    rows = ChangeFlow.objects.filter(
        is_demo=demo, merged_at__gte=begin, merged_at__lt=begin + timedelta(weeks=span.weeks)
    )
    for row in rows:
        for scope in row.scopes:
            entry = found.setdefault(scope, {"merged": 0, "limit": rules.reviewable_lines})
            entry["merged"] += 1
    return found


@pytest.fixture(autouse=True)
def page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "PAGES", {"time": SimpleNamespace(VERSION=1, reckon=reckon)})


def settle(now: datetime = NOW) -> None:
    flow.settle(now=now)


def merged(week: date, scope: str = "", weeks: int = 1) -> int | None:
    row = SpanFigures.objects.filter(page="time", scope=scope, begins_on=week, weeks=weeks).first()
    return row.figures["merged"] if row else None


def review(change: Change, hours: float, **over: Any) -> Review:
    values = {
        "external_id": f"{change.pk}-{hours}", "state": "approved", "submitted_at": at(hours),
        "reviewer_in_change": b"a" * 32, "told_at": at(hours), "commit_sha": "c1",
    } | over  # fmt: skip
    return Review.objects.create(change=change, **values)


def remark(change: Change, hours: float, **over: Any) -> ReviewRemark:
    values = {
        "external_id": f"{change.pk}-{hours}", "at": at(hours), "is_meaningful": True,
        "reviewer_in_change": b"a" * 32, "told_at": at(hours),
    } | over  # fmt: skip
    return ReviewRemark.objects.create(change=change, **values)


def test_a_changes_waits_are_told_apart_when_all_of_them_are_known() -> None:
    repository = make.repository()
    environment = make.deployment(repository=repository, finished_at=at(-900)).environment
    change = make.change(
        repository=repository, opened_at=at(0), ready_at=at(1), first_commit_at=at(-5), merged_at=at(10),
        shipped_at=at(12), shipped_basis="deployment", counted_lines=40,
    )  # fmt: skip
    ChangeIdentity.objects.create(repository=repository, change=change, space="sha", value="c1", role="head")
    review(change, 3, state="changes_requested")
    review(change, 9, commit_sha="c2", is_senior=True)
    review(change, 2, is_self=True)
    review(change, 1.5, is_bot=True)
    remark(change, 3.25)
    remark(change, 3.4, is_meaningful=False)
    remark(change, 3.45, deleted_at=at(4))
    for began, ended in ((1, 2), (1.5, 3), (9, 30)):
        CheckRun.objects.create(
            repository=repository, kind="check", external_id=str(began), sha="c1", queued_at=at(began),
            completed_at=at(ended), told_at=at(ended), status="completed",
        )  # fmt: skip
    shipped = make.deployment(repository=repository, environment=environment, finished_at=at(12))
    shipped.changes.add(change)
    touched(change)
    settle()
    row = ChangeFlow.objects.get()
    assert row.waited_for_review == 2 * 3600
    assert (row.reviews, row.rounds, row.remarks, row.by_senior) == (2, 2, 1, True)
    assert row.active_seconds == round(0.4 * 3600)  # 3.0 to 3.25 to 3.4; the next deed is hours later
    assert row.waited_for_tests == 3 * 3600  # 1 to 3, and 9 to its merge at 10
    assert row.waited_for_deployment == 2 * 3600
    assert (row.lead_seconds, row.lead_basis) == (17 * 3600, "commit")
    assert row.scopes == [""]


def test_nothing_is_measured_when_the_first_known_deployment_shipped_it() -> None:
    change = make.change(opened_at=at(0), merged_at=at(1), shipped_at=at(2), shipped_basis="deployment")
    first = make.deployment(repository=change.repository, finished_at=at(2))
    first.changes.add(change)
    touched(change)
    touched(first)
    settle()
    row = ChangeFlow.objects.get()
    assert (row.is_first_known, row.shipped_at, row.lead_seconds) == (True, None, None)
    # An earlier one becomes known: now that is the first, and the change is measured.
    earlier = make.deployment(
        repository=change.repository, environment=first.environment, finished_at=at(-50)
    )
    touched(earlier)
    settle()
    row = ChangeFlow.objects.get()
    assert (row.is_first_known, row.lead_seconds) == (False, 2 * 3600)


def test_no_review_is_none_known_before_reviews_are_told_and_none_at_all_after() -> None:
    repository = make.repository()
    before, after = (
        touched(make.change(repository=repository, opened_at=at(hours), merged_at=at(hours + 1)))
        for hours in (-100, 100)
    )
    settle()
    assert [row.reviews for row in ChangeFlow.objects.all()] == [None, None]
    told = make.change(repository=repository, opened_at=at(0), merged_at=at(9))
    review(told, 5)
    touched(told)
    settle()
    found = dict(ChangeFlow.objects.values_list("change", "reviews"))
    assert found == {before.pk: None, told.pk: 1, after.pk: 0}


def failure(deployment: Deployment, change: Change | None = None, status: str = "confirmed") -> Incident:
    incident = make.incident(impact_started_at=at(3), resolved_at=at(5), status="resolved")
    target = {"change": change} if change else {"deployment": deployment}
    Cause.objects.create(incident=incident, status=status, **target)
    return incident


def test_a_deployment_failed_once_when_two_incidents_name_it() -> None:
    change = make.change()
    one = make.deployment(repository=change.repository, finished_at=at(2))
    one.changes.add(change)
    incidents = [touched(failure(one, change)), touched(failure(one))]
    touched(one)
    settle()
    row = DeploymentFlow.objects.get()
    assert (row.failed, row.suspected, row.changes) == (True, False, 1)
    for incident in incidents:
        incident.causes.update(status="ruled_out")
        touched(incident)
    settle()
    assert not DeploymentFlow.objects.get().failed


def test_only_the_first_to_ship_it_failed_when_two_deployments_hold_a_change() -> None:
    change = make.change()
    first, second = (make.deployment(repository=change.repository, finished_at=at(hours)) for hours in (1, 2))
    for one in (first, second):
        one.changes.add(change)
        touched(one)
    touched(failure(first, change))
    settle()
    assert dict(DeploymentFlow.objects.values_list("deployment", "failed")) == {
        first.pk: True, second.pk: False,
    }  # fmt: skip


def test_a_deployment_failed_when_another_change_was_shipped_before_it() -> None:
    where = make.repository()
    first, second = make.change(repository=where), make.change(repository=where)
    one = touched(make.deployment(repository=where, finished_at=at(0)))
    two = touched(make.deployment(repository=where, finished_at=at(1)))
    one.changes.add(first)
    two.changes.add(second)
    failure(two, second)
    settle()
    assert not DeploymentFlow.objects.get(pk=one.pk).failed
    assert DeploymentFlow.objects.get(pk=two.pk).failed


def test_it_is_rework_when_it_ships_the_repair_of_an_incident() -> None:
    repair = make.change()
    one = make.deployment(repository=repair.repository, finished_at=at(4))
    one.changes.add(repair)
    touched(one)
    settle()
    assert not DeploymentFlow.objects.get().is_rework
    incident = make.incident()
    Fix.objects.create(incident=incident, change=repair)
    touched(incident)
    settle()
    assert DeploymentFlow.objects.get().is_rework


def test_an_incident_is_forgotten_when_it_turns_out_to_be_a_false_alarm() -> None:
    incident = touched(make.incident(detected_at=at(0), resolved_at=at(2), status="resolved"))
    settle()
    row = IncidentFlow.objects.get()
    assert (row.seconds, row.by_change, row.is_open) == (7200, "unknown", False)
    Incident.objects.filter(pk=incident.pk).update(closing_reason="false_alarm")
    touched(incident)
    settle()
    assert not IncidentFlow.objects.exists()


def test_a_duration_is_not_known_when_its_end_comes_before_its_beginning() -> None:
    touched(make.incident(impact_started_at=at(3), resolved_at=at(2), status="resolved"))
    settle()
    assert IncidentFlow.objects.get().seconds is None


def test_both_weeks_are_reckoned_anew_when_a_merge_moves_to_another() -> None:
    service = make.service("Checkout")
    change = make.change(merged_at=at(0))
    change.services.add(service)
    touched(change)
    settle()
    week, other = monday(NOON.date()), monday(NOON.date()) - timedelta(days=14)
    assert merged(week) == merged(week, f"service:{service.pk}") == 1
    assert merged(other) is None  # nothing is known of so long ago
    Change.objects.filter(pk=change.pk).update(merged_at=at(-14 * 24))
    touched(change)
    settle()
    assert (merged(week), merged(week, f"service:{service.pk}")) == (0, None)
    assert merged(other) == 1


def test_a_week_without_anything_is_reckoned_when_something_came_before() -> None:
    touched(make.change(merged_at=at(-21 * 24)))
    settle()
    first = monday((NOON - timedelta(days=21)).date())
    weeks = list(SpanFigures.objects.filter(weeks=1, scope="").values_list("begins_on", flat=True))
    assert sorted(weeks) == list(Span(first, (monday(NOW.date()) - first).days // 7 + 1).each())


def test_the_last_quarter_and_the_one_before_stand_when_all_is_settled() -> None:
    for number in range(30):
        touched(make.change(merged_at=NOW - timedelta(weeks=number)))
    settle()
    latest = last_full(NOW.date(), QUARTER)
    assert merged(latest.begins_on, weeks=QUARTER) == merged(latest.before().begins_on, weeks=QUARTER) == 13
    asked = Span(latest.begins_on - timedelta(weeks=20), QUARTER)
    assert merged(asked.begins_on, weeks=QUARTER) is None
    flow.ask(page="time", span=asked, demo=False, now=NOW)
    settle()
    assert merged(asked.begins_on, weeks=QUARTER) == 9
    late = touched(make.change(merged_at=NOW - timedelta(weeks=29)))
    settle()
    assert merged(asked.begins_on, weeks=QUARTER) == 10, late


def test_a_quarter_is_added_when_a_week_has_passed() -> None:
    touched(make.change(merged_at=at(0)))
    settle()
    settle(NOW + timedelta(days=7))
    latest = last_full((NOW + timedelta(days=7)).date(), QUARTER)
    assert merged(latest.begins_on, weeks=QUARTER) == 1


def test_figures_are_made_anew_when_the_rules_are_others() -> None:
    touched(make.change(merged_at=at(0)))
    settle()
    ReviewRules.objects.create(reviewable_lines=400)
    settle()
    week = SpanFigures.objects.get(scope="", weeks=1, begins_on=monday(NOON.date()))
    assert (week.figures["limit"], week.rules) == (400, spans.rules_in_force())


def test_nothing_is_done_twice_when_nothing_is_new(django_assert_max_num_queries: Any) -> None:
    touched(make.change(merged_at=at(0)))
    settle()
    assert not DirtySpan.objects.exists()
    before = set(SpanFigures.objects.values_list("pk", flat=True))
    settle()
    assert set(SpanFigures.objects.values_list("pk", flat=True)) == before


def test_the_same_stands_when_all_is_thrown_away_and_made_anew() -> None:
    change = touched(make.change(merged_at=at(0)))
    review(change, -3)
    touched(change)
    settle()
    before = list(ChangeFlow.objects.values()), sorted(SpanFigures.objects.values_list("begins_on", "weeks"))
    flow.rebuild(now=lambda: NOW)
    assert before == (
        list(ChangeFlow.objects.values()), sorted(SpanFigures.objects.values_list("begins_on", "weeks"))
    )  # fmt: skip


def test_what_waits_is_said_when_a_week_is_read() -> None:
    touched(make.change(merged_at=at(0)))
    settle()
    week = monday(NOON.date())
    flow_spans.mark({("time", False, week, 1)}, now=NOW)
    shown = spans.read(page="time", scope="service:9", demo=False, since=week, until=week + timedelta(days=7))
    assert (shown.rows, shown.known, shown.waiting) == ({}, frozenset([week]), 1)
    shown = spans.read(page="time", scope="", demo=False, since=week, until=week + timedelta(days=7))
    assert shown.at(week) == {"merged": 1, "limit": 200}


def test_an_iso_week_is_named_by_its_thursday_when_the_year_turns() -> None:
    assert label(date(2027, 1, 1)) == "2026-W53"
    assert read_label("2026-W53") == date(2026, 12, 28)
    with pytest.raises(ValueError, match="Monday"):
        Span(date(2027, 1, 1))


def test_an_update_that_reckons_in_another_way_is_behind_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(NOW, tick=False):
        touched(make.change(merged_at=NOW))
        settle()
        # What this very transaction told looks new until it is over.
        monkeypatch.setattr(spans, "has_new", lambda snapshot: False)
        assert not flow.is_behind()
        monkeypatch.setattr(flow, "PAGES", {"time": SimpleNamespace(VERSION=2, reckon=reckon)})
        assert flow.is_behind()
        settle()
        assert not flow.is_behind()


def test_a_row_that_lasts_to_the_end_of_the_calendar_marks_the_weeks_that_are_kept() -> None:
    marks = flow_spans.Marks(pages=["work", "time"], today=date(2026, 11, 25))
    far = date(9999, 12, 27)
    marks.add([(False, "range", date(2026, 11, 16), far), (False, "since", date(2026, 11, 9), far)])
    assert marks._weeks["work", False] == {date(2026, 11, 16), date(2026, 11, 23)}
    assert marks._weeks["time", False] == {date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)}
