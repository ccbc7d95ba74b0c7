"""Past changes and incidents against a scope, as they are known now.

Kinds are taken as they were said before the first incident or revert of a change: what a rule would have
known then. Facts: `analytics_counted…`; paths come from the changes themselves.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from analytics.models import RowCode
from analytics.queries.figures import MATURITY_DAYS, Taxonomy
from analytics.scopes import LineTest, Scope, line_test
from analytics.spans import nodes_between
from changes.models import Change
from changes.path_keys import keys_of_any

# A kind nobody had said: whether a rule on kinds would have applied is not known.
UNSAID = (RowCode.NOT_SAID.value, RowCode.UNKNOWN.value)


@dataclass(frozen=True)
class Asked:
    """Days are the organisation's, both within; `as_of` tells which changes are old enough to have failed."""

    scope: Scope
    start: date
    end: date
    as_of: date
    demo: bool
    # The scope's slugs as the ids that are counted under them, merges resolved.
    areas: tuple[int, ...] = ()
    kinds: tuple[int, ...] = ()
    services: tuple[int, ...] = ()


def ids_of(terms: Taxonomy, slugs: Iterable[str]) -> tuple[int, ...]:
    """The ids under which these are counted now, merges resolved."""
    wanted = set(slugs)
    return tuple(sorted({terms.resolved[pk] for pk, term in terms.terms.items() if term.slug in wanted}))


class Month(NamedTuple):
    """Changes that fit, by the month they shipped in.

    `harmful` have a confirmed hand in an incident, `suspected` only a suspected one, `undone` were reverted
    without an incident; `harmless` none of these, `young` of them may still fail.
    """

    begins_on: date
    fitting: int
    harmful: int
    suspected: int
    undone: int
    harmless: int
    young: int


class Behind(NamedTuple):
    """Incidents that changes of these days are linked to: those that fit, and others."""

    fitting: int
    fitting_restricted: int
    others: int
    others_restricted: int


@dataclass(frozen=True)
class Page:
    """Some of the changes that fit; `count` is how many there are, or as far as they were counted."""

    changes: tuple[Change, ...]
    number: int
    per_page: int
    count: int
    is_over: bool

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // self.per_page))

    @property
    def has_older(self) -> bool:
        return self.number < self.pages


class Met(NamedTuple):
    """An incident of the scope's area or services, or elsewhere with a change that fits."""

    incident: int
    began_on: date
    inside: bool
    restricted: bool
    instead: int
    confirmed: bool
    suspected: bool
    unsaid: bool


STANDING = """fact.known_until IS NULL AND fact.is_demo = %(demo)s
    AND fact.shipped_on BETWEEN %(start)s AND %(end)s"""
