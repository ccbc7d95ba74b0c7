"""`manage.py rebuild`: everything that figures are counted from, made anew; `--check` only compares."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.services import rebuilding


class Command(BaseCommand):
    help = (
        "Counts all changes and incidents from scratch, as after a restore or a change of the time zone. "
        "What was known at an earlier time is kept. Stopped half way, the rest is done by the worker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="Alter nothing: compare with a count from scratch, and end with 1 when something differs.",
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        begun = time.monotonic()
        if check:
            self._check()
        else:
            self._rebuild()
        self.stdout.write(f"Done in {time.monotonic() - begun:.1f} s.")

    def _rebuild(self) -> None:
        try:
            rebuilding.rebuild(say=self.stdout.write)
        except rebuilding.Busy as error:
            raise CommandError(str(error)) from error

    def _check(self) -> None:
        differing = rebuilding.check()
        if differing:
            raise CommandError("\n".join([*differing, "`manage.py rebuild` mends it."]), returncode=1)
        self.stdout.write("Facts, cells and figures are as a count from scratch has them.")
