"""What has to be counted again when something was touched: how far one entry of the ledger reaches."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from analytics.queries.ledger import NEW_ENTRIES


class Touched(NamedTuple):
    """A change or an incident, and the time of the last entry that reaches it."""

    id: int
    at: datetime


class Waiting(NamedTuple):
    kind: str
    id: int
    at: datetime


class Word(NamedTuple):
    """A term, or a rule of the same number: the ledger does not tell which taxonomy it means."""

    id: int
    at: datetime


NOTE = f"""
WITH new AS MATERIALIZED (
    SELECT entry.id, entry.kind, entry.object_id, entry.at
    FROM intake_ledgerentry AS entry, analytics_counting AS counting
    WHERE counting.id = 1 AND {NEW_ENTRIES}
),
noted AS (
    INSERT INTO analytics_recount (kind, object_id, at)
    SELECT kind, object_id, MAX(at) FROM new WHERE kind IN ('change', 'incident') GROUP BY kind, object_id
    ON CONFLICT (kind, object_id) DO UPDATE SET at = GREATEST(analytics_recount.at, excluded.at)
),
moved AS (
    UPDATE analytics_counting AS counting
    SET snapshot = pg_current_snapshot()::text,
        transaction = pg_current_xact_id()::text::bigint,
        last_entry = GREATEST(counting.last_entry, found.last), generation = counting.generation + 1
    FROM (SELECT MAX(id) AS last FROM new) AS found
    WHERE counting.id = 1 AND found.last IS NOT NULL
)
SELECT object_id, MAX(at) FROM new WHERE kind = 'taxonomy' GROUP BY object_id
"""
# A merge or its taking back alters changes that hold a merged term, never those that hold the survivor
# alone. Which term stood for which before is not asked: what holds any term of the same end is looked at.
NOTE_TERM = """
INSERT INTO analytics_recount (kind, object_id, at)
SELECT found.kind, found.id, %(at)s FROM (
    SELECT 'change' AS kind, id FROM changes_change
    WHERE area_id IN (SELECT id FROM changes_domainarea WHERE id = %(term)s OR merged_into_id IN (
        SELECT COALESCE(merged_into_id, id) FROM changes_domainarea WHERE id = %(term)s))
    UNION SELECT 'change', id FROM changes_change
    WHERE assistant_id IN (SELECT id FROM changes_assistant WHERE id = %(term)s OR merged_into_id IN (
        SELECT COALESCE(merged_into_id, id) FROM changes_assistant WHERE id = %(term)s))
    UNION SELECT 'change', change_id FROM changes_assistance
    WHERE kind_id IN (SELECT id FROM changes_assistancekind WHERE id = %(term)s OR merged_into_id IN (
        SELECT COALESCE(merged_into_id, id) FROM changes_assistancekind WHERE id = %(term)s))
    UNION SELECT 'incident', id FROM incidents_incident
    WHERE area_id IN (SELECT id FROM changes_domainarea WHERE id = %(term)s OR merged_into_id IN (
        SELECT COALESCE(merged_into_id, id) FROM changes_domainarea WHERE id = %(term)s))
) AS found
ON CONFLICT (kind, object_id) DO UPDATE SET at = GREATEST(analytics_recount.at, excluded.at)
"""
# What was never counted is known since it was recorded; what was is known anew from now on, if it differs.
NOTE_EVERYTHING = """
INSERT INTO analytics_recount (kind, object_id, at)
SELECT 'change', one.id, COALESCE(counted.now, one.recorded_at) FROM changes_change AS one
LEFT JOIN (SELECT DISTINCT change_id, %(now)s::timestamptz AS now FROM analytics_countedchange) AS counted
       ON counted.change_id = one.id
UNION ALL
SELECT 'change', change_id, %(now)s FROM analytics_countedchange AS counted
WHERE NOT EXISTS (SELECT FROM changes_change AS one WHERE one.id = counted.change_id) GROUP BY change_id
UNION ALL
SELECT 'incident', one.id, COALESCE(counted.now, one.recorded_at) FROM incidents_incident AS one
LEFT JOIN (SELECT DISTINCT incident_id, %(now)s::timestamptz AS now FROM analytics_countedincident) AS counted
       ON counted.incident_id = one.id
