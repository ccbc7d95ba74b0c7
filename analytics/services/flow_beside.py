"""What the ledger does not tell of and the weekly review counts all the same: test runs, alerts, readings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Max
from django.db.models.functions import Coalesce

from accounts.days import day_of, midnight
from analytics.flow_weeks import WEEK, monday
from analytics.models import SpanFigures
from analytics.queries.figures import shows_demo
from analytics.queries.load import STANDS_DAYS
from analytics.services.flow_spans import Marks
from changes.models import CheckRun, LoadReading
from incidents.models import Alert

# What is told of older ones is taken up with the next day, when all recent weeks are reckoned anew.
RECENTLY = timedelta(days=8)


def mark_new(*, now: datetime) -> int:
    """Marks the weeks of what was recorded since they were reckoned; says how many."""
    demo = shows_demo()
    today = day_of(now)
    marks = Marks(pages=("work", "load"), today=today)
    found = {("work", week) for week in _of_runs(demo, today, now)}
    found |= {("load", week) for week in (*_of_alerts(demo, today, now), *_of_readings(demo, today))}
    for page, week in found:
        marks.add_weeks(page, demo, [week])
    marks.write(now=now)
    return len(found)


def _reckoned(page: str, demo: bool, week: date) -> datetime | None:
    rows = SpanFigures.objects.filter(page=page, is_demo=demo, scope="", weeks=1, begins_on=week)
    return rows.values_list("reckoned_at", flat=True).first()


def _of_runs(demo: bool, today: date, now: datetime) -> Iterator[date]:
    week = monday(today)
    at = _reckoned("work", demo, week)
    runs = CheckRun.objects.filter(repository__is_demo=demo, queued_at__gte=now - RECENTLY)
    if at is not None and runs.filter(told_at__gt=at).exists():
        yield week


def _of_alerts(demo: bool, today: date, now: datetime) -> Iterator[date]:
    alerts = Alert.objects.annotate(began=Coalesce("opened_at", "recorded_at")).filter(source__is_demo=demo)
    for week in (monday(today), monday(today) - WEEK):
        at = _reckoned("load", demo, week)
        within = alerts.filter(began__gte=midnight(week), began__lt=midnight(week + WEEK))
        if at is not None and within.filter(recorded_at__gt=at).exists():
            yield week


def _of_readings(demo: bool, today: date) -> Iterator[date]:
    """A reading counts in the weeks after its day, until it no longer stands."""
    readings = LoadReading.objects.filter(repository__is_demo=demo)
    last = readings.aggregate(at=Max("recorded_at"))["at"]
    rows = SpanFigures.objects.filter(page="load", is_demo=demo, scope="", weeks=1)
    if last is None:
        return
    behind = rows.filter(reckoned_at__lt=last).values_list("begins_on", "reckoned_at")
    days = dict(readings.order_by("recorded_at").values_list("on", "recorded_at")) if behind else {}
    for week, reckoned_at in behind:
        stands_from = week - timedelta(days=STANDS_DAYS)
        if any(stands_from <= on < week + WEEK and at > reckoned_at for on, at in days.items()):
            yield week
