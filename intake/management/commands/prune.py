from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from intake import services


class Command(BaseCommand):
    help = "Empty the bodies of deliveries kept long enough (the worker does this by itself, too)."

    def handle(self, *args: Any, **options: Any) -> None:
        purged = services.purge(now=timezone.now())
        self.stdout.write(f"Emptied {purged.done} done and {purged.parked} parked deliveries.")
        if purged.parked_soon:
            self.stdout.write(
                self.style.WARNING(f"{purged.parked_soon} parked ones lose their bodies within 30 days.")
            )
