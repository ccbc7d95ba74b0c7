"""`manage.py sample`: demonstration data, made or removed."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics.demo import cast
from analytics.services import demo


class Command(BaseCommand):
    help = "Make the demonstration data of a retailer that does not exist, or remove it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--as-of", type=date.fromisoformat, help="The day on which it ends; today by default."
        )
        parser.add_argument("--seed", type=int, default=cast.SEED, help="Another seed, another history.")
        parser.add_argument("--anyway", action="store_true", help="Also beside real data.")
        parser.add_argument("--remove", action="store_true", help="Remove all of it.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.stdout.write(f"Removed {demo.remove_demo(by=None)} changes and incidents.")
            return
        as_of = options["as_of"] or timezone.localdate()
        if as_of > timezone.localdate():
            raise CommandError("--as-of lies in the future.")
        try:
            made = demo.make_demo(as_of=as_of, seed=options["seed"], beside_real=options["anyway"])
        except demo.RealDataExists:
            raise CommandError(
                "There is real data. Demonstration data stays apart from it, but say --anyway to have both."
            ) from None
        if made is None:
            self.stdout.write("The demonstration data is there already.")
            return
        self.stdout.write(
            f"Made {made.changes} changes, {made.deployments} deployments, {made.incidents} incidents, "
            f"{made.lessons} lessons and {made.scenarios} test scenarios."
        )
