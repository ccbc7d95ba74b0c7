"""Where a change's time went, what came of a deployment, how long an incident lasted: SQL over some of them.

What each column means is said in analytics/models/flow.py. `ids` are asked for; rows that count no longer are
left out, and whoever keeps them deletes those.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from analytics.queries.figures import Taxonomy
from analytics.queries.fresh import STANDING
from changes.models import DomainArea
from incidents.models import Incident

# A longer pause between two deeds of one reviewer ends a sitting.
PAUSE = "30 minutes"

AREA_MAP = "unnest(%(area_from)s::bigint[], %(area_to)s::bigint[]) AS area_map(source, target)"


def _scopes(services: str, area: str) -> str:
    """`services`: a subquery of service ids; everything, those, their teams and the area."""
    return f"""(
        SELECT array_agg(DISTINCT scope ORDER BY scope) FROM (
            SELECT '' AS scope
            UNION ALL SELECT 'service:' || one.id FROM ({services}) AS one(id)
            UNION ALL SELECT 'team:' || service.team_id FROM ({services}) AS one(id)
                      JOIN changes_service AS service ON service.id = one.id
                      WHERE service.team_id IS NOT NULL
            UNION ALL SELECT 'area:' || {area} WHERE {area} <> 0
        ) AS found)"""


# The first production success that holds a change shipped it; the first of its lane may hold years of work.
FIRST_SHIPPED = """
    SELECT d.id, d.finished_at AS at, NOT EXISTS (
        SELECT FROM changes_deployment AS earlier
        WHERE earlier.repository_id = d.repository_id AND earlier.status = 'succeeded'
          AND earlier.environment_id = d.environment_id
          AND earlier.service_id IS NOT DISTINCT FROM d.service_id
          AND (earlier.finished_at, earlier.id) < (d.finished_at, d.id)) AS is_first
    FROM changes_deployment_changes AS its_own
    JOIN changes_deployment AS d ON d.id = its_own.deployment_id
    WHERE its_own.change_id = {change} AND d.status = 'succeeded' AND d.is_production
    ORDER BY d.finished_at, d.id LIMIT 1
