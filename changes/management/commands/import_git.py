"""Changes from a clone: `manage.py import_git PATH`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from changes.gitlog import Clone, GitError
from changes.services.importing import import_clone


class Command(BaseCommand):
    help = "Read the changes of a git repository on this machine; run again, it reads only what is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="a clone, or a bare git directory")
        parser.add_argument(
            "--service", default="", metavar="NAME", help="the service that it is; made when unknown"
        )
        parser.add_argument(
            "--since", default="", metavar="DATE", help="only what landed since then: 2026-01-31"
        )
        parser.add_argument(
            "--tags-as-releases", action="store_true", help="take each tag for a deployment to production"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_dir():
            raise CommandError(f"{path} is not a folder")
        self.began = self.last_shown = time.monotonic()
        try:
            done = import_clone(
                clone=Clone(path),
                service=options["service"],
                since=options["since"],
                tags_as_releases=options["tags_as_releases"],
                progress=self.show,
            )
        except GitError as error:
            raise CommandError(f"git cannot read {path}: {error}") from error
        if self.stdout.isatty():
            self.stdout.write("")
        seconds = time.monotonic() - self.began
        self.stdout.write(
            f"{done.repository}: {done.commits} commits read in {seconds:.1f} s; "
            f"{done.changes} changes known, {done.deployments} releases."
        )

    def show(self, read: int, total: int) -> None:
        text = f"{read} of {total} commits"
        if self.stdout.isatty():
            self.stdout.write(f"\r{text}", ending="")
            self.stdout.flush()
        elif time.monotonic() - self.last_shown > 5 or read == total:
            self.last_shown = time.monotonic()
            self.stdout.write(text)
