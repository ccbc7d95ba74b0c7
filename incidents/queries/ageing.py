"""How long agreed work has been open: by age, priority, type, area, service and team; never by person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from incidents.models import ActionItem

State = ActionItem.State
OPEN = (State.ACCEPTED, State.IN_PROGRESS)
# Label, and the days from which on it holds.
BANDS = (("up to 14 days", 0), ("15 to 30 days", 15), ("31 to 90 days", 31), ("over 90 days", 91))
VERIFY_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Aged:
    """One open action. `age_days` counts from when it was agreed, or proposed where that is not known."""

    action: ActionItem
    age_days: int
    band: str
    is_overdue: bool
    areas: tuple[str, ...]
    services: tuple[str, ...]
    teams: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """`counts` by band, in the order of BANDS."""

    name: str
    counts: list[int]
    overdue: int

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Ageing:
    as_of: date
    rows: list[Aged]
    by_priority: list[Group]
    by_type: list[Group]
    by_area: list[Group]
    by_service: list[Group]
    by_team: list[Group]
    overdue: list[Aged]
    # Accepted, and nobody or no day was named.
    unassigned: list[Aged]
    # Done for more than VERIFY_WITHIN, and nobody has shown that it works.
    unverified: list[ActionItem]
    # Proposed and neither accepted nor declined.
    proposed: int


def ageing(actions: QuerySet[ActionItem], *, now: datetime, today: date) -> Ageing:
    """Of these actions, visible to the reader already. One of two services counts for each."""
    found = actions.select_related("incident__area", "owner").prefetch_related("incident__services__team")
    rows = [_aged(action, now, today) for action in found.filter(state__in=OPEN)]
    rows.sort(key=lambda row: (-row.age_days, row.action.priority, row.action.pk))
    done = found.filter(state=State.DONE, state_since__lt=now - VERIFY_WITHIN).order_by("state_since")
    return Ageing(
        as_of=today,
        rows=rows,
        by_priority=_grouped(
            rows, lambda row: [row.action.get_priority_display()], ActionItem.Priority.labels
        ),
        by_type=_grouped(rows, lambda row: [row.action.get_type_display()], ActionItem.Type.labels),
        by_area=_grouped(rows, lambda row: row.areas),
        by_service=_grouped(rows, lambda row: row.services),
        by_team=_grouped(rows, lambda row: row.teams),
        overdue=[row for row in rows if row.is_overdue],
        unassigned=[row for row in rows if row.action.owner_id is None or row.action.due_on is None],
        unverified=list(done),
        proposed=found.filter(state=State.PROPOSED).count(),
    )


def _aged(action: ActionItem, now: datetime, today: date) -> Aged:
    since = action.created_at if action.state == State.IN_PROGRESS else action.state_since
    days = max(0, (now - since).days)
    services = list(action.incident.services.all())
    area = action.incident.area
    return Aged(
        action=action,
        age_days=days,
        band=next(label for label, least in reversed(BANDS) if days >= least),
        is_overdue=action.due_on is not None and action.due_on < today,
        areas=(area.name if area else "no area",),
        services=tuple(service.name for service in services) or ("no service",),
        teams=tuple(sorted({service.team.name for service in services if service.team})) or ("no team",),
    )


def _grouped(rows: list[Aged], names_of: Any, order: Iterable[str] = ()) -> list[Group]:
    """Groups in the given order, others by size; only those with anything in them."""
    counts: Counter[tuple[str, str]] = Counter()
    overdue: Counter[str] = Counter()
    for row in rows:
        for name in names_of(row):
            counts[name, row.band] += 1
            overdue[name] += row.is_overdue
    places = {name: place for place, name in enumerate(order)}
    groups = [
        Group(name, [counts[name, label] for label, _ in BANDS], overdue[name])
        for name in {name for name, _ in counts}
    ]
    return sorted(groups, key=lambda group: (places.get(group.name, 99), -group.total, group.name))


FIELDS = (
    "action", "title", "incident", "state", "priority", "type", "age_days", "band", "due_on", "overdue",
    "has_owner", "area", "services", "teams",
)  # fmt: skip


def records(report: Ageing) -> Iterator[dict[str, Any]]:
    """One a row for CSV and JSON. Whether there is an owner is told, and not who."""
    for row in report.rows:
        action = row.action
        yield {
            "action": action.pk,
            "title": action.title,
            "incident": action.incident.number,
            "state": action.state,
            "priority": action.get_priority_display().lower(),
            "type": action.type,
            "age_days": row.age_days,
            "band": row.band,
            "due_on": action.due_on,
            "overdue": row.is_overdue,
            "has_owner": action.owner_id is not None,
            "area": row.areas[0],
            "services": "; ".join(row.services),
            "teams": "; ".join(row.teams),
        }
