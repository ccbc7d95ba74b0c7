"""The calendar feed: read back with the library, as its owner may see things at the time, no more."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from time_machine import travel

from accounts import calendar_keys
from accounts.log_filter import WithoutKeys
from accounts.models import AuditEntry, CalendarKey, Role, Team, User
from incidents.calendar_file import Day, Weekly, written
from incidents.models import Incident, Postmortem, ReviewRequest
from incidents.services import postmortems, reviewing
from incidents.services.actions import set_state
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
DUE = date(2026, 3, 6)


@pytest.fixture(autouse=True)
def at_one_moment() -> Iterator[None]:
    cache.clear()
    with travel(NOW, tick=False):
        yield


def key(user: User) -> str:
    return calendar_keys.make(user=user, now=timezone.now())


def read(secret: str, client: Client | None = None, **headers: str) -> Any:
    return (client or Client()).get(reverse("incidents:calendar", args=[secret]), headers=headers)


def calendar(secret: str) -> Any:
    response = read(secret)
    assert response.status_code == 200
    return Calendar.from_ical(response.content)


def events(secret: str) -> dict[str, Any]:
    """By what stands before the host; the weekly review apart."""
    found = {str(one["UID"]).partition("@")[0]: one for one in calendar(secret).walk("VEVENT")}
    return {uid: one for uid, one in found.items() if not uid.startswith("weekly-review")}


def titles(secret: str) -> list[str]:
    return sorted(str(one["SUMMARY"]) for one in events(secret).values())


def of_team(user: User, **over: Any) -> Incident:
    team = Team.objects.create(name="Payments", slug="payments")
    team.members.add(user)
    made = make.incident(**over)
    made.services.add(make.service(team=team))
    return made


# ------------------------------------------------------------------ what stands in it


def test_what_is_due_is_read_back_with_its_day_and_address() -> None:
    user = make.user()
    incident = make.incident(title="Checkout slow")
    action = make.action(incident, title="Alert on retries", state="accepted", owner=user, due_on=DUE)
    found = events(key(user))[f"action-{action.pk}"]
    assert found["DTSTART"].dt == DUE
    assert found["DTEND"].dt == DUE + timedelta(days=1)
    assert found["DTSTART"].params["VALUE"] == "DATE"
    assert str(found["SUMMARY"]) == f"Action due: Alert on retries ({incident})"
    assert str(found["URL"]) == f"http://127.0.0.1:8000/actions/{action.pk}/"
    assert (found["STATUS"], found["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")


def test_own_things_those_of_the_team_and_reviews_stand_in_it_and_others_do_not() -> None:
    user, other = make.user(), make.user()
    team = of_team(user, title="Ledger late")
    make.action(team, title="Theirs", state="in_progress", owner=other, due_on=DUE)
    Postmortem.objects.filter(incident=team).update(due_on=DUE, state="draft", owner=other)
    mine = make.incident(title="Mine")
    Postmortem.objects.filter(incident=mine).update(due_on=DUE, facilitator=user)
    elsewhere = make.incident(title="Elsewhere")
    make.action(elsewhere, state="accepted", owner=other, due_on=DUE)
    make.action(elsewhere, title="Proposed", state="proposed", owner=user, due_on=DUE)
    make.action(elsewhere, title="Without a day", state="accepted", owner=user)
    asked = Postmortem.objects.get(incident=elsewhere)
    Postmortem.objects.filter(pk=asked.pk).update(state="in_review")
    ReviewRequest.objects.create(postmortem=asked, reviewer=user, requested_at=NOW - timedelta(days=1))
    assert titles(key(user)) == [
        f"Postmortem due: {mine} Mine",
        f"Team action due: Theirs ({team})",
        f"Team postmortem due: {team} Ledger late",
        f"You are asked to review: {elsewhere} Elsewhere",
    ]


def test_a_restricted_incident_stands_only_in_the_calendar_of_who_is_named_and_without_its_title() -> None:
    named, teammate = make.user(), make.user()
    incident = of_team(teammate, title="Keys leaked", is_restricted=True, people=[named])
    Team.objects.get().members.add(named)
    make.action(incident, title="Change the keys", state="accepted", owner=teammate, due_on=DUE)
    Postmortem.objects.update(due_on=DUE, state="in_review")
    for person in (named, teammate):
        ReviewRequest.objects.create(postmortem=incident.postmortem, reviewer=person)
    assert titles(key(teammate)) == []
    assert len(titles(key(named))) == 3
    assert all("(restricted)" in title for title in titles(key(named)))
    assert "leaked" not in str(titles(key(named)))
    assert "Change the keys" not in str(titles(key(named)))


def test_what_becomes_restricted_is_gone_at_the_next_reading() -> None:
    user = make.user(Role.ADMIN)
    incident = make.incident()
    make.action(incident, state="accepted", owner=user, due_on=DUE)
    secret = key(user)
    assert len(events(secret)) == 1
    Incident.objects.update(is_restricted=True)
    assert events(secret) == {}


def test_demonstration_data_stands_in_nobodys_calendar() -> None:
    user = make.user()
    make.action(make.incident(is_demo=True), state="accepted", owner=user, due_on=DUE)
    assert events(key(user)) == {}


# ------------------------------------------------------------------ updates and cancellations


def test_a_moved_day_keeps_its_uid_and_raises_its_sequence() -> None:
    user, by = make.user(), make.user()
    incident = make.incident()
    secret = key(user)
    seen = []
    for day in (DUE, DUE + timedelta(days=7)):
        postmortems.appoint(
            incident_id=incident.pk, owner=user, facilitator=None, due_on=day, by=by, now=timezone.now()
        )
        seen.append(events(secret))
    (first,), (second,) = seen[0].values(), seen[1].values()
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert second["DTSTART"].dt == DUE + timedelta(days=7)


def test_what_is_done_is_cancelled_for_a_while_and_then_gone() -> None:
    user = make.user()
    action = make.action(make.incident(), state="in_progress", owner=user, due_on=DUE)
    secret = key(user)
    before = events(secret)[f"action-{action.pk}"]
    set_state(action_id=action.pk, state="done", by=user, now=timezone.now())
    after = events(secret)[f"action-{action.pk}"]
    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    with travel(NOW + timedelta(days=31), tick=False):
        assert events(secret) == {}


def test_a_withdrawn_review_is_cancelled() -> None:
    user, by = make.user(), make.user()
    incident = make.incident()
    Postmortem.objects.update(state="draft")
    request = reviewing.ask(incident_id=incident.pk, reviewer=user, by=by, now=timezone.now())
    secret = key(user)
    before = events(secret)[f"review-{request.pk}"]
    reviewing.withdraw(request_id=request.pk, by=by, now=timezone.now())
    after = events(secret)[f"review-{request.pk}"]
    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_a_published_postmortem_is_cancelled_and_one_of_long_ago_is_not_told() -> None:
    user = make.user()
    old, new = make.incident(), make.incident()
    for incident in (old, new):
        Postmortem.objects.filter(incident=incident).update(due_on=DUE, owner=user)
    postmortems.not_required(incident_id=new.pk, reason="A drill", by=user, now=timezone.now())
    Postmortem.objects.filter(incident=old).update(state="published", published_at=NOW - timedelta(days=90))
    found = events(key(user))
    assert [one["STATUS"] for one in found.values()] == ["CANCELLED"]


# ------------------------------------------------------------------ the weekly review


@override_settings(ORGANISATION_TIME_ZONE="Europe/Lisbon", MAIL_WEEKDAY=3, MAIL_HOUR=9)
def test_the_weekly_review_recurs_at_the_same_hour_when_clocks_change() -> None:
    found = calendar(key(make.user()))
    (meeting,) = (one for one in found.walk("VEVENT") if "RRULE" in one)
    assert meeting["DTSTART"].dt == datetime(2026, 3, 5, 9, tzinfo=UTC)
    assert meeting["DTSTART"].params["TZID"] == "Europe/Lisbon"
    assert meeting["RRULE"] == {"FREQ": ["WEEKLY"], "BYDAY": ["TH"]}
    (zone,) = found.walk("VTIMEZONE")
    assert zone["TZID"] == "Europe/Lisbon"
    # What the file says of the zone, not what this machine knows of it.
    summer = datetime(2026, 7, 2, 9, tzinfo=zone.to_tz(lookup_tzid=False))
    assert summer.utcoffset() == timedelta(hours=1)


# ------------------------------------------------------------------ the key


def test_a_wrong_a_revoked_and_a_replaced_key_open_nothing() -> None:
    user = make.user()
    first = key(user)
    second = key(user)
    assert read(first).status_code == 404
    assert read(second).status_code == 200
    for wrong in ("x" * 43, "x", second[:-1] + ("a" if second[-1] != "a" else "b"), "é" * 43):
        assert read(wrong).status_code == 404
    calendar_keys.revoke(user=user)
    assert read(second).status_code == 404
    assert not calendar_keys.revoke(user=user)


def test_the_key_of_somebody_who_may_not_come_in_opens_nothing() -> None:
    user = make.user()
    secret = key(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert read(secret).status_code == 404


def test_the_key_is_shown_once_and_kept_as_a_digest() -> None:
    user, client = make.user(), Client()
    client.force_login(user)
    page = client.post(reverse("accounts:calendar"), {"want": "1"}).content.decode()
    shown = re.search(r"http://127\.0\.0\.1:8000/calendar/([^<]+)\.ics", page)
    assert shown
    assert read(shown[1]).status_code == 200
    assert shown[1] not in client.get(reverse("accounts:mail")).content.decode()
    assert shown[1] not in str(CalendarKey.objects.values()) + str(AuditEntry.objects.values())
    page = client.post(reverse("accounts:calendar"), {"want": "0"}, follow=True).content.decode()
    assert "opens nothing any more" in page
    assert read(shown[1]).status_code == 404


def test_reading_alters_nothing_and_needs_no_cookie() -> None:
    user = make.user()
    make.action(make.incident(), state="accepted", owner=user, due_on=DUE)
    secret = key(user)
    with CaptureQueriesContext(connection) as statements:
        response = read(secret)
    assert response.status_code == 200
    assert not response.cookies
    assert all(one["sql"].startswith("SELECT") for one in statements.captured_queries)
    assert len(statements) <= 12
    for method in ("post", "put", "delete"):
        assert getattr(Client(), method)(reverse("incidents:calendar", args=[secret])).status_code == 405


def test_a_reader_with_the_newest_is_told_so() -> None:
    user = make.user()
    secret = key(user)
    etag = read(secret)["ETag"]
    again = read(secret, **{"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    make.action(make.incident(), state="accepted", owner=user, due_on=DUE)
    assert read(secret, **{"If-None-Match": etag}).status_code == 200


def test_a_key_that_is_read_without_pause_is_held_back_and_no_other() -> None:
    secret, other = key(make.user()), key(make.user())
    answers = [read(secret).status_code for _ in range(calendar_keys.MOST + 1)]
    assert answers == [200] * calendar_keys.MOST + [429]
    assert read(other).status_code == 200
    assert int(read(secret)["Retry-After"]) > 0


def test_no_key_is_logged_when_a_reading_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    secret = key(make.user())
    calendar_keys.revoke(user=User.objects.get())
    with caplog.at_level(logging.DEBUG, logger="django.request"):
        read(secret)
    assert "Not Found: /calendar/…" in caplog.text
    assert secret not in caplog.text
    args = (f"/calendar/{secret}.ics", f"/account/link/{secret}/", "/incidents/12/")
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s %s %s", args, None)
    assert WithoutKeys().filter(record)
    assert record.getMessage() == "/calendar/… /account/link/…/ /incidents/12/"
    assert WithoutKeys().filter(logging.LogRecord("x", logging.INFO, "", 0, "%d", ("no number",), None))


# ------------------------------------------------------------------ any words

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(title=texts, day=st.dates(date(1990, 1, 1), date(2100, 1, 1)), revision=st.integers(0, 2**31 - 1))
def test_any_title_is_read_back_and_adds_no_line(title: str, day: date, revision: int) -> None:
    weekly = Weekly("Weekly", "http://x/review/", 0, 8, "Europe/Lisbon", NOW)
    one = Day("action-1", day, title, "http://x/1", False, revision, NOW)
    content = written([one], weekly, name="Hindcast", host="x")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert content.count(b"\n") == content.count(b"\r\n")
    back: Any = Calendar.from_ical(content)
    found = [event for event in back.walk("VEVENT") if "RRULE" not in event]
    assert len(found) == 1
    assert found[0]["DTSTART"].dt == day
    assert found[0]["SEQUENCE"] == revision
    assert set(found[0]) <= {
        "UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY", "URL", "DESCRIPTION", "TRANSP", "DTSTART",
        "DTEND", "STATUS",
    }  # fmt: skip
    words = "".join(sign if sign.isprintable() else " " for sign in title).split()
    assert str(found[0]["SUMMARY"]).split() == words


@given(
    weekday=st.integers(0, 6),
    hour=st.integers(0, 23),
    since=st.integers(10**9, 3 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC)),
)
def test_the_first_weekly_review_is_on_its_day_within_a_week(
    weekday: int, hour: int, since: datetime
) -> None:
    weekly = Weekly("Weekly", "http://x/", weekday, hour, "Pacific/Auckland", since)
    assert (weekly.begins_at.weekday(), weekly.begins_at.hour) == (weekday, hour)
    assert abs(weekly.begins_at - since) <= timedelta(days=8)
