"""Other people's real payloads (SAMPLES_DIR) end as their README says, in any order and sent twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import Alert, AlertEvent, Incident
from intake import tasks
from intake.models import Delivery
from tests import make
from tests.intake.letters import send

pytestmark = pytest.mark.django_db
PAGERDUTY = [
    "incident.triggered",
    "incident.acknowledged",
    "incident.resolved",
    "incident.reopened",
    "incident.priority_updated",
    "incident.annotated",
    "incident.status_update_published",
    "service.updated",
]
ALERTMANAGER = ["firing-two-alerts", "firing-three-alerts-no-fingerprint", "resolved"]
ORDERS = [None, 1, 2, 3]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def delivered(samples: Path, kind: str, names: list[str], seed: int | None) -> None:
    """Through the door and the task; with a seed twice and shuffled."""
    source = make.source(kind)
    order = names if seed is None else names * 2
    if seed is not None:
        random.Random(seed).shuffle(order)
    for name in order:
        body = (samples / "payloads" / kind / f"{name}.json").read_bytes()
        assert send(source, body).status_code == 202
        tasks.process_due()
    assert source.deliveries.count() == len(names)
    assert not Delivery.objects.due(timezone.now()).exists()


@pytest.fixture(
    params=ORDERS, ids=lambda seed: "once, in order" if seed is None else f"twice, shuffled {seed}"
)
def pagerduty(request: pytest.FixtureRequest, samples: Path) -> dict[str, Alert]:
    delivered(samples, "pagerduty", PAGERDUTY, request.param)
    return {alert.key: alert for alert in Alert.objects.select_related("incident")}


@pytest.fixture(
    params=ORDERS, ids=lambda seed: "once, in order" if seed is None else f"twice, shuffled {seed}"
)
def alertmanager(request: pytest.FixtureRequest, samples: Path) -> list[Alert]:
    delivered(samples, "alertmanager", ALERTMANAGER, request.param)
    return list(Alert.objects.select_related("incident").order_by("opened_at", "key"))


def is_(alert: Alert, **expected: Any) -> None:
    assert {name: getattr(alert, name) for name in expected} == expected


def test_pagerduty_samples_end_as_their_readme_says(pagerduty: dict[str, Alert]) -> None:
    is_(
        pagerduty["PFQZPSY"],
        number="9",
        status="open",
        severity_told="",
        urgency="high",
        service_told="pig208",
        opened_at=utc("2021-06-04T13:35:29.781"),
        url="https://pig208.pagerduty.com/incidents/PFQZPSY",
    )
    is_(
        pagerduty["PQ1K5C8"],
        number="10",
        status="acknowledged",
        acknowledged_at=utc("2021-06-04T13:55:30.394"),
        opened_at=None,
        severity_told="",
        urgency="high",
    )
    is_(pagerduty["PCPZE64"], number="6", status="resolved", resolved_at=utc("2021-06-04T13:16:53.816"))
    is_(
        pagerduty["Q05XJA8GDXGOB3"],
        number="4",
        status="open",
        opened_at=utc("2026-03-30T13:37:07"),
        resolved_at=None,
        severity_told="P3",
        urgency="low",
    )
    is_(
        pagerduty["Q3B15VLMF3ASBD"],
        number="5",
        status="open",
        severity_told="P2",
        opened_at=utc("2026-04-01T02:07:30"),
        dedup_key="d387d7bd2e0a4294a5307339dfe1669a",
        title="Critical: Checkout API High Latency",
    )
    assert len(pagerduty) == 5
    assert AlertEvent.objects.count() == 7
    assert Delivery.objects.get(event="service.updated").state == "ignored"


def test_pagerduty_samples_become_incidents_that_say_the_same(pagerduty: dict[str, Alert]) -> None:
    assert Incident.objects.count() == 5
    shown = {key: alert.incident for key, alert in pagerduty.items()}
    resolved, reopened, updated = (shown[key] for key in ("PCPZE64", "Q05XJA8GDXGOB3", "Q3B15VLMF3ASBD"))
    assert resolved
    assert reopened
    assert updated
    assert (resolved.status, resolved.resolved_at) == ("resolved", utc("2021-06-04T13:16:53.816"))
    assert (reopened.status, reopened.resolved_at) == ("open", None)
    assert reopened.detected_at == utc("2026-03-30T13:37:07")
    assert updated.severity
    assert updated.severity.slug == "sev2"
    notes = list(updated.timeline.filter(kind="note").values_list("occurred_at", flat=True))
    assert notes == [utc("2026-04-01T02:17:41.211"), utc("2026-04-01T02:18:59.674")]
    assert "Running KILL" in updated.timeline.get(occurred_at=notes[1]).text


def test_alertmanager_samples_end_as_their_readme_says(alertmanager: list[Alert]) -> None:
    assert len(alertmanager) == 6
    three, two, (resolved,) = alertmanager[:3], alertmanager[3:5], alertmanager[5:]
    for alert in three:
        is_(
            alert,
            status="open",
            severity_told="major",
            opened_at=utc("2019-09-27T16:27:56.612666"),
            resolved_at=None,
        )
        assert "&g0.tab=1" in alert.url
    assert {alert.key.split("@")[0] for alert in two} == {"a1bc48475b20e73d", "c2ea85182f28cbd9"}
    for alert in two:
        is_(
            alert,
            status="open",
            severity_told="critical",
            opened_at=utc("2020-02-06T00:17:58.432911"),
            resolved_at=None,
        )
    is_(
        resolved,
        status="resolved",
        severity_told="Warning",
        opened_at=utc("2022-07-29T11:13:27.300000"),
        resolved_at=utc("2022-07-29T11:17:27.300000"),
        url="",
    )
    assert resolved.key.startswith("fbab788ec4c1018b@")


def test_alertmanager_samples_become_incidents_by_group_and_alert(alertmanager: list[Alert]) -> None:
    # Three of one group share an incident; two that only a key for everything holds together do not.
    assert [len({alert.incident_id for alert in part}) for part in (alertmanager[:3], alertmanager[3:5])] == [
        1,
        2,
    ]
    assert Incident.objects.count() == 4
