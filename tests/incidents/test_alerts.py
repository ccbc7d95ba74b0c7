"""What pagers tell becomes alerts and incidents: in any order, however often, beside what people say."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from incidents.facts import EventKind, PagerFact, Told
from incidents.models import TIMES, Alert, AlertEvent, AlertRule, Incident, Postmortem, Severity
from incidents.services import incidents
from incidents.services.alerts import move_alert, record_pager_facts
from incidents.services.refusals import Refused
from intake.models import Delivery, LedgerEntry, Source
from intake.processing import process_one
from intake.services import store
from intake.sources import Letter, providers
from tests import make
from tests.intake.letters import payload

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
STORY = [
    "pagerduty/incident.triggered__first",
    "pagerduty/incident.acknowledged__by_a_machine",
    "pagerduty/incident.priority_updated__set",
    "pagerduty/incident.unacknowledged__ran_out",
    "pagerduty/incident.annotated__note",
    "pagerduty/incident.resolved__first",
    "pagerduty/incident.reopened__keeps_opening",
    "pagerduty/incident.resolved__again",
]


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def deliver(source: Source, body: bytes) -> Delivery:
    letter = Letter({"content-type": "application/json"}, body)
    stored = store(source_id=source.pk, provider=providers()[source.kind], letter=letter)
    assert stored.delivery_id is not None
    return process_one(delivery_id=stored.delivery_id)


def tell(source: Source, key: str, kind: EventKind, minutes: float, **told: Any) -> Alert:
    fact = PagerFact(key, f"{kind}-{minutes}", kind, at(minutes), told=Told(**told))  # type: ignore[typeddict-item]
    return record_pager_facts(source=source, delivery=None, facts=[fact])[0]


def shown(incident: Incident) -> dict[str, Any]:
    """Everything that an incident shows of what pagers told, without rows' own numbers."""
    names = ("title", "status", "severity", "url", *TIMES)
    return {name: getattr(incident, name) for name in names} | {
        "services": sorted(service.name for service in incident.services.all()),
        "timeline": sorted(incident.timeline.values_list("occurred_at", "kind", "text")),
        "alerts": sorted(incident.alerts.values_list("key", "status", "severity_told", "resolved_at")),
    }


def test_a_page_opens_an_incident_with_a_number_and_a_postmortem_not_started() -> None:
    service = make.service("Checkout")
    source = make.source("pagerduty")
    delivery = deliver(source, payload(STORY[0]))
    incident = Incident.objects.get()
    assert delivery.state == "done"
    assert incident.detected_at == datetime(2026, 3, 2, 9, 58, 30, tzinfo=UTC)
    assert (incident.title, incident.status, incident.severity) == ("Checkout answers slowly", "open", None)
    assert incident.impact_started_at is None
    assert list(incident.services.all()) == [service]
    assert Postmortem.objects.get(incident=incident).state == "not_started"
    assert incident.number == 1
    assert LedgerEntry.objects.filter(kind="incident", delivery=delivery).exists()


def test_the_whole_story_is_the_same_in_any_order_and_repetition() -> None:
    make.service("Checkout shop", aliases=["checkout"])
    bodies = [payload(name) for name in STORY]
    seen = []
    for seed in range(12):
        source = make.source("pagerduty")
        order = bodies * (1 + seed % 2)
        if seed:
            random.Random(seed).shuffle(order)
        for body in order:
            assert deliver(source, body).state == "done"
        (incident,) = Incident.objects.filter(source=source)
        seen.append(shown(incident))
        incident.delete()  # the next one would join it
    assert all(one == seen[0] for one in seen)
    assert seen[0]["status"] == "resolved"
    assert seen[0]["resolved_at"] == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
    assert seen[0]["detected_at"] == datetime(2026, 3, 2, 9, 58, 30, tzinfo=UTC)
    assert seen[0]["severity"] == Severity.objects.get(slug="sev2")
    assert len(seen[0]["timeline"]) == len(STORY)


def test_a_note_makes_no_incident_until_more_is_known() -> None:
    source = make.source("pagerduty")
    deliver(source, payload("pagerduty/incident.annotated__note"))
    assert not Incident.objects.exists()
    deliver(source, payload(STORY[0]))
    assert Incident.objects.get().timeline.filter(text="Rolling back the last release").count() == 1


def test_alerts_of_one_service_share_an_incident_within_an_hour_of_its_last_activity() -> None:
    make.service("Checkout")
    source = make.source()
    first = tell(source, "A", EventKind.OPENED, 0, service="checkout").incident
    assert tell(source, "B", EventKind.OPENED, 59, service="CHECKOUT").incident == first
    tell(source, "B", EventKind.RESOLVED, 100)
    assert tell(source, "C", EventKind.OPENED, 159, service="checkout").incident == first
    assert tell(source, "D", EventKind.OPENED, 220, service="checkout").incident != first
    assert Incident.objects.count() == 2


