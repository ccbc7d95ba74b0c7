"""What the decision rule needs of four quarters: changes by group and spot, incidents by their links."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from analytics.models import WHOLE, RowCode
from analytics.queries.counted import counted
from analytics.queries.figures import MATURITY_DAYS, Filters
from analytics.queries.strata import quarters
from analytics.stats.decision import ASSISTED, MANUAL, UNKNOWN, Incident, PlacedLink, Records, Spot
from analytics.stats.evidence import quarter_index
from changes.models import Change

GROUPS = {RowCode.MANUAL.value: MANUAL, RowCode.UNKNOWN.value: UNKNOWN, RowCode.ASSISTED.value: ASSISTED}

KNOWN_THEN = """{table}.known_from <= %(known_at)s
      AND ({table}.known_until IS NULL OR {table}.known_until > %(known_at)s)"""
KNOWN_NOW = "{table}.known_until IS NULL"
CHOSEN = """
chosen AS (
    SELECT fact.change_id, fact.area, fact.size_band, fact.shipped_on, fact.rows, fact.sure,
           EXTRACT(YEAR FROM fact.shipped_on)::int * 4 + (EXTRACT(MONTH FROM fact.shipped_on)::int - 1) / 3
               AS quarter
    FROM analytics_countedchange AS fact
    WHERE {known_fact} AND fact.is_demo = %(demo)s AND fact.type = %(type)s
      AND fact.shipped_on BETWEEN %(first_day)s AND %(as_of)s
)
"""
# A change fails at most once: what its earlier incidents took of it is gone for the later ones.
INCIDENTS = """
, links AS (
    SELECT link.incident_id, link.share, link.confirmed, chosen.*,
           SUM(link.share) OVER (PARTITION BY change_id ORDER BY link.began_on, link.incident_id) AS spent
    FROM analytics_countedlink AS link JOIN chosen USING (change_id)
    WHERE {known_link} AND link.is_demo = %(demo)s AND link.began_on <= %(as_of)s
      AND link.began_on - chosen.shipped_on BETWEEN 0 AND %(window)s
),
bundles AS (
    SELECT incident_id, jsonb_agg(
               jsonb_build_array(
                   area, size_band, quarter, rows, confirmed,
                   LEAST(share, GREATEST(0, %(whole)s - (spent - share)))
               ) ORDER BY area, size_band, quarter, rows, share, confirmed
           ) AS links
    FROM links GROUP BY incident_id
)
SELECT links::text, COUNT(*) FROM bundles GROUP BY links
"""


Measured = dict[str, dict[Spot, tuple[int, float]]]


def records(*, as_of: date, demo: bool, known_at: datetime | None = None) -> Records:
    """The last four quarters up to `as_of`, as known at an instant (None: now). Groups are ids of kinds.

    Code changes only; an area without a name is "0".
    """
    links = INCIDENTS.format(known_link=_known(known_at, "link"))
    found: dict[str, Counter[Spot]] = {}
    for group, spot, n, _ in _spots(as_of, demo, known_at, until=as_of):
        found.setdefault(group, Counter())[spot] += n
    incidents = _incidents(_chosen(known_at) + links, _parameters(as_of, demo, known_at))
    return Records(found, incidents, quarter_index(as_of))


def failures(*, as_of: date, demo: bool, known_at: datetime | None = None) -> Measured:
    """Mature changes of the same four quarters by group and spot, and how many failed (confirmed)."""
    found: Measured = {}
    for group, spot, n, failed in _spots(as_of, demo, known_at, until=as_of - timedelta(days=MATURITY_DAYS)):
        found.setdefault(group, {})[spot] = (n, failed)
    return found


def _spots(
    as_of: date, demo: bool, known_at: datetime | None, *, until: date
) -> Iterator[tuple[str, Spot, int, float]]:
    """Changes and failures by group and spot; from the cells where they answer."""
    filters = Filters(start=first_day(as_of), end=as_of, as_of=as_of, demo=demo, known_at=known_at)
    periods = list(quarters(filters.start, until))
    for line in counted(filters, periods, by_size=True):
        if line.n and (group := _group(line.row)):
            quarter = quarter_index(periods[line.period].start)
            yield group, Spot(str(line.area), line.size, quarter), line.n, line.failures


def _parameters(as_of: date, demo: bool, known_at: datetime | None) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "first_day": first_day(as_of),
        "demo": demo,
        "type": Change.Type.CODE.value,
        "known_at": known_at,
        "window": MATURITY_DAYS,
        "whole": WHOLE,
    }


def _chosen(known_at: datetime | None) -> str:
    return CHOSEN.format(known_fact=_known(known_at, "fact"))


def _known(known_at: datetime | None, table: str) -> str:
    return (KNOWN_NOW if known_at is None else KNOWN_THEN).format(table=table)


def first_day(as_of: date) -> date:
    """The first day of the earliest of the four quarters that end with the one of `as_of`."""
    quarter = quarter_index(as_of) - 3
    return date(quarter // 4, quarter % 4 * 3 + 1, 1)


def _group(row: int) -> str:
    """A kind's id, or a group beside the kinds; empty for rows that no comparison needs."""
    return str(row) if row > 0 else GROUPS.get(row, "")


def _incidents(statement: str, parameters: Mapping[str, Any]) -> Counter[Incident]:
    found: Counter[Incident] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {statement}", parameters)
        for links, times in cursor.fetchall():
            found[tuple(_link(*link) for link in json.loads(links))] += times
    return found


def _link(area: int, size: str, quarter: int, rows: list[int], confirmed: bool, share: int) -> PlacedLink:
    groups = frozenset(group for row in rows if (group := _group(row)))
    return PlacedLink(Spot(str(area), size, quarter), groups, share / WHOLE, confirmed)
