"""Who counts: a reader what is new, when it is little; the worker the rest."""

from __future__ import annotations

import logging

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from accounts.days import day_of
from analytics.queries import figures, ledger
from analytics.queries.ledger import FEW, Standing
from analytics.services import counting, flow, flow_beside, limits, rebuilding, standings
from analytics.services.judging import run_due
from analytics.services.planning import refresh_statistics
from changes.models import HistoryRun

log = logging.getLogger(__name__)
SECONDS = 20.0
# From so much on a plan made for empty tables costs more than looking at them anew.
SOME = 200
# From so much on it is quicker to add all cells up anew than to alter each.
MANY = 50_000
RING_AGAIN = 10
LOOK_EVERY = 300


def catch_up() -> Standing:
    """Called before a figure is shown: counts what is new, or has it counted and says how far it is."""
    found = ledger.standing()
    if found.behind > SOME:
        refresh_statistics()
    stands = counting.catch_up(found)
    if stands.behind > FEW and cache.add("analytics:rung", True, RING_AGAIN):
        _ring()
    return stands


def _ring() -> None:
    try:
        count_due.delay()
    except Exception:
        # The page is shown all the same; brokers fail in their own exceptions, and the tick rings again.
        log.exception("The worker could not be told to count; the next tick makes up for it")


@shared_task(name="analytics.count_due", time_limit=3600)
def count_due() -> None:
    """Counts until nothing is left; a worker that is told to stop leaves the rest to the next."""
    refresh_statistics()
    if ledger.waiting() > MANY:
        try:
            rebuilding.rebuild(say=log.info, everything=False)
        except rebuilding.Busy:
            return
    elif counting.count_new(seconds=SECONDS):
        rebuilding.finish()
    else:
        count_due.delay()


def sweep() -> None:
    """Called by every tick."""
    stands = ledger.standing()
    if stands.behind or not stands.cells_stand or stands.must_count_all:
        count_due.delay()


def follow_test_runs() -> None:
    """Called by every tick: what CI sent since then alters how scenarios stand."""
    standings.catch_up(now=timezone.now())


def judge_week() -> None:
    """Once a week what the decision rule says is kept, for the data that is shown.

    Not of half a history: what is judged stands for the week.
    """
    now = timezone.now()
    today = day_of(now)
    demo, stands = figures.shows_demo(), catch_up()
    if demo or not (stands.behind > FEW or HistoryRun.objects.importing(now).exists()):
        run_due(today=today, demo=demo, stands=stands, now=now)


@shared_task(name="analytics.reckon_weeks", time_limit=3600)
def reckon_weeks() -> None:
    """Keeps the figures of the weekly review; a worker that is told to stop leaves the rest to the next."""
    if not flow.follow(now=timezone.now, seconds=SECONDS):
        reckon_weeks.delay()


def follow_flow() -> None:
    """Called by every tick."""
    if flow.is_behind():
        reckon_weeks.delay()


def follow_beside() -> None:
    """Called by every tick; a look every five minutes is enough for weeks."""
    if cache.add("analytics:beside", True, LOOK_EVERY):
        flow_beside.mark_new(now=timezone.now())


def look_at_limits() -> None:
    """Called by every tick: what crossed a limit, or ceased to."""
    limits.look(now=timezone.now())


def ring_for_weeks() -> None:
    """Called by a page whose figures wait to be reckoned."""
    if cache.add("analytics:rung_weeks", True, RING_AGAIN):
        try:
            reckon_weeks.delay()
        except Exception:
            # The page is shown all the same; the tick rings again.
            log.exception("The worker could not be told to reckon; the next tick makes up for it")
