"""What stands behind a cell of the matrix in numbers: changes by the cells, incidents by their causes."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from analytics.models import RowCode
from analytics.queries.counted import Scope, counted, mature_and_pending
from analytics.queries.figures import COUNTED_CAUSES, WITH_INCIDENTS, Filters, RowKey, Words
from analytics.queries.ledger import Standing
from changes.models import Change
from incidents.models import Incident
from incidents.queries.causes import standing_named


class Changes(NamedTuple):
    mature: int
    pending: int


class Incidents(NamedTuple):
    """All that stand behind a list, and those of them that the reader may not open."""

    total: int
    hidden: int


def changes(filters: Filters, row: str, words: Words, stands: Standing) -> Changes:
    """How many changes the row counts: the very number that the matrix shows."""
    areas, kinds = words
    is_kind = row.startswith("kind:")
    rows = kinds.group(row.removeprefix("kind:")) if is_kind else [RowCode[RowKey(row).name].value]
    found = [0, 0]
    for line in counted(
        filters, mature_and_pending(filters), by_area=False, rows=rows, stands=stands,
        scope=Scope.of(filters, areas),
    ):  # fmt: skip
        found[line.period] += line.n
    return Changes(*found)


def incidents(shown: QuerySet[Change], filters: Filters, user: User) -> Incidents:
    """Linked to any change of the list, whatever its basis counts of them."""
    if filters.basis not in WITH_INCIDENTS:
        return Incidents(0, 0)
    named = standing_named(Q(status__in=COUNTED_CAUSES), shown, tell="incident")
    restricted = Incident.objects.filter(is_restricted=True)
    shut = Q(is_restricted=True) & ~Q(pk__in=restricted.visible_to(user).values("pk"))
    found = (
        Incident.objects.counted()
        .filter(is_demo=filters.demo, pk__in=named)
        .aggregate(total=Count("pk"), hidden=Count("pk", filter=shut))
    )
    return Incidents(**found)
