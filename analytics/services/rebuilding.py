"""Everything counted from scratch into the same tables, and whether what stands there is the same.

What was known once is kept: where a fact differs from what stood, the old row ends now. Chunks are
committed as they are done, and what is left is done by whoever comes next; until all cells are made anew
figures are read from the facts.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from analytics.models import CountedChange, CountedIncident, Counting, Recount
from analytics.queries import adding, fresh
from analytics.queries.figures import Basis, Filters
from analytics.reports import MatrixReport, matrix, plain_matrix
from analytics.services import reach
from analytics.services.counting import (
    CHANGES,
    INCIDENTS,
    LINKS,
    SETTLE_FACTS,
    count_new,
    note_touched,
    settle,
    take_lock,
)
from changes.models import Change, SizeBand
from incidents.models import Incident

REBUILD_LOCK = 0x48494E52  # "HINR"
CHUNK = 20_000
# For this transaction: room to sort and to hash, and no wait for the disk, as all of it can be done again.
FOR_MUCH = "SET LOCAL work_mem = '256MB'; SET LOCAL synchronous_commit = off"
FOREVER = 3600.0
Say = Callable[[str], None]


class Busy(Exception):
    """Somebody else rebuilds already."""


def rebuild(*, say: Say, everything: bool = True) -> None:
    """All of it, or only what waits, with the cells made anew at the end. Raises: Busy."""
    with _alone():
        with transaction.atomic():
            take_lock(time.monotonic() + FOREVER)
            note_touched()
            if everything:
                reach.note_everything(now=timezone.now())
            Counting.objects.update(cells_stand=False, generation=F("generation") + 1)
        total = Recount.objects.count()
        done = 0
        while part := _settle_some():
            done += part
            say(f"{done} of {max(done, total)} changes and incidents")
        say("Adding up cells")
        fill_cells()


@contextmanager
def _alone() -> Iterator[None]:
    """A lock of the session: a rebuild that died lets go of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [REBUILD_LOCK])
        if cursor.fetchone() != (True,):
            raise Busy("A rebuild is under way.")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [REBUILD_LOCK])


@transaction.atomic
def _settle_some() -> int:
    take_lock(time.monotonic() + FOREVER)
    with connection.cursor() as cursor:
        cursor.execute(FOR_MUCH)
    touched = reach.take(CHUNK)
    parameters = fresh.parameters()
    changes, incidents = reach.changes_of(touched), reach.incidents_of(touched)
    for facts, asked in ((CHANGES, changes), (LINKS, changes), (INCIDENTS, incidents)):
        settle(facts, SETTLE_FACTS[facts.table], asked, parameters)
    reach.forget_gone([one.id for one in changes], [one.id for one in incidents])
    return len(touched)


@transaction.atomic
def fill_cells() -> None:
    """Nobody reads cells meanwhile: those who ask are told that they do not stand."""
    take_lock(time.monotonic() + FOREVER)
    with connection.cursor() as cursor:
        cursor.execute(FOR_MUCH)
        cursor.execute("TRUNCATE analytics_cell")
        for signed, by_day, table, day in (
            (adding.SIGNED_CHANGES_WITHIN, adding.CHANGES_BY_DAY, CHANGES.table, "shipped_on"),
            (adding.SIGNED_INCIDENTS_WITHIN, adding.INCIDENTS_BY_DAY, INCIDENTS.table, "began_on"),
        ):
            statement = f"WITH {signed}, {by_day} {adding.FILL_STRETCH}"
            cursor.execute(adding.STRETCHES.format(day=day, table=table), {"stretch": adding.STRETCH})
            for (number,) in cursor.fetchall():
                cursor.execute(statement, _days(number))
        cursor.execute(adding.FILL_LAST_LEVEL, {})
    Counting.objects.filter(pk=1).update(cells_stand=True, generation=F("generation") + 1)


