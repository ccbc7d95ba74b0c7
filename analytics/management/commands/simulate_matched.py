"""What labelling after failures does to cells and to the matched estimate: `manage.py simulate_matched`."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from typing import Any

from django.core.management import BaseCommand, CommandParser

from analytics.stats.matched_simulation import Design, Measured, measure

SIZES = (800, 2_500)
RATIOS = (0.5, 1.0, 2.0, 3.0)


class Command(BaseCommand):
    help = (
        "Simulate organisations in which failed changes get labelled, and hold the matched estimate against "
        "the true ratio."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organisations", type=int, default=2_000, help="for each size and true ratio")
        parser.add_argument("--processes", type=int, default=2)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        designs = [Design(changes=changes, ratio=ratio) for changes in SIZES for ratio in RATIOS]
        seeds, counts = [options["seed"]] * len(designs), [options["organisations"]] * len(designs)
        with ProcessPoolExecutor(options["processes"]) as pool:
            for found in pool.map(measure, designs, counts, seeds):
                self.stdout.write(in_words(found))


def in_words(found: Measured) -> str:
    return (
        f"{found.changes} changes, true ratio {found.ratio:g}: cells with words said after failures "
        f"{found.cells:.2f}, with words said before alone {found.frozen:.2f}, matched {found.matched:.2f} "
        f"(given in {found.given:.0%} of {found.organisations}, {found.cases:.0f} cases; mean log error "
        f"{found.lean:+.3f}; 95 % interval covers {found.covered:.1%}, lies above {found.too_high:.1%} and "
        f"below {found.too_low:.1%})"
    )