"""

CHANGES = f"""
WITH base AS MATERIALIZED (
    SELECT b.id, b.repository_id, repository.is_demo, b.type, b.state, b.is_draft, b.automation, b.origin,
           b.size_band, COALESCE(b.counted_lines, b.additions + b.deletions) AS lines,
           b.opened_at, COALESCE(b.ready_at, b.opened_at) AS ready_at, b.first_commit_at, b.merged_at,
           CASE WHEN b.state = 'dropped' THEN b.closed_at END AS closed_at,
           COALESCE(area_map.target, 0) AS area,
           CASE WHEN b.state = 'shipped' AND b.shipped_basis = 'deployment'
                THEN b.shipped_at END AS deployed_at,
           COALESCE(shipped.is_first, false) AS is_first_known,
           COALESCE(told.reviews_since <= COALESCE(b.merged_at, b.closed_at, 'infinity'), false)
               AS reviews_told,
           b.message ~* '(^|\n)size-exception:[ \t]*[^ \t\n]' OR EXISTS (
               SELECT FROM changes_sizeexception AS exception WHERE exception.change_id = b.id)
               AS has_exception
    FROM changes_change AS b
    JOIN changes_repository AS repository ON repository.id = b.repository_id
    LEFT JOIN {AREA_MAP} ON area_map.source = b.area_id
    LEFT JOIN analytics_flowtold AS told ON told.repository_id = b.repository_id
    LEFT JOIN LATERAL ({FIRST_SHIPPED.format(change="b.id")}) AS shipped ON true
    WHERE b.id = ANY(%(ids)s::bigint[]) AND b.merged_into_id IS NULL
),
deeds AS MATERIALIZED (
    SELECT base.id, review.reviewer_in_change AS who, review.submitted_at AS at, review.commit_sha AS sha,
           review.state, review.is_senior, true AS is_review, false AS is_remark
    FROM changes_review AS review JOIN base ON base.id = review.change_id
    WHERE NOT review.is_self AND NOT review.is_bot
      AND review.submitted_at <= COALESCE(base.merged_at, base.closed_at, 'infinity')
    UNION ALL
    SELECT base.id, remark.reviewer_in_change, remark.at, '', '', false, false, remark.is_meaningful
    FROM changes_reviewremark AS remark JOIN base ON base.id = remark.change_id
    WHERE NOT remark.is_self AND NOT remark.is_bot AND remark.deleted_at IS NULL
      AND remark.at <= COALESCE(base.merged_at, base.closed_at, 'infinity')
),
sittings AS (
    SELECT id, round(EXTRACT(EPOCH FROM SUM(gap) FILTER (WHERE gap <= INTERVAL '{PAUSE}')))::int AS seconds
    FROM (SELECT id, at - lag(at) OVER (PARTITION BY id, who ORDER BY at) AS gap FROM deeds) AS paused
    GROUP BY id
),
reviewed AS (
    SELECT id, MIN(at) AS first_at,
           COUNT(*) FILTER (WHERE is_review)::int AS reviews,
           COUNT(*) FILTER (WHERE is_remark)::int AS remarks,
           bool_or(is_senior) AS by_senior,
           -- Where no commit was told, each request for changes and the last word are a round.
           COALESCE(NULLIF(COUNT(DISTINCT sha) FILTER (WHERE sha <> ''), 0),
                    COUNT(*) FILTER (WHERE state = 'changes_requested')
                    + (COUNT(*) FILTER (WHERE is_review AND state <> 'changes_requested') > 0)::int)::int
               AS rounds
    FROM deeds GROUP BY id
),
checked AS (
    SELECT id, round(SUM(EXTRACT(EPOCH FROM upper(span) - lower(span))))::bigint AS seconds FROM (
        SELECT base.id, unnest(range_agg(tstzrange(
            run.queued_at,
            GREATEST(run.queued_at, LEAST(COALESCE(run.completed_at, base.merged_at), base.merged_at))
        ))) AS span
        FROM base
        JOIN changes_changeidentity AS name ON name.change_id = base.id AND name.space = 'sha'
        JOIN changes_checkrun AS run ON run.repository_id = base.repository_id AND run.sha = name.value
        WHERE run.queued_at < base.merged_at
        GROUP BY base.id) AS waited
    GROUP BY id
),
timed AS (
    SELECT base.*, CASE WHEN NOT is_first_known THEN deployed_at END AS shipped_at,
           COALESCE(first_commit_at, opened_at) AS begun_at
    FROM base
)
SELECT timed.id AS change_id, repository_id, is_demo,
       {
    _scopes(
        "SELECT held.service_id FROM changes_change_services AS held WHERE held.change_id = timed.id",
        "timed.area",
    )
} AS scopes,
       type, state, is_draft, automation, origin, size_band, lines,
       COALESCE((SELECT area.risk_level = 3 FROM changes_domainarea AS area
                 WHERE area.id = timed.area), false)
           AS is_high_risk,
       opened_at, ready_at, merged_at, closed_at, shipped_at, is_first_known,
       CASE WHEN reviews_told THEN COALESCE(reviewed.reviews, 0) END AS reviews,
       CASE WHEN reviews_told THEN COALESCE(reviewed.rounds, 0) END AS rounds,
       CASE WHEN reviews_told THEN COALESCE(reviewed.remarks, 0) END AS remarks,
       CASE WHEN reviews_told THEN COALESCE(reviewed.by_senior, false) END AS by_senior,
       NULLIF(sittings.seconds, 0) AS active_seconds, has_exception,
       CASE WHEN reviewed.first_at IS NOT NULL AND ready_at IS NOT NULL
            THEN GREATEST(0, round(EXTRACT(EPOCH FROM reviewed.first_at - ready_at)))::bigint END
           AS waited_for_review,
       CASE WHEN merged_at IS NOT NULL THEN checked.seconds END AS waited_for_tests,
       CASE WHEN shipped_at >= merged_at
            THEN round(EXTRACT(EPOCH FROM shipped_at - merged_at))::bigint END AS waited_for_deployment,
       CASE WHEN shipped_at >= begun_at
            THEN round(EXTRACT(EPOCH FROM shipped_at - begun_at))::bigint END AS lead_seconds,
       CASE WHEN shipped_at >= begun_at THEN CASE WHEN first_commit_at IS NULL THEN 'opened' ELSE 'commit' END
            ELSE '' END AS lead_basis,
       ARRAY(SELECT review.submitted_at FROM changes_review AS review
             WHERE review.change_id = timed.id AND NOT review.is_self AND NOT review.is_bot
             UNION ALL SELECT care.on::timestamp AT TIME ZONE %(zone)s FROM changes_reviewcare AS care
             WHERE care.change_id = timed.id ORDER BY 1) AS review_moments
