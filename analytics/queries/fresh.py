"""Facts as the tables of the floors below have them at this moment: SQL over some changes and incidents.

What each number means is said in analytics/metrics/failure_rate.py. The same is counted a second time, in
one statement and for one set of filters, in analytics/queries/cells.py: tests and `rebuild --check` hold
the two against each other.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from analytics.models import WHOLE, RowCode
from analytics.queries.figures import COUNTED_CAUSES, MATURITY_DAYS, SAID, Taxonomy
from changes.models import AssistanceKind, Assistant, DomainArea
from incidents.models import Incident

BEGAN_ON = """(COALESCE(incident.impact_started_at, incident.detected_at, incident.reported_at)
               AT TIME ZONE %(zone)s)::date"""
# The word that holds of each target of an incident: what was said of a double was said of the change that
# stands for it, and of two such words the later one holds. Suggestions count nowhere.
STANDING = """
standing AS MATERIALIZED (
    SELECT DISTINCT ON (cause.incident_id, target.change_id, cause.deployment_id)
           cause.incident_id, target.change_id, cause.deployment_id, cause.status, cause.weight
    FROM incidents_cause AS cause
    LEFT JOIN changes_change AS twin ON twin.id = cause.change_id AND twin.merged_into_id IS NOT NULL
    CROSS JOIN LATERAL (SELECT COALESCE(twin.merged_into_id, cause.change_id) AS change_id) AS target
    WHERE cause.status <> 'suggested' AND cause.incident_id IN (SELECT incident_id FROM concerned)
    ORDER BY cause.incident_id, target.change_id, cause.deployment_id, cause.said_at DESC, cause.id DESC
)
"""
BASE = """
base AS MATERIALIZED (
    SELECT b.id, b.repository_id, b.type, b.size_band, b.origin, b.origin_counted, b.origin_by_policy,
           b.undone_at, repository.is_demo,
           (b.shipped_at AT TIME ZONE %(zone)s)::date AS shipped_on,
           COALESCE(area_map.target, 0) AS area,
           COALESCE(tool_map.target, 0) AS assistant,
           -- AI evidence on an automation makes it assisted; every change stands in one of these rows.
           CASE WHEN b.origin_counted IN ('assisted', 'autonomous') THEN %(not_said)s
                WHEN b.automation THEN %(automation)s
                WHEN b.origin_counted = 'manual' THEN %(manual)s
                ELSE %(unknown)s END AS stands
    FROM changes_change AS b
    JOIN changes_repository AS repository ON repository.id = b.repository_id
    LEFT JOIN unnest(%(area_from)s::bigint[], %(area_to)s::bigint[]) AS area_map(source, target)
           ON area_map.source = b.area_id
    LEFT JOIN unnest(%(tool_from)s::bigint[], %(tool_to)s::bigint[]) AS tool_map(source, target)
           ON tool_map.source = b.assistant_id
    WHERE b.id = ANY(%(changes)s::bigint[]) AND b.state = 'shipped' AND b.merged_into_id IS NULL
)
"""
# Each incident is one unit, shared by weight; a deployment whose change nobody can tell keeps its share.
LINKS = (
    """
concerned AS (
    SELECT cause.incident_id FROM incidents_cause AS cause WHERE cause.change_id = ANY(%(changes)s::bigint[])
    UNION
    SELECT cause.incident_id FROM incidents_cause AS cause
    JOIN changes_change AS twin ON twin.id = cause.change_id
    WHERE twin.merged_into_id = ANY(%(changes)s::bigint[])
),
"""
    + STANDING
    + """,
