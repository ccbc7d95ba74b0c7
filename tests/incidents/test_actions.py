"""Action items: evidence, their history, and how long they have been open."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Team, User
from incidents.models import ActionItem, Incident
from incidents.queries.action_history import history_of
from incidents.queries.ageing import ageing
from incidents.services import actions
from incidents.services.refusals import Refused
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 6, 1)


@pytest.fixture
def author() -> User:
    return make.user(role_title="on-call engineer")


@pytest.fixture
def incident() -> Incident:
    incident = make.incident(title="Checkout slow", area=make.area("till"))
    incident.services.add(
        make.service("Checkout", team=Team.objects.create(name="Payments", slug="payments")),
        make.service("Cart"),
    )
    return incident


def agreed(incident: Incident, days: int, **over: Any) -> ActionItem:
    at = NOW - timedelta(days=days)
    return make.action(incident, **({"state": "accepted", "state_since": at, "created_at": at} | over))


def report() -> Any:
    return ageing(ActionItem.objects.all(), now=NOW, today=TODAY)


def test_open_actions_fall_into_bands_by_how_long_they_were_agreed(incident: Incident) -> None:
    for days in (0, 14, 15, 30, 31, 90, 91, 400):
        agreed(incident, days)
    assert report().by_priority[0].counts == [2, 2, 2, 2]
    assert [row.age_days for row in report().rows] == [400, 91, 90, 31, 30, 15, 14, 0]


def test_an_action_counts_for_each_of_its_services_and_once_for_its_area(incident: Incident) -> None:
    agreed(incident, 3)
    assert {group.name: group.total for group in report().by_service} == {"Checkout": 1, "Cart": 1}
    assert [(group.name, group.total) for group in report().by_area] == [("Till", 1)]
    assert [group.name for group in report().by_team] == ["Payments"]


def test_overdue_and_unassigned_are_told_apart_when_days_and_owners_are_missing(
    incident: Incident, author: User
) -> None:
    late = agreed(incident, 20, owner=author, due_on=TODAY - timedelta(days=1))
    due = agreed(incident, 20, owner=author, due_on=TODAY)
    nobody = agreed(incident, 20, due_on=TODAY)
    found = report()
    assert [row.action for row in found.overdue] == [late]
    assert [row.action for row in found.unassigned] == [nobody]
    assert due in [row.action for row in found.rows]


@pytest.mark.parametrize(("days", "told"), [(30, False), (31, True)])
def test_done_is_asked_to_be_shown_when_a_month_has_passed(incident: Incident, days: int, told: bool) -> None:
    done = agreed(incident, days, state="done")
    assert ([action.pk for action in report().unverified] == [done.pk]) is told


def test_what_is_proposed_or_closed_does_not_age_when_nobody_agreed_to_it(incident: Incident) -> None:
    agreed(incident, 50, state="proposed")
    agreed(incident, 50, state="declined", declined_reason="Not worth it")
    agreed(incident, 50, state="verified", verified_by_evidence="It held")
    assert (report().rows, report().proposed, report().unverified) == ([], 1, [])


def test_work_in_progress_is_as_old_as_its_agreement_when_it_was_begun_later(incident: Incident) -> None:
    agreed(incident, 40, state="in_progress", state_since=NOW - timedelta(days=1))
    assert report().rows[0].age_days == 40


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_no_person_is_in_the_report_when_owners_are_known(incident: Incident, author: User) -> None:
    agreed(incident, 20, owner=author)
    client = client_of(make.user())
    for name in ("ageing", "ageing_csv", "ageing_json"):
        assert author.username not in client.get(reverse(f"incidents:{name}")).content.decode()


def test_restricted_actions_are_in_no_report_when_the_reader_is_not_named(
    incident: Incident, author: User
) -> None:
    agreed(incident, 20, title="Hidden work")
    Incident.objects.update(is_restricted=True)
    client = client_of(author)
    for name in ("ageing", "ageing_csv", "ageing_json"):
        assert "Hidden work" not in client.get(reverse(f"incidents:{name}")).content.decode()


def test_files_hold_a_line_for_each_open_action_when_they_are_asked_for(
    incident: Incident, author: User
) -> None:
    agreed(incident, 20, title="=SUM(A1)", priority=1)
    agreed(incident, 20, title="Other", priority=3)
    lines = list(
        csv.DictReader(io.StringIO(client_of(author).get(reverse("incidents:ageing_csv")).content.decode()))
    )
    assert {line["title"] for line in lines} == {"'=SUM(A1)", "Other"}
    told = client_of(author).get(reverse("incidents:ageing_json"), {"priority": "1"}).json()
    assert [row["title"] for row in told["open"]] == ["=SUM(A1)"]


# ------------------------------------------------------------------ states


def test_a_link_is_evidence_when_it_is_an_address(incident: Incident, author: User) -> None:
    action = agreed(incident, 5, state="done")
    said: dict[str, Any] = {"action_id": action.pk, "state": "verified", "by": author, "now": NOW}
    with pytest.raises(Refused) as raised:
        actions.set_state(**said, evidence_url="javascript:alert(1)")
    assert raised.value.code == "address_broken"
    with pytest.raises(Refused, match="shows that it works"):
        actions.set_state(**said)
    verified = actions.set_state(**said, evidence="Drill of May", evidence_url="https://ci.example/41")
    assert verified.verified_by_evidence == "Drill of May\nhttps://ci.example/41"


def test_history_tells_each_state_and_who_when_an_action_went_its_way(
    incident: Incident, author: User
) -> None:
    action = actions.propose(incident_id=incident.pk, title="Alert on retries", by=author, now=NOW)
    actions.set_state(action_id=action.pk, state="accepted", by=author, now=NOW + timedelta(hours=1))
    actions.edit(action_id=action.pk, by=author, owner=author, due_on=TODAY)
    actions.set_state(
        action_id=action.pk,
        state="declined",
        reason="The queue went",
        by=author,
        now=NOW + timedelta(hours=2),
    )
    told = [(step.words, step.who) for step in history_of(action)]
    assert told == [
        ("Proposed", ""),
        ("Accepted", "on-call engineer"),
        ("Corrected: owner, day", ""),
        ("Declined: The queue went", "on-call engineer"),
    ]


def test_the_page_shows_history_and_corrects_when_it_is_opened(incident: Incident, author: User) -> None:
    action = agreed(incident, 5)
    client = client_of(make.user())
    action.incident.services.clear()
    address = reverse("incidents:action", args=[action.pk])
    typed = {
        "do": "edit",
        "action-title": "Other words",
        "action-due_on": "2026-07-01",
        "action-priority": "1",
    }
    assert client.post(address, typed).status_code == 302
    action.refresh_from_db()
    assert (action.title, action.due_on, action.priority) == ("Other words", date(2026, 7, 1), 1)
    assert "What happened to it" in client.get(address).content.decode()
    assert client.post(address, typed | {"action-title": ""}).status_code == 422
