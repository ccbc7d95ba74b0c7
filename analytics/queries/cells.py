"""The cells of the matrix, counted in one statement over the query of the changes that count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from analytics.queries.figures import (
    COUNTED_CAUSES,
    MATURITY_DAYS,
    SAID,
    WITH_FOLLOW_UPS,
    WITH_INCIDENTS,
    WITH_UNDONE,
    Filters,
    Taxonomy,
    counted_changes,
)
from incidents.models import Incident


class CellCounts(NamedTuple):
    """One line of the aggregate: `area` None is no area, `over_all` is all areas together."""

    row: str
    area: int | None
    over_all: bool
    n: int
    failures: float
    suspected: float
    pending: int
    pending_failed: int
    late: int
    afterwards: int
    by_policy: int
    # No more than the incidents behind it, and how many links lead to restricted ones; 0 where not asked.
    incidents: float = 0
    restricted: int = 0


class CellIncidents(NamedTuple):
    row: str
    area: int | None
    over_all: bool
    incidents: int
    restricted: bool


# Each incident is one unit: the causes that nobody ruled out and no rule merely suggested share it, a
# deployment whose change nobody can tell keeps its share, and one change never fails more than once. What was
# said of a double was said of the change that stands for it; of two such words the later one holds.
FACTS = """
base AS MATERIALIZED (
    SELECT b.*,
           (b.shipped_at AT TIME ZONE %(zone)s)::date AS shipped_on,
           (b.shipped_at AT TIME ZONE %(zone)s)::date <= %(mature_until)s AS mature,
           area_map.target AS counted_area
    FROM ({changes}) AS b
    LEFT JOIN unnest(%(area_from)s::bigint[], %(area_to)s::bigint[]) AS area_map(source, target)
           ON area_map.source = b.area_id
),
standing AS (
    SELECT DISTINCT ON (cause.incident_id, target.change_id, cause.deployment_id)
           cause.incident_id, target.change_id, cause.status, cause.weight
    FROM incidents_cause AS cause
    LEFT JOIN changes_change AS twin ON twin.id = cause.change_id AND twin.merged_into_id IS NOT NULL
    CROSS JOIN LATERAL (SELECT COALESCE(twin.merged_into_id, cause.change_id) AS change_id) AS target
    WHERE cause.status <> 'suggested'
    ORDER BY cause.incident_id, target.change_id, cause.deployment_id, cause.said_at DESC, cause.id DESC
),
shares AS (
    SELECT change_id, incident_id, status = 'confirmed' AS confirmed,
           weight / NULLIF(SUM(weight) OVER (PARTITION BY incident_id), 0) AS share
    FROM standing
    WHERE status = ANY(%(counted_causes)s)
),
hits AS MATERIALIZED (
    SELECT base.id, shares.incident_id, shares.confirmed, COALESCE(shares.share, 0) AS share,
           incident.is_restricted,
           (COALESCE(incident.impact_started_at, incident.detected_at, incident.reported_at)
               AT TIME ZONE %(zone)s)::date - base.shipped_on AS age
    FROM shares
    JOIN base ON base.id = shares.change_id
    JOIN incidents_incident AS incident ON incident.id = shares.incident_id
    WHERE incident.duplicate_of_id IS NULL
      AND NOT incident.closing_reason = ANY(%(never_counted)s)
      AND incident.is_demo = %(demo)s
      AND (COALESCE(incident.impact_started_at, incident.detected_at, incident.reported_at)
               AT TIME ZONE %(zone)s)::date <= %(as_of)s
      AND %(with_incidents)s
),
failed AS (
    SELECT id,
           LEAST(1, COALESCE(SUM(share) FILTER (WHERE confirmed AND age BETWEEN 0 AND %(window)s), 0))
               AS sure,
           LEAST(1, COALESCE(SUM(share) FILTER (WHERE age BETWEEN 0 AND %(window)s), 0)) AS perhaps,
           COUNT(DISTINCT incident_id) FILTER (WHERE confirmed AND age > %(window)s) AS late
    FROM hits GROUP BY id
),
undoings AS (
    SELECT base.id, (base.undone_at AT TIME ZONE %(zone)s)::date AS undone_on
    FROM base WHERE base.undone_at IS NOT NULL AND %(with_undone)s
    UNION ALL
    SELECT base.id, (COALESCE(fix.merged_at, fix.shipped_at, fix.opened_at) AT TIME ZONE %(zone)s)::date
    FROM changes_changelink AS link
    JOIN base ON base.id = link.target_id
    JOIN changes_change AS fix ON fix.id = link.change_id AND fix.merged_into_id IS NULL
    WHERE link.kind = 'fixes' AND fix.state IN ('merged', 'shipped') AND %(with_undone)s
    UNION ALL
    SELECT base.id, (follow_up.at AT TIME ZONE %(zone)s)::date
    FROM changes_followup AS follow_up
    JOIN base ON base.id = follow_up.change_id
    JOIN changes_change AS fix ON fix.id = follow_up.fix_id AND fix.merged_into_id IS NULL
    WHERE %(with_follow_ups)s
),
undone AS (
    SELECT base.id,
           bool_or(undone_on - base.shipped_on BETWEEN 0 AND %(window)s) AS in_time,
           bool_or(undone_on - base.shipped_on > %(window)s) AS too_late
    FROM undoings JOIN base USING (id)
    WHERE undone_on <= %(as_of)s
    GROUP BY base.id
),
said AS MATERIALIZED (
    SELECT assistance.change_id AS id, kind_map.target AS kind, bool_or(assistance.counted) AS counted
    FROM changes_assistance AS assistance
    JOIN unnest(%(kind_from)s::bigint[], %(kind_to)s::bigint[]) AS kind_map(source, target)
      ON kind_map.source = assistance.kind_id
    JOIN base ON base.id = assistance.change_id
    WHERE assistance.status = ANY(%(said)s)
    GROUP BY assistance.change_id, kind_map.target
),
fact AS MATERIALIZED (
    SELECT base.*,
           GREATEST(COALESCE(failed.sure, 0), COALESCE(undone.in_time, false)::int) AS sure,
           GREATEST(COALESCE(failed.perhaps, 0), COALESCE(undone.in_time, false)::int) AS perhaps,
           COALESCE(failed.late, 0)
               + (COALESCE(undone.too_late, false) AND NOT COALESCE(undone.in_time, false))::int AS late,
           kinds.id IS NOT NULL AS has_kinds,
           COALESCE(kinds.counted, false) AS has_counted_kinds
    FROM base LEFT JOIN failed USING (id) LEFT JOIN undone USING (id)
    LEFT JOIN (SELECT id, bool_or(counted) AS counted FROM said GROUP BY id) AS kinds USING (id)
),
placed AS NOT MATERIALIZED (
    SELECT 'kind:' || said.kind AS row_key,
           NOT (said.counted AND fact.counted_as = 'not-said') AS afterwards,
           fact.*
    FROM said JOIN fact USING (id)
    UNION ALL
    SELECT fact.counted_as, false, fact.* FROM fact
    WHERE fact.counted_as <> 'not-said' OR NOT fact.has_counted_kinds
    UNION ALL
    SELECT 'manual', true, fact.* FROM fact
    WHERE fact.origin = 'manual' AND fact.counted_as IN ('unknown', 'not-said')
    UNION ALL
    SELECT 'not-said', true, fact.* FROM fact
    WHERE fact.origin IN ('assisted', 'autonomous') AND fact.counted_as IN ('unknown', 'manual')
      AND NOT fact.has_kinds
    UNION ALL
    SELECT 'assisted', fact.counted_as <> 'not-said', fact.* FROM fact
    WHERE fact.counted_as = 'not-said'
       OR fact.origin IN ('assisted', 'autonomous') AND fact.counted_as IN ('unknown', 'manual')
    UNION ALL
    SELECT 'total', false, fact.* FROM fact
)
"""
# Added up in two steps: a sort of every row for both sets at once is what would take longest.
COUNTS = """
SELECT row_key, counted_area, GROUPING(counted_area) = 1 AS over_all,
       SUM(n)::bigint AS n, SUM(failures)::float8, SUM(suspected)::float8, SUM(pending)::bigint,
       SUM(pending_failed)::bigint, SUM(late)::bigint, SUM(afterwards)::bigint, SUM(by_policy)::bigint
