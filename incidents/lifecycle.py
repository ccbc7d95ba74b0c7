"""What an alert and its incident are, folded from what was said of them: in any order, however often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from incidents.facts import EventKind

OPEN, ACKNOWLEDGED, MITIGATED, RESOLVED, DISMISSED = (
    "open",
    "acknowledged",
    "mitigated",
    "resolved",
    "dismissed",
)
OVER = (RESOLVED, DISMISSED)


class Event(Protocol):
    @property
    def external_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def sequence(self) -> int: ...
    @property
    def told(self) -> Mapping[str, Any]: ...


@dataclass
class AlertState:
    status: str = OPEN
    opened_at: datetime | None = None
    acknowledged_at: datetime | None = None  # the first time, whatever came after
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None  # None again after a reopening; the events keep the history
    first_at: datetime | None = None  # the earliest event, whatever it says
    # Only notes were told so far: too little to make an incident of.
    is_known: bool = False
    told: dict[str, Any] = field(default_factory=dict)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Each event once, in the order in which it happened."""
    unique = {event.external_id: event for event in events}
    return sorted(unique.values(), key=lambda event: (event.at, event.sequence, event.external_id))


def fold(events: Iterable[Event]) -> AlertState:
    """The state of one alert after all its events.

    A field is what the latest event that tells it says; an event that is silent about it changes nothing.
    It opened when the earliest opening told says so, else at its first opening event; a reopening moves
    nothing.
    """
    state = AlertState()
    for event in in_order(events):
        state.first_at = state.first_at or event.at
        state.is_known = state.is_known or event.kind != EventKind.NOTED
        _step(state, EventKind(event.kind), event.at)
        _tell(state, event.told)
    return state


def _step(state: AlertState, kind: EventKind, at: datetime) -> None:
    if kind is EventKind.OPENED and state.opened_at is None:
        state.opened_at = at
    if kind in (EventKind.OPENED, EventKind.REOPENED):
        state.status, state.mitigated_at, state.resolved_at = OPEN, None, None
    elif kind is EventKind.ACKNOWLEDGED:
        state.acknowledged_at = state.acknowledged_at or at
        if state.status == OPEN:
            state.status = ACKNOWLEDGED
    elif kind is EventKind.UNACKNOWLEDGED and state.status == ACKNOWLEDGED:
        state.status = OPEN
    elif kind is EventKind.MITIGATED and state.status not in OVER:
        state.status, state.mitigated_at = MITIGATED, state.mitigated_at or at
    elif kind is EventKind.RESOLVED:
        state.status, state.resolved_at = RESOLVED, state.resolved_at or at
    elif kind is EventKind.DISMISSED:
        state.status = DISMISSED


def _tell(state: AlertState, told: Mapping[str, Any]) -> None:
    if opened := told.get("opened_at"):
        earliest = datetime.fromisoformat(opened)
        known = state.told.get("opened_at")
        state.opened_at = earliest if known is None else min(earliest, datetime.fromisoformat(known))
        told = {**told, "opened_at": state.opened_at.isoformat()}
    if "labels" in told:
        told = {**told, "labels": dict(told["labels"])}
    state.told |= told


class AlertLike(Protocol):
    @property
    def status(self) -> str: ...
    @property
    def opened_at(self) -> datetime | None: ...
    @property
    def acknowledged_at(self) -> datetime | None: ...
    @property
    def mitigated_at(self) -> datetime | None: ...
    @property
    def resolved_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class IncidentState:
    """What the alerts of an incident say together; a person's word stands above it."""

    status: str  # of an incident: open, investigating, mitigated, resolved
    detected_at: datetime | None
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None


def combine(alerts: Iterable[AlertLike]) -> IncidentState:
    """It begins with its first alert and is over when the last one is; a dismissed alert ends nothing."""
    alerts = list(alerts)
    counted = [alert for alert in alerts if alert.status != DISMISSED] or alerts
    resolved = _latest_of_all(counted, [alert.resolved_at for alert in counted])
    calm = [alert.mitigated_at or alert.resolved_at for alert in counted]
    told_calm = any(alert.mitigated_at for alert in counted)
    mitigated = _latest_of_all(counted, calm) if told_calm else None
    return IncidentState(
        status=_status(counted, resolved, mitigated),
        detected_at=_earliest(alert.opened_at for alert in counted),
        acknowledged_at=_earliest(alert.acknowledged_at for alert in counted),
        mitigated_at=mitigated,
        resolved_at=resolved,
    )


def _status(alerts: list[AlertLike], resolved: datetime | None, mitigated: datetime | None) -> str:
    if resolved is not None or (alerts and all(alert.status in OVER for alert in alerts)):
        return "resolved"
    if mitigated is not None:
        return "mitigated"
    return "investigating" if any(alert.acknowledged_at for alert in alerts) else "open"


def _latest_of_all(alerts: list[AlertLike], times: list[datetime | None]) -> datetime | None:
    known = [at for at in times if at is not None]
    return max(known) if known and len(known) == len(alerts) else None


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)