FROM timed
LEFT JOIN reviewed USING (id)
LEFT JOIN sittings USING (id)
LEFT JOIN checked USING (id)
"""

# Of what incidents say of these deployments, and of the changes that they were the first to ship.
DEPLOYMENTS = f"""
WITH base AS MATERIALIZED (
    SELECT d.id, d.repository_id, repository.is_demo, COALESCE(d.service_id, 0) AS service,
           d.finished_at AS at, d.status = 'succeeded' AS reached_users, d.kind, d.is_gap,
           COALESCE(area_map.target, 0) AS area,
           d.status = 'succeeded' AND NOT EXISTS (
               SELECT FROM changes_deployment AS earlier
               WHERE earlier.repository_id = d.repository_id AND earlier.status = 'succeeded'
                 AND earlier.environment_id = d.environment_id
                 AND earlier.service_id IS NOT DISTINCT FROM d.service_id
                 AND (earlier.finished_at, earlier.id) < (d.finished_at, d.id)) AS is_first_known
    FROM changes_deployment AS d
    JOIN changes_repository AS repository ON repository.id = d.repository_id
    LEFT JOIN changes_service AS service ON service.id = d.service_id
    LEFT JOIN {AREA_MAP} ON area_map.source = service.area_id
    WHERE d.id = ANY(%(ids)s::bigint[]) AND d.is_production AND d.finished_at IS NOT NULL
      AND d.status IN ('succeeded', 'failed', 'cancelled')
),
holds AS MATERIALIZED (
    SELECT base.id, held.change_id, shipped.id = base.id AS is_first
    FROM base
    JOIN changes_deployment_changes AS held ON held.deployment_id = base.id
    JOIN changes_change AS change ON change.id = held.change_id AND change.merged_into_id IS NULL
    CROSS JOIN LATERAL ({FIRST_SHIPPED.format(change="held.change_id")}) AS shipped
),
named AS MATERIALIZED (SELECT id, change_id FROM holds WHERE is_first),
meant AS MATERIALIZED (
    SELECT change_id AS told, change_id AS means FROM named
    UNION SELECT twin.id, named.change_id FROM changes_change AS twin
          JOIN named ON twin.merged_into_id = named.change_id
),
concerned AS (
    SELECT cause.incident_id FROM incidents_cause AS cause JOIN meant ON meant.told = cause.change_id
    UNION
    SELECT cause.incident_id FROM incidents_cause AS cause JOIN base ON base.id = cause.deployment_id
),
{STANDING},
blamed AS (
    SELECT base.id, bool_or(standing.status = 'confirmed') AS failed,
           bool_or(standing.status = 'suspected') AS suspected,
           -- Of one of the two words, whatever is known of the other.
           COALESCE(bool_and(incident.is_restricted) FILTER (WHERE standing.status = 'confirmed'), false)
           OR COALESCE(bool_and(incident.is_restricted) FILTER (WHERE standing.status = 'suspected'), false)
               AS by_restricted
    FROM standing
    JOIN incidents_incident AS incident ON incident.id = standing.incident_id
    LEFT JOIN named ON named.change_id = standing.change_id
    JOIN base ON base.id = COALESCE(standing.deployment_id, named.id)
    WHERE incident.duplicate_of_id IS NULL AND NOT incident.closing_reason = ANY(%(never_counted)s)
      AND incident.is_demo = base.is_demo
    GROUP BY base.id
),
repaired AS (
    SELECT named.id, bool_and(incident.is_restricted) AS by_restricted FROM incidents_fix AS fix
    JOIN meant ON meant.told = fix.change_id
    JOIN named ON named.change_id = meant.means
    JOIN incidents_incident AS incident ON incident.id = fix.incident_id
    WHERE incident.duplicate_of_id IS NULL AND NOT incident.closing_reason = ANY(%(never_counted)s)
    GROUP BY named.id
)
SELECT base.id AS deployment_id, repository_id, is_demo,
       {_scopes("SELECT base.service WHERE base.service <> 0", "base.area")} AS scopes,
       service, at, reached_users,
       reached_users AND COALESCE(blamed.failed, false) AS failed,
       reached_users AND COALESCE(blamed.suspected, false) AS suspected,
       reached_users AND (kind IN ('rollback', 'hotfix') OR repaired.id IS NOT NULL) AS is_rework,
       reached_users AND (COALESCE(blamed.by_restricted, false) OR COALESCE(repaired.by_restricted, false)
           AND kind NOT IN ('rollback', 'hotfix')) AS by_restricted,
       (SELECT COUNT(*) FROM holds WHERE holds.id = base.id)::int AS changes,
       is_first_known, is_gap
