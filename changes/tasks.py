"""What every tick looks for among changes."""

from __future__ import annotations

import time

from django.conf import settings
from django.utils import timezone

from accounts.days import day_of
from changes.models import HistoryRun
from changes.services.placing import give_up, place_some
from changes.services.rereading import read_some
from changes.services.reviews import forget_days
from changes.services.rework import follow_all
from changes.services.shipped_counts import fold_if_many

# Of a tick: others wait for their turn in it.
PLACING_SECONDS = 15.0
FOLLOWING_SECONDS = 10.0
REREADING_SECONDS = 15.0


def forget_day_keys() -> None:
    """With the raw deliveries of a day goes its key, and with it the way back to who reviewed that day."""
    forget_days(before=day_of(timezone.now() - settings.INTAKE_KEEP_DONE))


def place_waiting() -> None:
    """Goes on for some seconds with the first run that places changes again; the tick comes again."""
    run = HistoryRun.objects.unfinished().filter(kind=HistoryRun.Kind.PLACES).order_by("id").first()
    if run is not None:
        until = time.monotonic() + PLACING_SECONDS
        try:
            place_some(run_id=run.pk, now=timezone.now, may_go_on=lambda: time.monotonic() < until)
        except Exception as error:
            # Not again with every tick; what it did so far stays, and the tick reports the error.
            give_up(run_id=run.pk, error=repr(error), now=timezone.now())
            raise


def follow_fixes() -> None:
    """Goes on for some seconds with reading whose lines fixes deleted."""
    follow_all(seconds=FOLLOWING_SECONDS)


def read_history_again() -> None:
    """Goes on for some seconds with what changed rules and policies ask for."""
    until = time.monotonic() + REREADING_SECONDS
    while read_some() and time.monotonic() < until:
        pass


def fold_counts() -> None:
    """Parts of the counts of shipped changes become one part a place, once there are many."""
    fold_if_many()
