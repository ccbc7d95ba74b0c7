"""What was under way within a span, from its beginning to its end, for every scope at once."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection

from analytics.queries import flow_facts
from analytics.queries.flow_facts import AREA_MAP

# What no deployment took in so long is taken as no part of one: documents, for example.
DEPLOYED_WITHIN = "90 days"
# Of a run that is told no end in so long its end was lost.
ENDED_WITHIN = "7 days"
# Older than so much is stale.
STALE = "30 days"

AGREED = "('accepted', 'in_progress')"

# Where a thing of a repository counts: with every service of it; without one, in its own area.
PLACES = f"""
place AS MATERIALIZED (
    SELECT repository.id,
           -- An import's word gives way to deployments; a person's stays.
           repository.merged_is_shipped AND repository.shipping_said_by_person AS ships_by_merge,
           array_agg(DISTINCT found.scope) FILTER (WHERE found.scope IS NOT NULL) AS scopes
    FROM changes_repository AS repository
    CROSS JOIN LATERAL (
        SELECT '' AS scope
        UNION SELECT 'service:' || service.id FROM changes_service AS service
              WHERE service.repository_id = repository.id
        UNION SELECT 'team:' || service.team_id FROM changes_service AS service
              WHERE service.repository_id = repository.id
        UNION SELECT 'area:' || area_map.target FROM changes_service AS service
              JOIN {AREA_MAP} ON area_map.source = service.area_id
              WHERE service.repository_id = repository.id
        UNION SELECT 'area:' || area_map.target FROM {AREA_MAP}
              WHERE area_map.source = repository.default_area_id
                AND NOT EXISTS (SELECT FROM changes_service AS service
                                WHERE service.repository_id = repository.id AND service.area_id IS NOT NULL)
    ) AS found
    WHERE repository.is_demo = %(demo)s
    GROUP BY repository.id
)"""

# Since when a repository's deployments are known.
DEPLOYED = """
deployed AS MATERIALIZED (
    SELECT place.id AS repository_id, (
        SELECT flow.at FROM analytics_deploymentflow AS flow
        WHERE flow.repository_id = place.id AND flow.reached_users ORDER BY flow.at LIMIT 1) AS since
    FROM place WHERE NOT place.ships_by_merge
)"""


# One row for each thing that was under way within the span; `sort` as in WorkLimit.
def _opened(condition: str) -> str:
    return f"""
    SELECT flow.change_id AS id, flow.scopes, flow.is_draft, flow.opened_at,
           GREATEST(flow.opened_at, LEAST(flow.ready_at, flow.merged_at, flow.closed_at)) AS ready_at,
           COALESCE(flow.merged_at, flow.closed_at) AS ended,
           flow.state <> 'open' AND COALESCE(flow.merged_at, flow.closed_at) IS NULL AS is_endless
    FROM analytics_changeflow AS flow
    WHERE flow.is_demo = %(demo)s AND flow.opened_at < %(until)s AND {condition}"""


# In parts, each found by an index of its own, however many changes there are.
CHANGES = " UNION ALL ".join(
    _opened(condition)
    for condition in (
        "flow.state = 'open'",
        "flow.state IN ('merged', 'shipped') AND flow.merged_at >= %(since)s",
        "flow.state = 'dropped' AND flow.closed_at >= %(since)s",
        "flow.state = 'dropped' AND flow.closed_at IS NULL",
    )
)


def _merged(condition: str) -> str:
    return f"""
    SELECT flow.change_id, flow.repository_id, flow.scopes, flow.merged_at, flow.shipped_at
    FROM analytics_changeflow AS flow
    WHERE flow.is_demo = %(demo)s AND NOT flow.is_first_known
      AND flow.merged_at >= %(since)s - INTERVAL '{DEPLOYED_WITHIN}' AND flow.merged_at < %(until)s
      AND {condition}"""


WAITING = " UNION ALL ".join(
    _merged(condition)
    for condition in ("flow.state = 'merged'", "flow.state = 'shipped' AND flow.shipped_at >= %(since)s")
)
ITEMS = f"""
{PLACES},
{DEPLOYED},
opened AS MATERIALIZED ({CHANGES}),
merged AS MATERIALIZED ({WAITING}),
run AS (
    SELECT one.repository_id, MAX(one.id) AS id, unnest(range_agg(tstzrange(one.queued_at,
               CASE WHEN one.completed_at IS NOT NULL THEN GREATEST(one.queued_at, one.completed_at)
                    WHEN one.queued_at < %(until)s - INTERVAL '{ENDED_WITHIN}'
                    THEN one.queued_at + INTERVAL '{ENDED_WITHIN}' END))) AS spell
    FROM changes_checkrun AS one
    WHERE one.queued_at >= %(since)s - INTERVAL '{ENDED_WITHIN}' AND one.queued_at < %(until)s
      AND (one.status <> 'completed' OR one.completed_at >= %(since)s)
    GROUP BY one.repository_id, one.sha
),
item AS (
    SELECT 'changes' AS sort, id, scopes, ready_at AS began, ended, is_endless, false AS is_given_up,
           false AS is_veiled
    FROM opened WHERE NOT is_draft
    UNION ALL
    SELECT 'drafts', id, scopes, opened_at, CASE WHEN is_draft THEN ended ELSE LEAST(ready_at, ended) END,
           is_endless, false, false
    FROM opened WHERE is_draft OR ready_at > opened_at
    UNION ALL
    SELECT 'to_deploy', merged.change_id, merged.scopes, merged.merged_at,
           CASE WHEN COALESCE(merged.shipped_at, %(until)s) < merged.merged_at + INTERVAL '{DEPLOYED_WITHIN}'
                THEN merged.shipped_at ELSE merged.merged_at + INTERVAL '{DEPLOYED_WITHIN}' END,
           false, COALESCE(merged.shipped_at, %(until)s) >= merged.merged_at + INTERVAL '{DEPLOYED_WITHIN}',
           false
    FROM merged JOIN deployed ON deployed.repository_id = merged.repository_id
    WHERE merged.merged_at >= deployed.since
    UNION ALL
    SELECT 'checks', run.id, place.scopes, lower(run.spell), upper(run.spell), false,
           upper(run.spell) = lower(run.spell) + INTERVAL '{ENDED_WITHIN}', false
    FROM run JOIN place ON place.id = run.repository_id
    UNION ALL
    SELECT 'incidents', flow.incident_id, flow.scopes, flow.began_at, flow.ended_at,
           NOT flow.is_open AND flow.ended_at IS NULL, false, flow.is_restricted
    FROM analytics_incidentflow AS flow
    WHERE flow.is_demo = %(demo)s AND flow.began_at < %(until)s
      AND (flow.ended_at IS NULL OR flow.ended_at >= %(since)s)
    UNION ALL
    SELECT 'postmortems', postmortem.incident_id, flow.scopes, COALESCE(flow.ended_at, flow.began_at),
           postmortem.published_at, false, false, flow.is_restricted
    FROM incidents_postmortem AS postmortem
    JOIN analytics_incidentflow AS flow ON flow.incident_id = postmortem.incident_id
    WHERE flow.is_demo = %(demo)s AND NOT (flow.is_open AND postmortem.state = 'not_started')
      AND postmortem.state <> 'not_required'
      AND (postmortem.due_on IS NOT NULL OR postmortem.state <> 'not_started')
      AND (postmortem.published_at IS NULL OR postmortem.published_at >= %(since)s)
    UNION ALL
    SELECT 'actions', action.id, flow.scopes, COALESCE(agreed.at, action.created_at), done.at, false, false,
           flow.is_restricted
    FROM incidents_actionitem AS action
    JOIN analytics_incidentflow AS flow ON flow.incident_id = action.incident_id
    CROSS JOIN LATERAL (
        SELECT MIN(event.state_since) AS at, MAX(event.state_since) AS last_at
        FROM incidents_actionitemevent AS event
        WHERE event.pgh_obj_id = action.id AND event.state IN {AGREED}
    ) AS agreed
    CROSS JOIN LATERAL (
        SELECT CASE WHEN action.state IN {AGREED} THEN NULL ELSE COALESCE((
            SELECT MIN(event.state_since) FROM incidents_actionitemevent AS event
            WHERE event.pgh_obj_id = action.id AND event.state NOT IN {AGREED}
              AND event.state_since >= COALESCE(agreed.last_at, '-infinity') AND event.state <> 'proposed'
        ), action.state_since) END AS at
    ) AS done
    WHERE flow.is_demo = %(demo)s AND action.created_at < %(until)s
      AND (action.state IN {AGREED} OR action.state_since >= %(since)s)
      AND (action.state IN ('accepted', 'in_progress', 'done', 'verified') OR agreed.at IS NOT NULL)
)"""

# Added up by the scopes that things share before those are taken apart: few for however many things.
SUMS = f"""
WITH {ITEMS},
cut AS MATERIALIZED (
    SELECT sort, id, scopes, began, ended, is_endless, is_given_up, is_veiled, ended < began AS is_reversed,
           ended < %(until)s AS is_over,
           EXTRACT(
               EPOCH FROM LEAST(COALESCE(ended, %(until)s), %(until)s) - GREATEST(began, %(since)s)
           )::float AS inside,
           NOT is_endless AND (ended < began) IS NOT TRUE AS counts
    FROM item WHERE began < %(until)s AND (ended IS NULL OR ended >= %(since)s)
),
-- Many actions may come of one incident.
of_actions AS (
    SELECT cut.scopes, COUNT(DISTINCT action.incident_id) AS incidents,
           COUNT(DISTINCT action.incident_id) FILTER (WHERE counts AND is_over IS NOT TRUE) AS left_over
    FROM cut JOIN incidents_actionitem AS action ON action.id = cut.id
    WHERE cut.sort = 'actions' GROUP BY cut.scopes
),
shared AS (
    SELECT sort, scopes,
           SUM(inside) FILTER (WHERE counts) AS inside,
           COUNT(*) FILTER (WHERE counts AND began >= %(since)s) AS begun,
           COUNT(*) FILTER (WHERE counts AND is_over) AS finished,
           SUM(EXTRACT(EPOCH FROM ended - began)::float) FILTER (WHERE counts AND is_over) AS whole,
           SUM(EXTRACT(EPOCH FROM %(since)s - began)::float)
               FILTER (WHERE counts AND is_over AND began < %(since)s) AS before,
           SUM(inside) FILTER (WHERE counts AND is_over IS NOT TRUE) AS after,
           COUNT(*) FILTER (WHERE is_endless) AS endless,
           COUNT(*) FILTER (WHERE is_reversed) AS reversed,
           COUNT(*) FILTER (WHERE is_given_up AND is_over AND ended >= %(since)s) AS given_up,
           CASE WHEN sort = 'actions'
                THEN (SELECT incidents FROM of_actions WHERE of_actions.scopes = cut.scopes)
                ELSE COUNT(*) END AS things,
           COUNT(*) FILTER (WHERE is_veiled) AS veiled,
           CASE WHEN sort = 'actions'
                THEN (SELECT left_over FROM of_actions WHERE of_actions.scopes = cut.scopes)
                ELSE COUNT(*) FILTER (WHERE counts AND is_over IS NOT TRUE) END AS left_over,
           COUNT(*) FILTER (WHERE is_veiled AND counts AND is_over IS NOT TRUE) AS left_veiled
    FROM cut GROUP BY sort, scopes
),
summed AS (
    SELECT one.scope, sort, SUM(inside) AS inside, SUM(begun)::int AS begun, SUM(finished)::int AS finished,
           SUM(whole) AS whole, SUM(before) AS before, SUM(after) AS after, SUM(endless)::int AS endless,
           SUM(reversed)::int AS reversed, SUM(given_up)::int AS given_up, SUM(things)::int AS things,
           SUM(veiled)::int AS veiled, SUM(left_over)::int AS left_over, SUM(left_veiled)::int AS left_veiled
    FROM shared CROSS JOIN unnest(scopes) AS one(scope) GROUP BY one.scope, sort
),
going AS (
    SELECT one.scope, sort, COUNT(*) AS under_way,
           COUNT(*) FILTER (WHERE began < %(until)s - INTERVAL '{STALE}') AS stale,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM began) DESC) AS median_since,
           percentile_cont(0.85) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM began) DESC) AS p85_since,
           EXTRACT(EPOCH FROM MIN(began))::float AS oldest_since
    FROM cut CROSS JOIN unnest(scopes) AS one(scope)
    WHERE counts AND is_over IS NOT TRUE GROUP BY one.scope, sort
)
SELECT scope, sort, inside, begun, finished, whole, before, after, under_way, stale, median_since, p85_since,
       oldest_since, endless, reversed, given_up, things, veiled, left_over, left_veiled
