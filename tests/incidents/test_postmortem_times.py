"""Times as people type and correct them: zones, clock changes, old values, incidents of long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from incidents.models import Alert, Incident, IncidentType, Severity
from incidents.services import incidents as verbs
from tests import make

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def author() -> User:
    return make.user(Role.AUTHOR, time_zone="Europe/Berlin")


@pytest.fixture
def client(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


@pytest.fixture
def incident() -> Incident:
    return make.incident(title="Checkout answers slowly", detected_at=BEGAN)


def report(client: Client, **typed: Any) -> Any:
    return client.post(reverse("incidents:report"), {"title": "Slow checkout"} | typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2026-03-29T02:30", b"02:30 on 29 March 2026 does not exist in Europe/Berlin"),
        ("2025-10-26T02:30", b"02:30 on 26 October 2025 came twice in Europe/Berlin"),
    ],
)
def test_time_is_refused_in_words_when_the_clocks_changed(client: Client, typed: str, words: bytes) -> None:
    response = report(client, detected_at=typed)
    assert response.status_code == 422
    assert words in response.content
    assert not Incident.objects.exists()


@pytest.mark.parametrize(("offset", "hour"), [("+02:00", 0), ("+01:00", 1)])
def test_either_of_two_hours_is_kept_when_its_offset_is_written(
    client: Client, offset: str, hour: int
) -> None:
    report(client, detected_at=f"2025-10-26T02:30{offset}")
    incident = Incident.objects.get()
    assert incident.detected_at == datetime(2025, 10, 26, hour, 30, tzinfo=UTC)
    page = client.get(reverse("incidents:edit", args=[incident.number]))
    assert f'value="2025-10-26T02:30:00{offset}"'.encode() in page.content, (
        "shown so that it can be sent back"
    )


def test_old_value_is_shown_with_its_source_when_a_person_corrects_a_time(
    client: Client, author: User, incident: Incident
) -> None:
    pager = make.source(name="PagerDuty of the shop")
    Alert.objects.create(source=pager, key="a", incident=incident, opened_at=BEGAN)
    verbs.edit_facts(
        incident_id=incident.pk,
        facts={"detected_at": BEGAN - timedelta(minutes=9)},
        by=author,
        now=BEGAN + timedelta(days=1),
    )
    for name in ("incidents:detail", "incidents:edit"):
        page = client.get(reverse(name, args=[incident.number])).content.decode()
        assert "was 2 Mar 13:00 until" in page
        assert "from PagerDuty of the shop" in page


def test_no_source_is_named_when_a_person_corrects_a_person(
    client: Client, author: User, incident: Incident
) -> None:
    for minutes in (5, 9):
        facts = {"detected_at": BEGAN - timedelta(minutes=minutes)}
        verbs.edit_facts(incident_id=incident.pk, facts=facts, by=author, now=BEGAN)
    page = client.get(reverse("incidents:detail", args=[incident.number])).content.decode()
    assert "was 2 Mar 12:55 until" in page
    assert ", from " not in page.split("was 2 Mar 12:55")[1].split("</")[0]


def test_impact_begins_with_detection_when_that_is_ticked(client: Client, incident: Incident) -> None:
    step = reverse("incidents:step", args=[incident.number, "facts"])
    told = {"title": incident.title, "initial-title": incident.title, "began_when_detected": "on"}
    times = {"detected_at": "2026-03-02T13:00:00", "initial-detected_at": "2026-03-02 13:00:00"}
    assert client.post(step, told | times).status_code == 302
    incident.refresh_from_db()
    assert incident.impact_started_at == BEGAN
    assert b"began_when_detected" not in client.get(step).content


def test_incident_of_long_ago_leads_into_its_form_with_every_time_when_it_is_over(client: Client) -> None:
    typed = {
        "impact_started_at": "2019-05-06T08:00",
        "detected_at": "2019-05-06T08:10",
        "mitigated_at": "2019-05-06T09:00",
        "resolved_at": "2019-05-06T10:00",
        "severity": str(Severity.objects.get(rank=3).pk),
        "do": "write",
    }
    response = report(client, **typed)
    incident = Incident.objects.get()
    assert response["Location"] == reverse("incidents:step", args=[incident.number, "facts"])
    assert incident.status == Incident.Status.RESOLVED
    assert incident.impact_started_at == datetime(2019, 5, 6, 6, 0, tzinfo=UTC)
    assert incident.acknowledged_at is None
    codes = {entry["point"].code for entry in client.get(response["Location"]).context["points"]}
    assert not {"impact_start_missing", "resolved_missing", "severity_missing"} & codes


@pytest.mark.parametrize(
    ("zone", "hour"), [("", 13), ("Europe/Berlin", 13), ("UTC", 14), ("America/Los_Angeles", 22)]
)
def test_times_are_read_in_the_zone_of_the_old_report_when_it_is_named(
    client: Client, zone: str, hour: int
) -> None:
    typed = {"impact_started_at": "2021-01-04T14:00", "mitigated_at": "2021-01-04T14:45"}
    assert report(client, zone=zone, **typed).status_code == 302
    incident = Incident.objects.get()
    assert incident.impact_started_at == datetime(2021, 1, 4, hour, 0, tzinfo=UTC)
    assert incident.mitigated_at == datetime(2021, 1, 4, hour, 45, tzinfo=UTC)


def test_nothing_is_recorded_when_the_zone_is_none(client: Client) -> None:
    response = report(client, zone="Mars/Olympus", detected_at="2021-01-04T14:00")
    assert response.status_code == 422
    assert "zone" in response.context["form"].errors
    assert not Incident.objects.exists()


def test_hour_of_another_zone_is_refused_in_a_field_for_offsets_when_it_came_twice(client: Client) -> None:
    response = report(client, zone="America/Los_Angeles", detected_at="2021-11-07T01:30")
    assert b"01:30 on 7 November 2021 came twice in America/Los_Angeles" in response.content
    assert 'type="text"' in str(response.context["form"]["detected_at"])
    assert 'type="datetime-local"' in str(response.context["form"]["resolved_at"])


def test_zone_is_not_asked_when_times_stand_there_in_ones_own(client: Client, incident: Incident) -> None:
    assert b'name="zone"' in client.get(reverse("incidents:report")).content
    page = client.get(reverse("incidents:edit", args=[incident.number])).content
    assert b'name="zone"' not in page
    assert b"In your zone, Europe/Berlin" in page


def test_type_is_asked_only_when_the_organisation_tells_types_apart(
    client: Client, incident: Incident
) -> None:
    address = reverse("incidents:report")
    assert b'name="type"' not in client.get(address).content
    data_loss = IncidentType.objects.create(slug="data-loss", name="Data loss")
    assert b"Data loss" in client.get(address).content
    report(client, type=str(data_loss.pk))
    assert Incident.objects.latest("pk").type == data_loss


def test_retired_severity_stays_when_another_fact_is_corrected(client: Client, incident: Incident) -> None:
    Incident.objects.update(severity=Severity.objects.get(rank=4))
    Severity.objects.filter(rank=4).update(retired_at=BEGAN)
    severity = str(Severity.objects.get(rank=4).pk)
    told = {
        "title": "Slow",
        "initial-title": incident.title,
        "severity": severity,
        "initial-severity": severity,
    }
    assert client.post(reverse("incidents:edit", args=[incident.number]), told).status_code == 302
    incident.refresh_from_db()
    assert (incident.title, incident.severity and incident.severity.rank) == ("Slow", 4)


def test_old_address_leads_on_when_the_incident_became_a_duplicate(
    client: Client, author: User, incident: Incident
) -> None:
    kept = make.incident(title="The first of the two")
    verbs.mark_duplicate(incident_id=incident.pk, of_id=kept.pk, by=author, now=BEGAN)
    page = client.get(reverse("incidents:detail", args=[incident.number]))
    assert page.status_code == 200
    assert kept.get_absolute_url().encode() in page.content
    assert incident.get_absolute_url().encode() in client.get(kept.get_absolute_url()).content
    assert client.get(reverse("incidents:postmortem", args=[incident.number])).status_code == 200


def test_times_of_summer_are_not_called_winter_time_in_winter(client: Client, incident: Incident) -> None:
    with time_machine.travel("2026-12-01T12:00:00Z", tick=False):
        client.force_login(make.user(Role.AUTHOR, time_zone="America/New_York"))
        page = client.get(incident.get_absolute_url()).content.decode()
    assert re.search(r'id="times-title">Times</h2>\s*<span[^>]*>America/New_York<', page)
    assert re.search(r"Times are shown in <a[^>]*>America/New_York<", page)
    assert "EST" not in page
