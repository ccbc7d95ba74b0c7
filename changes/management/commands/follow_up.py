"""Whose lines fixes deleted, read now: `manage.py follow_up`."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from changes.models import FollowUp, HistoryRun, Repository
from changes.services.rework import follow_repository

# Where nobody watches, a line now and then.
SECONDS_BETWEEN = 5


class Command(BaseCommand):
    help = (
        "Read in the imported clones which changes' lines later fixes deleted. "
        "The worker does this in the background as well; no fix is read twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repository", default="", metavar="NAME", help="this one only")
        parser.add_argument("--minutes", type=float, default=0, metavar="N", help="stop after N minutes")

    def handle(self, *args: Any, **options: Any) -> None:
        repositories = self.chosen(options["repository"])
        until = time.monotonic() + 60 * (options["minutes"] or 1e9)
        self.last_shown = time.monotonic()
        for repository in repositories:
            left = until - time.monotonic()
            if left > 0:
                run = follow_repository(repository=repository, seconds=left, progress=self.show)
                self.say(repository, run)

    def chosen(self, name: str) -> list[Repository]:
        """Raises: CommandError where there is nothing to read."""
        found = Repository.objects.exclude(clone_path="").order_by("name")
        if name:
            found = found.filter(name=name)
        if not found:
            what = f"no repository {name}" if name else "no repository"
            raise CommandError(f"There is {what} that was imported from a clone: run import_git first.")
        return list(found)

    def say(self, repository: Repository, run: HistoryRun | None) -> None:
        known = FollowUp.objects.filter(change__repository=repository).count()
        if run is None:
            text = "nothing to read: no news since the last time, or another process is at it"
        elif run.state == HistoryRun.State.FAILED:
            text = run.error
        else:
            lacking = f", {run.unreadable} not in the clone" if run.unreadable else ""
            text = f"{run.done} of {run.total} fixes read{lacking}"
        self.stdout.write(f"{repository}: {text}; {known} follow-ups known.")

    def show(self, run: HistoryRun) -> None:
        text = f"{run.done} of {run.total} fixes"
        if self.stdout.isatty():
            self.stdout.write(f"\r{text:<40}\r", ending="")
            self.stdout.flush()
        elif time.monotonic() - self.last_shown > SECONDS_BETWEEN:
            self.last_shown = time.monotonic()
            self.stdout.write(text)
