"""Small made-up histories for the figures: rows as the services leave them, written straight."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from django.db import connection
from django.utils import timezone

from analytics.queries.ledger import Standing
from analytics.tasks import catch_up
from changes.models import Assistance, AssistanceKind, Change, DomainArea, FollowUp, Repository
from incidents.models import Cause, Incident
from intake import ledger

_numbers = count(1)
T = TypeVar("T", Change, Incident)
AS_OF = date(2026, 6, 30)


def day(offset: int, *, as_of: date = AS_OF) -> datetime:
    """Noon, so many days before the day of the report."""
    return datetime(as_of.year, as_of.month, as_of.day, 12, tzinfo=UTC) - timedelta(days=offset)


def touched(row: T) -> T:
    """Tell the ledger, as a service does whatever it writes."""
    kind = ledger.Kind.INCIDENT if isinstance(row, Incident) else ledger.Kind.CHANGE
    ledger.touch(kind, row.pk, verb="told")
    return row


def repository(**over: Any) -> Repository:
    return Repository.objects.create(**{"name": f"shop/{next(_numbers)}", **over})


def kind(slug: str, **over: Any) -> AssistanceKind:
    defaults = {"name": slug.replace("-", " ").capitalize(), **over}
    return AssistanceKind.objects.update_or_create(slug=slug, defaults=defaults)[0]


def area(slug: str, **over: Any) -> DomainArea:
    return DomainArea.objects.update_or_create(slug=slug, defaults={"name": slug.capitalize(), **over})[0]


def shipped(where: Repository, days_ago: float = 60, **over: Any) -> Change:
    """A shipped code change; its counted origin follows the origin unless it is given."""
    at = over.pop("shipped_at", None) or day(0) - timedelta(days=days_ago)
    fields: dict[str, Any] = {
        "repository": where,
        "title": f"Change {next(_numbers)}",
        "state": Change.State.SHIPPED,
        "merged_at": at,
        "shipped_at": at,
        "shipped_basis": Change.ShippedBasis.MERGE,
        "origin": "unknown",
        **over,
    }
    fields.setdefault("origin_counted", fields["origin"])
    return touched(Change.objects.create(**fields))


def help_in(
    change: Change, what: AssistanceKind, *, counted: bool = True, status: str = "declared"
) -> Assistance:
    said = Assistance.objects.create(change=change, kind=what, counted=counted, status=status)
    touched(change)
    return said


def follow_up(change: Change, fix: Change, *, days_later: float) -> FollowUp:
    assert change.shipped_at
    at = change.shipped_at + timedelta(days=days_later)
    touched(change)
    return FollowUp.objects.create(change=change, fix=fix, at=at, lines=6, deleted_lines=10, method_version=1)


def incident(*, began_at: datetime, **over: Any) -> Incident:
    number = next(_numbers)
    fields = {
        "number": number,
        "title": f"Outage {number}",
        "impact_started_at": began_at,
        "reported_at": began_at,
        **over,
    }
    return touched(Incident.objects.create(**fields))


def cause(
    of: Incident, change: Change | None, status: str = "confirmed", weight: float = 1, **over: Any
) -> Cause:
    touched(of)
    return Cause.objects.create(
        incident=of, change=change, status=status, weight=weight, said_at=timezone.now(), **over
    )


def settled() -> Standing:
    """Everything counted. The database is told of its new rows first, as it would find out by itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE changes_change, changes_assistance, changes_changelink, incidents_incident,"
            " incidents_cause, intake_ledgerentry, analytics_countedchange, analytics_countedlink"
        )
    return catch_up()
