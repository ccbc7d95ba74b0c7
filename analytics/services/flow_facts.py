"""The narrow rows of the weekly review, kept from the ledger; and the weeks that they alter."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from analytics.models import FlowTouched
from analytics.queries import flow_facts as queries
from analytics.services.flow_spans import Marks

Kind = FlowTouched.Kind
CHUNK = 1000


@dataclass(frozen=True)
class Facts:
    """A table of narrow rows: its key, what the rows hold, and when each of them counts."""

    table: str
    key: str
    fresh: str
    columns: tuple[str, ...]
    # Instants whose weeks the row counts in.
    moments: tuple[str, ...]
    # From when to when it was under way, as SQL; without an end it goes on.
    begins: str
    ends: str
    # Instants whose weeks it counts in on the page about reviewing alone.
    reviewed: str = "'{}'::timestamptz[]"
    # Whether it says since when anything is known: then it alters every week from its own on.
    is_first: str = "false"


CHANGES = Facts(
    "analytics_changeflow", "change_id", queries.CHANGES,
    ("repository_id", "is_demo", "scopes", "type", "state", "is_draft", "automation", "origin", "size_band",
     "lines", "is_high_risk", "opened_at", "ready_at", "merged_at", "closed_at", "shipped_at",
     "is_first_known", "reviews", "rounds", "remarks", "by_senior", "active_seconds", "has_exception",
     "waited_for_review", "waited_for_tests", "waited_for_deployment", "lead_seconds", "lead_basis",
     "review_moments"),
    ("merged_at", "shipped_at"),
    "COALESCE(opened_at, merged_at)",
    "CASE WHEN state IN ('shipped', 'dropped') THEN COALESCE(shipped_at, closed_at, merged_at) END",
    "review_moments",
)  # fmt: skip
DEPLOYMENTS = Facts(
    "analytics_deploymentflow", "deployment_id", queries.DEPLOYMENTS,
    ("repository_id", "is_demo", "scopes", "service", "at", "reached_users", "failed", "suspected",
     "is_rework", "by_restricted", "changes", "is_first_known", "is_gap"),
    ("at",), "at", "at", is_first="is_first_known",
)  # fmt: skip
# A postmortem and actions go on after their incident: up to now, as far as that is looked at.
INCIDENTS = Facts(
    "analytics_incidentflow", "incident_id", queries.INCIDENTS,
    ("is_demo", "scopes", "began_at", "ended_at", "is_open", "seconds", "by_change", "services",
     "is_restricted"),
    ("began_at", "ended_at"), "began_at", "NULL::timestamptz",
)  # fmt: skip
FACTS: Mapping[str, Facts] = {
    Kind.CHANGE.value: CHANGES,
    Kind.DEPLOYMENT.value: DEPLOYMENTS,
    Kind.INCIDENT.value: INCIDENTS,
}


def _refresh(facts: Facts) -> str:
    names = ", ".join(facts.columns)
    held, fresh = (", ".join(f"{one}.{name}" for name in facts.columns) for one in ("held", "fresh"))
    assigned = ", ".join(f"{name} = excluded.{name}" for name in facts.columns)
    moments = ", ".join(facts.moments)
    told = (
        f"is_demo, ARRAY[{moments}]::timestamptz[] AS moments, {facts.reviewed} AS reviewed,"
        f" {facts.begins} AS begins, {facts.ends} AS ends, {facts.is_first} AS is_first"
    )
    return f"""
