"""Counting what the ledger says was touched: facts first, then the cells by the difference.

One at a time, under a lock of the transaction. Whoever asks for a figure counts what is new before reading
(`analytics.tasks.catch_up`); what is too much to wait for is left to the worker.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from analytics.models import Counting
from analytics.queries import adding, fresh, ledger
from analytics.queries.ledger import FEW, Standing
from analytics.services import reach

LOCK = 0x48494E43  # "HINC": one counts at a time
CHUNK = 2000
PATIENCE = 1.5  # seconds that a reader waits for whoever is counting


@dataclass(frozen=True)
class Facts:
    """A table of facts: what tells its rows apart, whom they belong to, and what they hold."""

    table: str
    keys: tuple[str, ...]
    owner: str
    fresh: str
    holds: tuple[str, ...]
    by_day: str = ""


CHANGES = Facts(
    "analytics_countedchange", ("change_id",), "change_id", fresh.FRESH_CHANGES,
    ("repository_id", "is_demo", "shipped_on", "type", "size_band", "area", "assistant", "services",
     "origin_counted", "by_policy", "rows", "rows_afterwards", "sure", "perhaps", "failed_on", "late_on",
     "undone_on", "undone_late_on", "followed_on", "followed_late_on", "latest_on", "incident_parts",
     "restricted"),
    adding.CHANGES_BY_DAY,
)  # fmt: skip
LINKS = Facts(
    "analytics_countedlink", ("change_id", "incident_id"), "change_id", fresh.FRESH_LINKS,
    ("is_demo", "began_on", "confirmed", "share"),
)  # fmt: skip
INCIDENTS = Facts(
    "analytics_countedincident", ("incident_id",), "incident_id", fresh.FRESH_INCIDENTS,
    ("is_demo", "began_on", "area", "services", "instead", "restricted"),
    adding.INCIDENTS_BY_DAY,
)  # fmt: skip


def _settle(facts: Facts, *, into_cells: bool) -> str:
    """Rows that differ from what is there now end, and others begin, at the time of the ledger's entry.

    Within one instant a row is written over: nobody could ask what was known between.
    """
    keys, holds = ", ".join(facts.keys), ", ".join(facts.holds)
    held, new = (", ".join(f"{name}.{one}" for one in facts.holds) for name in ("held", "fresh"))
    same = " AND ".join(f"earlier.{key} = COALESCE(held.{key}, fresh.{key})" for key in facts.keys)
    add = ""
    if into_cells and facts.by_day:
        add = f""",
signed AS (
    SELECT {held}, -1 AS sign FROM held JOIN differing ON differing.held_id = held.id
    UNION ALL
    SELECT {new}, 1 FROM fresh JOIN differing USING ({keys})
), {facts.by_day} {adding.ADD_TO_CELLS}"""
    return f"""
WITH {facts.fresh},
asked AS (SELECT * FROM unnest(%(asked)s::bigint[], %(asked_at)s::timestamptz[]) AS asked(id, at)),
held AS MATERIALIZED (
    SELECT * FROM {facts.table} WHERE {facts.owner} = ANY(%(asked)s::bigint[]) AND known_until IS NULL
),
differing AS MATERIALIZED (
    SELECT {keys}, held.id AS held_id, held.known_from, fresh.is_demo IS NOT NULL AS stands,
           GREATEST(asked.at, held.known_from, before.known_until) AS since
    FROM held FULL JOIN fresh USING ({keys})
    JOIN asked ON asked.id = {facts.owner}
    CROSS JOIN LATERAL (SELECT MAX(known_until) AS known_until FROM {facts.table} AS earlier WHERE {same})
               AS before
    WHERE ROW({held}) IS DISTINCT FROM ROW({new})
),
ended AS (
    UPDATE {facts.table} AS old SET known_until = since FROM differing
    WHERE old.id = held_id AND since > differing.known_from
),
dropped AS (
    DELETE FROM {facts.table} AS old USING differing
    WHERE old.id = held_id AND since = differing.known_from AND NOT stands
),
replaced AS (
    UPDATE {facts.table} AS old SET ({holds}) = ROW({new}) FROM differing JOIN fresh USING ({keys})
    WHERE old.id = held_id AND since = differing.known_from
),
begun AS (
    INSERT INTO {facts.table} ({keys}, {holds}, known_from)
    SELECT {keys}, {new}, since FROM differing JOIN fresh USING ({keys})
    WHERE held_id IS NULL OR since > differing.known_from
){add or " SELECT COUNT(*) FROM differing"}
"""


SETTLE = {facts.table: _settle(facts, into_cells=True) for facts in (CHANGES, LINKS, INCIDENTS)}
SETTLE_FACTS = {facts.table: _settle(facts, into_cells=False) for facts in (CHANGES, LINKS, INCIDENTS)}


def catch_up(found: Standing | None = None) -> Standing:
    """Count what is new, as far as it is little enough to wait for; says how far the figures stand."""
    found = found or ledger.standing()
    if found.behind == 0 and not found.must_count_all:
        return found
    few = not ledger.are_many() if found.must_count_all else found.behind <= FEW
    if few:
        count_new(seconds=PATIENCE)
        found = ledger.standing()
    return found


def count_new(*, seconds: float) -> bool:
    """Chunk after chunk until nothing is left, or so many seconds are over; True when all is counted."""
    until = time.monotonic() + seconds
    while True:
        left = _count_some(until)
        if left == 0:
            return True
        if time.monotonic() > until:
            return False


@transaction.atomic
def _count_some(until: float) -> int:
    """One chunk in one transaction; says how much is left."""
    if not take_lock(until):
        return ledger.standing().behind
    note_touched()
    touched = reach.take(CHUNK)
    if touched:
        recount(reach.changes_of(touched), reach.incidents_of(touched))
    return ledger.standing().behind


def take_lock(until: float) -> bool:
    """False where somebody else counts for longer than that."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if cursor.fetchone() == (True,):
                return True
        if time.monotonic() > until:
            return False
        time.sleep(0.02)


def note_touched() -> None:
    """From the ledger's new entries to rows that say what is to be counted again."""
    Counting.objects.get_or_create(pk=1)
    found = ledger.standing()
    if found.must_count_all:
        _note_all(found)
    words = reach.note()
    for term in words:
        reach.note_term(term)


def _note_all(found: Standing) -> None:
    reach.note_everything(now=timezone.now())
    altered: dict[str, Any] = {"counted_by": ledger.counted_by(), "generation": F("generation") + 1}
    if found.is_moved:
        altered |= {"snapshot": "", "transaction": 0, "floor": reach.last_entry()}
    Counting.objects.filter(pk=1).update(**altered)


def recount(changes: Sequence[reach.Touched], incidents: Sequence[reach.Touched]) -> None:
    """Facts and cells of these, as they are now; what no longer exists leaves nothing behind."""
    parameters = fresh.parameters()
    for facts, touched in ((CHANGES, changes), (LINKS, changes), (INCIDENTS, incidents)):
        settle(facts, SETTLE[facts.table], touched, parameters)
    reach.forget_gone([one.id for one in changes], [one.id for one in incidents])
    with connection.cursor() as cursor:
        cursor.execute(adding.DROP_ZEROES)
    Counting.objects.filter(pk=1).update(generation=F("generation") + 1)


def settle(
    facts: Facts, statement: str, touched: Sequence[reach.Touched], parameters: Mapping[str, Any]
) -> None:
    if not touched:
        return
    ids = [one.id for one in touched]
    asked: dict[str, Any] = {
        "changes": ids,
        "incidents": ids,
        "asked": ids,
        "asked_at": [one.at for one in touched],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, **asked})
