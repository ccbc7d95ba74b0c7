"""Counts for every page with figures: by row, area, period and size, now or as they were known once.

Shape: `counted` answers with one line for each row and area that has anything in a period; sum lines over
areas for "all areas". Rows overlap (a change with two kinds counts in both), areas, sizes and periods do
not. Cells answer where they can, in a few milliseconds; else the facts themselves do, with equal results.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple, TypedDict, Unpack

from django.db import connection

from analytics.models import WHOLE, RowCode
from analytics.queries.adding import has_calendar
from analytics.queries.figures import (
    ALL_TYPES,
    NO_AREA,
    Basis,
    Filters,
    RowKey,
    Taxonomy,
)
from analytics.queries.ledger import Standing, standing
from analytics.spans import nodes_between
from changes.models import Assistant, Change, DomainArea, Service, SizeBand

ROWS: dict[int, str] = {
    RowCode.TOTAL: RowKey.TOTAL.value,
    RowCode.ASSISTED: RowKey.ASSISTED.value,
    RowCode.NOT_SAID: RowKey.NOT_SAID.value,
    RowCode.MANUAL: RowKey.MANUAL.value,
    RowCode.UNKNOWN: RowKey.UNKNOWN.value,
    RowCode.AUTOMATION: RowKey.AUTOMATION.value,
}


class Period(NamedTuple):
    """Days on which changes shipped, both within."""

    start: date
    end: date


class Counted(NamedTuple):
    """Counts of one row and area in one period; `area` 0 is no area, `size` is empty unless asked for.

    `failures` and `perhaps` (suspected causes as well) are sums of shares, for changes of any age;
    `failed` counts changes with any of the former. `incidents` is never more than the incidents behind.
    """

    period: int
    size: str
    row: int
    area: int
    n: int
    failures: float
    perhaps: float
    failed: int
    late: int
    afterwards: int
    by_policy: int
    incidents: float
    restricted: int


# The first of these alone, where thousands of lines are read: period, size, row, area, changes, failures.
Brief = tuple[int, str, int, int, int, float]


# Failures of one basis in a cell: sure, perhaps, failed, late.
IN_CELLS = {
    Basis.INCIDENT: ("sure", "perhaps", "failed", "late"),
    Basis.UNDONE: (f"undone * {WHOLE}", f"undone * {WHOLE}", "undone", "undone_late"),
    Basis.FOLLOW_UP: (f"followed * {WHOLE}", f"followed * {WHOLE}", "followed", "followed_late"),
    Basis.ANY: ("any_sure", "any_perhaps", "any_failed", "any_late"),
}
_INCIDENT = "sure > 0 AND failed_on <= %(as_of)s"
_ENDED = "LEAST(undone_on, followed_on) <= %(as_of)s"
_LATE = "(SELECT COUNT(*) FROM unnest(late_on) AS late(day) WHERE day <= %(as_of)s)"


def _once(first: str, late: str) -> tuple[str, str, str, str]:
    whole = f"CASE WHEN {first} <= %(as_of)s THEN {WHOLE} ELSE 0 END"
    too_late = f"({first} IS NULL AND {late} <= %(as_of)s)::int"
    return whole, whole, f"({first} <= %(as_of)s)::int", too_late


# The same of a fact, on the day of the report.
IN_FACTS = {
    Basis.INCIDENT: ("sure", "perhaps", f"({_INCIDENT})::int", _LATE),
    Basis.UNDONE: _once("undone_on", "undone_late_on"),
    Basis.FOLLOW_UP: _once("followed_on", "followed_late_on"),
    Basis.ANY: (
        f"CASE WHEN {_ENDED} THEN {WHOLE} ELSE sure END",
        f"CASE WHEN {_ENDED} THEN {WHOLE} ELSE perhaps END",
        f"COALESCE({_INCIDENT} OR {_ENDED}, false)::int",
        f"{_LATE} + COALESCE(LEAST(undone_on, followed_on) IS NULL"
        " AND LEAST(undone_late_on, followed_late_on) <= %(as_of)s, false)::int",
    ),
}
OUTCOMES = ("failures", "perhaps", "failed", "late")


@dataclass(frozen=True)
class Scope:
    """Filters with slugs turned into ids."""

    filters: Filters
    types: list[str]
    areas: list[int] | None
    assistants: list[int] | None
    services: list[int] | None

    @classmethod
    def of(cls, filters: Filters, areas: Taxonomy | None = None) -> Scope:
        wanted = None
        if filters.area:
            areas = areas or Taxonomy(DomainArea)
            wanted = [0] if filters.area == NO_AREA else areas.group(filters.area)
        tools = Taxonomy(Assistant).group(filters.assistant) if filters.assistant else None
        services = None
        if filters.service:
            services = list(Service.objects.filter(slug=filters.service).values_list("pk", flat=True))
        types = list(Change.Type.values) if filters.type == ALL_TYPES else [filters.type]
        return cls(filters, types, wanted, tools, services)

    def slices(self, by_size: bool) -> list[str] | None:
        """The narrowings whose cells together answer; None where no cells do."""
        filters = self.filters
        sizes = [filters.size] if filters.size else list(SizeBand.values) if by_size else []
        narrowed = [
            [f"size={size}" for size in sizes],
            [f"origin={filters.origin}"] if filters.origin else [],
            [f"assistant={pk}" for pk in self.assistants or []],
        ]
        found = [one for one in narrowed if one]
        if self.services is not None or len(found) > 1 or self.assistants == []:
            return None
        return found[0] if found else [""]

    def where(self) -> str:
        """Conditions on facts of changes, as they hold now or held at an instant."""
        conditions = [known(self.filters), "is_demo = %(demo)s"]
        if self.filters.type != ALL_TYPES:
            conditions.append("type = ANY(%(types)s)")
        if self.areas is not None:
            conditions.append("area = ANY(%(areas)s::bigint[])")
        if self.assistants is not None:
            conditions.append("assistant = ANY(%(assistants)s::bigint[])")
        if self.services is not None:
            conditions.append("services && %(services)s::bigint[]")
        if self.filters.size:
            conditions.append("size_band = %(size)s")
        if self.filters.origin:
            conditions.append("origin_counted = %(origin)s")
        return " AND ".join(conditions)

    def parameters(self) -> dict[str, Any]:
        filters = self.filters
        return {
            "demo": filters.demo, "types": self.types, "areas": self.areas, "assistants": self.assistants,
            "services": self.services, "size": filters.size, "origin": filters.origin,
            "as_of": filters.as_of, "known_at": filters.known_at, "start": filters.start, "end": filters.end,
        }  # fmt: skip


def known(filters: Filters, alias: str = "") -> str:
    name = f"{alias}." if alias else ""
    if filters.known_at is None:
        return f"{name}known_until IS NULL"
    return (
        f"{name}known_from <= %(known_at)s"
        f" AND ({name}known_until IS NULL OR {name}known_until > %(known_at)s)"
    )


def cells_answer(scope: Scope, stands: Standing, by_size: bool = False) -> bool:
    """Cells hold what is known now, whole or with one narrowing."""
    return scope.filters.known_at is None and stands.cells_stand and scope.slices(by_size) is not None


def comes_later(filters: Filters, stands: Standing) -> bool:
    """Whether failures are known of days after the report's: a wrong clock's, as a rule."""
    return stands.latest_on is not None and stands.latest_on > filters.as_of


@dataclass(frozen=True)
class Detail:
    """How finely it is told; `rows` None: all of them, else only these ids. Without areas, `area` is 0."""

    by_size: bool = False
    by_area: bool = True
    rows: tuple[int, ...] | None = None


class How(TypedDict, total=False):
    """How finely it is told, as `Detail` says it; and what a caller has at hand, which spares the reading."""

    by_size: bool
    by_area: bool
    rows: Iterable[int] | None
    stands: Standing | None
    scope: Scope | None


def _read(filters: Filters, how: How) -> tuple[Scope, Standing, Detail]:
    rows = how.get("rows")
    detail = Detail(
        how.get("by_size", False), how.get("by_area", True), None if rows is None else tuple(sorted(rows))
    )
    return how.get("scope") or Scope.of(filters), how.get("stands") or standing(), detail


def counted(filters: Filters, periods: Sequence[Period], **how: Unpack[How]) -> list[Counted]:
    """Lines for each period, by its place in `periods`; the window of `filters` itself is not looked at."""
    scope, stands, detail = _read(filters, how)
    if not cells_answer(scope, stands, detail.by_size):
        return _from_facts(scope, periods, detail)
    lines = list(map(Counted._make, _from_cells(scope, periods, detail, IN_FULL)))
    return _as_of(lines, scope, periods, detail) if comes_later(filters, stands) else lines


def counted_briefly(filters: Filters, periods: Sequence[Period], **how: Unpack[How]) -> list[Brief]:
    """The same where changes and failures are enough."""
    scope, stands, detail = _read(filters, how)
    if cells_answer(scope, stands, detail.by_size) and not comes_later(filters, stands):
        return _from_cells(scope, periods, detail, "")
    how |= {"scope": scope, "stands": stands, "rows": detail.rows}
    return [line[:6] for line in counted(filters, periods, **how)]


# Sums of big integers are numeric and slow. A number of changes fits an integer; a double adds whole
# incidents without rounding, and parts of them as closely as the division behind it can tell them.
IN_FULL = f"""
       , SUM(({{perhaps}})::float8) / {WHOLE}, SUM({{failed}}::int), SUM({{late}}::int),
       SUM(afterwards::int), SUM(by_policy::int), SUM(incident_parts::float8) / {WHOLE}, SUM(restricted::int)
