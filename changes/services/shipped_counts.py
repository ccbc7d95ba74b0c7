"""The counts of shipped changes: folded when many parts stand, and counted anew from the changes."""

from __future__ import annotations

from django.db import connection, transaction

from changes.models import ShippedCount

MOST_PARTS = 1000

# Each in one statement, and so of one moment: what others commit meanwhile is neither taken nor counted.
FOLD = """
WITH taken AS (DELETE FROM changes_shippedcount RETURNING repository_id, area_id, origin, n)
INSERT INTO changes_shippedcount (repository_id, area_id, origin, n, is_folded)
SELECT repository_id, area_id, origin, SUM(n), true FROM taken
GROUP BY repository_id, area_id, origin HAVING SUM(n) <> 0
"""
COUNT_ANEW = """
WITH taken AS (DELETE FROM changes_shippedcount)
INSERT INTO changes_shippedcount (repository_id, area_id, origin, n, is_folded)
SELECT repository_id, area_id, origin, COUNT(*), true FROM changes_change
WHERE state = 'shipped' AND merged_into_id IS NULL GROUP BY repository_id, area_id, origin
"""


# Two at once would each put in what the other took.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('changes_shippedcount'))"


def fold_if_many() -> bool:
    """Whether it was done."""
    if ShippedCount.objects.filter(is_folded=False)[: MOST_PARTS + 1].count() <= MOST_PARTS:
        return False
    fold()
    return True


def fold() -> None:
    """Places of which nothing is left are forgotten."""
    _alone(FOLD)


def count_anew() -> None:
    """After changes were written past the triggers, as a bulk load may."""
    _alone(COUNT_ANEW)


@transaction.atomic
def _alone(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
        cursor.execute(statement)
