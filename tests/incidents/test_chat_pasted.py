"""A block of chat becomes entries: looked at first, kept once, and nobody's name with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from incidents.models import Incident, Postmortem, TimelineEntry
from tests import make

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
BLOCK = "Ana Silva  [14:03]\nerrors on checkout, Ben\nBen Okoro  [14:05]\nok\nBen Okoro  [14:06]\nrolled back"


@pytest.fixture
def author() -> User:
    return make.user(
        username="ana", first_name="Ana", last_name="Silva", role_title="on-call engineer", time_zone="UTC"
    )


@pytest.fixture
def client(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


@pytest.fixture
def incident() -> Incident:
    return make.incident(impact_started_at=BEGAN, resolved_at=BEGAN + timedelta(hours=1))


def address(incident: Incident) -> str:
    return reverse("incidents:paste", args=[incident.number])


def previewed(client: Client, incident: Incident) -> dict[str, Any]:
    """The form of the preview as it was shown."""
    rows = client.post(address(incident), {"do": "read", "block": BLOCK}).context["rows"]
    typed: dict[str, Any] = {"do": "keep"}
    for row in rows:
        for name in ("key", "kind", "text"):
            typed[row["form"].add_prefix(name)] = row["form"][name].value()
        typed[row["form"].add_prefix("occurred_at")] = (
            row["form"]["occurred_at"].value().strftime("%Y-%m-%dT%H:%M:%S")
        )
        if row["form"]["take"].value():
            typed[row["form"].add_prefix("take")] = "on"
    return typed


def test_nothing_is_kept_when_a_block_is_only_read(client: Client, incident: Incident) -> None:
    answer = client.post(address(incident), {"do": "read", "block": BLOCK})
    assert answer.status_code == 200
    assert not TimelineEntry.objects.exists()
    html = answer.content.decode().split("<main")[-1]
    assert "Okoro" not in html
    assert "Silva" not in html


def test_ticked_rows_become_entries_once_when_the_block_is_pasted_twice(
    client: Client, incident: Incident, author: User
) -> None:
    for _ in range(2):
        assert (
            client.post(address(incident), previewed(client, incident) | {"row-1-take": ""}).status_code
            == 302
        )
    entries = list(incident.timeline.all())
    assert [entry.text for entry in entries] == [
        "On-call engineer: errors on checkout, a responder",
        "rolled back",
    ]
    assert entries[0].occurred_at == BEGAN + timedelta(minutes=3)
    assert entries[0].recorded_at > entries[0].occurred_at
    assert entries[0].written_by == author


@pytest.mark.parametrize(("zone", "hours"), [("", [14, 14]), ("America/New_York", [14, 19])])
def test_times_are_read_in_the_zone_of_the_block_when_it_is_named(
    client: Client, incident: Incident, zone: str, hours: list[int]
) -> None:
    block = "14:03 errors on checkout\n14:06 UTC rolled back"
    answer = client.post(address(incident), {"do": "read", "block": block, "zone": zone})
    assert [row["offer"].said.at.hour for row in answer.context["rows"]] == hours


def test_lines_without_a_time_are_shown_when_they_are_in_no_entry(client: Client, incident: Incident) -> None:
    block = "March 2 – first errors\n## Timeline\n14:03 more errors\nof all kinds"
    page = client.post(address(incident), {"do": "read", "block": block})
    assert page.context["left_out"] == ["March 2 – first errors"]
    assert "This line does not begin with a time" in page.content.decode()
    assert not client.post(address(incident), {"do": "read", "block": BLOCK}).context["left_out"]


def test_known_rows_are_not_ticked_when_the_block_is_pasted_again(client: Client, incident: Incident) -> None:
    client.post(address(incident), previewed(client, incident))
    assert not [name for name in previewed(client, incident) if name.endswith("take")]


def test_it_is_once_all_the_same_when_the_time_was_corrected(client: Client, incident: Incident) -> None:
    typed = previewed(client, incident) | {"row-0-occurred_at": "2026-03-02T13:59:00"}
    client.post(address(incident), typed)
    client.post(address(incident), previewed(client, incident) | {"row-0-take": "on"})
    assert incident.timeline.filter(text__contains="errors").count() == 1


def test_names_typed_into_the_preview_become_roles_when_kept(client: Client, incident: Incident) -> None:
    client.post(
        address(incident), previewed(client, incident) | {"row-0-text": "Ana Silva and @carla looked"}
    )
    assert incident.timeline.filter(text="on-call engineer and a responder looked").exists()


def test_rows_come_back_as_typed_when_one_does_not_fit(client: Client, incident: Incident) -> None:
    answer = client.post(address(incident), previewed(client, incident) | {"row-0-occurred_at": "later"})
    assert answer.status_code == 422
    assert not TimelineEntry.objects.exists()
    assert "rolled back" in answer.content.decode()


@pytest.mark.parametrize("block", ["", "no time at all"])
def test_the_page_says_why_when_nothing_can_be_read(client: Client, incident: Incident, block: str) -> None:
    assert client.post(address(incident), {"do": "read", "block": block}).status_code == 422


def test_nothing_is_pasted_when_it_is_published(client: Client, incident: Incident) -> None:
    Postmortem.objects.update(state="published", published_at=BEGAN)
    assert client.post(address(incident), {"do": "keep", "row-0-key": "chat:x"}).status_code == 302
    assert not TimelineEntry.objects.exists()


def post(client: Client, route: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/timeline/{route}/", body, content_type="application/json")


def test_the_api_reads_and_keeps_when_a_machine_pastes(client: Client, incident: Incident) -> None:
    asked = {"incident": incident.number, "block": BLOCK, "time_zone": "Europe/Berlin"}
    found = post(client, "read-chat", asked).json()["messages"]
    assert [one["is_ticked"] for one in found] == [True, False, True]
    assert found[0]["message"]["occurred_at"].startswith("2026-03-02T13:03:00")
    entries = [
        {name: one["message"][name] for name in ("key", "occurred_at", "text", "kind")} for one in found
    ]
    kept = {"incident": incident.number, "entries": entries}
    assert post(client, "from-chat", kept).json() == {"added": 3}
    assert post(client, "from-chat", kept).json() == {"added": 0}


@pytest.mark.parametrize(
    ("over", "field"), [({"block": "no time"}, "block"), ({"time_zone": "Mars/Base"}, "time_zone")]
)
def test_the_api_names_the_field_when_a_block_cannot_be_read(
    client: Client, incident: Incident, over: dict[str, str], field: str
) -> None:
    answer = post(client, "read-chat", {"incident": incident.number, "block": BLOCK} | over)
    assert answer.status_code == 400
    assert field in answer.content.decode()


def test_the_api_refuses_a_key_that_no_reading_gave(client: Client, incident: Incident) -> None:
    entry = {"key": "alert:1:fired", "occurred_at": "2026-03-02T13:03:00Z", "text": "x"}
    answer = post(client, "from-chat", {"incident": incident.number, "entries": [entry]})
    assert (answer.status_code, answer.json()["code"]) == (422, "key_unknown")
