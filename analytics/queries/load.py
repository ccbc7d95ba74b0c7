"""Services, alerts and readings of load by the end of a span, for every scope at once."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from analytics.queries import flow_facts
from analytics.queries.flow_facts import AREA_MAP

# A reading stands for so long, then nothing is known any more.
STANDS_DAYS = 92

# Scopes of a service, by its id.
SERVICE_SCOPES = f"""
service_scope AS MATERIALIZED (
    SELECT service.id AS service_id, service.repository_id, service.created_at, scope
    FROM changes_service AS service
    LEFT JOIN {AREA_MAP} ON area_map.source = service.area_id
    CROSS JOIN LATERAL unnest(array_remove(ARRAY[
        '', 'service:' || service.id, 'team:' || service.team_id, 'area:' || area_map.target], NULL))
        AS scope
    WHERE service.is_demo = %(demo)s
)"""

SERVICES = f"""
WITH {SERVICE_SCOPES}
SELECT scope, COUNT(*), COUNT(*) FILTER (WHERE created_at < %(until)s) FROM service_scope GROUP BY scope
"""

BEGAN = "COALESCE(alert.opened_at, alert.recorded_at)"

ALERTS = f"""
WITH {SERVICE_SCOPES},
kept AS (
    SELECT COALESCE(scoped.scope, '') AS scope, {BEGAN} >= %(since)s AS is_new,
           alert.incident_id IS NULL AS is_apart,
           COALESCE(incident.closing_reason = 'false_alarm', false) AS is_false,
           CASE WHEN alert.status IN ('resolved', 'dismissed') THEN alert.resolved_at >= %(until)s
                ELSE true END AS is_open
    FROM incidents_alert AS alert
    JOIN intake_source AS source ON source.id = alert.source_id AND source.is_demo = %(demo)s
    LEFT JOIN incidents_incident AS incident ON incident.id = alert.incident_id
    LEFT JOIN service_scope AS scoped ON scoped.service_id = alert.service_id
    WHERE {BEGAN} < %(until)s
      AND ({BEGAN} >= %(since)s OR alert.resolved_at IS NULL OR alert.resolved_at >= %(until)s)
)
SELECT scope, COUNT(*) FILTER (WHERE is_new), COUNT(*) FILTER (WHERE is_new AND is_apart),
       COUNT(*) FILTER (WHERE is_new AND is_false), COUNT(*) FILTER (WHERE is_open)
FROM kept GROUP BY scope
"""

# Which scopes any alert ever named by then; without one nobody can tell whether it is watched.
WATCHED = f"""
WITH {SERVICE_SCOPES}
SELECT DISTINCT scope FROM service_scope WHERE EXISTS (
    SELECT FROM incidents_alert AS alert WHERE alert.service_id = service_scope.service_id
      AND {BEGAN} < %(until)s)
UNION
SELECT '' WHERE EXISTS (
    SELECT FROM incidents_alert AS alert
    JOIN intake_source AS source ON source.id = alert.source_id AND source.is_demo = %(demo)s
    WHERE {BEGAN} < %(until)s)
