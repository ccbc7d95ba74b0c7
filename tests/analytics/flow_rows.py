"""Narrow rows made by hand: what the weekly review is reckoned from, without the events behind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from analytics.flow_weeks import Span
from analytics.metrics import delivery
from analytics.models.flow import ChangeFlow, DeploymentFlow, IncidentFlow, ReviewRules
from changes.models import Service

_numbers = count(10_000_000)
MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR, DAY = 3600, 86400


def at(days: float = 0, week: date = MONDAY) -> datetime:
    """Noon of the Monday of that week, or so many days later."""
    return datetime(week.year, week.month, week.day, 12, tzinfo=UTC) + timedelta(days=days)


def scopes_of(service: Service | None) -> list[str]:
    if service is None:
        return [""]
    team = [f"team:{service.team_id}"] if service.team_id else []
    area = [f"area:{service.area_id}"] if service.area_id else []
    return sorted(["", f"service:{service.pk}", *team, *area])


def deployed(service: Service | None, when: datetime, **over: Any) -> DeploymentFlow:
    values: dict[str, Any] = {
        "deployment_id": next(_numbers), "repository_id": 1, "is_demo": False, "scopes": scopes_of(service),
        "service": service.pk if service else 0, "at": when, "reached_users": True, "failed": False,
        "suspected": False, "is_rework": False, "by_restricted": False, "changes": 1,
        "is_first_known": False, "is_gap": False,
    }  # fmt: skip
    return DeploymentFlow.objects.create(**(values | over))


def shipped(service: Service | None, when: datetime, seconds: int | None, **over: Any) -> ChangeFlow:
    values: dict[str, Any] = {
        "change_id": next(_numbers), "repository_id": 1, "is_demo": False, "scopes": scopes_of(service),
        "type": "code", "state": "shipped", "is_draft": False, "automation": False, "origin": "unknown",
        "size_band": "small", "is_high_risk": False, "merged_at": when, "shipped_at": when,
        "is_first_known": False, "has_exception": False, "lead_seconds": seconds,
        "lead_basis": "" if seconds is None else "commit",
    }  # fmt: skip
    return ChangeFlow.objects.create(**(values | over))


def broke(service: Service | None, when: datetime, seconds: int | None, **over: Any) -> IncidentFlow:
    """Over after so many seconds; without them still open, unless `is_open` says otherwise."""
    values: dict[str, Any] = {
        "incident_id": next(_numbers), "is_demo": False, "scopes": scopes_of(service), "began_at": when,
        "ended_at": None if seconds is None else when + timedelta(seconds=seconds),
        "is_open": seconds is None, "seconds": seconds, "by_change": "yes",
        "services": [service.pk] if service else [], "is_restricted": False,
    }  # fmt: skip
    return IncidentFlow.objects.create(**(values | over))


def reckoned(
    begins_on: date = MONDAY, weeks: int = 1, *, demo: bool = False, now: datetime = NOW, **rules: Any
) -> dict[str, dict[str, Any]]:
    """The figures of delivery by scope."""
    return delivery.reckon(Span(begins_on, weeks), demo, ReviewRules(**rules), now)
