"""How often the decision rule is wrong, by simulation: `manage.py simulate_rule`."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandParser

from analytics.metrics.error_rates import DESIGNS, MEASURED_IN, design_of
from analytics.stats.simulation import error_rates


class Command(BaseCommand):
    help = (
        "Simulate organisations without any difference and count what the decision rule claims all the same."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--years", type=int, default=60, help="simulated years for each design")
        parser.add_argument("--processes", type=int, default=2)
        parser.add_argument("--out", type=Path, default=MEASURED_IN, metavar="FILE", help="where to write")

        parser.add_argument("--missing", action="store_true", help="only designs that were never measured")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        rows = json.loads(out.read_text()) if options["missing"] and out.exists() else []
        known = {(row["baseline"], row["cells"], row["changes_a_year"]) for row in rows}
        keys = [key for key in DESIGNS if key not in known]
        with ProcessPoolExecutor(options["processes"]) as pool:
            found = pool.map(measured, keys, [options["years"]] * len(keys))
            for key, rates in zip(keys, found, strict=True):
                rows.append({"baseline": key[0], "cells": key[1], "changes_a_year": key[2], **rates})
                self.stdout.write(f"{key[0]}, {key[1]} cells, {key[2]} changes a year: {rates}")
                out.write_text(json.dumps(rows, indent=1) + "\n")


def measured(key: tuple[str, int, int], years: int) -> dict[str, Any]:
    return asdict(error_rates(design_of(key), years))