UNDONE = "(fact.undone_on IS NOT NULL OR fact.undone_late_on IS NOT NULL)"
# Two counts of what fits: all of it, and the few changes that are linked to an incident. Joining the one to
# the other would let the planner, who cannot guess what a pattern finds, compare each with each. Changes may
# be linked to incidents of other days than those asked for. Cells know the number of all changes; while they
# are made anew the facts are counted. Shape: what the row is, a month, two of its marks, two counts.
COUNTS = f"""
WITH linked AS MATERIALIZED (
    SELECT link.change_id, link.incident_id, link.confirmed, fact.shipped_on, {{undone}} AS undone,
           COALESCE({{fits}}, FALSE) AS fits
    FROM analytics_countedlink AS link
    JOIN analytics_countedchange AS fact ON fact.change_id = link.change_id
    {{paths}}
    WHERE link.known_until IS NULL AND {STANDING}
    OFFSET 0  -- else what a change touches is looked at for each use of it
),
of_change AS MATERIALIZED (
    SELECT change_id, shipped_on, undone, fits, bool_or(confirmed) AS sure
    FROM linked GROUP BY change_id, shipped_on, undone, fits
),
of_incident AS (
    SELECT bool_or(fits) AS fits, bool_or(NOT fits) AS others, incident_id IN (
               SELECT id FROM incidents_incident WHERE is_restricted
           ) AS restricted
    FROM linked GROUP BY incident_id
)
SELECT 'fitting', date_trunc('month', day)::date AS month, NULL::boolean, day > %(mature)s AS young,
       SUM(n)::bigint, SUM(undone)::bigint
FROM (
    SELECT shipped_on AS day, COUNT(*) AS n, COUNT(*) FILTER (WHERE undone) AS undone
    FROM {{fitting}} GROUP BY 1
) AS by_day GROUP BY 2, 4
UNION ALL
SELECT 'linked', date_trunc('month', shipped_on)::date, sure, shipped_on > %(mature)s,
       COUNT(*), COUNT(*) FILTER (WHERE undone)
FROM of_change WHERE fits GROUP BY 2, 3, 4
UNION ALL
SELECT 'whole', NULL, NULL, NULL, CASE WHEN (SELECT bool_and(cells_stand) FROM analytics_counting) THEN (
    SELECT COALESCE(SUM(n), 0)::bigint FROM analytics_cell
    WHERE is_demo = %(demo)s AND slice = '' AND type = ANY(%(types)s) AND node = ANY(%(nodes)s)
      AND row = {RowCode.TOTAL.value}
) ELSE (
    SELECT COUNT(*) FROM analytics_countedchange AS fact WHERE {STANDING}
) END, (SELECT COUNT(*) FROM of_change WHERE sure)
UNION ALL
SELECT 'behind', NULL, NULL, NULL, COUNT(*) FILTER (WHERE fits), COUNT(*) FILTER (WHERE fits AND restricted)
FROM of_incident
UNION ALL
SELECT 'beside', NULL, NULL, NULL,
       COUNT(*) FILTER (WHERE others), COUNT(*) FILTER (WHERE others AND restricted)
FROM of_incident
"""
INCIDENTS = """
SELECT incident_id, began_on, inside, restricted, instead,
       COALESCE(bool_or(confirmed AND fits AND of_kind), FALSE) AS met,
       COALESCE(bool_or(NOT confirmed AND fits AND of_kind), FALSE) AS perhaps,
       COALESCE(bool_or(fits AND NOT of_kind AND unsaid), FALSE) AS unsaid
FROM (
    SELECT incident.incident_id, incident.began_on, incident.restricted, incident.instead, {inside} AS inside,
           link.confirmed, {fits_but_kind} AS fits, {of_kind} AS of_kind,
           fact.rows && %(unsaid)s::bigint[] AS unsaid
    FROM analytics_countedincident AS incident
    LEFT JOIN analytics_countedlink AS link
        ON link.incident_id = incident.incident_id AND link.known_until IS NULL
    LEFT JOIN analytics_countedchange AS fact ON fact.change_id = link.change_id AND fact.known_until IS NULL
    {paths}
    WHERE incident.known_until IS NULL AND incident.is_demo = %(demo)s
      AND incident.began_on BETWEEN %(start)s AND %(end)s
    OFFSET 0  -- else what a change touches is looked at for each use of it
) AS one
GROUP BY incident_id, began_on, inside, restricted, instead
HAVING inside OR bool_or(fits AND of_kind)
ORDER BY began_on DESC, incident_id DESC
"""
PATHS = "LEFT JOIN changes_change AS change ON change.id = fact.change_id"
# A page of them. A day is taken whole, as changes of one day are put in order by what the facts leave out.
NEWEST = """
WITH found AS MATERIALIZED (
    SELECT change_id, shipped_on FROM {newest} ORDER BY shipped_on DESC
    FETCH FIRST (%(most_counted)s) ROWS WITH TIES
)
SELECT page.id, counted.n FROM (SELECT COUNT(*) AS n FROM found) AS counted LEFT JOIN (
    SELECT change.id, change.shipped_at FROM (
        SELECT change_id FROM found ORDER BY shipped_on DESC FETCH FIRST (%(skip)s + %(take)s) ROWS WITH TIES
    ) AS newest JOIN changes_change AS change ON change.id = newest.change_id
    ORDER BY change.shipped_at DESC, change.id DESC OFFSET %(skip)s LIMIT %(take)s
) AS page ON TRUE ORDER BY page.shipped_at DESC, page.id DESC
"""
# Paths one a line, each behind a line break.
LINES = "(E'\\n' || array_to_string(change.paths, E'\\n'))"
# What fits, out of all changes. OFFSET 0 has the cheap facts read first and but once: nobody samples what
# keys hold, and with a guess of few the planner would look up each of many. Where keys say all of a glob
# (`changes.path_keys`), no path is looked at.
FACTS = """(
    SELECT fact.change_id, fact.shipped_on, {undone} AS undone FROM analytics_countedchange AS fact
    WHERE {standing} AND {facts} OFFSET 0
) AS fact"""
JOINED = "JOIN changes_change AS change ON change.id = fact.change_id"
# Else paths are made into lines once, and these are looked at.
BY_PATHS = """(
    SELECT fact.*, {lines} AS lines FROM {facts}
    {joined} AND {keys} OFFSET 0
) AS fact WHERE {touches}"""
HAS_KEYS = "changes_path_keys(change.paths) && %(keys)s::text[]"


@dataclass(frozen=True)
class Counts:
    """Changes that fit by month; every change of these days, and how many had a confirmed hand in one."""

    months: tuple[Month, ...]
    all_changes: int
    all_harmful: int
    behind: Behind


def counts(asked: Asked) -> Counts:
    scope = asked.scope
    statement = COUNTS.format(undone=UNDONE, fitting=_fitting(scope), paths=_paths(scope), fits=_fits(scope))
    among = {"types": Change.Type.values, "nodes": list(nodes_between(asked.start, asked.end))}
    by_month: dict[date, Counter[str]] = {}
    single: dict[str, tuple[int, int]] = {}
    for what, month, sure, is_young, n, undone in _rows(statement, {**_values(asked), **among}):
        if month is None:
            single[what] = n, undone
            continue
        found = by_month.setdefault(month, Counter())
        found["fitting" if sure is None else "harmful" if sure else "suspected"] += n
        without = {"undone": undone, "harmless": n - undone, "young": n - undone if is_young else 0}
        if sure is None:
            found.update(without)
        else:
            found.subtract(without)
    months = tuple(
        Month(month, *(found[name] for name in Month._fields[1:]))
        for month, found in sorted(by_month.items())
    )
    return Counts(months, *single["whole"], Behind(*single["behind"], *single["beside"]))