FROM base LEFT JOIN blamed USING (id) LEFT JOIN repaired USING (id)
"""

# Of two words on a change and its double the later one holds, as in STANDING.
WORDS = """
    SELECT DISTINCT ON (COALESCE(twin.merged_into_id, cause.change_id), cause.deployment_id) cause.status
    FROM incidents_cause AS cause LEFT JOIN changes_change AS twin ON twin.id = cause.change_id
    WHERE cause.incident_id = base.id AND cause.status <> 'suggested'
    ORDER BY COALESCE(twin.merged_into_id, cause.change_id), cause.deployment_id,
             cause.said_at DESC, cause.id DESC
"""
INCIDENTS = f"""
WITH base AS MATERIALIZED (
    SELECT i.id, i.is_demo, COALESCE(area_map.target, 0) AS area, i.is_restricted, i.cause_answer,
           COALESCE(i.impact_started_at, i.detected_at) AS started_at,
           COALESCE(i.impact_started_at, i.detected_at, i.reported_at) AS began_at,
           i.status IN ('open', 'investigating') AS is_open,
           CASE WHEN i.status NOT IN ('open', 'investigating')
                THEN COALESCE(i.mitigated_at, i.resolved_at) END AS ended_at
    FROM incidents_incident AS i
    LEFT JOIN {AREA_MAP} ON area_map.source = i.area_id
    WHERE i.id = ANY(%(ids)s::bigint[]) AND i.duplicate_of_id IS NULL
      AND NOT i.closing_reason = ANY(%(never_counted)s)
)
SELECT base.id AS incident_id, is_demo,
       {
    _scopes(
        "SELECT hit.service_id FROM incidents_incident_services AS hit WHERE hit.incident_id = base.id",
        "base.area",
    )
} AS scopes,
       began_at, ended_at, is_open,
       CASE WHEN ended_at >= started_at
            THEN round(EXTRACT(EPOCH FROM ended_at - started_at))::bigint END AS seconds,
       CASE WHEN EXISTS (SELECT FROM ({WORDS}) AS word WHERE word.status = 'confirmed') THEN 'yes'
            WHEN cause_answer = 'no_change' THEN 'no' ELSE 'unknown' END AS by_change,
       COALESCE((SELECT array_agg(hit.service_id ORDER BY hit.service_id)
                 FROM incidents_incident_services AS hit WHERE hit.incident_id = base.id), '{{}}')
           AS services,
       is_restricted
