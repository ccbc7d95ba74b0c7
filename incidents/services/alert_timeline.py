"""The entries that an alert's events put into its incident's timeline: each once, in any order."""

from __future__ import annotations

from collections.abc import Iterator

from incidents.facts import EventKind
from incidents.models import Alert, AlertEvent, TimelineEntry

Kind = TimelineEntry.Kind
WORDING = {
    EventKind.OPENED: (Kind.DETECTION, "Alert fired"),
    EventKind.REOPENED: (Kind.ALERT, "Alert reopened"),
    EventKind.ACKNOWLEDGED: (Kind.ALERT, "Alert acknowledged"),
    EventKind.UNACKNOWLEDGED: (Kind.ALERT, "Acknowledgement taken back or run out"),
    EventKind.MITIGATED: (Kind.MITIGATION, "Alert mitigated"),
    EventKind.RESOLVED: (Kind.ALERT, "Alert resolved"),
    EventKind.DISMISSED: (Kind.ALERT, "Alert dismissed"),
}


def tell(alert: Alert) -> None:
    """Add what the timeline does not hold yet. What people made of an entry stays as they left it."""
    if alert.incident_id is None:
        return
    known = set(
        TimelineEntry.objects.filter(incident_id=alert.incident_id, alert=alert).values_list(
            "origin_key", flat=True
        )
    )
    new = {entry.origin_key: entry for entry in _entries(alert) if entry.origin_key not in known}
    TimelineEntry.objects.bulk_create(new.values(), ignore_conflicts=True)


def move(alert: Alert) -> None:
    """Take the alert's entries along; without an incident there is no place for them."""
    entries = TimelineEntry.objects.filter(alert=alert, origin_key__startswith=f"alert:{alert.pk}:")
    if alert.incident_id is None:
        entries.delete()
        return
    entries.exclude(incident_id=alert.incident_id).update(incident_id=alert.incident_id)
    tell(alert)


def _entries(alert: Alert) -> Iterator[TimelineEntry]:
    if alert.incident_id is None:
        return
    for event in alert.events.all():
        kind, text = _wording(event, alert)
        if text:
            yield TimelineEntry(
                incident_id=alert.incident_id,
                alert=alert,
                occurred_at=event.at,
                kind=kind,
                text=text,
                evidence_url=alert.url,
                origin_key=_origin_key(event),
            )


def _origin_key(event: AlertEvent) -> str:
    """One entry for one thing that happened, though it was told in several wordings."""
    if event.kind in WORDING:
        return f"alert:{event.alert_id}:{event.kind}:{event.at.isoformat()}"
    return f"alert:{event.alert_id}:event:{event.external_id}"


def _wording(event: AlertEvent, alert: Alert) -> tuple[str, str]:
    kind = EventKind(event.kind)
    if kind in WORDING:
        entry_kind, text = WORDING[kind]
        return entry_kind, f"{text}: {alert}"
    if kind is EventKind.SEVERITY_SET:
        severity = event.told.get("severity", "")
        return Kind.STATUS, f"Severity told: {severity}" if severity else "Severity taken away"
    if kind is EventKind.CHANGED:
        return Kind.NOTE, f"Alert {event.text}" if event.text else ""
    return Kind.NOTE, event.text