WITH fresh AS MATERIALIZED ({facts.fresh}),
held AS MATERIALIZED (SELECT * FROM {facts.table} WHERE {facts.key} = ANY(%(ids)s::bigint[])),
gone AS (
    DELETE FROM {facts.table} WHERE {facts.key} = ANY(%(ids)s::bigint[])
    AND {facts.key} NOT IN (SELECT {facts.key} FROM fresh) RETURNING {facts.key}
),
written AS (
    INSERT INTO {facts.table} ({facts.key}, {names})
    SELECT fresh.{facts.key}, {fresh} FROM fresh LEFT JOIN held USING ({facts.key})
    WHERE held.{facts.key} IS NULL OR ROW({held}) IS DISTINCT FROM ROW({fresh})
    ON CONFLICT ({facts.key}) DO UPDATE SET {assigned} RETURNING {facts.key}
),
altered AS (
    SELECT {told} FROM held
    WHERE {facts.key} IN (SELECT {facts.key} FROM gone UNION SELECT {facts.key} FROM written)
    UNION ALL SELECT {told} FROM fresh WHERE {facts.key} IN (SELECT {facts.key} FROM written)
),
spanned AS (
    SELECT is_demo, 'moment' AS how, date_trunc('week', moment AT TIME ZONE %(zone)s)::date AS first_week,
           date_trunc('week', moment AT TIME ZONE %(zone)s)::date AS last_week
    FROM altered, unnest(moments) AS moment WHERE moment IS NOT NULL
    UNION
    SELECT is_demo, 'review', date_trunc('week', moment AT TIME ZONE %(zone)s)::date,
           date_trunc('week', moment AT TIME ZONE %(zone)s)::date
    FROM altered, unnest(reviewed) AS moment
    UNION
    SELECT is_demo, 'range', date_trunc('week', begins AT TIME ZONE %(zone)s)::date,
           date_trunc('week', COALESCE(ends, %(now)s) AT TIME ZONE %(zone)s)::date
    FROM altered WHERE begins IS NOT NULL
    UNION
    SELECT is_demo, 'since', date_trunc('week', begins AT TIME ZONE %(zone)s)::date,
           date_trunc('week', %(now)s::timestamptz AT TIME ZONE %(zone)s)::date
    FROM altered WHERE is_first AND begins IS NOT NULL
)
SELECT is_demo, how, first_week, last_week FROM spanned
"""


REFRESH = {kind: _refresh(facts) for kind, facts in FACTS.items()}


def note(entries: Sequence[tuple[str, int]]) -> None:
    """Puts what these entries of the ledger reach among what is to be looked at."""
    _queue(
        queries.REACH,
        {"kinds": [kind for kind, _ in entries], "keys": [key for _, key in entries]},
    )


def note_everything() -> None:
    _queue(queries.EVERYTHING, {})


def _queue(statement: str, given: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO analytics_flowtouched (kind, object_id)"
            f" SELECT * FROM ({statement}) AS reached(kind, id)"
            " ON CONFLICT DO NOTHING",
            given,
        )


@transaction.atomic
def refresh_some(*, marks: Marks, now: datetime) -> int:
    """The rows of one chunk made anew, and their weeks marked; says how many were looked at."""
    for kind in FACTS:
        if ids := _taken(kind):
            if kind == Kind.CHANGE:
                _note_told(ids)
            given = {**queries.parameters(), "ids": ids, "now": now}
            with connection.cursor() as cursor:
                cursor.execute(REFRESH[kind], given)
                marks.add(cursor.fetchall())
            marks.write(now=now)
            return len(ids)
    return 0


def _taken(kind: str) -> list[int]:
    """Lower ids first, so that two workers take the same rows in the same order."""
    rows = FlowTouched.objects.filter(kind=kind).order_by("object_id").select_for_update(skip_locked=True)
    found = list(rows.values_list("pk", "object_id")[:CHUNK])
    FlowTouched.objects.filter(pk__in=[pk for pk, _ in found]).delete()
    return [key for _, key in found]


# The earliest of what these changes carry. Earlier than was known: "none" is now known of others, too.
TOLD = """
WITH seen AS (
    SELECT b.repository_id,
           LEAST((SELECT MIN(review.submitted_at) FROM changes_review AS review
                  WHERE review.change_id = b.id),
                 (SELECT MIN(remark.at) FROM changes_reviewremark AS remark
                  WHERE remark.change_id = b.id)) AS at
    FROM changes_change AS b WHERE b.id = ANY(%(ids)s::bigint[])
),
earliest AS (
    SELECT seen.repository_id, MIN(seen.at) AS at, told.reviews_since AS was
    FROM seen LEFT JOIN analytics_flowtold AS told ON told.repository_id = seen.repository_id
    GROUP BY seen.repository_id, told.reviews_since
    HAVING MIN(seen.at) < COALESCE(told.reviews_since, 'infinity')
),
kept AS (
    INSERT INTO analytics_flowtold (repository_id, reviews_since) SELECT repository_id, at FROM earliest
    ON CONFLICT (repository_id) DO UPDATE SET reviews_since = excluded.reviews_since
)
INSERT INTO analytics_flowtouched (kind, object_id)
SELECT 'change', b.id FROM changes_change AS b JOIN earliest ON earliest.repository_id = b.repository_id
WHERE b.id <> ALL(%(ids)s::bigint[]) AND b.merged_into_id IS NULL
  AND COALESCE(b.merged_at, b.closed_at, 'infinity') >= earliest.at
  AND COALESCE(b.merged_at, b.closed_at, '-infinity') < COALESCE(earliest.was, 'infinity')
ON CONFLICT DO NOTHING
"""


def _note_told(ids: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TOLD, {"ids": list(ids)})
