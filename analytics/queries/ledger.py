"""How far the ledger is counted, and what its new entries touch."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import connection

from analytics.queries.figures import MATURITY_DAYS
from changes.models import Change

# More than this is not waited for by whoever asks for a page.
FEW = 2000
# Raise it when what a fact or a cell holds is computed otherwise: everything is counted anew then.
RULE = 1

# What is visible now and was not when the ledger was read last. Ids say nothing of that: they are drawn
# before they are visible, and a long import must not hold back what others write meanwhile. A snapshot
# says nothing reliable of the transaction that took it, so of that one, and of our own, ids decide.
NEW_ENTRIES = """
    entry.id > counting.floor
    AND (counting.snapshot = '' OR (
        entry.transaction >= LEAST(split_part(NULLIF(counting.snapshot, ''), ':', 1)::bigint,
                                   counting.transaction)
        AND CASE
            WHEN entry.transaction = counting.transaction THEN entry.id > counting.last_entry
            WHEN entry.transaction = pg_current_xact_id_if_assigned()::text::bigint THEN true
            ELSE NOT pg_visible_in_snapshot(
                entry.transaction::text::xid8, NULLIF(counting.snapshot, '')::pg_snapshot) END))
"""


@dataclass(frozen=True)
class Standing:
    """`behind`: what is not counted yet, at most one more than FEW; `generation` keys what is cached."""

    generation: int
    last_entry: int
    behind: int
    cells_stand: bool
    # The last day on which a failure that is known now came to light.
    latest_on: date | None
    is_moved: bool
    counted_by: str

    @property
    def must_count_all(self) -> bool:
        return self.is_moved or self.counted_by != counted_by()


NEVER = Standing(0, 0, FEW + 1, False, None, False, "")


def are_many() -> bool:
    """Whether counting everything is more than a reader waits for."""
    return Change.objects.all()[FEW : FEW + 1].exists()


def counted_by() -> str:
    return f"{settings.ORGANISATION_TIME_ZONE} {MATURITY_DAYS} {RULE}"


def standing() -> Standing:
    """One short query. A snapshot of the future tells that the database came here from another server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT counting.generation, counting.last_entry,"
            " (SELECT COUNT(*) FROM (SELECT FROM intake_ledgerentry AS entry"
            f"  WHERE {NEW_ENTRIES} LIMIT %(most)s) AS new)"
            " + (SELECT COUNT(*) FROM (SELECT FROM analytics_recount LIMIT %(most)s) AS waiting),"
            " counting.cells_stand,"
            " (SELECT MAX(latest_on) FROM analytics_countedchange WHERE known_until IS NULL),"
            " COALESCE(split_part(NULLIF(counting.snapshot, ''), ':', 1)::bigint"
            "          > pg_snapshot_xmax(pg_current_snapshot())::text::bigint, false),"
            " counting.counted_by FROM analytics_counting AS counting",
            {"most": FEW + 1},
        )
        found = cursor.fetchone()
    return Standing(*found) if found else NEVER


def waiting() -> int:
    """How much is to be counted, however much it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT COUNT(*) FROM intake_ledgerentry AS entry, analytics_counting AS counting"
            f" WHERE {NEW_ENTRIES}) + (SELECT COUNT(*) FROM analytics_recount)"
        )
        return int(cursor.fetchone()[0])
