#!/usr/bin/env python
"""Hindcast's command line."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# These need no database, or bring their own.
WITHOUT_DATABASE = {
    "up",
    "help",
    "report",
    "version",
    "check",
    "collectstatic",
    "diffsettings",
    "findstatic",
    "spectacular",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
    from django.core.management import execute_from_command_line

    with database(sys.argv[1] if len(sys.argv) > 1 else "help"):
        execute_from_command_line(sys.argv)


@contextmanager
def database(command: str) -> Iterator[None]:
    """The embedded PostgreSQL for as long as the command runs, unless one is configured or runs already."""
    configured = os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")
    asks_for_help = not {"-h", "--help"}.isdisjoint(sys.argv)
    if configured or asks_for_help or command in WITHOUT_DATABASE or command.startswith("-"):
        yield
        return
    from config import env
    from runner import binaries, postgres

    try:
        with postgres.at_hand(env.data_dir(), say=lambda text: print(text, file=sys.stderr)):  # noqa: T201
            yield
    except binaries.PostgresError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
