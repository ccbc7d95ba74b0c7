"""The matrix over a million changes: cells against plain SQL, one verdict until it is seen, and a rebuild."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache as once
from typing import Any

from bench.filling import fill
from bench.registry import Result, benchmarks

CHANGES, INCIDENTS = 1_000_000, 100_000
TIMES = 21
DAYS = 730


@dataclass(frozen=True)
class Filled:
    """A database of its own, filled and counted; `rebuild_seconds` is what the counting took."""

    name: str
    rebuild_seconds: float


@once
def _filled(changes: int = CHANGES, incidents: int = INCIDENTS) -> Filled:
    from django.db import connection

    from analytics.services import rebuilding

    name = f"bench_{changes}"
    _make_database(name)
    with _at(name):
        begun = time.perf_counter()
        fill(changes=changes, incidents=incidents)
        _say(f"filled in {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()
        rebuilding.rebuild(say=_say)
        seconds = time.perf_counter() - begun
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SELECT pg_database_size(current_database()) / 1000000")
            _say(f"{cursor.fetchone()[0]} MB")
    return Filled(name, seconds)


def _say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


def _make_database(name: str) -> None:
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    with _at(name):
        call_command("migrate", verbosity=0)


@contextmanager
def _at(name: str) -> Iterator[None]:
    """The default connection in another database of the same server."""
    from django.core.cache import cache
    from django.db import connections

    default: Any = connections["default"]
    settings = default.settings_dict
    before = settings["NAME"]
    default.close()
    default.close_pool()
    settings["NAME"] = name
    cache.clear()
    try:
        yield
    finally:
        default.close()
        default.close_pool()
        settings["NAME"] = before


def _seconds(work: Callable[[], object], times: int) -> float:
    """The median; the first round only warms up."""
    from django.core.cache import cache

    taken = []
    for _ in range(times + 1):
        cache.clear()
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def _ask() -> dict[str, str]:
    today = date.today()  # noqa: DTZ011 -- any day will do
    return {"from": (today - timedelta(days=DAYS - 1)).isoformat(), "to": today.isoformat()}


def _by_cells() -> object:
    """From request parameters to the result, as the page does it."""
    from analytics import reports
    from analytics.forms import MatrixForm
    from analytics.tasks import catch_up

    form = MatrixForm(_ask())
    assert form.is_valid()
    return reports.matrix(form.filters(), catch_up())


def _by_plain_sql() -> object:
    from analytics import reports
    from analytics.forms import MatrixForm

    form = MatrixForm(_ask())
    assert form.is_valid()
    return reports.plain_matrix(form.filters())


@benchmarks("matrix_1m")
def matrix_1m() -> Iterator[tuple[str, Result]]:
    """Everything that one filled database can tell; the ratio is of runs that take turns."""
    from analytics.services.rebuilding import shown

    filled = _filled()
    with _at(filled.name):
        assert shown(_by_cells()) == shown(_by_plain_sql())  # type: ignore[arg-type]
        ratios, cells = [], []
        for _ in range(3):
            cells.append(_seconds(_by_cells, TIMES))
            plain = _seconds(_by_plain_sql, 1)
            _say(f"cells {cells[-1] * 1000:.1f} ms, plain SQL {plain * 1000:.0f} ms")
            ratios.append(plain / cells[-1])
        yield "matrix_vs_plain_sql", Result(round(statistics.median(ratios), 1), "times", 100, "higher")
        yield "matrix_ms_1m", Result(round(statistics.median(cells) * 1000, 2), "ms", 15, "lower")
        yield "verdict_to_visible", Result(round(_verdict() * 1000, 1), "ms", 2000, "lower")
        yield "rebuild_1m", Result(round(filled.rebuild_seconds, 1), "s", 600, "lower")
        yield from _pages()


def _verdict() -> float:
    """From the write of a confirmed cause to the matrix that holds it; the median of five."""
    from django.utils import timezone

    from accounts.models import User
    from analytics.reports import MatrixReport
    from changes.models import Change
    from incidents.models import Cause
    from incidents.services import causes

    by = User.objects.create(username=f"bench-{time.time_ns()}")
    taken = []
    suspected = Cause.objects.filter(status=Cause.Status.SUSPECTED, change__type=Change.Type.CODE)
    for cause in suspected.order_by("-pk")[:200:40]:
        before = _by_cells()
        begun = time.perf_counter()
        causes.name_cause(
            incident_id=cause.incident_id,
            change_id=cause.change_id,
            status="confirmed",
            by=by,
            now=timezone.now(),
        )
        after = _by_cells()
        taken.append(time.perf_counter() - begun)
        assert isinstance(before, MatrixReport)
        assert isinstance(after, MatrixReport)
        assert after.generation > before.generation
    return statistics.median(taken)


PAGES = ("matrix", "matrix_csv", "matrix_json", "home")


def _pages() -> Iterator[tuple[str, Result]]:
    """Server time and queries of each page with figures, nothing cached."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from accounts.models import User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create(username=f"reader-{time.time_ns()}"))
    for name in PAGES:
        address = reverse(f"analytics:{name}")

        def get(address: str = address) -> None:
            assert client.get(address, _ask()).status_code == 200

        seconds = _seconds(get, 9)
        with CaptureQueriesContext(connection) as queries:
            get()
        yield f"page_{name}", Result(round(seconds * 1000, 1), "ms", 60, "lower")
        yield f"page_{name}_queries", Result(len(queries), "queries", 12, "lower")


@benchmarks("matrix_growth_10m")
def matrix_growth_10m() -> Iterator[tuple[str, Result]]:
    """How much longer the matrix takes with ten times the changes; only when asked for by name."""
    if "growth" not in " ".join(sys.argv[1:]):
        return
    one, ten = _filled(), _filled(10 * CHANGES, 10 * INCIDENTS)
    ratios = []
    for _ in range(3):
        with _at(one.name):
            small = _seconds(_by_cells, TIMES)
        with _at(ten.name):
            large = _seconds(_by_cells, TIMES)
        _say(f"{small * 1000:.1f} ms and {large * 1000:.1f} ms")
        ratios.append(large / small)
    yield "matrix_growth_10m", Result(round(statistics.median(ratios), 2), "times", 1.3, "lower")
