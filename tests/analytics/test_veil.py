"""What a signed-in reader may not learn of restricted incidents, tried through the pages themselves."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from analytics.models import Safeguard, ScenarioStanding, TestScenario
from analytics.services import flow
from changes.models import Change, DomainArea, Service
from incidents.models import Cause, Incident
from intake.services import note_first_real_fact
from tests import make
from tests.analytics import histories
from tests.analytics.test_flow import touched

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday, of 2026-W48
AS_OF = date(2026, 11, 25)


@pytest.fixture(autouse=True)
def at_that_time() -> Any:
    with time_machine.travel(NOW, tick=False):
        note_first_real_fact(at=NOW)
        yield


@pytest.fixture
def reader(client: Client) -> Client:
    """An author of no team: may write a good deal, and is named on nothing."""
    client.force_login(make.user(Role.AUTHOR))
    return client


@pytest.fixture
def till() -> Service:
    return make.service("Till", repository=make.repository(), area=make.area("tills"), reports_incidents=True)


def at(days: float) -> datetime:
    """From noon of the Monday of the last whole week, 16 November."""
    return datetime(2026, 11, 16, 12, tzinfo=UTC) + timedelta(days=days)


def broke(service: Service, days: float = 1, *, hours: float | None = None, **over: Any) -> Incident:
    ends: dict[str, Any] = {}
    if hours is not None:
        ends = {"resolved_at": at(days) + timedelta(hours=hours), "status": "resolved"}
    made = make.incident(impact_started_at=at(days), area=service.area, **(ends | over))
    made.services.add(service)
    touched(made)
    return made


def deployed(service: Service, days: float, *, because_of: Incident | None = None, status: str = "") -> Any:
    made = make.deployment(
        repository=service.repository, service=service, finished_at=at(days), external_id=f"at {days}"
    )
    if because_of:
        Cause.objects.create(incident=because_of, deployment=made, status=status or "confirmed")
        touched(because_of)
    return touched(made)


def text(client: Client, name: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.content[:300]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def told(client: Client, name: str, **query: Any) -> Any:
    answer = client.get(reverse(name), query)
    assert answer.status_code == 200, answer.content[:300]
    return json.loads(answer.content)


# ------------------------------------------------------------------ the weekly page


def test_a_failing_test_of_a_restricted_lesson_is_not_named_in_the_week(
    reader: Client, till: Service
) -> None:
    secret = broke(till, is_restricted=True)
    scenario = _scenario_of(secret, "Refunds are paid twice")
    scenario.services.add(till)
    where = till.repository
    assert where is not None
    ScenarioStanding.objects.create(
        scenario=scenario, repository=where, branch=where.default_branch, state="failing", since=NOW
    )
    flow.settle(now=NOW)
    assert "Refunds are paid twice" not in text(reader, "analytics:review")
    counts = told(reader, "analytics:review_json", scope=f"service:{till.pk}")
    assert (counts["waits"]["failing"], counts["happened"]["scenarios"]) == (None, None)


def _scenario_of(incident: Incident, title: str) -> Any:
    made = TestScenario.objects.create(
        number=77, title=title, given="a", when="b", then="c", created_at=at(1)
    )
    made.lessons.add(make.lesson(incident))
    return made


def test_many_actions_of_one_restricted_incident_are_few(reader: Client, till: Service) -> None:
    secret = broke(till, -30, hours=1, is_restricted=True)
    for _ in range(4):
        make.action(
            secret,
            state="accepted",
            due_on=AS_OF - timedelta(days=3),
            created_at=at(-20),
            state_since=at(-20),
        )
        make.lesson(secret, created_at=at(1)).services.add(till)
    flow.settle(now=NOW)
    found = told(reader, "analytics:review_json", scope=f"service:{till.pk}")
    assert found["waits"]["actions"] is None
    assert found["waits"]["actions_late"] is None
    assert found["happened"]["lessons"] is None
    sorts = {
        one["sort"]: one
        for one in told(reader, "analytics:review_work_json", scope=f"service:{till.pk}")["sorts"]
    }
    assert sorts["actions"]["is_hidden"]


# ------------------------------------------------------------------ one rule on every page


def test_what_the_week_hides_no_other_page_tells(reader: Client, till: Service) -> None:
    broke(till, is_restricted=True)
    flow.settle(now=NOW)
    assert told(reader, "analytics:review_json")["happened"]["incidents"] is None
    sorts = {one["sort"]: one for one in told(reader, "analytics:review_work_json")["sorts"]}
    assert sorts["incidents"]["state"]["at_end"] is None
    assert sorts["incidents"]["state"]["oldest_days"] is None, "when it began"
    assert "incidents began 1" not in text(reader, "analytics:mail_preview_html", topic="digest")
    assert "1 restricted" not in text(reader, "analytics:review_work")
    for which in ("restore", "restore_open", "unknown"):
        assert "1 restricted" not in text(reader, "analytics:review_delivery_records", of=which)
        assert ": 1." not in text(reader, "analytics:review_delivery_records", of=which)


def test_the_age_of_a_lone_restricted_incident_is_not_told_beside_those_that_are_over(
    reader: Client, till: Service
) -> None:
    broke(till, 1, hours=1), broke(till, 1, hours=2), broke(till, 1, is_restricted=True)
    flow.settle(now=NOW)
    sorts = {one["sort"]: one for one in told(reader, "analytics:review_work_json")["sorts"]}
    assert sorts["incidents"]["state"]["oldest_days"] is None
    now = sorts["incidents"]["weeks_13"]
    assert now["average"] is not None
    assert {now[name] for name in ("at_end", "oldest_days", "over_30_days", "edges")} == {None}


# ------------------------------------------------------------------ delivery


def test_hidden_recoveries_are_not_counted_beside(reader: Client, till: Service) -> None:
    secret = broke(till, hours=2, is_restricted=True)
    for day in (0.5, 1.5, 2.5):
        deployed(till, day, because_of=secret if day == 0.5 else None)
    flow.settle(now=NOW)
    week = told(reader, "analytics:review_json", week="2026-W47")["figures"]["recovery"]
    assert (week["words"], week["value"]) == ("hidden", None)
    found = told(reader, "analytics:review_delivery_json", week="2026-W47")
    for span in (found["now"], next(one for one in found["weeks"] if one["week"] == "2026-W47")):
        for name in ("recovery", "restore"):
            assert span[name]["state"] == "hidden"
            assert span[name]["incidents"] is None
    file = reader.get(reverse("analytics:review_delivery_csv"), {"week": "2026-W47"}).content.decode()
    header, first, *_ = file.splitlines()
    line = dict(zip(header.split(","), first.split(","), strict=True))
    assert (line["recovery_n"], line["restore_n"]) == ("", "")


def test_incidents_of_unknown_cause_hide_a_restricted_one(reader: Client, till: Service) -> None:
    broke(till, -40, hours=2, is_restricted=True)
    for day in range(-50, -20):
        deployed(till, day)
    flow.settle(now=NOW)
    fail = told(reader, "analytics:review_delivery_json")["now"]["fail"]
    assert fail["failed"] == 0
    assert (fail["unknown"], fail["assigned"], fail["upper_rate"]) == (None, None, None)
    assert "incident of unknown cause" not in text(reader, "analytics:review_delivery")


@pytest.mark.parametrize(("days", "status", "hidden"), [
    (-40, "suspected", "suspected"),
    (0.5, "confirmed", "pending_failed"),
    (0.6, "suspected", "pending_suspected"),
])  # fmt: skip
def test_each_part_of_the_fail_rate_hides_by_itself(
    reader: Client, till: Service, days: float, status: str, hidden: str
) -> None:
    plain = [broke(till, -60 + number, hours=1) for number in range(3)]
    for number in range(30):
        deployed(till, -60.1 + number / 4, because_of=plain[number] if number < 3 else None)
    deployed(till, days, because_of=broke(till, days + 0.1, hours=1, is_restricted=True), status=status)
    flow.settle(now=NOW)
    fail = told(reader, "analytics:review_delivery_json")["now"]["fail"]
    assert fail["failed"] == 3
    assert fail[hidden] is None
    assert told(reader, "analytics:review_delivery_json")["now"]["fail"]["state"] == "shown"


# ------------------------------------------------------------------ lists of changes, the matrix


def _matrix_history(**over: Any) -> tuple[Change, DomainArea]:
    where, area = histories.repository(), histories.area("payments")
    changes = [
        histories.shipped(where, area=area, origin="manual", shipped_at=NOW - timedelta(days=60),
                          paths=[f"pay/{number}.py"])
        for number in range(12)
    ]  # fmt: skip
    secret = histories.incident(began_at=NOW - timedelta(days=58), area=area, is_restricted=True, **over)
    histories.cause(secret, changes[0])
    Change.objects.filter(pk=changes[0].pk).update(first_incident_at=secret.impact_started_at)
    histories.settled()
    return changes[0], area


def test_no_list_says_that_a_change_met_a_restricted_incident(reader: Client) -> None:
    change, area = _matrix_history()
    assert "linked to an incident" not in text(reader, "changes:list")
    assert "linked to an incident" not in text(reader, "changes:area", area.slug)
    plain = histories.incident(began_at=NOW - timedelta(days=57), area=area)
    histories.cause(plain, change)
    assert text(reader, "changes:list").count("linked to an incident") == 1


def test_the_list_behind_a_hidden_cell_counts_no_incident(reader: Client) -> None:
    _matrix_history()
    assert told(reader, "analytics:matrix_json", area="payments")
    shown = text(reader, "analytics:matrix_changes", area="payments", row="total")
    assert "1 incident" not in shown
    assert "1 restricted" not in shown


def test_a_safeguard_for_one_path_tells_no_failure_by_a_restricted_incident(reader: Client) -> None:
    _matrix_history()
    guard = Safeguard.objects.create(
        title="A second look", area=DomainArea.objects.get(slug="payments"), path_globs=["pay/0.py"],
        starts_on=AS_OF - timedelta(days=40),
    )  # fmt: skip
    Change.objects.update(origin="assisted", origin_counted="assisted")
    for change in Change.objects.all():
        histories.touched(change)
    histories.settled()
    shown = text(reader, "analytics:safeguard", guard.pk)
    assert "1 of 1" not in shown
    assert "Hidden for privacy" in shown


# ------------------------------------------------------------------ would it have stopped us


def test_a_replay_that_hides_its_incidents_leaves_nothing_to_subtract(reader: Client) -> None:
    _matrix_history()
    found = told(
        reader,
        "analytics:replay_json",
        area="payments",
        paths="pay/0.py",
        start="2026-01-01",
        end="2026-11-25",
    )
    assert found["changes"] == 1
    assert found["harmful"] is None
    assert found["harmless"] is None


def test_a_replay_of_the_days_before_a_restricted_incident_tells_no_change_behind_it(reader: Client) -> None:
    _matrix_history()
    days = {"start": "2026-01-01", "end": str((NOW - timedelta(days=59)).date())}
    found = told(reader, "analytics:replay_json", area="payments", paths="pay/0.py", **days)
    assert (found["changes"], found["harmful"], found["harmless"]) == (1, None, None)
    beside = text(reader, "analytics:replay", area="payments", paths="pay/1.py", **days)
    assert beside.split("All other changes")[1].split()[1:3] == ["not", "shown:"]


def test_a_replay_tells_neither_day_nor_state_of_a_restricted_incident(reader: Client) -> None:
    change, area = _matrix_history()
    query = {"area": "payments", "start": "2026-01-01", "end": "2026-11-25"}
    assert told(reader, "analytics:replay_json", **query)["lines"] == []
    for days in (50, 51):
        histories.cause(histories.incident(began_at=NOW - timedelta(days=days), area=area), change)
    histories.settled()
    found = told(reader, "analytics:replay_json", **query)
    [line] = [one for one in found["lines"] if one["incident"] == "restricted"]
    assert set(line.values()) == {"restricted", None}
    day = (NOW - timedelta(days=58)).date()
    assert str(day) not in reader.get(reverse("analytics:replay_csv"), query).content.decode()
    assert f"{day:%-d %b %Y}" not in text(reader, "analytics:replay", **query)


# ------------------------------------------------------------------ what came after an action


def test_incidents_after_an_action_hide_a_restricted_one(reader: Client) -> None:
    area = histories.area("payments")
    first = histories.incident(began_at=NOW - timedelta(days=300), area=area)
    make.action(first, state="done", state_since=NOW - timedelta(days=200))
    histories.incident(began_at=NOW - timedelta(days=100), area=area, is_restricted=True)
    histories.settled()
    [found] = told(reader, "analytics:effects_json")["actions"]
    assert (found["before"], found["since"]) == (0, None)
    assert "1 in the" not in text(reader, "analytics:effects")


def test_no_answer_instead_of_a_change_is_counted_for_a_lone_restricted_incident(reader: Client) -> None:
    histories.shipped(histories.repository(), shipped_at=NOW - timedelta(days=60), origin="manual")
    for number in range(4):
        histories.incident(
            began_at=NOW - timedelta(days=50 + number), is_restricted=not number,
            cause_answer="not_determined" if number else "no_change",
        )  # fmt: skip
    histories.settled()
    instead = told(reader, "analytics:matrix_json")["incidents_without_change"]
    assert instead.pop("total") == 4
    assert instead.pop("restricted") is True
    assert set(instead.values()) == {None}
    assert "4 incidents without a change; what was answered instead is hidden" in text(
        reader, "analytics:matrix"
    )
    for _ in range(2):
        histories.incident(began_at=NOW - timedelta(days=40), cause_answer="no_change")
    histories.settled()
    assert told(reader, "analytics:matrix_json")["incidents_without_change"]["no_change"] == 3