FROM summed LEFT JOIN going USING (scope, sort)
"""

# Ended within the span, and nobody told that they were opened: requests, and commits that never were one.
UNOPENED = """
SELECT scope, COUNT(*) FILTER (WHERE is_request), COUNT(*) FILTER (WHERE NOT is_request) FROM (
    SELECT unnest(flow.scopes) AS scope, EXISTS (
        SELECT FROM changes_changeidentity AS name
        WHERE name.change_id = flow.change_id AND name.space = 'number'
          AND name.role = 'number') AS is_request
    FROM analytics_changeflow AS flow
    WHERE flow.is_demo = %(demo)s AND flow.opened_at IS NULL
      AND (flow.merged_at >= %(since)s AND flow.merged_at < %(until)s
           OR flow.merged_at IS NULL AND flow.closed_at >= %(since)s AND flow.closed_at < %(until)s)
) AS each GROUP BY scope
"""

# Where anybody tells of it at all, by then.
KNOWN = f"""
WITH {PLACES}, {DEPLOYED}
SELECT one.scope, told.sort
FROM place
LEFT JOIN deployed ON deployed.repository_id = place.id
CROSS JOIN LATERAL (
    SELECT unnest(ARRAY['changes', 'drafts']) AS sort
    WHERE EXISTS (SELECT FROM analytics_changeflow AS flow
                  WHERE flow.repository_id = place.id AND flow.opened_at < %(until)s)
    UNION ALL
    SELECT 'to_deploy' WHERE deployed.since < %(until)s
    UNION ALL
    SELECT 'checks' WHERE EXISTS (SELECT FROM changes_checkrun AS run
                                  WHERE run.repository_id = place.id AND run.queued_at < %(until)s)
) AS told
CROSS JOIN unnest(place.scopes) AS one(scope)
UNION
SELECT scope, sort FROM unnest(ARRAY['incidents', 'postmortems', 'actions']) AS sort,
    (SELECT unnest(place.scopes) AS scope FROM place UNION SELECT '') AS every