def _days(stretch: int) -> dict[str, date]:
    """The stretch that begins with day 0 of the calendar has no such day."""
    first = max(1, stretch * adding.STRETCH)
    return {"first": date.fromordinal(first), "next": date.fromordinal((stretch + 1) * adding.STRETCH)}


def finish() -> None:
    """What a rebuild that died left undone; nothing while one is at work."""
    if not Counting.objects.filter(cells_stand=False).exists():
        return
    try:
        rebuild(say=lambda words: None, everything=False)
    except Busy:
        return


def check() -> list[str]:
    """What differs between the tables as they stand and a count from scratch; empty when nothing does."""
    count_new(seconds=FOREVER)
    with transaction.atomic():
        take_lock(time.monotonic() + FOREVER)
        note_touched()
        return [*_differing_facts(), *_differing_cells(), *_differing_figures()]


def _differing_facts() -> Iterator[str]:
    ids = list(Change.objects.order_by("pk").values_list("pk", flat=True))
    gone = CountedChange.objects.known_at(None).exclude(change_id__in=Change.objects.values("pk"))
    if gone.exists():
        yield "Facts of changes that are gone."
    parameters = fresh.parameters()
    for facts in (CHANGES, LINKS):
        yield from _differing(facts.table, _looking(SETTLE_FACTS[facts.table]), ids, parameters)
    incidents = set(CountedIncident.objects.values_list("incident_id", flat=True))
    incidents |= set(Incident.objects.values_list("pk", flat=True))
    yield from _differing(
        INCIDENTS.table, _looking(SETTLE_FACTS[INCIDENTS.table]), sorted(incidents), parameters
    )


def _looking(statement: str) -> str:
    """The statement without the parts that write."""
    return statement[: statement.index(",\nended AS (")] + " SELECT COUNT(*) FROM differing"


def _differing(table: str, statement: str, ids: list[int], parameters: Mapping[str, Any]) -> Iterator[str]:
    found = 0
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        asked: dict[str, Any] = {
            "changes": chunk,
            "incidents": chunk,
            "asked": chunk,
            "asked_at": [timezone.now()] * len(chunk),
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, {**parameters, **asked})
            found += cursor.fetchone()[0]
    if found:
        yield f"{found} rows of {table} differ from what the tables below say."


def _differing_cells() -> Iterator[str]:
    found = 0
    for signed, by_day, wanted in (
        (adding.SIGNED_CHANGES, adding.CHANGES_BY_DAY, "type <> ''"),
        (adding.SIGNED_INCIDENTS, adding.INCIDENTS_BY_DAY, "type = ''"),
    ):
        with connection.cursor() as cursor:
            cursor.execute(adding.difference(signed, by_day, wanted))
            found += cursor.fetchone()[0]
    if found:
        yield f"{found} cells differ from the sum of the facts."


def _differing_figures() -> Iterator[str]:
    for filters in _some_filters():
        if differs(matrix(filters), plain_matrix(filters)):
            yield f"The matrix differs from plain SQL with {filters}."


def _some_filters() -> Iterator[Filters]:
    today = timezone.localdate()
    for demo in (False, True):
        year = Filters(start=today - timedelta(days=364), end=today, as_of=today, demo=demo)
        yield from (replace(year, basis=basis) for basis in Basis.values)
        yield replace(year, start=today - timedelta(days=1461))
        yield replace(year, size=SizeBand.SMALL)
        yield replace(year, origin="manual", as_of=today - timedelta(days=90))


def differs(one: MatrixReport, other: MatrixReport) -> bool:
    return shown(one) != shown(other)


def shown(report: MatrixReport) -> object:
    """All that a reader sees of it, to six digits."""
    cells = [
        (row.key, area.slug, *(round(v, 6) if isinstance(v, float) else v for v in vars(cell).values()))
        for row, area, cell in report.lines()
        if row.speaks
    ]
    return cells, report.without_change