def incidents(asked: Asked) -> list[Met]:
    """Newest first."""
    scope = asked.scope
    statement = INCIDENTS.format(
        inside=_inside(scope),
        paths=_paths(scope),
        of_kind=_of_kind(scope),
        fits_but_kind=_fits_but_kind(scope),
    )
    return [Met(*row) for row in _rows(statement, _values(asked))]


def fitting(asked: Asked, *, page: int, per_page: int, most: int) -> Page:
    """One page of the changes behind `months`, the newest first; nothing is read behind it and `most`."""
    reach = max(most, (page + 1) * per_page)
    among = {"reach": reach, "most_counted": reach + 1, "skip": (page - 1) * per_page, "take": per_page}
    statement = NEWEST.format(newest=_newest(asked.scope))
    rows = _rows(statement, {**_values(asked), **among})
    changes = Change.objects.select_related("repository", "area").in_bulk([pk for pk, _ in rows if pk])
    return Page(
        tuple(changes[pk] for pk, _ in rows if pk), page, per_page,
        count=min(rows[0][1], reach), is_over=rows[0][1] > reach,
    )  # fmt: skip


def _inside(scope: Scope) -> str:
    if scope.area:
        return "incident.area = ANY(%(areas)s)"
    return "incident.services && %(services)s::bigint[]" if scope.services else "TRUE"


def _fitting(scope: Scope) -> str:
    """All changes that fit, as what follows FROM; each is a `fact`."""
    facts = FACTS.format(undone=UNDONE, standing=STANDING, facts=_all([_of_kind(scope), *_of_facts(scope)]))
    if not scope.path_globs:
        return facts
    keys = keys_of_any(scope.path_globs)
    if keys and keys.exact:
        return f"{facts} {JOINED} AND {HAS_KEYS}"
    return BY_PATHS.format(
        lines=LINES, facts=facts, joined=JOINED, keys=HAS_KEYS if keys else "TRUE",
        touches=_touches(scope, "fact.lines"),
    )  # fmt: skip


def _newest(scope: Scope) -> str:
    """The same; where no path is asked for the planner may read days from the last one on."""
    return _fitting(scope) if scope.path_globs else _fitting(scope).replace(" OFFSET 0", "")


def _paths(scope: Scope) -> str:
    return PATHS if scope.path_globs else ""


def _fits(scope: Scope) -> str:
    return _all([_of_kind(scope), _fits_but_kind(scope)])


def _fits_but_kind(scope: Scope) -> str:
    """Of a fact that is at hand with its `change`, which is missing where there is none."""
    touches = [_touches(scope, LINES)] if scope.path_globs else []
    return _all(["fact.change_id IS NOT NULL", *_of_facts(scope), *touches])


def _of_kind(scope: Scope) -> str:
    return "fact.rows && %(kinds)s::bigint[]" if scope.kinds else "TRUE"


def _of_facts(scope: Scope) -> list[str]:
    parts = []
    if scope.area:
        parts.append("fact.area = ANY(%(areas)s)")
    if scope.sizes:
        parts.append("fact.size_band = ANY(%(sizes)s)")
    if scope.services:
        parts.append("fact.services && %(services)s::bigint[]")
    return parts


def _touches(scope: Scope, lines: str) -> str:
    tests = [line_test(glob) for glob in scope.path_globs]
    return "(" + " OR ".join(_touched(place, test, lines) for place, test in enumerate(tests)) + ")"


def _touched(place: int, test: LineTest, lines: str) -> str:
    """The plain part first: it is cheap, and most paths end there."""
    parts = [f"strpos({lines}, %(plain_{place})s) > 0"] if test.plain else []
    parts += [f"{lines} ~ %(pattern_{place})s"] if test.pattern else []
    return _all(parts)


def _all(parts: list[str]) -> str:
    return "(" + " AND ".join(parts) + ")"


def _values(asked: Asked) -> dict[str, Any]:
    tests = [line_test(glob) for glob in asked.scope.path_globs]
    keys = keys_of_any(asked.scope.path_globs)
    return {
        **{f"plain_{place}": test.plain for place, test in enumerate(tests)},
        **{f"pattern_{place}": test.pattern for place, test in enumerate(tests)},
        "keys": list(keys.keys) if keys else [],
        "start": asked.start,
        "end": asked.end,
        "mature": date.fromordinal(asked.as_of.toordinal() - MATURITY_DAYS),
        "demo": asked.demo,
        "areas": list(asked.areas),
        "kinds": list(asked.kinds),
        "sizes": list(asked.scope.sizes),
        "services": list(asked.services),
        "unsaid": list(UNSAID),
    }


def _rows(statement: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