FROM (
    SELECT row_key, counted_area,
           COUNT(*) FILTER (WHERE mature AND NOT afterwards) AS n,
           COALESCE(SUM(sure) FILTER (WHERE mature AND NOT afterwards), 0) AS failures,
           COALESCE(SUM(perhaps - sure) FILTER (WHERE mature AND NOT afterwards), 0) AS suspected,
           COUNT(*) FILTER (WHERE NOT mature AND NOT afterwards) AS pending,
           COUNT(*) FILTER (WHERE NOT mature AND NOT afterwards AND sure > 0) AS pending_failed,
           COALESCE(SUM(late) FILTER (WHERE NOT afterwards), 0) AS late,
           COUNT(*) FILTER (WHERE mature AND afterwards) AS afterwards,
           COUNT(*) FILTER (WHERE mature AND NOT afterwards AND origin_by_policy) AS by_policy
    FROM placed GROUP BY row_key, counted_area
) AS summed
GROUP BY GROUPING SETS ((row_key, counted_area), (row_key))
"""
INCIDENTS = """
SELECT row_key, counted_area, GROUPING(counted_area) = 1 AS over_all,
       COUNT(DISTINCT hits.incident_id), bool_or(hits.is_restricted)
FROM placed JOIN hits USING (id)
WHERE NOT afterwards AND hits.age >= 0
GROUP BY GROUPING SETS ((row_key, counted_area), (row_key))
"""
BOTH = f"""
, counts AS ({COUNTS}), incidents AS ({INCIDENTS})
SELECT counts.*, incidents.* FROM counts LEFT JOIN incidents
  ON incidents.row_key = counts.row_key AND incidents.over_all = counts.over_all
     AND COALESCE(incidents.counted_area, 0) = COALESCE(counts.counted_area, 0)