"""


def _from_cells(scope: Scope, periods: Sequence[Period], detail: Detail, more: str) -> list[Any]:
    """`more`: what is told besides changes and failures."""
    slices = scope.slices(detail.by_size) or []
    calendar = all(map(has_calendar, slices))
    nodes = [
        (node, number)
        for number, period in enumerate(periods)
        for node in nodes_between(*period, calendar=calendar)
    ]
    sums = dict(zip(OUTCOMES, IN_CELLS[Basis(scope.filters.basis)], strict=True))
    size = "substr(cell.slice, 6)" if detail.by_size else "''"
    by_slice = "cell.slice," if detail.by_size else ""
    by_area = "cell.area" if detail.by_area else "0::bigint"
    area = "AND cell.area = ANY(%(areas)s::bigint[])" if scope.areas is not None else ""
    row = "AND cell.row = ANY(%(rows)s::bigint[])" if detail.rows is not None else ""
    statement = f"""
SELECT wanted.period, {size} AS size, cell.row, {by_area} AS place, SUM(n::int),
       SUM(({sums["failures"]})::float8) / {WHOLE} {more.format(**sums)}
FROM unnest(%(nodes)s::int[], %(periods)s::int[]) AS wanted(node, period)
JOIN analytics_cell AS cell
  ON cell.is_demo = %(demo)s AND cell.slice = ANY(%(slices)s) AND cell.type = ANY(%(types)s)
     AND cell.node = wanted.node {area} {row}
