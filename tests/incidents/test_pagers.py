"""Parsing alone: payloads in, facts out, no database."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.facts import EventKind
from incidents.pagers import alertmanager, generic, pagerduty
from intake.sources import Ignored, Letter, Unprocessable
from tests.intake.letters import letter, payload

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kind", "at"),
    [
        ("incident.triggered__first", EventKind.OPENED, "2026-03-02T10:00:00.120"),
        ("incident.acknowledged__by_a_machine", EventKind.ACKNOWLEDGED, "2026-03-02T10:02:00"),
        ("incident.unacknowledged__ran_out", EventKind.UNACKNOWLEDGED, "2026-03-02T10:32:00"),
        ("incident.priority_updated__set", EventKind.SEVERITY_SET, "2026-03-02T10:05:00"),
        ("incident.annotated__note", EventKind.NOTED, "2026-03-02T10:40:00"),
        ("incident.resolved__first", EventKind.RESOLVED, "2026-03-02T10:50:00"),
        ("incident.reopened__keeps_opening", EventKind.REOPENED, "2026-03-02T11:10:01"),
        ("incident.resolved__merged", EventKind.DISMISSED, "2026-03-02T10:20:00"),
    ],
)
def test_a_pagerduty_event_is_read(name: str, kind: EventKind, at: str) -> None:
    (fact,) = pagerduty.parse(letter(payload(f"pagerduty/{name}")))
    assert (fact.kind, fact.at) == (kind, utc(at))
    assert fact.external_id.startswith("01EVENT")
    if kind is EventKind.NOTED:
        assert (fact.alert_key, fact.text) == ("PINC001", "Rolling back the last release")
        assert fact.told.keys() == {"title", "url"}
    else:
        assert fact.told["opened_at"] == "2026-03-02T09:58:30+00:00"
        assert fact.told["service"] == "Checkout"


def test_a_null_priority_takes_the_severity_away_only_when_the_priority_was_updated() -> None:
    assert "severity" not in pagerduty.parse(letter(payload("pagerduty/incident.triggered__first")))[0].told
    updated = json.loads(payload("pagerduty/incident.priority_updated__set"))
    assert pagerduty.parse(letter(updated))[0].told["severity"] == "P2"
    updated["event"]["data"]["priority"] = None
    assert pagerduty.parse(letter(updated))[0].told["severity"] == ""


@pytest.mark.parametrize("name", ["service.updated__ignored", "incident.invented_later__ignored"])
def test_a_pagerduty_event_is_ignored_when_it_is_no_incidents_or_unknown(name: str) -> None:
    with pytest.raises(Ignored):
        pagerduty.parse(letter(payload(f"pagerduty/{name}")))


def test_a_link_is_dropped_when_it_is_no_web_address() -> None:
    event = json.loads(payload("pagerduty/incident.triggered__first"))
    event["event"]["data"]["html_url"] = "javascript:alert(1)"
    assert "url" not in pagerduty.parse(letter(event))[0].told


def read(name: str) -> list[Any]:
    return alertmanager.parse(Letter({}, payload(f"alertmanager/{name}"), RECEIVED))


def test_each_alert_of_a_group_speaks_for_itself() -> None:
    facts = read("firing__mixed_group")
    assert [(fact.alert_key.split("@")[0][-1], fact.kind) for fact in facts] == [
        ("1", "opened"),
        ("1", "resolved"),
        ("2", "opened"),
    ]
    assert facts[1].at == utc("2026-03-02T10:20:00")
    assert facts[0].told["severity"] == "CRITICAL"
    assert facts[0].told["service"] == "checkout"


def test_nanoseconds_are_cut_and_an_end_in_year_one_is_none() -> None:
    (fact,) = read("firing__nanoseconds")
    assert fact.at == utc("2026-03-02T10:00:00.123456")


def test_a_resolved_alert_ends_with_its_receipt_when_it_ends_in_year_one() -> None:
    assert read("resolved__year_one")[1].at == RECEIVED


def test_labels_in_any_order_are_the_alert_when_there_is_no_fingerprint() -> None:
    (fact,) = read("firing__no_fingerprint_no_status")
    assert (fact.kind, fact.at) == ("opened", utc("2026-03-02T10:00:00"))
    group = json.loads(payload("alertmanager/firing__no_fingerprint_no_status"))
    labels = group["alerts"][0]["labels"]
    group["alerts"][0]["labels"] = dict(reversed(labels.items()))
    assert alertmanager.parse(letter(group))[0].alert_key == fact.alert_key
    assert fact.told["dedup_elsewhere_only"]


def test_a_later_firing_is_an_episode_of_its_own() -> None:
    assert read("firing__new_episode")[0].alert_key != read("firing__nanoseconds")[0].alert_key


def test_the_group_key_is_told_as_alertmanager_tells_pagerduty() -> None:
    group_key = json.loads(payload("alertmanager/firing__nanoseconds"))["groupKey"]
    assert read("firing__nanoseconds")[0].told["dedup_key"] == hashlib.sha256(group_key.encode()).hexdigest()


def test_the_source_says_which_labels_name_service_and_severity() -> None:
    body = payload("alertmanager/firing__nanoseconds")
    (fact,) = alertmanager.parse(letter(body), service_label="instance", severity_label="alertname")
    assert (fact.told["service"], fact.told["severity"]) == ("aaaa000000000001", "CheckoutErrors")


def test_the_times_of_a_generic_incident_are_its_events() -> None:
    facts = generic.parse(
        letter(
            {
                "key": "7",
                "status": "RESOLVED",
                "title": "Slow",
                "opened_at": "2026-03-02T10:00:00Z",
                "resolved_at": "2026-03-02T11:00:00Z",
                "mitigated_at": None,
                "at": "2026-03-02T11:00:05Z",
                "note": "All good",
            }
        )
    )
    assert [(fact.kind, fact.at.minute, fact.at.hour) for fact in facts] == [
        ("opened", 0, 10),
        ("resolved", 0, 11),
        ("changed", 0, 11),
        ("noted", 0, 11),
    ]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"key": "7"},
        {"key": "7", "status": "exploded"},
        {"key": "7", "opened_at": "yesterday"},
        {"key": []},
    ],
)
def test_a_generic_incident_is_unprocessable_when_it_says_nothing_sensible(message: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable):
        generic.parse(letter(message))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
PARSERS = [
    (pagerduty.parse, "pagerduty/incident.triggered__first"),
    (pagerduty.parse, "pagerduty/incident.annotated__note"),
    (alertmanager.parse, "alertmanager/firing__mixed_group"),
]


@pytest.mark.parametrize(("parse", "name"), PARSERS)
@given(data=st.data())
def test_only_reasons_escape_when_any_field_is_anything(parse: Any, name: str, data: st.DataObject) -> None:
    document = json.loads(payload(name))
    place: Any = document
    names: list[Any] = []
    for _ in range(data.draw(st.integers(0, 4))):
        inner = place[names[-1]] if names else place
        if not isinstance(inner, dict | list) or not inner:
            break
        place = inner
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        names.append(data.draw(st.sampled_from(keys)))
    if names:
        place[names[-1]] = data.draw(json_values)
    try:
        assert parse(letter(document))
    except (Unprocessable, Ignored):
        pass


@given(
    st.dictionaries(
        st.sampled_from(["key", "status", "at", "opened_at", "title", "labels", "note"]), json_values
    )
)
def test_only_unprocessable_escapes_from_a_generic_message(message: dict[str, Any]) -> None:
    try:
        assert generic.parse(letter(message))
    except Unprocessable:
        pass
