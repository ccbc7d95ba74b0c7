from __future__ import annotations

import psycopg
import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from runner.models import Heartbeat
from runner.tasks import TICK_LOCK, tick

pytestmark = pytest.mark.django_db
called: list[str] = []


def first() -> None:
    called.append("first")


def failing() -> None:
    called.append("failing")
    raise ValueError("as arranged")


def last() -> None:
    called.append("last")


@pytest.fixture(autouse=True)
def nothing_called(settings: Settings) -> None:
    called.clear()
    settings.TICKS = [f"{__name__}.{name}" for name in ("first", "failing", "last")]


def test_all_have_their_turn_and_the_failure_is_told_when_one_fails() -> None:
    with pytest.raises(ExceptionGroup) as told:
        tick()
    assert called == ["first", "failing", "last"]
    assert [str(error) for error in told.value.exceptions] == ["as arranged"]


def test_the_worker_is_seen_when_it_ticks(settings: Settings) -> None:
    settings.TICKS = []
    tick()
    tick()
    assert Heartbeat.objects.get().age.total_seconds() < 10


def test_nothing_is_called_when_another_tick_is_at_it() -> None:
    named = connection.settings_dict
    where = {
        "host": named["HOST"],
        "port": named["PORT"],
        "user": named["USER"],
        "password": named["PASSWORD"],
    }
    with psycopg.connect(dbname=named["NAME"], **where) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [TICK_LOCK])
        tick()
    assert called == []


def test_the_lock_is_free_again_when_a_tick_failed() -> None:
    for _ in range(2):
        with pytest.raises(ExceptionGroup):
            tick()
    assert len(called) == 6
