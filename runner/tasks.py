from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string

from runner.models import Heartbeat

TICK_LOCK = 0x48494E44  # "HIND": any number that nothing else in this database uses


@shared_task(name="runner.tick")
def tick() -> None:
    """Calls everything that looks for due work. Two schedulers do no harm: the second finds the lock taken.

    Raises: ExceptionGroup of what failed, after all had their turn.
    """
    Heartbeat.objects.update_or_create(name="worker", defaults={"beaten_at": timezone.now()})
    errors: list[Exception] = []
    with _only_one() as first:
        for path in settings.TICKS if first else ():
            try:
                import_string(path)()
            except Exception as error:  # noqa: BLE001  raised below, when all had their turn
                error.add_note(f"in the tick's {path}")
                errors.append(error)
    if errors:
        raise ExceptionGroup("The tick failed in part", errors)


@contextmanager
def _only_one() -> Iterator[bool]:
    """A lock of the session: PostgreSQL lets go of it when the worker or its connection dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [TICK_LOCK])
        (mine,) = cursor.fetchone() or (False,)
    try:
        yield mine
    finally:
        if mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [TICK_LOCK])