WHERE EXISTS (SELECT FROM analytics_incidentflow AS flow
              WHERE flow.is_demo = %(demo)s AND flow.began_at < %(until)s)
"""


@dataclass(frozen=True)
class Sums:
    """Of one sort in one scope, in seconds; `…_since` are seconds since 1970. None: nothing to tell of."""

    inside: float = 0.0
    begun: int = 0
    finished: int = 0
    whole: float = 0.0
    before: float = 0.0
    after: float = 0.0
    under_way: int = 0
    stale: int = 0
    median_since: float | None = None
    p85_since: float | None = None
    oldest_since: float | None = None
    endless: int = 0
    reversed: int = 0
    given_up: int = 0
    # Of actions the incidents that they came of; `veiled`: of restricted incidents.
    things: int = 0
    veiled: int = 0
    # The same of what is under way at the end, whose ages are shown.
    left_over: int = 0
    left_veiled: int = 0


def parameters(*, demo: bool, since: datetime, until: datetime) -> dict[str, Any]:
    return {**flow_facts.parameters(), "demo": demo, "since": since, "until": until}


def sums(given: dict[str, Any]) -> dict[tuple[str, str], Sums]:
    """By scope and sort; only where something was under way."""
    names = [field.name for field in fields(Sums)]
    return {
        (scope, sort): Sums(**{name: one for name, one in zip(names, rest, strict=True) if one is not None})
        for scope, sort, *rest in _rows(SUMS, given)
    }


def unopened(given: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Requests and direct commits, by scope."""
    return {scope: (requests, commits) for scope, requests, commits in _rows(UNOPENED, given)}


def known(given: dict[str, Any]) -> set[tuple[str, str]]:
    return {(scope, sort) for scope, sort in _rows(KNOWN, given)}


def _rows(statement: str, given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        yield from cursor.fetchall()
