"""Fresh statistics for the tables that counting reads: after an import they still look empty."""

from __future__ import annotations

from django.db import connection

from analytics.models import CountedChange, CountedIncident, CountedLink
from changes.models import Assistance, Change, ChangeLink, FollowUp
from incidents.models import Cause, Incident
from intake.models import LedgerEntry

READ = (
    Change, Change.services.through, Assistance, ChangeLink, FollowUp, Incident, Cause, LedgerEntry,
    CountedChange, CountedLink, CountedIncident,
)  # fmt: skip
# Rows altered since the last look; PostgreSQL's own worker comes once a minute, and an import is quicker.
MANY, SHARE = 500, 0.3
STALE = """
SELECT relname FROM pg_stat_user_tables
WHERE relname = ANY(%s) AND n_mod_since_analyze > %s + %s * n_live_tup
"""


def refresh_statistics() -> list[str]:
    """ANALYZE what was altered much since it was last done; returns the names of those tables."""
    names = [model._meta.db_table for model in READ]
    with connection.cursor() as cursor:
        cursor.execute(STALE, [names, MANY, SHARE])
        stale = [name for (name,) in cursor.fetchall()]
        for name in stale:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(name)}")
    return stale
