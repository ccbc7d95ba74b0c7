from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from runner import queue


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Makes the queue's tables where the database is also the broker (CELERY_BROKER_URL unset)."

    def handle(self, *args: Any, **options: Any) -> None:
        conninfo = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("conn_string")
        if not conninfo:
            self.stdout.write("A broker of its own is configured: nothing to make.")
        elif queue.install(str(conninfo)):
            self.stdout.write("The queue's tables are made.")
        else:
            self.stdout.write("The queue's tables are there.")
