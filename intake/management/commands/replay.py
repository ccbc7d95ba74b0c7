"""Makes deliveries due again: after a mapping was corrected, or a release that understands more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intake import services
from intake.models import Delivery
from intake.tasks import bell


class Command(BaseCommand):
    help = "Replay deliveries by id, or all of a source, of a state or of an event."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", type=int)
        parser.add_argument("--source", help="slug of a source")
        parser.add_argument(
            "--state", choices=[state for state in Delivery.State.values if state != "received"]
        )
        parser.add_argument("--event", help="the sender's name of the event")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {
            "pk__in": options["ids"],
            "source__slug": options["source"],
            "state": options["state"],
            "event": options["event"],
        }
        filters = {name: value for name, value in wanted.items() if value}
        if not filters:
            raise CommandError("Say which: ids, --source, --state or --event")
        chosen = list(Delivery.objects.filter(**filters).values_list("pk", flat=True))
        count = services.replay(deliveries=chosen, by=None)
        if count:
            bell.ring_now()
        left = len(chosen) - count
        self.stdout.write(
            f"{count} due again" + (f", {left} purged or conflicting left alone" if left else "")
        )