def test_an_alert_without_a_known_service_opens_an_incident_of_its_own() -> None:
    source = make.source()
    tell(source, "A", EventKind.OPENED, 0, service="nobody knows it")
    tell(source, "B", EventKind.OPENED, 1, service="nobody knows it")
    tell(source, "C", EventKind.OPENED, 1)
    assert Incident.objects.count() == 3


@pytest.mark.parametrize("paged_first", [True, False])
def test_an_alertmanager_group_and_its_page_are_one_incident(paged_first: bool) -> None:
    group = payload("alertmanager/firing__nanoseconds")
    key = hashlib.sha256(json.loads(group)["groupKey"].encode()).hexdigest()
    page = json.loads(payload(STORY[0]))
    page["event"]["data"] |= {"incident_key": key, "service": None}
    letters = [("pagerduty", json.dumps(page).encode()), ("alertmanager", group)]
    for kind, body in letters if paged_first else reversed(letters):
        deliver(make.source(kind), body)
    assert Incident.objects.get().alerts.count() == 2


def test_a_group_key_for_everything_joins_nothing_of_its_own_source() -> None:
    group = json.loads(payload("alertmanager/firing__no_fingerprint_no_status"))
    group["alerts"].append(json.loads(json.dumps(group["alerts"][0])))
    group["alerts"][1]["labels"]["instance"] = "cccc"
    deliver(make.source("alertmanager"), json.dumps(group).encode())
    assert Incident.objects.count() == 2


def test_what_a_person_holds_no_event_writes() -> None:
    source, person = make.source(), User.objects.create(username="ada")
    alert = tell(source, "A", EventKind.OPENED, 0, title="As paged")
    assert alert.incident is not None
    incidents.edit_facts(
        incident_id=alert.incident.pk,
        facts={"title": "As we know it", "detected_at": at(-20), "resolved_at": at(3)},
        by=person,
        now=at(10),
    )
    tell(source, "A", EventKind.RESOLVED, 30, title="As paged again")
    incident = Incident.objects.get()
    assert (incident.title, incident.detected_at, incident.resolved_at) == ("As we know it", at(-20), at(3))
    assert Alert.objects.get().resolved_at == at(30)


def test_a_status_that_a_person_chose_stays_until_an_alert_moves() -> None:
    source, person = make.source(), User.objects.create(username="ada")
    alert = tell(source, "A", EventKind.OPENED, 0)
    assert alert.incident is not None
    incidents.set_status(incident_id=alert.incident.pk, status="investigating", by=person, now=at(1))
    tell(source, "A", EventKind.CHANGED, 2, title="More")
    assert Incident.objects.get().status == "investigating"
    tell(source, "A", EventKind.RESOLVED, 3)
    assert Incident.objects.get().status == "resolved"


def test_an_incident_that_a_person_closed_stays_closed_and_is_not_joined() -> None:
    make.service("Checkout")
    source, person = make.source(), User.objects.create(username="ada")
    alert = tell(source, "A", EventKind.OPENED, 0, service="checkout")
    assert alert.incident is not None
    incidents.close(incident_id=alert.incident.pk, reason="false_alarm", by=person, now=at(5))
    tell(source, "A", EventKind.REOPENED, 8)
    alert.incident.refresh_from_db()
    assert alert.incident.status == "closed"
    assert tell(source, "B", EventKind.OPENED, 9, service="checkout").incident != alert.incident


def test_people_split_and_join_and_no_rule_moves_it_again() -> None:
    make.service("Checkout")
    source, person = make.source(), User.objects.create(username="ada")
    one = tell(source, "A", EventKind.OPENED, 0, service="checkout")
    two = tell(source, "B", EventKind.OPENED, 1, service="checkout")
    assert one.incident is not None
    assert one.incident_id == two.incident_id
    move_alert(alert_id=two.pk, incident_id=None, by=person)
    assert not one.incident.timeline.filter(alert=two).exists()
    assert tell(source, "B", EventKind.ACKNOWLEDGED, 2).incident is None
    other = tell(source, "C", EventKind.OPENED, 500).incident
    assert other is not None
    move_alert(alert_id=two.pk, incident_id=other.pk, by=person)
    assert set(other.timeline.filter(alert=two).values_list("occurred_at", flat=True)) == {at(1), at(2)}
    other.refresh_from_db()
    assert other.detected_at == at(1)
    move_alert(alert_id=two.pk, incident_id=one.incident_id, by=person)
    assert not other.timeline.filter(alert=two).exists()
    other.refresh_from_db()
    assert (other.detected_at, other.acknowledged_at, other.status) == (at(500), None, "open")


