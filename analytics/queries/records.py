"""What the decision rule needs of four quarters: changes by group and spot, incidents by their links."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection

from analytics.models import WHOLE, RowCode
from analytics.queries.counted import Period, counted, known
from analytics.queries.figures import MATURITY_DAYS, Filters
from analytics.queries.ledger import Standing
from analytics.queries.strata import quarters
from analytics.stats.decision import ASSISTED, MANUAL, UNKNOWN, Incident, PlacedLink, Records, Spot
from analytics.stats.evidence import quarter_index

GROUPS = {RowCode.MANUAL.value: MANUAL, RowCode.UNKNOWN.value: UNKNOWN, RowCode.ASSISTED.value: ASSISTED}

CHOSEN = """
chosen AS (
    SELECT fact.change_id, fact.area, fact.size_band, fact.shipped_on, fact.rows,
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
    filters = _filters(as_of, demo, known_at)
    found: dict[str, Counter[Spot]] = {}
    for group, spot, n, _ in _spots(filters, until=as_of):
        found.setdefault(group, Counter())[spot] += n
    return Records(found, _incidents(filters), quarter_index(as_of))


def failures(*, as_of: date, demo: bool, known_at: datetime | None = None) -> Measured:
    """Mature changes of the same four quarters by group and spot, and how many failed (confirmed)."""
    filters = _filters(as_of, demo, known_at)
    found: Measured = {}
    for group, spot, n, failed in sorted(_spots(filters, until=filters.mature_until)):
        found.setdefault(group, {})[spot] = (n, failed)
    return found


def compared_changes(*, as_of: date, demo: bool, stands: Standing | None = None) -> int:
    """How many changes of the four quarters stand in a group that is compared."""
    filters = _filters(as_of, demo, None)
    periods = [Period(filters.start, filters.end)]
    return sum(
        line.n for line in counted(filters, periods, by_area=False, rows=GROUPS, is_brief=True, stands=stands)
    )


def _filters(as_of: date, demo: bool, known_at: datetime | None) -> Filters:
    return Filters(start=first_day(as_of), end=as_of, as_of=as_of, demo=demo, known_at=known_at)


def _spots(filters: Filters, *, until: date) -> Iterator[tuple[str, Spot, int, float]]:
    """Changes and failures by group and spot; from the cells where they answer."""
    periods = list(quarters(filters.start, until))
    for line in counted(filters, periods, by_size=True, is_brief=True):
        if line.n and (group := _group(line.row)):
            quarter = quarter_index(periods[line.period].start)
            yield group, Spot(str(line.area), line.size, quarter), line.n, line.failures


def first_day(as_of: date) -> date:
    """The first day of the earliest of the four quarters that end with the one of `as_of`."""
    quarter = quarter_index(as_of) - 3
    return date(quarter // 4, quarter % 4 * 3 + 1, 1)


def _group(row: int) -> str:
    """A kind's id, or a group beside the kinds; empty for rows that no comparison needs."""
    return str(row) if row > 0 else GROUPS.get(row, "")


def _incidents(filters: Filters) -> Counter[Incident]:
    """How many incidents had just these links."""
    statement = CHOSEN.format(known_fact=known(filters, "fact")) + INCIDENTS.format(
        known_link=known(filters, "link")
    )
    parameters: dict[str, Any] = {
        "as_of": filters.as_of,
        "first_day": filters.start,
        "demo": filters.demo,
        "type": filters.type,
        "known_at": filters.known_at,
        "window": MATURITY_DAYS,
        "whole": WHOLE,
    }
    found: Counter[Incident] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {statement}", parameters)
        for links, times in cursor.fetchall():
            found[tuple(_link(*link) for link in json.loads(links))] += times
    return found


def _link(area: int, size: str, quarter: int, rows: list[int], confirmed: bool, share: int) -> PlacedLink:
    groups = frozenset(group for row in rows if (group := _group(row)))
    return PlacedLink(Spot(str(area), size, quarter), groups, share / WHOLE, confirmed)
