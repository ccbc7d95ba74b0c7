"""Owners are reminded before the day and weekly behind it, each time once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Notification, User
from incidents.models import ActionItem, Incident, Postmortem
from incidents.services import postmortems, reminding
from tests import make

pytestmark = pytest.mark.django_db
# A Friday.
DUE = date(2026, 3, 6)


@pytest.fixture
def owner() -> User:
    return make.user()


@pytest.fixture
def incident() -> Incident:
    return make.incident(title="Checkout slow")


def remind(day: date) -> int:
    return reminding.remind(now=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def test_the_owner_is_told_twice_before_and_once_a_week_after_when_an_action_stays_open(
    incident: Incident, owner: User
) -> None:
    make.action(incident, state="accepted", owner=owner, due_on=DUE)
    told = {step: remind(DUE + timedelta(days=step)) for step in range(-10, 22)}
    assert {step for step, count in told.items() if count} == {-2, 1, 8, 15}


def test_weekends_do_not_count_when_two_business_days_are_left(incident: Incident, owner: User) -> None:
    make.action(incident, state="accepted", owner=owner, due_on=date(2026, 3, 9))
    assert remind(date(2026, 3, 4)) == 0
    assert remind(date(2026, 3, 5)) == 1


def test_nobody_is_told_again_when_the_same_day_is_looked_at_twice(incident: Incident, owner: User) -> None:
    make.action(incident, state="in_progress", owner=owner, due_on=DUE)
    assert (remind(DUE), remind(DUE)) == (1, 0)
    Notification.objects.update(read_at=datetime(2026, 3, 6, tzinfo=UTC))
    assert remind(DUE) == 0


@pytest.mark.parametrize(
    "over",
    [{"state": "proposed"}, {"state": "done"}, {"state": "verified"}, {"owner": None}, {"due_on": None}],
)
def test_nobody_is_told_when_nothing_is_waited_for(
    incident: Incident, owner: User, over: dict[str, Any]
) -> None:
    make.action(incident, **({"state": "accepted", "owner": owner, "due_on": DUE} | over))
    assert remind(DUE + timedelta(days=9)) == 0


def test_a_new_day_is_told_anew_when_it_was_moved(incident: Incident, owner: User) -> None:
    action = make.action(incident, state="accepted", owner=owner, due_on=DUE)
    remind(DUE)
    ActionItem.objects.filter(pk=action.pk).update(due_on=DUE + timedelta(days=7))
    assert remind(DUE + timedelta(days=7)) == 1


def test_nobody_is_told_of_a_restricted_incident_when_not_named(incident: Incident, owner: User) -> None:
    make.action(incident, state="accepted", owner=owner, due_on=DUE)
    Postmortem.objects.update(state="draft", owner=owner, due_on=DUE)
    Incident.objects.update(is_restricted=True)
    assert remind(DUE) == 0
    incident.people.add(owner)
    assert remind(DUE) == 2


def test_the_owner_of_a_postmortem_is_told_by_the_same_rule(incident: Incident, owner: User) -> None:
    Postmortem.objects.update(state="draft", owner=owner, due_on=DUE)
    told = {step: remind(DUE + timedelta(days=step)) for step in range(-10, 22)}
    assert {step for step, count in told.items() if count} == {-2, 1, 8, 15}
    assert Notification.objects.filter(about=f"incident:{incident.pk}").count() == 4


@pytest.mark.parametrize("state", ["published", "not_required"])
def test_nobody_is_told_of_a_postmortem_when_it_is_done(incident: Incident, owner: User, state: str) -> None:
    Postmortem.objects.update(
        state=state,
        owner=owner,
        due_on=DUE,
        published_at=datetime(2026, 3, 1, tzinfo=UTC),
        not_required_reason="x",
    )
    assert remind(DUE) == 0


def test_nobody_is_told_of_demonstration_data(incident: Incident, owner: User) -> None:
    make.action(incident, state="accepted", owner=owner, due_on=DUE)
    Incident.objects.update(is_demo=True)
    assert remind(DUE) == 0


def appoint(incident: Incident, owner: User, by: User) -> None:
    postmortems.appoint(
        incident_id=incident.pk,
        owner=owner,
        facilitator=None,
        due_on=DUE,
        by=by,
        now=datetime(2026, 3, 1, tzinfo=UTC),
    )


def test_the_owner_is_told_once_when_somebody_else_names_them(incident: Incident, owner: User) -> None:
    appoint(incident, owner, make.user())
    appoint(incident, owner, make.user())
    told = Notification.objects.get(user=owner)
    assert "due on 6 March" in told.text


def test_nobody_is_told_when_they_name_themselves(incident: Incident, owner: User) -> None:
    appoint(incident, owner, owner)
    assert not Notification.objects.exists()
