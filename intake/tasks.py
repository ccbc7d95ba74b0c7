"""The doorbell and who answers it. Letters are rows: a lost ring is made up for by the next tick."""

from __future__ import annotations

import logging
import os
import threading
import time

from celery import shared_task
from celery.worker import state as worker_state
from django.conf import settings
from django.utils import timezone

from accounts.mail import is_held
from intake import processing, services
from intake.models import Delivery
from intake.outgoing import sending, writers

log = logging.getLogger(__name__)
DRAIN_SECONDS = 20.0
PURGE_EVERY_SECONDS = 6 * 3600.0


_wanted = threading.Event()
_draining = threading.Lock()


@shared_task(name="intake.process_due", soft_time_limit=100)
def process_due() -> int:
    """Applies what is due, one by one, until nothing is.

    One thread of a worker does it; a ring that finds it busy leaves word and goes, so that many rings keep
    neither the tick nor anything else waiting. Who drains looks for such word after letting go.
    """
    count = 0
    _wanted.set()
    while _wanted.is_set() and _draining.acquire(blocking=False):
        try:
            _wanted.clear()
            count += _drain()
        finally:
            _draining.release()
    return count


def _drain() -> int:
    """What is left after some seconds is rung for again; a worker told to stop leaves it to the next."""
    until = time.monotonic() + DRAIN_SECONDS
    count = 0
    while not _told_to_stop() and processing.process_next(now=timezone.now()):
        count += 1
        if time.monotonic() > until:
            process_due.delay()
            break
    return count


def _told_to_stop() -> bool:
    # Celery's word for "stop" is an exit status, and that of a good end is 0.
    status: object = worker_state.should_stop
    return status is not None and status is not False


_purged_at = float("-inf")


@shared_task(name="intake.sweep")
def sweep() -> None:
    """Called by every tick: rings for what was rung in vain, and now and then empties old letters."""
    global _purged_at
    if Delivery.objects.due(timezone.now()).exists():
        process_due.delay()
    if time.monotonic() - _purged_at > PURGE_EVERY_SECONDS:
        services.purge(now=timezone.now())
        _purged_at = time.monotonic()


# ------------------------------------------------------------------ what goes out


@shared_task(name="intake.send_outgoing", time_limit=300)
def send_outgoing() -> int:
    """Apart from the tick: a slow receiver keeps nothing else waiting."""
    return sending.send_due(now=timezone.now, held=is_held())


def make_outgoing() -> None:
    """Called by every tick. Raises: ExceptionGroup of what failed, after every topic had its turn."""
    if is_held():
        return
    errors: list[Exception] = []
    for topic in settings.HOOK_WRITERS:
        try:
            writers.writer(topic).make_due(now=timezone.now())
        except Exception as error:  # noqa: BLE001  raised below, when all had their turn
            error.add_note(f"while making messages on {topic}")
            errors.append(error)
    if errors:
        raise ExceptionGroup("Messages of hooks could not be made", errors)


def ring_for_outgoing() -> None:
    """Called by every tick."""
    if sending.due(timezone.now(), held=is_held()).exists():
        send_outgoing.delay()


def ring_now_for_outgoing() -> None:
    """For what somebody waits to see sent; a ring that fails is made up for by the next tick."""
    try:
        send_outgoing.delay()
    except Exception:
        # The message is stored; brokers fail in their own exceptions.
        log.exception("The worker could not be told to send; the next tick makes up for it")


# ------------------------------------------------------------------ the doorbell


class Bell:
    """Rings the worker for letters just stored, away from the request, at most once an interval.

    One ring serves every letter that came before it: the worker drains all that is due. A ring asked for
    during the pause comes at its end, so no letter waits for the tick. A thread of this process does the
    ringing; it is started by the first letter, so that a forked web process has its own.
    """

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._process = 0

    def ring(self) -> None:
        if settings.INTAKE_RING_SECONDS == 0:
            self.ring_now()
            return
        self._wanted.set()
        if self._process != os.getpid():
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._process != os.getpid():
                threading.Thread(target=self._serve, name="doorbell", daemon=True).start()
                self._process = os.getpid()

    def _serve(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self.ring_now()
            time.sleep(settings.INTAKE_RING_SECONDS)

    def ring_now(self) -> None:
        try:
            process_due.delay()
        except Exception:
            # The letter is stored and answered for; the tick finds it. Brokers fail in their own exceptions.
            log.exception("The doorbell could not be rung; the next tick makes up for it")


bell = Bell()
