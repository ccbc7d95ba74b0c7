"""PagerDuty webhooks, version 3: https://developer.pagerduty.com/docs/webhooks-overview

One event a request, signed over the raw body. `X-Webhook-Id` and `event.id` stay the same on every attempt;
order is promised for one incident and one subscription only. `data.id` is the incident, but for notes and
status updates it is the note, and `data.incident.id` the incident. Captures of 2021 have neither
`incident_key` nor `created_at`; `priority` is null on accounts without priorities.
"""

from __future__ import annotations

from typing import Any, cast

from incidents.facts import EventKind, PagerFact, Told
from incidents.pagers.pager import Pager, key_in, quietly
from incidents.pagers.telling import address, part, without_blanks, words
from intake.models import Delivery
from intake.sources import Ignored, Letter, SignedBody, Unprocessable, instant

UNKNOWN = None
EVENTS: dict[str, EventKind | None] = {
    "incident.triggered": EventKind.OPENED,
    "incident.acknowledged": EventKind.ACKNOWLEDGED,
    "incident.unacknowledged": EventKind.UNACKNOWLEDGED,  # an acknowledgement can run out
    "incident.resolved": EventKind.RESOLVED,
    "incident.reopened": EventKind.REOPENED,
    "incident.priority_updated": EventKind.SEVERITY_SET,
    "incident.service_updated": EventKind.CHANGED,
    "incident.incident_type.changed": EventKind.CHANGED,
    "incident.escalated": EventKind.CHANGED,
    "incident.delegated": EventKind.CHANGED,
    "incident.reassigned": EventKind.CHANGED,
    "incident.annotated": EventKind.NOTED,
    "incident.status_update_published": EventKind.NOTED,
    # Everything else: services, pings, responders, tasks, workflows, fields, and what is yet to be invented.
    "unknown": UNKNOWN,
}


class PagerDuty(SignedBody, Pager):
    kind = "pagerduty"
    title = "PagerDuty (webhooks v3)"
    docs = "https://developer.pagerduty.com/docs/webhooks-overview"
    signature_header = "X-PagerDuty-Signature"
    signature_prefix = "v1="
    headers_kept = frozenset({"x-webhook-id", "x-webhook-subscription"})

    def key(self, letter: Letter) -> str:
        return key_in(letter, "X-Webhook-Id", "event", "id")

    def event(self, letter: Letter) -> str:
        return quietly(letter, "event", "event_type")

    def facts(self, delivery: Delivery, letter: Letter) -> list[PagerFact]:
        return parse(letter)


def parse(letter: Letter) -> list[PagerFact]:
    """Raises: Unprocessable, Ignored."""
    event = part(letter.document.get("event"))
    event_type = words(event.get("event_type"))
    if not event_type:
        raise Unprocessable("No `event.event_type`: not a PagerDuty webhook of version 3")
    kind = EVENTS.get(event_type, UNKNOWN)
    if kind is UNKNOWN:
        raise Ignored(f"{event_type} says nothing about how an incident went")
    data = part(event.get("data"))
    at = instant(event.get("occurred_at"))
    external_id = words(event.get("id"))
    key = words(part(data.get("incident")).get("id")) if kind is EventKind.NOTED else words(data.get("id"))
    if at is None or not key or not external_id:
        raise Unprocessable("`event.id`, `event.occurred_at` or the incident's id is missing")
    if kind is EventKind.RESOLVED and _merged(data):
        kind = EventKind.DISMISSED
    return [
        PagerFact(
            alert_key=key,
            external_id=external_id,  # their ids sort by time, which decides within a millisecond
            kind=kind,
            at=at,
            text=_text(event_type, kind, data),
            told=_told_by_note(data) if kind is EventKind.NOTED else _told(kind, data),
        )
    ]


def _merged(data: dict[str, Any]) -> bool:
    return "merge" in words(part(data.get("resolve_reason")).get("type"))


def _told(kind: EventKind, data: dict[str, Any]) -> Told:
    opened = instant(data.get("created_at"))
    service = part(data.get("service"))
    severity = words(part(data.get("priority")).get("summary"))
    told = without_blanks(
        {
            "title": words(data.get("title")),
            "url": address(data.get("html_url")),
            "number": words(data.get("number")),
            "dedup_key": words(data.get("incident_key")),
            "opened_at": opened.isoformat() if opened else "",
            "severity": severity,
            "urgency": words(data.get("urgency")),
            "service": words(service.get("summary")),
            "service_id": words(service.get("id")),
        }
    )
    if kind is EventKind.SEVERITY_SET and not severity:
        told["severity"] = ""  # here null does not mean "not told": the priority was taken away
    return cast(Told, told)


def _told_by_note(data: dict[str, Any]) -> Told:
    # Title and address only: the reference to the incident has nothing else that is the incident's own.
    incident = part(data.get("incident"))
    told = {"title": words(incident.get("summary")), "url": address(incident.get("html_url"))}
    return cast(Told, without_blanks(told))


def _text(event_type: str, kind: EventKind, data: dict[str, Any]) -> str:
    if kind is EventKind.NOTED:
        text = words(data.get("content")) or words(data.get("message"))
        return f"{text} […]" if data.get("trimmed") is True else text
    if kind is EventKind.CHANGED:
        return event_type.removeprefix("incident.").replace("_", " ").replace(".", " ")
    return ""