GROUP BY wanted.period, {by_slice} cell.row, place
"""
    named = {
        **scope.parameters(),
        "slices": slices,
        "rows": list(detail.rows or ()),
        "nodes": [node for node, _ in nodes],
        "periods": [number for _, number in nodes],
    }
    return fetch(statement, named)


def _as_of(lines: list[Counted], scope: Scope, periods: Sequence[Period], detail: Detail) -> list[Counted]:
    """Cells without the failures after the report's day: the few changes that have one are counted anew."""
    ever = _from_facts(scope, periods, detail, later=True, as_of=date.max)
    then = _from_facts(scope, periods, detail, later=True)
    sums: dict[tuple[int, str, int, int], list[float]] = {}
    for sign, found in ((1, lines), (-1, ever), (1, then)):
        for line in found:
            held = sums.setdefault(line[:4], [0] * len(line[4:]))
            held[:] = [old + sign * more for old, more in zip(held, line[4:], strict=True)]
    return [_line(place, *figures) for place, figures in sums.items()]


def _line(place: tuple[int, str, int, int], *figures: float) -> Counted:
    n, failures, perhaps, failed, late, afterwards, by_policy, incidents, restricted = figures
    return Counted(
        *place,
        n=int(n),
        failures=round(failures, 9),
        perhaps=round(perhaps, 9),
        failed=int(failed),
        late=int(late),
        afterwards=int(afterwards),
        by_policy=int(by_policy),
        incidents=incidents,
        restricted=int(restricted),
    )


