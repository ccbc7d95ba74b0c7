"""What the decision rule needs of four quarters: changes by group and spot, incidents by their links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection

from analytics.models import WHOLE, RowCode
from analytics.queries.counted import Period, counted_briefly, known
from analytics.queries.figures import MATURITY_DAYS, Filters
from analytics.queries.ledger import Standing
from analytics.queries.strata import quarters
from analytics.stats.decision import ASSISTED, MANUAL, UNKNOWN, Incident, PlacedLink, Records, Spot
from analytics.stats.evidence import quarter_index

GROUPS = {RowCode.MANUAL.value: MANUAL, RowCode.UNKNOWN.value: UNKNOWN, RowCode.ASSISTED.value: ASSISTED}

# A change fails at most once: what its earlier incidents took of it is gone for the later ones.
LINKS = """
SELECT incident_id, area, size_band, quarter, rows, confirmed,
       LEAST(share, GREATEST(0, %(whole)s - (spent - share)))
FROM (
    SELECT link.incident_id, link.share, link.confirmed, fact.area, fact.size_band, fact.rows,
           EXTRACT(YEAR FROM fact.shipped_on)::int * 4 + (EXTRACT(MONTH FROM fact.shipped_on)::int - 1) / 3
               AS quarter,
           SUM(link.share) OVER (PARTITION BY link.change_id ORDER BY link.began_on, link.incident_id)::bigint
               AS spent
    FROM analytics_countedlink AS link
    CROSS JOIN LATERAL (
        -- One by one: the changes with links are few beside all that shipped meanwhile.
        SELECT * FROM analytics_countedchange AS fact
        WHERE fact.change_id = link.change_id AND {known_fact} LIMIT 1
    ) AS fact
    WHERE fact.is_demo = %(demo)s AND fact.type = %(type)s
      AND fact.shipped_on BETWEEN %(first_day)s AND %(as_of)s
      AND {known_link} AND link.is_demo = %(demo)s AND link.began_on BETWEEN %(first_day)s AND %(as_of)s
      AND link.began_on - fact.shipped_on BETWEEN 0 AND %(window)s
) AS one
ORDER BY incident_id, area, size_band, quarter, rows, share, confirmed
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
    lines = counted_briefly(filters, periods, by_area=False, rows=GROUPS, stands=stands)
    return sum(n for *_, n, _ in lines)


def _filters(as_of: date, demo: bool, known_at: datetime | None) -> Filters:
    return Filters(start=first_day(as_of), end=as_of, as_of=as_of, demo=demo, known_at=known_at)


def _spots(filters: Filters, *, until: date) -> Iterator[tuple[str, Spot, int, float]]:
    """Changes and failures by group and spot; from the cells where they answer."""
    periods = list(quarters(filters.start, until))
    for period, size, row, area, n, failures in counted_briefly(filters, periods, by_size=True):
        if n and (group := _group(row)):
            yield group, Spot(str(area), size, quarter_index(periods[period].start)), n, failures


def first_day(as_of: date) -> date:
    """The first day of the earliest of the four quarters that end with the one of `as_of`."""
    quarter = quarter_index(as_of) - 3
    return date(quarter // 4, quarter % 4 * 3 + 1, 1)


def _group(row: int) -> str:
    """A kind's id, or a group beside the kinds; empty for rows that no comparison needs."""
    return str(row) if row > 0 else GROUPS.get(row, "")


def _incidents(filters: Filters) -> Counter[Incident]:
    """How many incidents had just these links."""
    statement = LINKS.format(known_fact=known(filters, "fact"), known_link=known(filters, "link"))
    parameters: dict[str, Any] = {
        "as_of": filters.as_of,
        "first_day": filters.start,
        "demo": filters.demo,
        "type": filters.type,
        "known_at": filters.known_at,
        "window": MATURITY_DAYS,
        "whole": WHOLE,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        lines = cursor.fetchall()
    # The same few places and rows come back in thousands of links.
    spot = cache(lambda area, size, quarter: Spot(str(area), size, quarter))
    groups = cache(lambda rows: frozenset(group for row in rows if (group := _group(row))))
    return Counter(
        tuple(
            PlacedLink(spot(*place), groups(tuple(rows)), share / WHOLE, confirmed)
            for _, *place, rows, confirmed, share in of_one
        )
        for _, of_one in groupby(lines, key=itemgetter(0))
    )
