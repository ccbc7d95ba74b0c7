"""Any tool that can post JSON: docs/webhooks.md, "Any pager: JSON".

    {"key": "INC-7", "title": "Checkout is slow", "status": "open", "severity": "P2", "service": "checkout",
     "opened_at": "2026-03-01T10:00:00Z", "acknowledged_at": null, "mitigated_at": null, "resolved_at": null,
     "at": "2026-03-01T10:00:05Z", "url": "https://…", "note": "…", "urgency": "high", "number": "7",
     "dedup_key": "…", "labels": {"region": "eu"}, "id": "one for each message"}

Only `key` is required: which incident it is. What is absent or null is left as it is known. `status` is
open, acknowledged, mitigated, resolved or dismissed, and holds from `at` on (without it: from its receipt).
Any order and any repetition give the same incident. The `Idempotency-Key` header, else `id`, else the bytes
tell messages apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from incidents.facts import ORDER_OF_A_LIFE, EventKind, PagerFact, Told
from incidents.pagers.pager import Pager, key_in, quietly
from incidents.pagers.telling import address, digest, part, without_blanks, words
from intake.models import Delivery
from intake.sources import Letter, SharedSecret, Unprocessable, instant

STATUSES = {
    "open": EventKind.OPENED,
    "triggered": EventKind.OPENED,
    "firing": EventKind.OPENED,
    "acknowledged": EventKind.ACKNOWLEDGED,
    "investigating": EventKind.ACKNOWLEDGED,
    "mitigated": EventKind.MITIGATED,
    "resolved": EventKind.RESOLVED,
    "closed": EventKind.RESOLVED,
    "dismissed": EventKind.DISMISSED,
    "cancelled": EventKind.DISMISSED,
}
TIMES = {
    "opened_at": EventKind.OPENED,
    "acknowledged_at": EventKind.ACKNOWLEDGED,
    "mitigated_at": EventKind.MITIGATED,
    "resolved_at": EventKind.RESOLVED,
}


class GenericIncident(SharedSecret, Pager):
    kind = "generic-incident"
    title = "Incidents as JSON"
    headers_kept = frozenset({"idempotency-key"})

    def key(self, letter: Letter) -> str:
        return key_in(letter, "Idempotency-Key", "id")

    def event(self, letter: Letter) -> str:
        return quietly(letter, "status")

    def facts(self, delivery: Delivery, letter: Letter) -> list[PagerFact]:
        return parse(letter)


def parse(letter: Letter) -> list[PagerFact]:
    """Raises: Unprocessable."""
    message = letter.document
    key = words(message.get("key"))
    if not key:
        raise Unprocessable("`key` is missing: which incident is it?")
    at = instant(message.get("at")) or letter.received_at
    told = _told(message)
    facts = [_fact(key, kind, when, Told()) for kind, when in _kinds(message, at)]
    if told:  # dated by the message: what a later one tells holds, though both repeat the same opening
        facts.append(_fact(key, EventKind.CHANGED, at, told))
    if note := words(message.get("note")):
        facts.append(_fact(key, EventKind.NOTED, at, Told(), note))
    if not facts:
        raise Unprocessable("Nothing but a `key`: say at least a status, a time, a title or a note")
    return facts


def _kinds(message: dict[str, Any], at: datetime) -> Iterator[tuple[EventKind, datetime]]:
    for name, kind in TIMES.items():
        when = instant(message.get(name))
        if when is not None:
            yield kind, when
    status = words(message.get("status")).lower()
    if not status:
        return
    if status not in STATUSES:
        known = ", ".join(sorted(STATUSES))
        raise Unprocessable(f"`status` is {status!r}; known are {known}")
    kind = STATUSES[status]
    name = next((name for name, told_kind in TIMES.items() if told_kind is kind), "")
    if instant(message.get(name)) is None:  # else the time given for it has said so already
        yield kind, at


def _told(message: dict[str, Any]) -> Told:
    opened = instant(message.get("opened_at"))
    labels = {str(name): words(value)[:500] for name, value in part(message.get("labels")).items()}
    told = {
        "title": words(message.get("title")),
        "url": address(message.get("url")),
        "number": words(message.get("number")),
        "dedup_key": words(message.get("dedup_key")),
        "opened_at": opened.isoformat() if opened else "",
        "severity": words(message.get("severity")),
        "urgency": words(message.get("urgency")),
        "service": words(message.get("service")),
        "labels": labels,
    }
    return cast(Told, without_blanks(told))


def _fact(key: str, kind: EventKind, at: datetime, told: Told, text: str = "") -> PagerFact:
    return PagerFact(
        alert_key=key,
        # From what it says, not from the message's name: two messages that say the same are one event.
        external_id=f"{kind}:{digest(at.isoformat(), told, text)[:40]}",
        kind=kind,
        at=at,
        sequence=ORDER_OF_A_LIFE[kind],
        text=text,
        told=told,
    )
