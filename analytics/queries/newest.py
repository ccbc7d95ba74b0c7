"""The newest that is known of how work flows: what came to a stop looks like nothing, and is not known."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

# Each by its index on time, read from the newest on.
NEWEST = """
SELECT GREATEST(
    (SELECT merged_at FROM analytics_changeflow
     WHERE is_demo = %(demo)s AND merged_at IS NOT NULL ORDER BY merged_at DESC LIMIT 1),
    (SELECT at FROM analytics_deploymentflow WHERE is_demo = %(demo)s ORDER BY at DESC LIMIT 1)
)"""


def newest(demo: bool) -> datetime | None:
    """The last merge or deployment to production; None where none is known."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, {"demo": demo})
        found: datetime | None = cursor.fetchone()[0]
    return found
