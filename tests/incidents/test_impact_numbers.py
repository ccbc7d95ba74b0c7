"""Numbers of impact as people type them: read as written, and never dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from incidents.models import Incident
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make.user(Role.AUTHOR))
    return client


def report(client: Client, value: str, unit: str = "", label: str = "") -> Any:
    row = {"number_1_value": value, "number_1_unit": unit, "number_1_label": label}
    return client.post(reverse("incidents:report"), {"title": "Slow checkout"} | row)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1200", 1200),
        ("35,000", 35_000),
        ("1 200 000", 1_200_000),
        ("3.7M", 3_700_000),
        ("4.71k", 4710),
        ("~ 0.002", 0.002),
        ("about 5000", 5000),
        ("-3", -3),
    ],
)
def test_number_is_kept_when_written_as_in_reports(client: Client, written: str, value: float) -> None:
    assert report(client, written, "requests", "failed").status_code == 302
    told = [{"label": "failed", "value": value, "unit": "requests"}]
    incident = Incident.objects.get()
    assert incident.impact_numbers == told
    page = client.get(reverse("incidents:edit", args=[incident.number]))
    assert float(page.context["form"]["number_1_value"].value()) == value


@pytest.mark.parametrize("written", ["10-15", "most", "78 %", "1,2", "nan", "1e400"])
def test_nothing_is_recorded_when_it_is_no_one_number(client: Client, written: str) -> None:
    response = report(client, written, "minutes")
    assert response.status_code == 422
    assert f'value="{written}"' in response.content.decode(), "shown as it was typed"
    assert b"One number, as in 1200" in response.content
    assert not Incident.objects.exists()


def test_words_are_not_dropped_when_their_number_is_missing(client: Client) -> None:
    response = report(client, "", "payments", "failed at checkout")
    assert response.status_code == 422
    assert b"How many? Or empty the row." in response.content
    assert not Incident.objects.exists()


def test_nothing_changed_when_a_number_is_sent_back_as_shown(client: Client) -> None:
    report(client, "0.1", "%", "failed")
    incident = Incident.objects.get()
    form = client.get(reverse("incidents:edit", args=[incident.number])).context["form"]
    shown = str(form["number_1_value"])
    assert 'value="0.1"' in shown
    assert 'type="text"' in shown
