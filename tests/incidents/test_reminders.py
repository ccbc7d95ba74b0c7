"""Reminders by policy: the owner first, then others; business days; each occasion once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts import mail_notices
from accounts.models import AuditEntry, Mail, Notification, Role, Team, Topic, User
from incidents.models import ActionItem, Incident, Postmortem, ReminderPolicy
from incidents.services import postmortems, reminding, reviewing
from incidents.services.incidents import due_on
from tests import make
from tests.accounts.mailing import reader

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


def test_the_owner_is_told_before_and_once_a_week_after_when_an_action_stays_open(
    incident: Incident, owner: User
) -> None:
    make.action(incident, state="accepted", owner=owner, due_on=DUE)
    told = {step: remind(DUE + timedelta(days=step)) for step in range(-10, 22)}
    # Wednesday before, then the Monday after and every Monday: nobody is told on a Saturday.
    assert {step for step, count in told.items() if count} == {-2, 3, 10, 17}


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
    assert remind(DUE + timedelta(days=10)) == 0


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
    assert {step for step, count in told.items() if count} == {-2, 3, 10, 17}
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


# ------------------------------------------------------------------ others than the owner


def team_of(incident: Incident, *members: User) -> Team:
    team = Team.objects.create(name="Payments", slug="payments")
    team.members.add(*members)
    incident.services.add(make.service(team=team))
    return team


def told_by_day(days: range) -> dict[int, set[str]]:
    """Who is told for the first time or again on which day behind it."""
    found: dict[int, set[str]] = {}
    for step in days:
        before = set(Notification.objects.values_list("pk", flat=True))
        if remind(DUE + timedelta(days=step)):
            new = Notification.objects.exclude(pk__in=before)
            found[step] = {one.user.username for one in new}
    return found


def test_the_owner_is_told_first_then_who_facilitates_then_the_others_of_the_team(incident: Incident) -> None:
    owner, guide, mate, other = (make.user(username=name) for name in ("owner", "guide", "mate", "other"))
    team_of(incident, owner, guide, mate)
    Postmortem.objects.update(state="draft", owner=owner, facilitator=guide, due_on=DUE)
    assert told_by_day(range(-10, 16)) == {
        -2: {"owner"},
        3: {"owner"},
        7: {"guide"},
        10: {"owner"},
        14: {"mate"},
    }
    assert not Notification.objects.filter(user=other).exists()
    assert not Notification.objects.filter(text__contains="owner").exists()


def test_the_team_is_told_of_what_nobody_owns(incident: Incident) -> None:
    mate = make.user()
    team_of(incident, mate)
    make.action(incident, title="Alert on retries", state="accepted", due_on=DUE)
    assert remind(DUE + timedelta(days=14)) == 1
    assert (
        Notification.objects.get(user=mate).text
        == "Of your team: the action “Alert on retries” was due on 6 March"
    )


def test_the_team_is_not_told_of_a_restricted_incident_when_not_named(incident: Incident) -> None:
    mate, named = make.user(), make.user()
    team_of(incident, mate, named)
    make.action(incident, state="accepted", due_on=DUE)
    Incident.objects.update(is_restricted=True)
    incident.people.add(named)
    remind(DUE + timedelta(days=14))
    assert [one.user for one in Notification.objects.all()] == [named]


def test_a_review_that_waits_is_told_again_until_it_is_answered(incident: Incident) -> None:
    asked, by = make.user(), make.user()
    Postmortem.objects.update(state="draft")
    monday = datetime(2026, 3, 2, 9, tzinfo=UTC)
    reviewing.ask(incident_id=incident.pk, reviewer=asked, by=by, now=monday)
    Notification.objects.all().delete()
    told = {step: remind(monday.date() + timedelta(days=step)) for step in range(12)}
    assert {step for step, count in told.items() if count} == {3, 10}
    assert Notification.objects.first().text.startswith("You were asked on 2 March for a review of")  # type: ignore[union-attr]
    reviewing.review(incident_id=incident.pk, verdict="approved", text="", by=asked, now=monday)
    assert remind(monday.date() + timedelta(days=17)) == 0


def test_one_mail_a_day_holds_all_that_a_person_is_told(incident: Incident) -> None:
    owner = reader(Topic.NOTICES)
    for _ in range(3):
        make.action(incident, state="accepted", owner=owner, due_on=DUE)
    Postmortem.objects.update(state="draft", owner=owner, due_on=DUE)
    at = datetime(2026, 3, 9, 12, tzinfo=UTC)
    assert reminding.remind(now=at) == 4
    for hours in range(1, 11):
        mail_notices.make_due(now=at + timedelta(hours=hours))
    assert Mail.objects.filter(user=owner).count() == 1
    assert len(Mail.objects.get().content["notifications"]) == 4


# ------------------------------------------------------------------ the rows


def rule(**over: Any) -> ReminderPolicy:
    values = {"kind": "action", "who": "owner", "days": 3, "side": "after", "repeat_every": 0}
    return reminding.save_policy(policy=ReminderPolicy(**(values | over)), by=None)


def test_a_row_that_is_off_or_gone_tells_nobody(incident: Incident, owner: User) -> None:
    make.action(incident, state="accepted", owner=owner, due_on=DUE)
    ReminderPolicy.objects.filter(kind="action", side="after").update(is_active=False)
    ReminderPolicy.objects.filter(kind="action", side="before").delete()
    assert told_by_day(range(-5, 30)) == {}


def test_the_last_row_whose_day_has_come_decides(incident: Incident, owner: User) -> None:
    make.action(incident, state="accepted", owner=owner, due_on=DUE)
    rule(days=5, side="before")
    rule(days=3, repeat_every=1)
    assert list(told_by_day(range(-10, 8))) == [-7, -2, 3, 5, 6, 7]


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"kind": "review", "side": "before"}, "due on no day"),
        ({"side": "before", "repeat_every": 2}, "behind its day"),
        ({"days": 1, "repeat_every": 5}, "already exists"),
        ({"who": "everybody"}, "not a valid choice"),
    ],
)
def test_a_row_that_says_nothing_is_refused(over: dict[str, Any], words: str) -> None:
    before = ReminderPolicy.objects.count()
    with pytest.raises(ValidationError, match=words):
        rule(**over)
    assert ReminderPolicy.objects.count() == before


def test_admins_edit_the_rows_and_leave_a_trace(client: Client) -> None:
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    values = {
        "kind": "review",
        "who": "team",
        "days": 4,
        "side": "after",
        "repeat_every": 0,
        "is_active": "on",
    }
    client.post(reverse("admin:incidents_reminderpolicy_add"), values)
    made = ReminderPolicy.objects.get(kind="review", who="team")
    change = reverse("admin:incidents_reminderpolicy_change", args=[made.pk])
    page = client.post(change, values | {"side": "before"}).content.decode()
    assert "due on no day" in page
    client.post(change, values | {"days": 6})
    client.post(reverse("admin:incidents_reminderpolicy_delete", args=[made.pk]), {"post": "yes"})
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "reminder_policy.created",
        "reminder_policy.changed",
        "reminder_policy.removed",
    ]
    listed = client.get(reverse("admin:incidents_reminderpolicy_changelist")).content.decode()
    assert "2 business days before the day" in listed
    assert "every 5 business days" in listed


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_counting_business_days_is_the_other_way_round_of_adding_them(start: date, days: int) -> None:
    assert reminding.business_days(start, due_on(start, days)) == days
