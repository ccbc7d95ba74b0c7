"""Opening, correcting, closing: what each verb does to the record, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import notices
from accounts.models import AuditEntry, Notification, Role, User
from incidents.models import Alert, Incident, Postmortem, Severity, TimelineEntry
from incidents.services import actions, incidents, lessons, timeline
from incidents.services.refusals import Refused
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def author() -> User:
    return make.user()


def report(by: User, **facts: Any) -> Incident:
    return incidents.report_incident(
        facts={"title": "Slow"} | facts, services=[make.service()], by=by, now=NOW
    )


def test_past_incident_is_resolved_and_its_postmortem_due_when_reported_with_its_times(author: User) -> None:
    friday = datetime(2026, 2, 27, 18, 0, tzinfo=UTC)
    sev1 = Severity.objects.get(rank=1)
    incident = report(
        author, impact_started_at=friday, mitigated_at=friday, resolved_at=friday, severity=sev1
    )
    assert incident.status == "resolved"
    assert incident.reported_at == friday, "told of by its end, though written down later"
    assert incident.recorded_at == NOW
    assert "reported_at" not in incident.held_fields
    assert {"title", "impact_started_at", "resolved_at", "services", "severity"} <= set(incident.held_fields)
    assert Postmortem.objects.get().due_on == date(2026, 3, 4), "three business days after a Friday"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, NOW),
        ({"detected_at": NOW - timedelta(hours=3)}, NOW),
        (
            {"detected_at": NOW - timedelta(days=99), "resolved_at": NOW - timedelta(days=98)},
            NOW - timedelta(days=99),
        ),
        (
            {"reported_at": NOW - timedelta(days=97), "resolved_at": NOW - timedelta(days=98)},
            NOW - timedelta(days=97),
        ),
    ],
)
def test_an_incident_was_told_of_when_it_was_found_if_it_is_over(
    author: User, said: dict[str, datetime], told: datetime
) -> None:
    assert report(author, **said).reported_at == told


def test_numbers_follow_each_other(author: User) -> None:
    assert [report(author).number for _ in range(3)] == [1, 2, 3]


def test_status_follows_when_the_time_of_resolution_is_filled_in(author: User) -> None:
    incident = report(author)
    incidents.edit_facts(incident_id=incident.pk, facts={"resolved_at": NOW}, by=author, now=NOW)
    incident.refresh_from_db()
    assert incident.status == "resolved"
    assert "resolved_at" in incident.held_fields


def test_time_before_its_start_is_kept_and_called_invalid(author: User) -> None:
    incident = report(author, impact_started_at=NOW, resolved_at=NOW - timedelta(minutes=1))
    assert incident.times_in_wrong_order == ["resolved_at"]
    assert incident.time_to_resolve is None


def test_old_link_leads_on_when_an_incident_is_a_duplicate(author: User) -> None:
    kept, double, older_double = report(author), report(author), report(author)
    incidents.mark_duplicate(incident_id=older_double.pk, of_id=double.pk, by=author, now=NOW)
    incidents.mark_duplicate(incident_id=double.pk, of_id=kept.pk, by=author, now=NOW)
    older_double.refresh_from_db()
    assert older_double.duplicate_of == kept, "never more than one step"
    assert not Incident.objects.counted().filter(pk=double.pk).exists()
    client = Client()
    client.force_login(author)
    page = client.get(reverse("incidents:detail", args=[older_double.number]))
    assert kept.get_absolute_url() in page.content.decode()


def test_own_duplicate_is_refused_when_the_chain_would_close(author: User) -> None:
    kept, double = report(author), report(author)
    incidents.mark_duplicate(incident_id=double.pk, of_id=kept.pk, by=author, now=NOW)
    with pytest.raises(Refused, match="duplicate of itself"):
        incidents.mark_duplicate(incident_id=kept.pk, of_id=double.pk, by=author, now=NOW)


def test_false_alarm_needs_no_postmortem_until_it_is_reopened(author: User) -> None:
    incident = report(author)
    incidents.close(incident_id=incident.pk, reason="false_alarm", by=author, now=NOW)
    assert Postmortem.objects.get().state == "not_required"
    incidents.reopen(incident_id=incident.pk, by=author, now=NOW)
    assert Postmortem.objects.get().state == "not_started"
    assert set(AuditEntry.objects.values_list("verb", flat=True)) == {"report", "close", "reopen"}


def test_closing_is_refused_without_a_reason(author: User) -> None:
    with pytest.raises(Refused):
        incidents.close(incident_id=report(author).pk, reason="", by=author, now=NOW)


def test_who_restricts_stays_among_those_named(author: User) -> None:
    incident = report(author)
    incidents.restrict(incident_id=incident.pk, people=[make.user()], by=author, now=NOW)
    assert author in incident.people.all()


def test_what_people_were_told_is_taken_back_when_it_becomes_restricted(author: User) -> None:
    incident, named, other = report(author), make.user(), make.user()
    for of, key in ((incident, "one"), (make.incident(), "two")):
        notices.tell(
            users=[author, named, other],
            kind="review",
            key=key,
            text=of.title,
            path="/incidents/",
            about=notices.about(of),
            now=NOW,
        )
    incidents.restrict(incident_id=incident.pk, people=[named], by=author, now=NOW)
    left = Notification.objects.filter(key="one").values_list("user", flat=True)
    assert set(left) == {author.pk, named.pk}
    assert Notification.objects.filter(key="two").count() == 3


def test_gathered_entry_comes_once_and_stays_hidden_when_gathered_again(author: User) -> None:
    incident = report(author)
    Alert.objects.create(source=make.source(), key="a", title="Slow", incident=incident, opened_at=NOW)
    assert timeline.gather(incident=incident, now=NOW) == 1
    entry = TimelineEntry.objects.get()
    timeline.remove_entry(entry_id=entry.pk, by=author)
    assert timeline.gather(incident=incident, now=NOW) == 0
    entry.refresh_from_db()
    assert entry.hidden


def test_action_is_verified_only_after_it_is_done_and_with_evidence(author: User) -> None:
    action = make.action(report(author))
    said: dict[str, Any] = {"action_id": action.pk, "by": author, "now": NOW}
    with pytest.raises(Refused, match="First done"):
        actions.set_state(state="verified", evidence="A drill", **said)
    actions.set_state(state="done", **said)
    with pytest.raises(Refused, match="what shows"):
        actions.set_state(state="verified", **said)
    assert actions.set_state(state="verified", evidence="A drill", **said).state == "verified"


def test_lesson_is_retired_when_the_only_incident_behind_it_lets_it_go(author: User) -> None:
    incident = report(author)
    lesson = lessons.record(text="Retry  with\na limit.", incident=incident, by=author, now=NOW)
    assert lesson.text == "Retry with a limit."
    lessons.unlink(lesson_id=lesson.pk, incident_id=incident.pk, by=author, now=NOW)
    lesson.refresh_from_db()
    assert lesson.state == "retired"


@pytest.fixture
def reader(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


def test_report_form_keeps_what_was_typed_when_something_does_not_fit(reader: Client) -> None:
    response = reader.post(reverse("incidents:report"), {"title": "", "impact": "Nobody could pay."})
    assert response.status_code == 422
    assert b"Nobody could pay." in response.content
    assert not Incident.objects.exists()


def test_future_time_is_refused_when_reported(reader: Client) -> None:
    typed = {"title": "Slow", "resolved_at": "2199-01-01T00:00"}
    assert "resolved_at" in reader.post(reverse("incidents:report"), typed).context["form"].errors


def test_reported_incident_is_shown_with_durations_that_say_why_there_is_none(reader: Client) -> None:
    typed = {"title": "Slow", "impact_started_at": "2026-03-02T12:00", "resolved_at": "2026-03-02T11:00"}
    page = reader.post(reverse("incidents:report"), typed, follow=True).content.decode()
    assert "invalid" in page
    assert "not applicable" in page
    assert "before its start" in page


def test_viewer_may_not_report() -> None:
    client = Client()
    client.force_login(make.user(Role.VIEWER))
    assert client.get(reverse("incidents:report")).status_code == 403


def test_lists_open_when_empty_and_when_filtered(reader: Client, author: User) -> None:
    incident = report(author)
    make.lesson(incident)
    make.action(incident)
    for name in ("list", "lessons", "actions"):
        assert reader.get(reverse(f"incidents:{name}")).context["page"].paginator.count == 1
        none = reader.get(reverse(f"incidents:{name}"), {"q": "nothing fits this"})
        assert b"Show all" in none.content


def test_lesson_and_action_move_on_from_their_pages(reader: Client, author: User) -> None:
    incident = report(author)
    lesson, action = make.lesson(incident), make.action(incident)
    reader.post(reverse("incidents:lesson_state", args=[lesson.pk]), {"state": "approved"})
    assert (
        b"declined"
        in reader.post(reverse("incidents:action", args=[action.pk]), {"state": "declined"}).content
    )
    reader.post(reverse("incidents:action", args=[action.pk]), {"state": "accepted"})
    lesson.refresh_from_db()
    action.refresh_from_db()
    assert (lesson.state, action.state) == ("approved", "accepted")


def test_second_text_of_a_lesson_is_shown_with_409_when_somebody_else_saved_first(
    reader: Client, author: User
) -> None:
    lesson = make.lesson(report(author))
    address = reverse("incidents:lesson_edit", args=[lesson.pk])
    assert reader.post(address, {"text": "Retry twice.", "version": "1"}).status_code == 302
    response = reader.post(address, {"text": "Never retry.", "version": "1"})
    assert response.status_code == 409
    assert b"Retry twice." in response.content
    assert b"Never retry." in response.content
