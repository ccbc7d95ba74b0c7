"""How often the basis "follow_up" is right: `manage.py audit_follow_up PATH`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.stats import wilson_interval
from changes.blame import WITHIN_DAYS
from changes.blame_audit import audit
from changes.gitlog import Clone, GitError


class Command(BaseCommand):
    help = (
        "Compare the change that a fix's deleted lines name with the one in the developer's own "
        "Fixes trailer, over a clone whose project writes them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="a clone, or a bare git directory")
        parser.add_argument("--every", type=int, default=1, metavar="N", help="read one fix in N")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_dir():
            raise CommandError(f"{path} is not a folder")
        try:
            found = audit(Clone(path), self.show, max(1, options["every"]))
        except GitError as error:
            raise CommandError(f"git cannot read {path}: {error}") from error
        outcomes = ", ".join(f"{outcome.value} {n}" for outcome, n in sorted(found.outcomes.items()))
        self.stdout.write(f"Method {found.method_version}; fixes with a trailer: {found.fixes} ({outcomes})")
        self.say("their subject alone calls them a fix", found.subject_says_so, found.fixes)
        self.say("named the right change (precision)", found.right, found.named)
        self.say("the same, where the subject says so", found.right_by_subject, found.named_by_subject)
        self.say(f"found, of causes within {WITHIN_DAYS} days (recall)", found.right, found.near)

    def say(self, what: str, part: int, whole: int) -> None:
        if not whole:
            self.stdout.write(f"{what}: none to judge by")
            return
        low, high = wilson_interval(part, whole)
        self.stdout.write(f"{what}: {part} of {whole} = {part / whole:.3f} ({low:.3f} to {high:.3f})")

    def show(self, read: int, total: int) -> None:
        if read % 500 == 0 or read == total:
            self.stderr.write(f"{read} of {total} fixes read")
