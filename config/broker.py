"""Celery's broker: the one that is named, else a queue inside the database that we have anyway."""

from __future__ import annotations

from psycopg.conninfo import make_conninfo

IN_DATABASE = "pgmq://localhost"  # the host is a form: the connection string below decides
OF_DJANGO = {"pool", "isolation_level", "assume_role", "server_side_binding"}  # the rest is libpq's
VISIBILITY_SECONDS = 600  # a message that nobody finished comes back after this


def address(url: str) -> str:
    return url or IN_DATABASE


def transport_options(url: str, database: dict[str, object]) -> dict[str, object]:
    """Tuned so that no message is lost and a crashed worker's come back within minutes."""
    if url.startswith(IN_DATABASE):
        return {
            "conn_string": _conninfo(database),
            "init_extension": False,  # plain tables, made by `manage.py broker`: no extension is needed
            "use_notify": True,
            "polling_interval": 0.25,
            "pool_size": 3,
            "visibility_timeout": VISIBILITY_SECONDS,
        }
    if url.startswith(("redis", "unix", "sentinel")):
        return {
            "visibility_timeout": 900,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_keepalive": True,
        }
    return {}


def _conninfo(database: dict[str, object]) -> str:
    wanted = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    values = {name: str(database[key]) for name, key in wanted.items() if database.get(key)}
    extra = database.get("OPTIONS")
    if isinstance(extra, dict):
        values |= {name: str(value) for name, value in extra.items() if name not in OF_DJANGO}
    return make_conninfo("", **values)
