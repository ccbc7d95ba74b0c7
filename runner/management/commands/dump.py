from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from runner import binaries


class Command(BaseCommand):
    help = "Writes the database as SQL into a file: a backup, and the way to another PostgreSQL server."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if file.exists():
            raise CommandError(f"{file} exists and is not written over.")
        connection.ensure_connection()
        where = connection.connection.info
        # Messages are left out: what they ring for is in the tables, and the tick rings again.
        command = [self._program(), "--no-owner", "--no-privileges", "--exclude-schema=pgmq", "-d", where.dsn]
        scratch = file.with_name(f"{file.name}.part")
        try:
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}") from error
        with os.fdopen(descriptor, "wb") as output:
            done = subprocess.run(command, stdout=output, env={**os.environ, "PGPASSWORD": where.password})
        if done.returncode:
            scratch.unlink()
            raise CommandError("pg_dump failed; what it said stands above. No file was written.")
        scratch.rename(file)
        self.stdout.write(f"{file}: {file.stat().st_size / 1e6:.1f} MB")

    def _program(self) -> str:
        if settings.DATABASE_URL:
            return "pg_dump"  # of the version that belongs to that server
        return binaries.find().program("pg_dump")