shares AS (
    SELECT change_id, incident_id, status = 'confirmed' AS confirmed,
           weight / SUM(weight) OVER (PARTITION BY incident_id) AS share,
           COUNT(change_id) OVER (PARTITION BY incident_id) AS changes
    FROM standing
    WHERE status = ANY(%(counted_causes)s)
),
links AS MATERIALIZED (
    SELECT base.id AS change_id, incident.id AS incident_id, base.is_demo, shares.confirmed,
           round(shares.share * %(whole)s)::bigint AS share,
           %(whole)s / shares.changes AS part,
           incident.is_restricted, found.began_on, found.began_on - base.shipped_on AS age
    FROM shares
    JOIN base ON base.id = shares.change_id
    JOIN incidents_incident AS incident ON incident.id = shares.incident_id
    CROSS JOIN LATERAL (SELECT """
    + BEGAN_ON
    + """ AS began_on) AS found
    WHERE incident.duplicate_of_id IS NULL
      AND NOT incident.closing_reason = ANY(%(never_counted)s)
      AND incident.is_demo = base.is_demo
)
"""
)
OUTCOMES = """
failures AS (
    SELECT change_id AS id,
           SUM(share) FILTER (WHERE confirmed AND age BETWEEN 0 AND %(window)s) AS sure,
           SUM(share) FILTER (WHERE age BETWEEN 0 AND %(window)s) AS perhaps,
           MIN(began_on) FILTER (WHERE confirmed AND age BETWEEN 0 AND %(window)s) AS failed_on,
           array_agg(began_on ORDER BY began_on) FILTER (WHERE confirmed AND age > %(window)s) AS late_on,
           SUM(part) FILTER (WHERE age >= 0) AS incident_parts,
           COUNT(*) FILTER (WHERE is_restricted AND age >= 0) AS restricted,
           MAX(began_on) FILTER (WHERE age >= 0) AS latest_on
    FROM links GROUP BY change_id
),
days AS (
    SELECT base.id, (base.undone_at AT TIME ZONE %(zone)s)::date AS day, true AS is_undoing
    FROM base WHERE base.undone_at IS NOT NULL
    UNION ALL
    SELECT base.id, (COALESCE(fix.merged_at, fix.shipped_at, fix.opened_at) AT TIME ZONE %(zone)s)::date, true
    FROM changes_changelink AS link
    JOIN base ON base.id = link.target_id
    JOIN changes_change AS fix ON fix.id = link.change_id AND fix.merged_into_id IS NULL
    WHERE link.kind = 'fixes' AND fix.state IN ('merged', 'shipped')
    UNION ALL
    SELECT base.id, (follow_up.at AT TIME ZONE %(zone)s)::date, false
    FROM changes_followup AS follow_up
    JOIN base ON base.id = follow_up.change_id
    JOIN changes_change AS fix ON fix.id = follow_up.fix_id AND fix.merged_into_id IS NULL
),
ends AS (
    SELECT days.id,
           MIN(day) FILTER (WHERE is_undoing AND age BETWEEN 0 AND %(window)s) AS undone_on,
           MIN(day) FILTER (WHERE is_undoing AND age > %(window)s) AS undone_late_on,
           MIN(day) FILTER (WHERE NOT is_undoing AND age BETWEEN 0 AND %(window)s) AS followed_on,
           MIN(day) FILTER (WHERE NOT is_undoing AND age > %(window)s) AS followed_late_on,
           MAX(day) AS latest_on
    FROM days JOIN base USING (id)
    CROSS JOIN LATERAL (SELECT days.day - base.shipped_on AS age) AS passed
    GROUP BY days.id
)
"""
# The rows where a change counts, and those where it was said only after it had failed.
PLACES = """
said AS (
    SELECT assistance.change_id AS id, kind_map.target AS kind, bool_or(assistance.counted) AS counted
    FROM changes_assistance AS assistance
    JOIN unnest(%(kind_from)s::bigint[], %(kind_to)s::bigint[]) AS kind_map(source, target)
      ON kind_map.source = assistance.kind_id
    WHERE assistance.status = ANY(%(said)s) AND assistance.change_id = ANY(%(changes)s::bigint[])
    GROUP BY assistance.change_id, kind_map.target
),
kinds AS (
    SELECT base.id,
           COALESCE(array_agg(kind ORDER BY kind) FILTER (WHERE counted), '{}') AS counted,
           array_agg(kind ORDER BY kind) FILTER (WHERE NOT counted OR stands <> %(not_said)s) AS afterwards
    FROM said JOIN base USING (id) GROUP BY base.id
),
places AS (
    SELECT base.id,
           ARRAY[%(total)s]::bigint[] || CASE
               WHEN stands <> %(not_said)s THEN ARRAY[stands]::bigint[]
               WHEN kinds.counted <> '{}' THEN kinds.counted || %(assisted)s::bigint
               ELSE ARRAY[%(not_said)s, %(assisted)s]::bigint[] END AS rows,
           COALESCE(kinds.afterwards, '{}') || CASE
               WHEN now_assisted AND stands IN (%(unknown)s, %(manual)s) THEN
                   CASE WHEN kinds.id IS NULL THEN ARRAY[%(assisted)s, %(not_said)s]
                        ELSE ARRAY[%(assisted)s] END
               WHEN base.origin = 'manual' AND (stands = %(unknown)s
                    OR stands = %(not_said)s) THEN ARRAY[%(manual)s]
               ELSE ARRAY[]::int[] END::bigint[] AS rows_afterwards
    FROM base
    LEFT JOIN kinds USING (id)
    CROSS JOIN LATERAL (SELECT base.origin IN ('assisted', 'autonomous') AS now_assisted) AS asked
)
"""
# GREATEST passes over what is not known.
CHANGES = """
fresh AS MATERIALIZED (
    SELECT base.id AS change_id, base.repository_id, base.is_demo, base.shipped_on, base.type, base.size_band,
           base.area, base.assistant,
           COALESCE(ARRAY(SELECT service_id FROM changes_change_services AS held
                          WHERE held.change_id = base.id ORDER BY service_id), '{}') AS services,
           base.origin_counted, base.origin_by_policy AS by_policy,
           places.rows, places.rows_afterwards,
           LEAST(%(whole)s, COALESCE(failures.sure, 0))::bigint AS sure,
           LEAST(%(whole)s, COALESCE(failures.perhaps, 0))::bigint AS perhaps,
           failures.failed_on,
           COALESCE(failures.late_on, '{}') AS late_on,
           ends.undone_on, ends.undone_late_on, ends.followed_on, ends.followed_late_on,
           GREATEST(failures.latest_on, ends.latest_on) AS latest_on,
           COALESCE(failures.incident_parts, 0)::bigint AS incident_parts,
           COALESCE(failures.restricted, 0)::int AS restricted
    FROM base
    JOIN places USING (id)
    LEFT JOIN failures USING (id)
    LEFT JOIN ends USING (id)
)
"""
FRESH_CHANGES = ",".join([BASE, LINKS, OUTCOMES, PLACES, CHANGES])
FRESH_LINKS = (
    ",".join([BASE, LINKS])
    + """,
