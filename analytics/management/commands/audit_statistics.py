"""`manage.py audit_statistics FILE`: our statistics against a file of reference cases."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.stats.audit import audit


class Command(BaseCommand):
    help = "Hold the statistics against a file of reference cases; ends with an error if one fails."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            verdicts = list(audit(file))
        except (OSError, ValueError, RecursionError) as error:
            raise CommandError(f"Cannot read cases from {file}: {error}") from error
        for verdict in verdicts:
            if verdict.passed is False:
                self.stderr.write(f"FAILED {verdict.case}: {verdict.detail}")
        left_out = sum(v.passed is None for v in verdicts)
        if left_out:
            self.stdout.write(f"{left_out} optional cases of methods that we do not use were left out")
        failed = sum(v.passed is False for v in verdicts)
        self.stdout.write(f"{sum(v.passed is True for v in verdicts)} passed, {failed} failed")
        if failed:
            raise SystemExit(1)