def test_demonstration_data_and_real_data_stay_apart() -> None:
    make.service("Checkout")
    demo_service = make.service("Shop", aliases=["checkout"], is_demo=True)
    real, demo = make.source(), make.source(is_demo=True)
    one = tell(real, "A", EventKind.OPENED, 0, service="checkout", dedup_key="same")
    two = tell(demo, "A", EventKind.OPENED, 1, service="checkout", dedup_key="same")
    assert one.incident_id != two.incident_id
    assert two.service == demo_service
    assert two.incident is not None
    assert two.incident.is_demo
    with pytest.raises(Refused):
        move_alert(alert_id=two.pk, incident_id=one.incident_id, by=User.objects.create(username="ada"))


def test_rules_say_which_alerts_open_and_which_only_join() -> None:
    make.service("Checkout")
    source = make.source()
    Action, sev2 = AlertRule.Action, Severity.objects.get(slug="sev2")
    AlertRule.objects.create(source=source, position=1, title_pattern="^Watchdog", action=Action.KEEP_APART)
    AlertRule.objects.create(source=source, position=2, severity_at_least=sev2, window_minutes=10)
    AlertRule.objects.create(source=source, position=3, action=Action.JOIN_ONLY, window_minutes=10)
    about = {"service": "checkout"}
    assert tell(source, "A", EventKind.OPENED, 0, title="Watchdog", severity="P1", **about).incident is None
    assert tell(source, "B", EventKind.OPENED, 1, severity="no such word", **about).incident is None
    opened = tell(source, "C", EventKind.OPENED, 2, severity="Critical", **about)
    assert opened.incident is not None
    assert tell(source, "D", EventKind.OPENED, 11, severity="P4", **about).incident == opened.incident
    assert tell(source, "E", EventKind.OPENED, 30, severity="P4", **about).incident is None


def test_a_letter_is_parked_when_a_rule_cannot_be_read() -> None:
    source = make.source("pagerduty")
    AlertRule.objects.create(source=source, title_pattern="(unclosed")
    delivery = deliver(source, payload(STORY[0]))
    assert delivery.state == "parked"
    assert "(unclosed" in delivery.reason
    assert not AlertEvent.objects.exists()


@pytest.mark.parametrize(
    ("told", "slug"),
    [
        ("P1", "sev1"),
        ("critical", "sev1"),
        ("SEV2", "sev2"),
        ("WARNING", "sev3"),
        ("purple", None),
        ("", None),
    ],
)
def test_a_severity_is_known_by_its_aliases_and_else_unknown(told: str, slug: str | None) -> None:
    alert = tell(make.source(), "A", EventKind.OPENED, 0, severity=told)
    assert (alert.severity.slug if alert.severity else None) == slug
    assert alert.severity_told == told


def test_a_service_is_none_when_a_name_fits_two() -> None:
    make.service("Checkout", aliases=["shop"])
    make.service("Payments", aliases=["Shop"])
    assert tell(make.source(), "A", EventKind.OPENED, 0, service="shop").service is None
    by_id = make.service("Search", aliases=["PSVC9"])
    assert tell(make.source(), "A", EventKind.OPENED, 0, service="shop", service_id="psvc9").service == by_id


def test_a_replay_corrects_the_row_and_adds_none() -> None:
    source = make.source("pagerduty")
    delivery = deliver(source, payload(STORY[0]))
    AlertEvent.objects.update(at=at(-500), text="misread")
    Delivery.objects.update(state="received")
    process_one(delivery_id=delivery.pk)
    event = AlertEvent.objects.get()
    assert (event.at, event.text) == (datetime(2026, 3, 2, 10, 0, 0, 120000, UTC), "")


def test_grouping_does_not_depend_on_the_order_within_one_hour() -> None:
    make.service("Checkout")
    for order in itertools.permutations(range(3)):
        source = make.source()
        for number in order:
            tell(
                source,
                f"{number}",
                EventKind.OPENED,
                number * 20,
                service="checkout",
                title=f"Alert {number}",
            )
        (incident,) = Incident.objects.filter(source=source)
        assert (incident.title, incident.detected_at) == ("Alert 0", at(0))
        incident.delete()


def test_keys_that_are_too_long_are_kept_by_their_digest() -> None:
    source = make.source()
    for _ in range(2):
        alert = tell(source, "x" * 500, EventKind.OPENED, 0, title="t" * 500, dedup_key="d" * 500)
    assert alert.key.startswith("sha256:")
    assert Alert.objects.count() == 1
