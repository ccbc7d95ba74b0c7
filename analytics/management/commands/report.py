"""The first report from a clone: `manage.py report PATH --html out.html`. No database, nothing sent."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.first_report.build import build
from analytics.first_report.from_clone import DAYS, Window, day_start, read_clone
from analytics.first_report.render import as_data, as_file
from analytics.first_report.shapes import Report
from changes.gitlog import Clone, GitError


class Command(BaseCommand):
    help = "One page on where AI had a hand in a repository's changes: from a clone alone, nothing is sent."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="a clone, or a bare git directory")
        parser.add_argument(
            "--html", type=Path, metavar="FILE", help="write the page here; - for standard output"
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here; - likewise")
        parser.add_argument(
            "--days", type=int, default=DAYS, help=f"how far back, before the newest commit (default {DAYS})"
        )
        parser.add_argument("--since", default="", metavar="DATE", help="instead of --days: 2026-01-31")
        parser.add_argument("--until", default="", metavar="DATE", help="the last day that counts")
        parser.add_argument(
            "--minutes",
            type=float,
            default=3.0,
            help="at most so long for looking into fixes (default 3; 0: none)",
        )
        parser.add_argument(
            "--name", default="", help="what to call it; else from the origin address or the folder"
        )
        parser.add_argument(
            "--address",
            default="",
            metavar="URL",
            help="where it is hosted, for links; else the clone's origin",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_dir():
            raise CommandError(f"{path} is not a folder")
        if not (options["html"] or options["json"]):
            raise CommandError("say where to write it: --html FILE, --json FILE, or both")
        window = self._window(options)
        self.shown = time.monotonic()
        try:
            reading, changes = read_clone(
                Clone(path),
                window=window,
                minutes=max(0.0, options["minutes"]),
                name=options["name"],
                address=options["address"],
                progress=self._progress,
            )
        except GitError as error:
            raise CommandError(f"git cannot read {path}: {error}") from error
        self._write(build(reading, changes), options)

    def _window(self, options: dict[str, Any]) -> Window:
        try:
            since = day_start(options["since"]) if options["since"] else None
            until = day_start(options["until"]) + timedelta(days=1, seconds=-1) if options["until"] else None
        except ValueError as error:
            raise CommandError("a day is written as 2026-01-31") from error
        if options["days"] < 1:
            raise CommandError("--days must be at least 1")
        if since and until and since > until:
            raise CommandError("--since lies after --until")
        return Window(days=options["days"], since=since, until=until)

    def _write(self, report: Report, options: dict[str, Any]) -> None:
        texts: dict[str, Callable[[Report], str]] = {
            "html": as_file,
            "json": lambda one: json.dumps(as_data(one), indent=2, ensure_ascii=False) + "\n",
        }
        for kind, render in texts.items():
            target: Path | None = options[kind]
            if target is None:
                continue
            text = render(report)
            if str(target) == "-":
                self.stdout.write(text)
                continue
            try:
                _replace(target, text)
            except OSError as error:
                raise CommandError(f"cannot write {target}: {error.strerror}") from error
            self.stderr.write(f"{target}: {len(text.encode()) // 1024 + 1} kB")
        self.stderr.write(report.summary[0])

    def _progress(self, what: str, done: int, total: int) -> None:
        end = done == total
        if sys.stderr.isatty():
            self.stderr.write(f"\r{what}: {done} of {total}", ending="\n" if end else "")
            sys.stderr.flush()
        elif end or time.monotonic() - self.shown > 5:
            self.shown = time.monotonic()
            self.stderr.write(f"{what}: {done} of {total}")


def _replace(target: Path, text: str) -> None:
    """All or nothing: an interrupted run leaves what was there."""
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        part.write_text(text, "utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
