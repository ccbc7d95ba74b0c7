"""What the times of an incident were before somebody corrected them: the old value is kept, and shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from incidents.models import TIMES, Alert, Incident


@dataclass(frozen=True)
class Earlier:
    """`at`: what stood there, `until` when; `source` names the pager that told it, empty for a person."""

    at: datetime
    until: datetime
    source: str


def earlier_times(incident: Incident) -> dict[str, Earlier]:
    """By field, the last value before the one that stands; fields that nobody corrected are not in it."""
    if not set(TIMES) & set(incident.held_fields):
        return {}
    told_by = Alert.objects.filter(incident=OuterRef("pgh_obj_id")).order_by("opened_at", "pk")
    events: Any = Incident.pgh_event_model.objects  # type: ignore[attr-defined]
    rows = list(
        events.filter(pgh_obj=incident.pk)
        .order_by("pgh_id")
        .annotate(told_by=Subquery(told_by.values("source__name")[:1]))
        .values("pgh_created_at", "held_fields", "told_by", *TIMES)
    )
    found = {name: _before(name, rows, getattr(incident, name)) for name in TIMES}
    return {name: earlier for name, earlier in found.items() if earlier}


def _before(name: str, rows: list[dict[str, Any]], now: datetime | None) -> Earlier | None:
    until = None
    for row in reversed(rows):
        if row[name] == now:
            until = row["pgh_created_at"]
        elif row[name] is not None and until is not None:
            source = "" if name in row["held_fields"] else row["told_by"] or ""
            return Earlier(row[name], until, source)
        else:
            return None
    return None
