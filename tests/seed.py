"""The migrated test database, kept as a dump between runs: applying every migration costs seconds."""

from __future__ import annotations

import hashlib
import subprocess
import time
from pathlib import Path

from runner import binaries, postgres

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "test-database"


class Seed:
    """Named for what made it: a changed migration or dependency is never tested against an old dump."""

    def __init__(self, place: postgres.Place) -> None:
        # Migrations load these rules.
        loaded = [ROOT / "changes" / name for name in ("rule_defaults.py", "starter_rules.py")]
        migrations = sorted(ROOT.glob("*/migrations/*.py"))
        sources = [ROOT / "requirements" / "base.txt", *loaded, *migrations]
        content = b"".join(bytes(path.relative_to(ROOT)) + path.read_bytes() for path in sources)
        self.file = FOLDER / f"{hashlib.sha256(content).hexdigest()[:20]}.sql"
        self._place = place
        self._binaries = binaries.find()

    def sow(self, database: str) -> None:
        if not self.file.exists():
            return
        with self._place.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        self._run("psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", str(self.file), database)

    def keep(self, database: str) -> None:
        if self.file.exists():
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("*.sql"):
            if old.stat().st_mtime < time.time() - 24 * 3600:  # a younger one may be in use by another run
                old.unlink(missing_ok=True)
        scratch = self.file.with_suffix(".part")
        self._run("pg_dump", "-f", str(scratch), database)
        scratch.rename(self.file)

    def _run(self, program: str, *arguments: str) -> None:
        where = ["-h", str(self._place.socket_dir), "-p", str(postgres.PORT), "-U", postgres.NAME]
        command = [self._binaries.program(program), *where, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=binaries.clean_environment())
