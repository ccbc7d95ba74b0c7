"""How the matrix grows from one to ten million changes: facts written by SQL, cells by the product.

Only facts are filled, as nothing else is read: the tables below them stay empty, and the counting of them
is measured elsewhere (`rebuild_1m`). Reading takes the path of the page.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.filling import CHANGES as DRAWN
from bench.filling import places
from bench.matrix import CHANGES, TIMES, at, by_cells, make_database, say, seconds
from bench.registry import Result, benchmarks

FACTS = f"""
INSERT INTO analytics_countedchange (
    change_id, repository_id, is_demo, shipped_on, type, size_band, area, assistant, services,
    origin_counted, by_policy, rows, rows_afterwards, sure, perhaps, failed_on, late_on, latest_on,
    incident_parts, restricted, undone_on, known_from)
SELECT n, %(repository)s + n %% 20, false, shipped_at::date,
       CASE WHEN type < 0.9 THEN 'code' ELSE 'configuration' END,
       CASE WHEN size < 0.5 THEN 'small' WHEN size < 0.8 THEN 'medium'
            WHEN size < 0.95 THEN 'large' ELSE 'unknown' END,
       CASE WHEN area < 0.97 THEN %(area)s + floor(power(area, 1.5) * 12)::int ELSE 0 END,
       CASE WHEN origin < 0.45 THEN %(tool)s + floor(tool * 5)::int ELSE 0 END,
       ARRAY[%(service)s + (n * 31) %% 40],
       CASE WHEN origin < 0.4 THEN 'assisted' WHEN origin < 0.45 THEN 'autonomous'
            WHEN origin < 0.8 THEN 'manual' ELSE 'unknown' END,
       false,
       CASE WHEN origin < 0.3 THEN ARRAY[%(total)s, %(assisted)s, %(kind)s + (n::bigint * 7919) %% 8]
            WHEN origin < 0.45 THEN ARRAY[%(total)s, %(assisted)s, %(not_said)s]
            WHEN automation < 0.05 THEN ARRAY[%(total)s, %(automation)s]
            WHEN origin < 0.8 THEN ARRAY[%(total)s, %(manual)s]
            ELSE ARRAY[%(total)s, %(unknown)s] END,
       '{{}}',
       CASE WHEN n %% 11 = 0 AND n %% 55 <> 0 THEN %(whole)s ELSE 0 END,
       CASE WHEN n %% 11 = 0 THEN %(whole)s ELSE 0 END,
       CASE WHEN n %% 11 = 0 AND n %% 55 <> 0 THEN found.day END, '{{}}',
       CASE WHEN n %% 11 = 0 OR undone < 0.02 THEN found.day END,
       CASE WHEN n %% 11 = 0 THEN %(whole)s ELSE 0 END, (n %% 1100 = 0)::int,
       CASE WHEN undone < 0.02 THEN found.day END, shipped_at
FROM ({DRAWN}) AS drawn
CROSS JOIN LATERAL (SELECT LEAST(current_date, drawn.shipped_at::date + 3) AS day) AS found
"""  # noqa: S608 -- fixed text
ROUNDS = 5
SECONDARY = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'analytics_countedchange' AND indexdef NOT LIKE 'CREATE UNIQUE%%'
"""


def _filled(changes: int) -> str:
    """The name of a database of its own with so many facts, and their cells."""
    from django.db import connection

    from analytics.models import WHOLE, Counting, RowCode
    from analytics.queries.ledger import counted_by
    from analytics.services.rebuilding import fill_cells

    name = f"bench_growth_{changes}"
    make_database(name)
    with at(name):
        begun = time.perf_counter()
        named = {code.name.lower(): code.value for code in RowCode}
        named |= {**places(), "changes": changes, "whole": WHOLE}
        with _without_indexes(), connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SELECT setseed(0.42)")
            cursor.execute(FACTS, named)
        Counting.objects.update_or_create(pk=1, defaults={"counted_by": counted_by()})
        say(f"{changes} facts in {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()
        fill_cells()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE analytics_cell")
            cursor.execute("SELECT pg_database_size(current_database()) / 1000000")
            say(f"their cells in {time.perf_counter() - begun:.0f} s; {cursor.fetchone()[0]} MB")
    return name


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Made again afterwards, at once for all rows."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(SECONDARY)
        found = cursor.fetchall()
        for index, _ in found:
            cursor.execute(f"DROP INDEX {index}")
        yield
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in found:
            cursor.execute(definition)
        cursor.execute("ANALYZE analytics_countedchange")


@benchmarks("matrix_growth_10m")
def matrix_growth_10m() -> Iterator[tuple[str, Result]]:
    """How much longer the matrix takes with ten times the changes; only when asked for by name."""
    if "growth" not in " ".join(sys.argv[1:]):
        return
    yield "matrix_growth_10m", Result(_growth(_filled(CHANGES), _filled(10 * CHANGES)), "times", 1.3, "lower")


def _growth(one: str, ten: str) -> float:
    """The two take turns, and of each the quietest round counts: a machine's other work is in no ratio."""
    taken: dict[str, list[float]] = {one: [], ten: []}
    for _ in range(ROUNDS):
        for name, rounds in taken.items():
            with at(name):
                rounds.append(seconds(by_cells, TIMES))
    small, large = (min(rounds) for rounds in taken.values())
    say(f"{small * 1000:.1f} ms and {large * 1000:.1f} ms")
    return round(large / small, 2)
