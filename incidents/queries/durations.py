"""The times of an incident and the spans between: known, not applicable or invalid; never a false zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import TIMES, Incident
from incidents.queries.earlier import Earlier

NAMES = {
    "impact_started_at": "Impact began",
    "detected_at": "Detected",
    "acknowledged_at": "Acknowledged",
    "mitigated_at": "Mitigated",
    "resolved_at": "Resolved",
    "reported_at": "Reported",
}
SPANS = (
    ("Impact to detection", "impact_started_at", "detected_at"),
    ("Detection to acknowledgement", "detected_at", "acknowledged_at"),
    ("Impact to mitigation", "impact_started_at", "mitigated_at"),
    ("Impact to resolution", "impact_started_at", "resolved_at"),
)


@dataclass(frozen=True)
class Moment:
    name: str
    label: str
    at: datetime | None
    is_wrong: bool
    # Set by a person: events no longer write it.
    is_held: bool
    # What it was before somebody corrected it, where that was asked for.
    earlier: Earlier | None = None


@dataclass(frozen=True)
class Duration:
    label: str
    span: timedelta | None
    # Why there is none: "not applicable" or "invalid"; empty when there is one.
    state: str
    reason: str = ""


def moments(incident: Incident, earlier: Mapping[str, Earlier] | None = None) -> list[Moment]:
    wrong, held, was = set(incident.times_in_wrong_order), incident.held_fields, earlier or {}
    return [
        Moment(name, NAMES[name], getattr(incident, name), name in wrong, name in held, was.get(name))
        for name in TIMES
    ]


def durations(incident: Incident) -> list[Duration]:
    return [_duration(incident, label, start, end) for label, start, end in SPANS]


def _duration(incident: Incident, label: str, start: str, end: str) -> Duration:
    began: datetime | None = getattr(incident, start)
    ended: datetime | None = getattr(incident, end)
    missing = [NAMES[name].lower() for name, at in [(start, began), (end, ended)] if at is None]
    if began is None or ended is None:
        return Duration(label, None, "not applicable", f"not known: {' and '.join(missing)}")
    if ended < began:
        return Duration(label, None, "invalid", f"{NAMES[end].lower()} lies before {NAMES[start].lower()}")
    return Duration(label, ended - began, "")
