"""How much a repository asked to be kept right, month by month: `manage.py measure_load PATH`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from changes.gitlog import Clone, GitError
from changes.models import Repository
from changes.services.load import Measured, measure_clone, repository_of

MOST_MONTHS = 240


class Command(BaseCommand):
    help = "Count dependencies and settings of a clone at the ends of months; nothing of it is run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="a clone, or a bare git directory")
        parser.add_argument("--months", type=int, default=24, metavar="N", help="so many months back; 24")
        parser.add_argument(
            "--repository", default="", metavar="NAME", help="which repository it is, where that is not clear"
        )
        parser.add_argument("--branch", default="", metavar="NAME", help="instead of the default one")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_dir():
            raise CommandError(f"{path} is not a folder")
        if not 0 <= options["months"] <= MOST_MONTHS:
            raise CommandError(f"--months is a number from 0 to {MOST_MONTHS}")
        clone = Clone(path)
        try:
            clone.head()
            repository = self.repository(clone, options["repository"])
            found = measure_clone(
                clone=clone,
                repository=repository,
                months=options["months"],
                now=timezone.now(),
                branch=options["branch"],
            )
        except GitError as error:
            raise CommandError(f"git cannot read {path}: {error}") from error
        self.say(repository, found)

    def repository(self, clone: Clone, name: str) -> Repository:
        if name:
            found = list(Repository.objects.filter(name=name, is_demo=False)[:2])
            if len(found) != 1:
                raise CommandError(f"{len(found)} repositories are called {name}")
            return found[0]
        known = repository_of(clone=clone)
        if known is None:
            raise CommandError("Which repository is this? Say --repository NAME, or import it first.")
        return known

    def say(self, repository: Repository, found: list[Measured]) -> None:
        if not found:
            self.stdout.write(f"{repository}: no commit is that old; nothing was counted.")
        for one in found:
            where = f"{one.service}, " if one.service else ""
            counts = ", ".join(
                f"{label} {_shown(getattr(one.counted, name))}"
                for name, label in (
                    ("dependencies", "dependencies"),
                    ("indirect", "further that come with them"),
                    ("settings", "settings"),
                )
            )
            self.stdout.write(f"{one.on} {where}{one.sha[:10]}: {counts}")
        if found:
            for kind, reason in sorted(found[-1].counted.reasons.items()):
                self.stderr.write(f"Note: {kind}: {reason}.")


def _shown(count: int | None) -> str:
    return "not measured" if count is None else str(count)