FROM base
"""

# What one entry of the ledger reaches beyond itself, as (kind, id).
REACH = """
WITH new AS MATERIALIZED (
    SELECT * FROM unnest(%(kinds)s::text[], %(keys)s::bigint[]) AS new(kind, id)
),
touched AS MATERIALIZED (
    SELECT kind, id FROM new WHERE kind IN ('change', 'deployment', 'incident')
    UNION SELECT 'change', held.change_id FROM new
          JOIN changes_change_services AS held ON held.service_id = new.id WHERE new.kind = 'service'
    UNION SELECT 'deployment', d.id FROM new
          JOIN changes_deployment AS d ON d.service_id = new.id WHERE new.kind = 'service'
    UNION SELECT 'incident', hit.incident_id FROM new
          JOIN incidents_incident_services AS hit ON hit.service_id = new.id WHERE new.kind = 'service'
    UNION SELECT 'change', b.id FROM new
          JOIN changes_domainarea AS area ON area.id = new.id OR area.merged_into_id = new.id
          JOIN changes_change AS b ON b.area_id = area.id WHERE new.kind = 'taxonomy'
    UNION SELECT 'incident', i.id FROM new
          JOIN changes_domainarea AS area ON area.id = new.id OR area.merged_into_id = new.id
          JOIN incidents_incident AS i ON i.area_id = area.id WHERE new.kind = 'taxonomy'
    UNION SELECT 'deployment', d.id FROM new
          JOIN changes_domainarea AS area ON area.id = new.id OR area.merged_into_id = new.id
          JOIN changes_service AS service ON service.area_id = area.id
          JOIN changes_deployment AS d ON d.service_id = service.id WHERE new.kind = 'taxonomy'
),
-- With a new first one of a lane the one before is no longer it.
neighbours AS (
    SELECT DISTINCT second.id FROM touched
    JOIN changes_deployment AS d ON d.id = touched.id AND touched.kind = 'deployment'
    CROSS JOIN LATERAL (
        SELECT other.id FROM changes_deployment AS other
        WHERE other.repository_id = d.repository_id AND other.status = 'succeeded'
          AND other.environment_id = d.environment_id
          AND other.service_id IS NOT DISTINCT FROM d.service_id
        ORDER BY other.finished_at, other.id LIMIT 2) AS second
),
rolled AS MATERIALIZED (
    SELECT id FROM touched WHERE kind = 'deployment' UNION SELECT id FROM neighbours
),
met AS MATERIALIZED (
    SELECT COALESCE(twin.merged_into_id, twin.id) AS id FROM touched
    JOIN incidents_cause AS cause ON cause.incident_id = touched.id AND touched.kind = 'incident'
    JOIN changes_change AS twin ON twin.id = cause.change_id
    UNION
    SELECT COALESCE(twin.merged_into_id, twin.id) FROM touched
    JOIN incidents_fix AS fix ON fix.incident_id = touched.id AND touched.kind = 'incident'
    JOIN changes_change AS twin ON twin.id = fix.change_id
    UNION
    SELECT id FROM touched WHERE kind = 'change'
)
SELECT kind, id FROM touched
UNION SELECT 'deployment', id FROM rolled
UNION SELECT 'change', held.change_id FROM rolled
      JOIN changes_deployment_changes AS held ON held.deployment_id = rolled.id
UNION SELECT 'deployment', held.deployment_id FROM met
      JOIN changes_deployment_changes AS held ON held.change_id = met.id
-- With a double the words on both are weighed anew.
UNION SELECT 'incident', cause.incident_id FROM touched
      JOIN incidents_cause AS cause ON cause.change_id = touched.id AND touched.kind = 'change'
UNION SELECT 'deployment', cause.deployment_id FROM touched
      JOIN incidents_cause AS cause ON cause.incident_id = touched.id AND touched.kind = 'incident'
      WHERE cause.deployment_id IS NOT NULL
"""

# Everything there is, and what is remembered of what is no more.
EVERYTHING = """
SELECT 'change', id FROM changes_change UNION SELECT 'change', change_id FROM analytics_changeflow
UNION SELECT 'deployment', id FROM changes_deployment
UNION SELECT 'deployment', deployment_id FROM analytics_deploymentflow
UNION SELECT 'incident', id FROM incidents_incident
UNION SELECT 'incident', incident_id FROM analytics_incidentflow
"""


def parameters() -> Mapping[str, Any]:
    """What the statements above take besides `ids`; areas with merges resolved."""
    area_from, area_to = Taxonomy(DomainArea).pairs()
    return {
        "zone": settings.ORGANISATION_TIME_ZONE,
        "never_counted": list(Incident.NEVER_COUNTED),
        "area_from": area_from,
        "area_to": area_to,
    }


# Entries of the transaction that asks are always new: looking twice does no harm. A snapshot of the future
# tells that the database came here from another server.
ENTRIES = """
    SELECT entry.kind, entry.object_id
    FROM intake_ledgerentry AS entry, (SELECT NULLIF(%s, '')::pg_snapshot AS seen) AS known
    WHERE entry.kind IN ('change', 'deployment', 'incident', 'service', 'taxonomy')
      AND (known.seen IS NULL OR pg_snapshot_xmin(known.seen) > pg_snapshot_xmax(pg_current_snapshot())
           OR (entry.transaction >= pg_snapshot_xmin(known.seen)::text::bigint
               AND (entry.transaction = pg_current_xact_id_if_assigned()::text::bigint
                    OR NOT pg_visible_in_snapshot(entry.transaction::text::xid8, known.seen))))
"""
LEDGER = f"""
WITH new AS (SELECT DISTINCT kind, object_id FROM ({ENTRIES}) AS entry)
SELECT pg_current_snapshot()::text, ARRAY(SELECT kind FROM new ORDER BY kind, object_id),
       ARRAY(SELECT object_id FROM new ORDER BY kind, object_id)
"""
