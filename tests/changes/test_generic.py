"""The JSON that any sender can make."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from changes.forges.generic import GenericChange
from changes.models import Change, Deployment
from intake.models import Delivery, Source
from intake.sources import Letter, Unprocessable

pytestmark = pytest.mark.django_db
REPOSITORY = {"name": "acme/till", "address": "https://git.example.org/acme/till.git"}
CHANGE: dict[str, Any] = {
    "id": "flag-7",
    "at": "2026-03-02T10:00:00Z",
    "type": "flag",
    "title": "Turn rounding on",
    "state": "merged",
    "merged_at": "2026-03-02T10:00:00Z",
    "commits": [{"sha": "A" * 40}],
    "origin": "assisted",
    "assistant": "cursor",
    "assistances": [{"kind": "review"}],
    "services": ["Till"],
    "files": [{"path": "flags.yml", "added": 1, "deleted": 1}],
}
DEPLOYMENT: dict[str, Any] = {
    "id": "d1",
    "at": "2026-03-02T11:00:00Z",
    "environment": "production",
    "sha": "a" * 40,
    "status": "succeeded",
    "service": "Till",
}


@pytest.fixture
def source() -> Source:
    return Source.objects.create(slug="ci", name="CI", kind="generic-change")


def deliver(source: Source, **parts: Any) -> None:
    body = json.dumps({"repository": REPOSITORY, **parts}).encode()
    letter = Letter({}, body, datetime(2026, 3, 3, tzinfo=UTC))
    delivery, _ = Delivery.objects.get_or_create(
        source=source, key=GenericChange().key(letter), defaults={"body": body, "body_sha256": letter.sha256}
    )
    GenericChange().handle(delivery, letter)


def test_a_change_is_recorded_with_what_its_sender_declares(source: Source) -> None:
    deliver(source, change=CHANGE)
    deliver(source, change=CHANGE)
    one = Change.objects.get()
    assert (one.type, one.origin, one.origin_basis) == ("flag", "assisted", "declaration")
    assert one.assistances.get(status="declared").kind.slug == "review"
    assert one.services.filter(slug="till").exists()


def test_a_deployment_ships_what_it_holds(source: Source) -> None:
    deliver(source, deployment=DEPLOYMENT)
    assert Deployment.objects.get().is_gap
    deliver(source, change=CHANGE)
    assert Change.objects.get().shipped_basis == "deployment"


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({}, "None of"),
        ({"change": {"at": "2026-03-02T10:00:00Z"}}, "nothing names it"),
        ({"change": CHANGE | {"at": None}}, "change.at is missing"),
        ({"change": CHANGE | {"state": "lost"}}, "change.state"),
        ({"change": CHANGE | {"additions": -1}}, "change.additions"),
        ({"change": CHANGE | {"merged_at": None}}, "change.merged_at"),
        ({"change": CHANGE | {"commits": [{"sha": "a" * 40, "role": "odd"}]}}, r"commits\[0\].role"),
        ({"change": []}, "change"),
        ({"deployment": DEPLOYMENT | {"environment": ""}}, "deployment.environment"),
        ({"deployment": DEPLOYMENT | {"status": "odd"}}, "deployment.status"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    source: Source, parts: dict[str, Any], named: str
) -> None:
    with pytest.raises(Unprocessable, match=named):
        deliver(source, **parts)
    assert not Change.objects.exists()
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(("parts", "event"), [
    ({"change": CHANGE}, "change"), ({"deployment": DEPLOYMENT}, "deployment"),
    ({"review": {"id": 1, "change": "flag-7"}}, "review"), ({"check": {"name": "remark"}}, "check"),
    ({"change": None}, "unknown"), ({}, "unknown"),
])  # fmt: skip
def test_the_event_is_what_the_body_holds(parts: dict[str, Any], event: str) -> None:
    body = json.dumps({"repository": REPOSITORY, **parts}).encode()
    assert GenericChange().event(Letter({}, body, datetime(2026, 3, 3, tzinfo=UTC))) == event
