"""Changes from a clone: `manage.py import_git PATH`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from changes.gitlog import Clone, GitError
from changes.services.attesting import Attested, read_attestations
from changes.services.importing import Imported, import_clone

# Where nobody watches, a line now and then.
SECONDS_BETWEEN = 5


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
            "--branch",
            default="",
            metavar="NAME",
            help="the branch that changes land on; the default one else",
        )
        parser.add_argument(
            "--again", action="store_true", help="read all of it once more, also what was read before"
        )
        parser.add_argument(
            "--tags-as-releases", action="store_true", help="take each tag for a deployment to production"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_dir():
            raise CommandError(f"{path} is not a folder")
        self.began = self.last_shown = time.monotonic()
        clone = Clone(path)
        try:
            done = import_clone(
                clone=clone,
                service=options["service"],
                since=options["since"],
                branch=options["branch"],
                again=options["again"],
                tags_as_releases=options["tags_as_releases"],
                progress=self.show,
            )
            attested = read_attestations(
                repository=done.repository, clone=clone, again=options["again"], progress=self.show_attested
            )
        except GitError as error:
            raise CommandError(f"git cannot read {path}: {error}") from error
        self.say_what_was_done(done)
        self.say_what_is_attested(attested)

    def say_what_is_attested(self, done: Attested) -> None:
        """Nothing where no record was found."""
        for outcome, times in sorted(done.outcomes.items()):
            self.stdout.write(f"{times} {outcome}.")
        if done.changes or done.outcomes:
            self.stdout.write(f"{done.changes} change{'s' if done.changes != 1 else ''} with attested lines.")

    def say_what_was_done(self, done: Imported) -> None:
        if self.stdout.isatty():
            self.stdout.write("")
        for note in done.notes:
            self.stderr.write(f"Note: {note}.")
        seconds = time.monotonic() - self.began
        by_merges = done.read - done.commits
        self.stdout.write(
            f"{done.repository}: {done.commits} commits read"
            f"{f', and {by_merges} that merges brought in,' if by_merges else ''} in {seconds:.1f} s; "
            f"{done.changes} changes known, {done.deployments} releases."
        )
        if done.repository.clone_path:
            self.stdout.write(
                "Which changes its fixes mended is read in the background; `manage.py follow_up` does it now."
            )

    def show_attested(self, read: int, total: int) -> None:
        if read == total or time.monotonic() - self.last_shown > SECONDS_BETWEEN:
            self.last_shown = time.monotonic()
            self.stdout.write(f"Notes of {read} of {total} changes")

    def show(self, read: int, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r{self.progress(read, total):<78}", ending="")
            self.stdout.flush()
        elif time.monotonic() - self.last_shown > SECONDS_BETWEEN or read == total:
            self.last_shown = time.monotonic()
            self.stdout.write(self.progress(read, total))

    def progress(self, read: int, total: int) -> str:
        speed = read / max(time.monotonic() - self.began, 0.001)
        rest = round((total - read) / max(speed, 0.001))
        left = f", {rest // 60}:{rest % 60:02d} left" if read < total else ""
        return f"{read} of {total} commits ({100 * read // max(total, 1)} %), {speed:.0f} a second{left}"