"""  # noqa: S608 -- fixed text
OF_COUNTS = 11
COLUMNS = ("id", "area_id", "shipped_at", "origin", "origin_by_policy", "undone_at", "counted_as")


def cell_counts(filters: Filters, areas: Taxonomy, kinds: Taxonomy) -> list[CellCounts]:
    return [CellCounts(*line) for line in _run(COUNTS, filters, areas, kinds)]


def cells_and_incidents(
    filters: Filters, areas: Taxonomy, kinds: Taxonomy
) -> tuple[list[CellCounts], list[CellIncidents]]:
    """Both in one statement: counts, and how many incidents stand behind each numerator."""
    lines = _run(BOTH, filters, areas, kinds)
    counts = [CellCounts(*line[:OF_COUNTS]) for line in lines]
    return counts, [CellIncidents(*line[OF_COUNTS:]) for line in lines if line[OF_COUNTS] is not None]


def _run(select: str, filters: Filters, areas: Taxonomy, kinds: Taxonomy) -> list[tuple[Any, ...]]:
    query = counted_changes(filters, areas).order_by().values(*COLUMNS).query
    changes, values = query.sql_with_params()
    named = {f"c{i}": value for i, value in enumerate(values)}
    changes = changes % tuple(f"%({name})s" for name in named)
    area_from, area_to = areas.pairs()
    kind_from, kind_to = kinds.pairs()
    parameters: Mapping[str, Any] = {
        **named,
        "zone": settings.ORGANISATION_TIME_ZONE,
        "mature_until": filters.mature_until,
        "as_of": filters.as_of,
        "window": MATURITY_DAYS,
        "area_from": area_from,
        "area_to": area_to,
        "kind_from": kind_from,
        "kind_to": kind_to,
        "counted_causes": list(COUNTED_CAUSES),
        "never_counted": list(Incident.NEVER_COUNTED),
        "said": list(SAID),
        "demo": filters.demo,
        "with_incidents": filters.basis in WITH_INCIDENTS,
        "with_undone": filters.basis in WITH_UNDONE,
        "with_follow_ups": filters.basis in WITH_FOLLOW_UPS,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {FACTS.format(changes=changes)} {select}", parameters)  # noqa: S608 -- fixed text
        lines: list[tuple[Any, ...]] = cursor.fetchall()
        return lines
