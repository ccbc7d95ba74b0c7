"""Counted incidents that name no change, from cells or from facts."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from analytics.models import RowCode
from analytics.queries.counted import Scope, fetch, known
from analytics.queries.figures import WithoutChange
from analytics.queries.ledger import Standing
from analytics.spans import nodes_between

PARTS = {
    "no_change": RowCode.NO_CHANGE,
    "not_determined": RowCode.NOT_DETERMINED,
    "unanswered": RowCode.UNANSWERED,
    "deployment_only": RowCode.DEPLOYMENT_ONLY,
}


def without_change(scope: Scope, stands: Standing) -> WithoutChange | None:
    """Counted incidents that began in the window and name no change, by what was answered instead."""
    by_cells = scope.filters.known_at is None and scope.services is None and stands.cells_stand
    lines = _instead_from_cells(scope) if by_cells else _instead_from_facts(scope)
    found = {RowCode(row): (n, restricted) for row, n, restricted in lines}
    return WithoutChange.of({name: found.get(row, (0, 0)) for name, row in PARTS.items()})


def _instead_from_cells(scope: Scope) -> list[tuple[int, int, int]]:
    area = "AND area = ANY(%(areas)s::bigint[])" if scope.areas is not None else ""
    statement = f"""
SELECT row, SUM(n)::bigint, SUM(restricted)::bigint FROM analytics_cell
WHERE is_demo = %(demo)s AND slice = '' AND type = '' AND node = ANY(%(nodes)s::int[]) {area}
GROUP BY row
"""
    nodes = list(nodes_between(scope.filters.start, scope.filters.end, calendar=True))
    return fetch(statement, {**scope.parameters(), "nodes": nodes})


def _instead_from_facts(scope: Scope) -> list[tuple[int, int, int]]:
    area = "AND fact.area = ANY(%(areas)s::bigint[])" if scope.areas is not None else ""
    service = "AND fact.services && %(services)s::bigint[]" if scope.services is not None else ""
    statement = f"""
SELECT instead, COUNT(*), SUM(incident.is_restricted::int)::bigint FROM analytics_countedincident AS fact
JOIN incidents_incident AS incident ON incident.id = fact.incident_id
WHERE {known(scope.filters, "fact")} AND fact.is_demo = %(demo)s AND instead < 0
  AND began_on BETWEEN %(start)s AND %(end)s {area} {service}
GROUP BY instead
"""
    return fetch(statement, scope.parameters())
