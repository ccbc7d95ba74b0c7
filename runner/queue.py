"""The queue's tables, where the database is also the broker."""

from __future__ import annotations

import psycopg
from pgmq.install import get_embedded_install_sql, get_embedded_sql_version

LOCK = 0x51554555


def install(conninfo: str) -> bool:
    """Make the tables, or make them anew for another version; False when they are there as they should be.

    What a queue held is dropped with it: messages only say that a row is due, and the tick says it again.
    """
    mark = f"hindcast {get_embedded_sql_version()}"
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        query = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'pgmq'"
        row = connection.execute(query).fetchone()
        if row and row[0] == mark:
            return False
        connection.execute("DROP SCHEMA IF EXISTS pgmq CASCADE")
        connection.execute(get_embedded_install_sql())
        connection.execute(f"COMMENT ON SCHEMA pgmq IS '{mark}'")
    return True
