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
from functools import partial
from typing import Any

from bench.filling import fill
from bench.registry import Result, benchmarks

CHANGES, INCIDENTS = 1_000_000, 100_000
TIMES = 21
DAYS = 730
ROUNDS = 7


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
    make_database(name)
    with at(name):
        begun = time.perf_counter()
        fill(changes=changes, incidents=incidents)
        say(f"filled in {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()
        rebuilding.rebuild(say=say)
        took = time.perf_counter() - begun
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SELECT pg_database_size(current_database()) / 1000000")
            say(f"{cursor.fetchone()[0]} MB")
    return Filled(name, took)


def say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


def make_database(name: str) -> None:
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    with at(name):
        call_command("migrate", verbosity=0)


@contextmanager
def at(name: str) -> Iterator[None]:
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


def seconds(work: Callable[[], object], times: int) -> float:
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


def by_cells() -> object:
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
    """Everything that one filled database can tell; the ratio is of runs that take turns, the time that of
    the quietest median of three.
    """
    from analytics.services.rebuilding import shown

    filled = _filled()
    with at(filled.name):
        assert shown(by_cells()) == shown(_by_plain_sql())  # type: ignore[arg-type]
        ratios, cells = [], []
        for _ in range(3):
            cells.append(seconds(by_cells, TIMES))
            plain = seconds(_by_plain_sql, 1)
            say(f"cells {cells[-1] * 1000:.1f} ms, plain SQL {plain * 1000:.0f} ms")
            ratios.append(plain / cells[-1])
        yield "matrix_vs_plain_sql", Result(round(statistics.median(ratios), 1), "times", 100, "higher")
        yield "matrix_ms_1m", Result(round(min(cells) * 1000, 2), "ms", 15, "lower")
        yield "verdict_to_visible", Result(round(_verdict() * 1000, 1), "ms", 2000, "lower")
        yield "signals_run", Result(round(_signals(), 2), "s", 2, "lower")
        yield "rebuild_1m", Result(round(filled.rebuild_seconds, 1), "s", 180, "lower")
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
        before = by_cells()
        begun = time.perf_counter()
        causes.name_cause(
            incident_id=cause.incident_id,
            change_id=cause.change_id,
            status="confirmed",
            by=by,
            now=timezone.now(),
        )
        after = by_cells()
        taken.append(time.perf_counter() - begun)
        assert isinstance(before, MatrixReport)
        assert isinstance(after, MatrixReport)
        assert after.generation > before.generation
    return statistics.median(taken)


def _signals() -> float:
    """The weekly run over every kind and area, kept in a transaction that is taken back; seconds."""
    from django.db import transaction
    from django.utils import timezone

    from analytics.models import Signal
    from analytics.services.judging import look, run_signals

    today = date.fromisoformat(_ask()["to"])
    say(f"{look(as_of=today, demo=False).cells} cells are watched")

    def run() -> None:
        with transaction.atomic():
            run_signals(on=today, demo=False, generation=Signal.objects.count(), now=timezone.now())
            transaction.set_rollback(True)

    return seconds(run, 3)


PAGES = (
    "analytics:home", "analytics:matrix", "analytics:matrix_csv", "analytics:matrix_json",
    "analytics:baseline", "analytics:trend", "analytics:signals", "changes:list", "incidents:list",
    "changes:repositories", "changes:areas", "changes:deployments", "analytics:matched_records",
    "analytics:replay_changes",
)  # fmt: skip


def _pages() -> Iterator[tuple[str, Result]]:
    """Server time and queries of each page, nothing cached; figures over two years, this week judged.

    What else a machine does only ever adds: the quietest of seven rounds over all pages counts.
    """
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse
    from django.utils import timezone

    from accounts.models import User
    from analytics.services.judging import run_due
    from analytics.tasks import catch_up

    run_due(today=timezone.now().date(), demo=False, stands=catch_up(), now=timezone.now())
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create(username=f"reader-{time.time_ns()}"))

    def get(page: str) -> None:
        asked = _ask() if page.startswith("analytics:") else {}
        assert client.get(reverse(page), asked).status_code == 200

    rounds = [{page: seconds(partial(get, page), 7) for page in PAGES} for _ in range(ROUNDS)]
    for page in PAGES:
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            get(page)
        name = page.removeprefix("analytics:").replace(":", "_")
        took = min(one[page] for one in rounds)
        yield f"page_{name}", Result(round(took * 1000, 1), "ms", 60, "lower")
        yield f"page_{name}_queries", Result(len(queries), "queries", 12, "lower")