"""

# The last reading of each part. A repository counts as a whole for everything; for a service, a team or an
# area its parts do, and it as a whole only where no part was measured and it belongs there as a whole.
READINGS = f"""
WITH {SERVICE_SCOPES},
last AS (
    SELECT DISTINCT ON (reading.repository_id, reading.service_id, reading.area_id, reading.kind)
           reading.repository_id, reading.service_id, reading.kind, reading.on, reading.count,
           reading.area_id, area_map.target AS area
    FROM changes_loadreading AS reading
    JOIN changes_repository AS repository
      ON repository.id = reading.repository_id AND repository.is_demo = %(demo)s
    LEFT JOIN {AREA_MAP} ON area_map.source = reading.area_id
    WHERE reading.on < %(until_day)s AND reading.on >= %(until_day)s::date - {STANDS_DAYS}
    ORDER BY reading.repository_id, reading.service_id, reading.area_id, reading.kind, reading.on DESC
),
told AS (
    SELECT last.*, service_id IS NULL AND area_id IS NULL AS is_whole,
           bool_or(service_id IS NOT NULL) OVER parts AS has_services,
           bool_or(service_id IS NOT NULL OR area_id IS NOT NULL) OVER parts AS has_parts,
           bool_or(service_id IS NULL AND area_id IS NULL) OVER parts AS has_whole
    FROM last WINDOW parts AS (PARTITION BY repository_id, kind)
),
-- Where a repository belongs as a whole: to what all of its services share.
shared AS (
    SELECT repository_id, scope FROM service_scope WHERE scope <> '' GROUP BY repository_id, scope
    HAVING COUNT(*) = (SELECT COUNT(*) FROM changes_service AS service
                       WHERE service.repository_id = service_scope.repository_id
                         AND service.is_demo = %(demo)s)
    UNION
    SELECT repository.id, 'area:' || area_map.target FROM changes_repository AS repository
    JOIN {AREA_MAP} ON area_map.source = repository.default_area_id
    WHERE NOT EXISTS (SELECT FROM changes_service AS service
                      WHERE service.repository_id = repository.id AND service.area_id IS NOT NULL)
),
placed AS (
    SELECT '' AS scope, told.* FROM told
    WHERE is_whole OR (NOT has_whole AND (service_id IS NOT NULL OR NOT has_services))
    UNION ALL
    SELECT shared.scope, told.* FROM told JOIN shared ON shared.repository_id = told.repository_id
    WHERE is_whole AND NOT has_parts
    UNION ALL
    SELECT scoped.scope, told.* FROM told JOIN service_scope AS scoped ON scoped.service_id = told.service_id
    WHERE scoped.scope <> '' AND (told.area IS NULL OR scoped.scope NOT LIKE 'area:%%')
    UNION ALL
    SELECT 'area:' || told.area, told.* FROM told
    WHERE told.area IS NOT NULL AND (service_id IS NOT NULL OR NOT has_services)
)
SELECT scope, kind, repository_id,
       repository_id || '.' || COALESCE(service_id, 0) || '.' || COALESCE(area_id, 0), count, placed.on
FROM placed ORDER BY scope, kind, repository_id, service_id, area_id
"""


@dataclass
class Alerts:
    """`apart` led to no incident, `false` to one that was a false alarm; `open` at the end of the span."""

    opened: int
    apart: int
    false: int
    open: int


@dataclass
class Reading:
    """Counts by place, "repository.service.area", and the day of the oldest of them."""

    counts: dict[str, int] = field(default_factory=dict)
    repositories: set[int] = field(default_factory=set)
    oldest: date | None = None

    def add(self, repository: int, place: str, count: int, on: date) -> None:
        self.counts[place] = count
        self.repositories.add(repository)
        self.oldest = min(self.oldest or on, on)


def parameters(*, demo: bool, since: datetime, until: datetime, until_day: date) -> dict[str, Any]:
    """`until_day`: the first day that no longer counts."""
    given = {**flow_facts.parameters(), "demo": demo, "since": since, "until": until}
    return given | {"until_day": until_day}


def services(given: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """By scope: how many are known now, and how many were by then."""
    return {scope: (known, then) for scope, known, then in _rows(SERVICES, given)}


def alerts(given: dict[str, Any]) -> dict[str, Alerts]:
    return {scope: Alerts(*counts) for scope, *counts in _rows(ALERTS, given)}


def watched(given: dict[str, Any]) -> set[str]:
    return {scope for (scope,) in _rows(WATCHED, given)}


def readings(given: dict[str, Any]) -> dict[str, dict[str, Reading]]:
    """By scope and kind."""
    found: dict[str, dict[str, Reading]] = defaultdict(lambda: defaultdict(Reading))
    for scope, kind, repository, place, count, on in _rows(READINGS, given):
        found[scope][kind].add(repository, place, count, on)
    return found


def _rows(statement: str, given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        yield from cursor.fetchall()
