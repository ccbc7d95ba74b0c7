"""What happened to an action: each state and each correction, with the role of who did it where known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import AuditEntry
from incidents.models import ActionItem

LABELS = {"title": "title", "type": "type", "priority": "priority", "owner_id": "owner", "due_on": "day"}
LABELS |= {"tracker_url": "ticket"}


@dataclass(frozen=True)
class Step:
    at: datetime
    words: str
    who: str = ""


def history_of(action: ActionItem) -> list[Step]:
    """Oldest first, from the events that the database keeps of every write."""
    found = AuditEntry.objects.filter(target_kind="action_item", target_id=action.pk).select_related("actor")
    who = {entry.at: entry.actor.shown_role for entry in found if entry.actor}
    steps: list[Step] = []
    before: Any = None
    for event in action.events.order_by("pgh_id"):  # type: ignore[attr-defined]
        if before is None:
            steps.append(Step(action.created_at, "Proposed" if event.state == "proposed" else _state(event)))
        elif event.state != before.state:
            steps.append(Step(event.state_since, _state(event), who.get(event.state_since, "")))
        elif altered := [label for name, label in LABELS.items() if _differs(name, event, before)]:
            steps.append(Step(event.pgh_created_at, f"Corrected: {', '.join(altered)}"))
        before = event
    return steps


def _differs(name: str, one: Any, other: Any) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _state(event: Any) -> str:
    words = str(ActionItem.State(event.state).label)
    reason = event.declined_reason or event.verified_by_evidence
    return f"{words}: {reason}" if reason else words
