"""What a pager says, in our words and without a provider's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypedDict


class EventKind(StrEnum):
    OPENED = "opened"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"  # declined, cancelled, merged into another
    SEVERITY_SET = "severity_set"
    CHANGED = "changed"  # something else about it: service, escalation, people
    NOTED = "noted"  # somebody wrote something; nothing about the alert itself is told


class Told(TypedDict, total=False):
    """What one event tells of its alert. A missing key was not told; an empty value was told to be empty.

    Plain JSON, as it is stored: `opened_at` is ISO 8601 in UTC.
    """

    title: str
    url: str
    number: str
    # The alert's identity where it came from, to find the same trouble told by another source.
    dedup_key: str
    # The dedup key lumps unrelated alerts of its own source together: only other sources may be joined by it.
    dedup_elsewhere_only: bool
    opened_at: str
    severity: str
    urgency: str
    service: str
    service_id: str
    labels: dict[str, str]
    is_private: bool


@dataclass(frozen=True)
class PagerFact:
    """One thing that a pager says of one of its alerts; `external_id` makes it come once."""

    alert_key: str
    external_id: str
    kind: EventKind
    at: datetime
    sequence: int = 0  # decides between events of the same instant
    text: str = ""
    told: Told = field(default_factory=Told)


# Where a sender numbers nothing, events of one instant follow each other in the order of a life.
ORDER_OF_A_LIFE = {kind: position for position, kind in enumerate(EventKind)}
