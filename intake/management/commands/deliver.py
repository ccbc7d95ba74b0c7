"""Tries an integration out: a file goes the way a delivery goes, only the proof of the sender is skipped."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intake import processing, services
from intake.models import Source
from intake.services import Outcome
from intake.sources import Letter, TooLarge, providers


class Command(BaseCommand):
    help = "Store and process a file as if SOURCE had sent it, and say what became of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="slug of a configured source")
        parser.add_argument("file", type=Path, help="the body, byte for byte")
        parser.add_argument("--header", action="append", default=[], metavar="NAME=VALUE", dest="headers")

    def handle(self, *args: Any, **options: Any) -> None:
        source = Source.objects.filter(slug=options["source"]).first()
        if source is None:
            known = ", ".join(Source.objects.values_list("slug", flat=True)) or "none is set up"
            raise CommandError(f"No source {options['source']!r}; there is: {known}")
        if source.kind not in providers():
            raise CommandError(f"Nothing here understands sources of kind {source.kind!r}")
        letter = Letter(_headers(options["headers"]), _read(options["file"]))
        try:
            stored = services.store(source_id=source.pk, provider=providers()[source.kind], letter=letter)
        except TooLarge as error:
            raise CommandError(str(error)) from error
        self._report(stored)

    def _report(self, stored: services.Stored) -> None:
        if stored.outcome is Outcome.CONFLICT or stored.delivery_id is None:
            self.stdout.write("conflict: its key came before with another body; kept, not applied")
            return
        delivery = processing.process_one(delivery_id=stored.delivery_id)
        seen = "seen before, " if stored.outcome is Outcome.SEEN else ""
        reason = f": {delivery.reason}" if delivery.reason else ""
        self.stdout.write(
            f"{seen}{delivery.state}{reason} (delivery {delivery.pk}, {delivery.event or 'no event'})"
        )


def _read(path: Path) -> bytes:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    if len(body) > settings.INTAKE_MAX_BYTES:
        raise CommandError(f"{path} is larger than INTAKE_MAX_BYTES ({settings.INTAKE_MAX_BYTES})")
    return body


def _headers(given: list[str]) -> dict[str, str]:
    pairs = [header.partition("=") for header in given]
    if bad := [name for name, sign, _ in pairs if not (name and sign)]:
        raise CommandError(f"--header takes NAME=VALUE, not {bad[0]!r}")
    return {"content-type": "application/json"} | {name.lower(): value for name, _, value in pairs}