def _from_facts(
    scope: Scope,
    periods: Sequence[Period],
    detail: Detail,
    *,
    later: bool = False,
    as_of: date | None = None,
) -> list[Counted]:
    """`later`: of changes alone that have a failure after the report's day."""
    outcomes = zip(OUTCOMES, IN_FACTS[Basis(scope.filters.basis)], strict=True)
    summed = ", ".join(f"SUM({what}) AS {name}" for name, what in outcomes)
    row = "WHERE placed.row = ANY(%(rows)s::bigint[])" if detail.rows is not None else ""
    # Facts alike in place are added up before they are spread over their rows.
    statement = f"""
WITH alike AS (
    SELECT wanted.period, {"size_band" if detail.by_size else "''"} AS size,
           {"area" if detail.by_area else "0::bigint"} AS area, rows, rows_afterwards,
           COUNT(*) AS n, SUM(by_policy::int) AS by_policy, SUM(incident_parts) AS incident_parts,
           SUM(restricted) AS restricted, {summed}
    FROM unnest(%(starts)s::date[], %(ends)s::date[]) WITH ORDINALITY AS wanted("from", until, period)
    JOIN analytics_countedchange AS fact ON fact.shipped_on BETWEEN wanted."from" AND wanted.until
    WHERE {scope.where()} {"AND latest_on > %(today)s" if later else ""}
    GROUP BY 1, 2, 3, 4, 5
)
SELECT period - 1, size, placed.row, area, COALESCE(SUM(n) FILTER (WHERE counted), 0)::bigint,
       COALESCE(SUM(failures) FILTER (WHERE counted), 0)::float8 / {WHOLE},
       COALESCE(SUM(perhaps) FILTER (WHERE counted), 0)::float8 / {WHOLE},
       COALESCE(SUM(failed) FILTER (WHERE counted), 0)::bigint,
       COALESCE(SUM(late) FILTER (WHERE counted), 0)::bigint,
       COALESCE(SUM(n) FILTER (WHERE NOT counted), 0)::bigint,
       COALESCE(SUM(by_policy) FILTER (WHERE counted), 0)::bigint,
       COALESCE(SUM(incident_parts) FILTER (WHERE counted), 0)::float8 / {WHOLE},
       COALESCE(SUM(restricted) FILTER (WHERE counted), 0)::bigint
FROM alike
CROSS JOIN LATERAL (SELECT unnest(rows), true UNION ALL SELECT unnest(rows_afterwards), false)
           AS placed(row, counted)
{row}
GROUP BY period, size, placed.row, area
"""
    named = {
        **scope.parameters(),
        "rows": list(detail.rows or ()),
        "as_of": as_of or scope.filters.as_of,
        "today": scope.filters.as_of,
        "starts": [period.start for period in periods],
        "ends": [period.end for period in periods],
    }
    return [Counted(*line) for line in fetch(statement, named)]


class Behind(NamedTuple):
    """The incidents behind one row and area; `over_all`: behind the row in all areas."""

    row: int
    area: int | None
    over_all: bool
    incidents: int
    restricted: bool


def incidents_behind(scope: Scope) -> list[Behind]:
    """Counted one by one. Whether one is restricted is asked of today, whatever was known once."""
    statement = f"""
WITH fact AS (
    SELECT change_id, shipped_on, area, rows FROM analytics_countedchange AS fact
    WHERE shipped_on BETWEEN %(start)s AND %(end)s AND {scope.where()}
)
SELECT placed.row, area, GROUPING(area) = 1, COUNT(DISTINCT link.incident_id), bool_or(incident.is_restricted)
FROM fact
JOIN analytics_countedlink AS link ON link.change_id = fact.change_id AND {known(scope.filters, "link")}
JOIN incidents_incident AS incident ON incident.id = link.incident_id
CROSS JOIN LATERAL unnest(rows) AS placed(row)
WHERE link.began_on >= fact.shipped_on AND link.began_on <= %(as_of)s
GROUP BY GROUPING SETS ((placed.row, area), (placed.row))
"""
    return [Behind(*line) for line in fetch(statement, scope.parameters())]


def fetch(statement: str, named: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        lines: list[Any] = cursor.fetchall()
    return lines


def mature_and_pending(filters: Filters) -> list[Period]:
    """The window, up to the last mature day and after it; a part that has no day ends before it begins."""
    border = min(max(filters.mature_until, filters.start - timedelta(days=1)), filters.end)
    return [Period(filters.start, border), Period(border + timedelta(days=1), filters.end)]