UNION ALL
SELECT 'incident', incident_id, %(now)s FROM analytics_countedincident AS counted
WHERE NOT EXISTS (SELECT FROM incidents_incident AS one WHERE one.id = counted.incident_id)
GROUP BY incident_id
ON CONFLICT (kind, object_id) DO NOTHING
"""
TAKE = """
DELETE FROM analytics_recount WHERE id IN (SELECT id FROM analytics_recount ORDER BY id LIMIT %s)
RETURNING kind, object_id, at
"""
# A change takes with it the one that stands for it, what it fixes or follows up, and all that share an
# incident with it, as their shares rest on one another; an incident takes its changes, of now and before.
REACH = """
WITH told AS (
    SELECT * FROM unnest(%(changes)s::bigint[], %(changes_at)s::timestamptz[]) AS told(id, at)
),
told_incidents AS (
    SELECT * FROM unnest(%(incidents)s::bigint[], %(incidents_at)s::timestamptz[]) AS told(id, at)
),
aimed AS (
    SELECT id, at FROM told
    UNION ALL
    SELECT link.target_id, told.at FROM changes_changelink AS link JOIN told ON told.id = link.change_id
    WHERE link.kind = 'fixes' AND link.target_id IS NOT NULL
    UNION ALL
    SELECT follow_up.change_id, told.at FROM changes_followup AS follow_up
    JOIN told ON told.id = follow_up.fix_id
),
named AS (
    SELECT id, at FROM aimed
    UNION ALL
    SELECT twin.merged_into_id, aimed.at FROM aimed JOIN changes_change AS twin USING (id)
    WHERE twin.merged_into_id IS NOT NULL
    UNION ALL
    SELECT twin.id, aimed.at FROM aimed JOIN changes_change AS twin ON twin.merged_into_id = aimed.id
),
met AS (
    SELECT id, at FROM told_incidents
    UNION ALL
    SELECT cause.incident_id, named.at FROM incidents_cause AS cause JOIN named ON named.id = cause.change_id
    UNION ALL
    SELECT link.incident_id, named.at FROM analytics_countedlink AS link
    JOIN named ON named.id = link.change_id WHERE link.known_until IS NULL
),
reached AS (
    SELECT id, at FROM named
    UNION ALL
    SELECT COALESCE(twin.merged_into_id, twin.id), met.at FROM incidents_cause AS cause
    JOIN met ON met.id = cause.incident_id JOIN changes_change AS twin ON twin.id = cause.change_id
    UNION ALL
    SELECT link.change_id, met.at FROM analytics_countedlink AS link
    JOIN met ON met.id = link.incident_id WHERE link.known_until IS NULL
)
SELECT id, MAX(at) FROM reached GROUP BY id
"""
# What is deleted for good, as demonstration data is, takes what was known of it along.
GONE = """
SELECT one.id FROM unnest(%s::bigint[]) AS one(id)
WHERE NOT EXISTS (SELECT FROM {owners} AS owner WHERE owner.id = one.id)
"""
CHANGE_TABLES = (("analytics_countedchange", "change_id"), ("analytics_countedlink", "change_id"))
INCIDENT_TABLES = (("analytics_countedincident", "incident_id"), ("analytics_countedlink", "incident_id"))
FORGET = "DELETE FROM {table} WHERE {owner} = ANY(%s::bigint[])"


def note() -> list[Word]:
    """Note what the new entries name; returns the terms among them."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE)
        return [Word(*line) for line in cursor.fetchall()]


def note_term(word: Word) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOTE_TERM, {"term": word.id, "at": word.at})


def note_everything(*, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOTE_EVERYTHING, {"now": now})


def last_entry() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM intake_ledgerentry")
        return int(cursor.fetchone()[0])


def take(most: int) -> list[Waiting]:
    """Take so many of what waits; call it in the transaction that counts them."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [most])
        return [Waiting(*line) for line in cursor.fetchall()]


def changes_of(waiting: Sequence[Waiting]) -> list[Touched]:
    told = [one for one in waiting if one.kind == "change"]
    incidents = [one for one in waiting if one.kind == "incident"]
    with connection.cursor() as cursor:
        cursor.execute(
            REACH,
            {
                "changes": [one.id for one in told],
                "changes_at": [one.at for one in told],
                "incidents": [one.id for one in incidents],
                "incidents_at": [one.at for one in incidents],
            },
        )
        return [Touched(*line) for line in cursor.fetchall()]


def incidents_of(waiting: Sequence[Waiting]) -> list[Touched]:
    return [Touched(one.id, one.at) for one in waiting if one.kind == "incident"]


def forget_gone(changes: Sequence[int], incidents: Sequence[int]) -> None:
    for owners, ids, tables in (
        ("changes_change", changes, CHANGE_TABLES),
        ("incidents_incident", incidents, INCIDENT_TABLES),
    ):
        with connection.cursor() as cursor:
            cursor.execute(GONE.format(owners=owners), [list(ids)])
            gone = [one for (one,) in cursor.fetchall()]
            for table, owner in tables if gone else ():
                cursor.execute(FORGET.format(table=table, owner=owner), [gone])