fresh AS MATERIALIZED (
    SELECT change_id, incident_id, is_demo, began_on, confirmed, share FROM links
)
"""
)
# An incident whose causes name a change is counted there; of the others it is said what stands instead.
FRESH_INCIDENTS = (
    """
concerned AS (SELECT unnest(%(incidents)s::bigint[]) AS incident_id),
"""
    + STANDING
    + """,
named AS (
    SELECT incident_id, bool_or(change_id IS NOT NULL) AS by_change,
           bool_or(deployment_id IS NOT NULL) AS by_deployment
    FROM standing WHERE status = ANY(%(counted_causes)s) GROUP BY incident_id
),
fresh AS MATERIALIZED (
    SELECT incident.id AS incident_id, incident.is_demo, """
    + BEGAN_ON
    + """ AS began_on,
           COALESCE(area_map.target, 0) AS area,
           COALESCE(ARRAY(SELECT service_id FROM incidents_incident_services AS held
                          WHERE held.incident_id = incident.id ORDER BY service_id), '{}') AS services,
           CASE WHEN named.by_change THEN 0
                WHEN named.by_deployment THEN %(deployment_only)s
                WHEN incident.cause_answer = 'no_change' THEN %(no_change)s
                WHEN incident.cause_answer = 'not_determined' THEN %(not_determined)s
                ELSE %(unanswered)s END AS instead,
           incident.is_restricted AS restricted
    FROM incidents_incident AS incident
    LEFT JOIN named ON named.incident_id = incident.id
    LEFT JOIN unnest(%(area_from)s::bigint[], %(area_to)s::bigint[]) AS area_map(source, target)
           ON area_map.source = incident.area_id
    WHERE incident.id = ANY(%(incidents)s::bigint[])
      AND incident.duplicate_of_id IS NULL AND NOT incident.closing_reason = ANY(%(never_counted)s)
)
"""
)


def parameters() -> Mapping[str, Any]:
    """What every statement above takes, besides `changes` or `incidents`; taxonomies with merges resolved."""
    area_from, area_to = Taxonomy(DomainArea).pairs()
    kind_from, kind_to = Taxonomy(AssistanceKind).pairs()
    tool_from, tool_to = Taxonomy(Assistant).pairs()
    return {
        **{code.name.lower(): code.value for code in RowCode},
        "zone": settings.ORGANISATION_TIME_ZONE,
        "window": MATURITY_DAYS,
        "whole": WHOLE,
        "counted_causes": list(COUNTED_CAUSES),
        "never_counted": list(Incident.NEVER_COUNTED),
        "said": list(SAID),
        "area_from": area_from,
        "area_to": area_to,
        "kind_from": kind_from,
        "kind_to": kind_to,
        "tool_from": tool_from,
        "tool_to": tool_to,
    }
