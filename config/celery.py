"""The Celery application: tasks are looked for in every installed app."""

from __future__ import annotations

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, worker_ready

from runner.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

app = Celery("hindcast")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def tick_at_once(**kwargs: Any) -> None:
    """What came due while no worker ran is not kept waiting for the first interval."""
    app.send_task("runner.tick")


@beat_embedded_init.connect
def follow_the_worker(**kwargs: Any) -> None:
    """The scheduler is a process of its own, which a killed worker would leave behind."""
    die_with_parent(signal.SIGTERM)
