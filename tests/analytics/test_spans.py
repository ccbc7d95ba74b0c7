"""Spans of days: what a window is read as."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection

from analytics.queries.adding import SPANS
from analytics.queries.figures import Filters
from analytics.queries.series import blocks
from analytics.queries.strata import quarters
from analytics.spans import BLOCK, BLOCK_DAYS, LEVELS, QUARTER, STRIDE, WEEK, calendar_node, nodes_between

DAYS = [date(2023, 1, 1) + timedelta(days=number) for number in range(1500)]


def spans_of(day: date) -> list[int]:
    """As the statement that fills cells has them."""
    statement = f"SELECT span FROM (SELECT %s AS node, '' AS slice) AS by_day CROSS JOIN {SPANS}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [day.toordinal()])
        return [span for (span,) in cursor.fetchall()]


@pytest.mark.django_db
def test_window_is_read_as_just_its_days_when_it_is_any() -> None:
    held = {day: spans_of(day) for day in DAYS}
    draw = random.Random(7)
    for _ in range(300):
        start, end = sorted(draw.sample(DAYS, 2))
        for calendar in (False, True):
            nodes = list(nodes_between(start, end, calendar=calendar))
            inside = [day for day, spans in held.items() for node in nodes if node in spans]
            assert sorted(inside) == [day for day in DAYS if start <= day <= end]


def whole(start: date, end: date) -> Iterator[tuple[int, list[date]]]:
    """What `calendar_node` should find there, by looking at the days one after the other."""
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    if start.weekday() == 0 and len(days) == 7:
        yield WEEK, days
    if len(days) == BLOCK_DAYS and (start.toordinal() - 1) % BLOCK_DAYS == 0:
        yield BLOCK, days
    of_quarter = {(day.year, (day.month - 1) // 3) for day in days}
    around = {(day.year, (day.month - 1) // 3) for day in (start - timedelta(1), end + timedelta(1))}
    if len(of_quarter) == 1 and not of_quarter & around:
        yield QUARTER, days


@pytest.mark.django_db
def test_period_is_one_span_when_it_is_a_whole_week_block_or_quarter() -> None:
    found = {WEEK: 0, BLOCK: 0, QUARTER: 0}
    for start in DAYS[100:900]:
        for length in (6, 7, 8, 27, 28, 29, 89, 90, 91, 92, 93):
            end = start + timedelta(days=length - 1)
            node = calendar_node(start, end)
            expected = list(whole(start, end))
            assert (node is not None) == bool(expected), (start, end)
            if node is not None:
                level, days = expected[0]
                assert node // STRIDE == level >= LEVELS
                assert list(nodes_between(start, end, calendar=True)) == [node]
                assert all(node in spans_of(day) for day in (days[0], days[-1]))
                found[level] += 1
    assert all(found.values())


def test_what_the_pages_ask_for_is_one_span_each_when_the_window_is_long() -> None:
    day = date(2026, 11, 18)
    filters = Filters(start=day - timedelta(days=729), end=day, as_of=day, demo=False)
    assert all(calendar_node(*block) is not None for block in blocks(filters))
    inner = list(quarters(filters.start, filters.end))[1:-1]
    assert len(inner) == 7
    assert all(calendar_node(*quarter) is not None for quarter in inner)
