"""`manage.py matrix`: the failure rates in the terminal, as CSV or as JSON, as of any day."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from analytics import reports
from analytics.forms import MatrixForm
from analytics.tasks import catch_up


class Command(BaseCommand):
    help = "Prints the failure rates by kind of help and area, with what was known on a day (--as-of)."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in MatrixForm.names():
            parser.add_argument(f"--{name.replace('_', '-')}", dest=f"asked_{name}", default="")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--csv", action="store_true", help="Every cell on a line, as on the page.")
        form.add_argument("--json", action="store_true", help="The same object as the API gives.")

    def handle(self, *args: Any, csv: bool, json: bool, **options: Any) -> None:
        form = MatrixForm({name: options[f"asked_{name}"] for name in MatrixForm.names()})
        if not form.is_valid():
            words = [f"{field}: {errors.as_text()}" for field, errors in form.errors.items()]
            raise CommandError("\n".join(words))
        report = reports.matrix(form.filters(), catch_up())
        if csv:
            self.stdout.write(reports.as_csv(report), ending="")
        elif json:
            self.stdout.write(_dumped(report))
        else:
            self._print(report)

    def _print(self, report: reports.MatrixReport) -> None:
        filters = report.filters
        self.stdout.write(f"Changes shipped {filters.start} to {filters.end}, as known on {filters.as_of}")
        width = max(len(row.name) for row in report.rows)
        for row in report.rows:
            if row.speaks:
                cell = row.total
                rate = "" if cell.rate is None else f"{cell.rate:7.1%}  ({cell.range_words})"
                self.stdout.write(f"{row.name:<{width}}  {cell.failures} of {cell.n}{rate}")


def _dumped(report: reports.MatrixReport) -> str:
    return json.dumps(reports.as_json(report), cls=DjangoJSONEncoder, indent=2)
