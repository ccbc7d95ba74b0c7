"""From facts to cells: what one change adds to each row, area, narrowing and span of days it stands in."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from analytics.models import WHOLE
from analytics.spans import (
    BLOCK_OF_WEEK,
    CALENDAR_NODES,
    LEVELS,
    NODE,
    ORDINAL,
    QUARTER_NODE,
    STRIDE,
    WEEK_NODE,
)

# What a change adds where it counts; sums of these are all that a cell holds.
MEASURES: dict[str, str] = {
    "n": "1",
    "by_policy": "by_policy::int",
    "sure": "sure",
    "perhaps": "perhaps",
    "failed": "(sure > 0)::int",
    "late": "cardinality(late_on)",
    "undone": "(undone_on IS NOT NULL)::int",
    "undone_late": "(undone_on IS NULL AND undone_late_on IS NOT NULL)::int",
    "followed": "(followed_on IS NOT NULL)::int",
    "followed_late": "(followed_on IS NULL AND followed_late_on IS NOT NULL)::int",
    "any_sure": f"CASE WHEN undone_on IS NULL AND followed_on IS NULL THEN sure ELSE {WHOLE} END",
    "any_perhaps": f"CASE WHEN undone_on IS NULL AND followed_on IS NULL THEN perhaps ELSE {WHOLE} END",
    "any_failed": "(sure > 0 OR undone_on IS NOT NULL OR followed_on IS NOT NULL)::int",
    "any_late": (
        "cardinality(late_on) + (COALESCE(undone_on, followed_on) IS NULL"
        " AND COALESCE(undone_late_on, followed_late_on) IS NOT NULL)::int"
    ),
    "incident_parts": "incident_parts",
    "restricted": "restricted",
}
COLUMNS = (*MEASURES, "afterwards")
KEYS = ("is_demo", "slice", "type", "node", "row", "area")
_KEYS, _COLUMNS = ", ".join(KEYS), ", ".join(COLUMNS)
# Sums of big integers are numeric and slow; where a cell holds a number of changes, an integer has room.
SHARES = {"sure", "perhaps", "any_sure", "any_perhaps", "incident_parts"}
_SUMS = ", ".join(
    f"SUM({name})::bigint AS {name}" if name in SHARES else f"SUM({name}::int) AS {name}" for name in COLUMNS
)


def _summed(name: str, what: str) -> str:
    return f"COALESCE(SUM(sign * ({what})) FILTER (WHERE counted), 0)::bigint AS {name}"


# `signed` is facts with a sign: 1 for one that comes, -1 for one that goes.
CHANGES_BY_DAY = f"""
by_day AS (
    SELECT is_demo, slice.slice, type,
           {NODE.format(level=0, ordinal=ORDINAL.format(day="shipped_on"))} AS node,
           placed.row, area,
           {", ".join(_summed(name, what) for name, what in MEASURES.items())},
           COALESCE(SUM(sign) FILTER (WHERE NOT counted), 0)::bigint AS afterwards
    FROM signed
    CROSS JOIN LATERAL (VALUES (''), ('size=' || size_band), ('origin=' || origin_counted),
                               ('assistant=' || NULLIF(assistant, 0))) AS slice(slice)
    CROSS JOIN LATERAL (SELECT unnest(rows), true UNION ALL SELECT unnest(rows_afterwards), false)
               AS placed(row, counted)
    WHERE slice.slice IS NOT NULL
    GROUP BY is_demo, slice.slice, type, shipped_on, placed.row, area
)
"""
# Incidents without a change lie in rows of their own, on the day they began; no type, no narrowing.
INCIDENTS_BY_DAY = f"""
by_day AS (
    SELECT is_demo, '' AS slice, '' AS type,
           {NODE.format(level=0, ordinal=ORDINAL.format(day="began_on"))} AS node, instead AS row, area,
           {
    ", ".join(
        f"SUM(sign * restricted::int) AS {name}"
        if name == "restricted"
        else f"SUM(sign) AS {name}"
        if name == "n"
        else f"0 AS {name}"
        for name in COLUMNS
    )
}
    FROM signed
    WHERE instead < 0
    GROUP BY is_demo, began_on, instead, area
)
"""
# Comparisons over time read all changes or those of a size: there alone the calendar's spans are kept.
HAS_CALENDAR = "(slice = '' OR starts_with(slice, 'size='))"


def has_calendar(narrowing: str) -> bool:
    """The same of one narrowing."""
    return not narrowing or narrowing.startswith("size=")


_CALENDAR = f"unnest(ARRAY[{CALENDAR_NODES.format(ordinal='node')}])"
# Every span that a day lies in; its own node is the day's ordinal.
SPANS = f"""
LATERAL (
    SELECT {NODE.format(level="level", ordinal="node")} AS span
    FROM generate_series(0, {LEVELS - 1}) AS level
    UNION ALL SELECT {_CALENDAR} WHERE {HAS_CALENDAR}
) AS lies_in
"""
_ON_CONFLICT = f"""
ON CONFLICT ({_KEYS}) DO UPDATE SET {", ".join(f"{name} = cell.{name} + excluded.{name}" for name in COLUMNS)}
"""
# What came and went alike is not written at all.
ADD_TO_CELLS = f"""
INSERT INTO analytics_cell AS cell ({_KEYS}, {_COLUMNS})
SELECT is_demo, slice, type, span, row, area, {_SUMS}
FROM by_day CROSS JOIN {SPANS}
GROUP BY is_demo, slice, type, span, row, area
HAVING {" OR ".join(f"SUM({name}) <> 0" for name in COLUMNS)}
{_ON_CONFLICT}
"""
DROP_ZEROES = "DELETE FROM analytics_cell WHERE n = 0 AND afterwards = 0"
# From scratch: a stretch of days, each level from the one below it as far as spans do not reach beyond;
# the last level then from the one below it. Shape of both: keys, sums, in the order in which they are read.
# The calendar's spans do reach beyond: each stretch adds its part to them.
STRETCH = 64  # days of the longest span but one


def _level(level: int | str, below: str) -> str:
    span = f"{level} * {STRIDE} + ((node %% {STRIDE}) >> 2)"
    return f"""
    SELECT is_demo, slice, type, {span} AS node, row, area, {_SUMS}
    FROM {below} GROUP BY is_demo, slice, type, {span}, row, area
"""


def _calendar(span: str, below: str) -> str:
    return f"""
    SELECT is_demo, slice, type, {span.format(ordinal="node", week="node")} AS node, row, area, {_SUMS}
    FROM {below} GROUP BY is_demo, slice, type, {span.format(ordinal="node", week="node")}, row, area
"""


_STRETCHES = ", ".join(
    f"level_{level} AS MATERIALIZED ({_level(level, f'level_{level - 1}' if level > 1 else 'by_day')})"
    for level in range(1, LEVELS - 1)
)
FILL_STRETCH = f"""
, {_STRETCHES},
weeks AS MATERIALIZED ({_calendar(WEEK_NODE, f"by_day WHERE {HAS_CALENDAR}")}),
calendar AS (
    INSERT INTO analytics_cell AS cell ({_KEYS}, {_COLUMNS})
    SELECT * FROM weeks
    UNION ALL {_calendar(BLOCK_OF_WEEK, "weeks")}
    UNION ALL {_calendar(QUARTER_NODE, f"by_day WHERE {HAS_CALENDAR}")}
    {_ON_CONFLICT}
)
INSERT INTO analytics_cell ({_KEYS}, {_COLUMNS})
SELECT {_KEYS}, {_COLUMNS} FROM (
    SELECT {_KEYS}, {_COLUMNS} FROM by_day
    {"".join(f" UNION ALL SELECT {_KEYS}, {_COLUMNS} FROM level_{level}" for level in range(1, LEVELS - 1))}
) AS filled ORDER BY {_KEYS}
"""
FILL_LAST_LEVEL = f"""
INSERT INTO analytics_cell ({_KEYS}, {_COLUMNS})
SELECT {_KEYS}, {_COLUMNS} FROM ({
    _level(
        LEVELS - 1,
        f"analytics_cell WHERE node >= {(LEVELS - 2) * STRIDE} AND node < {(LEVELS - 1) * STRIDE}",
    )
}) AS filled ORDER BY {_KEYS}
"""
STRETCHES = """
SELECT DISTINCT ({day} - DATE '0001-01-01' + 1) / %(stretch)s FROM {table}
WHERE known_until IS NULL ORDER BY 1
"""
SIGNED_CHANGES = "signed AS (SELECT *, 1 AS sign FROM analytics_countedchange WHERE known_until IS NULL)"
SIGNED_INCIDENTS = "signed AS (SELECT *, 1 AS sign FROM analytics_countedincident WHERE known_until IS NULL)"
# The same of the days from `first` up to `next`.
_WITHIN = " AND {day} >= %(first)s AND {day} < %(next)s)"
SIGNED_CHANGES_WITHIN = SIGNED_CHANGES[:-1] + _WITHIN.format(day="shipped_on")
SIGNED_INCIDENTS_WITHIN = SIGNED_INCIDENTS[:-1] + _WITHIN.format(day="began_on")


def difference(signed: str, by_day: str, wanted: str) -> str:
    """How many cells there are besides those that the facts add up to, and the other way round."""
    names = f"{_KEYS}, {_COLUMNS}"
    return f"""
WITH {signed}, {by_day},
expected AS (
    SELECT is_demo, slice::text, type::text, span::int AS node, row, area,
           {", ".join(f"SUM({name})::bigint AS {name}" for name in COLUMNS)}
    FROM by_day CROSS JOIN {SPANS}
    GROUP BY is_demo, slice, type, span, row, area
),
standing AS (
    SELECT is_demo, slice::text, type::text, node, row, area, {_COLUMNS} FROM analytics_cell WHERE {wanted}
)
SELECT COUNT(*) FROM (
    (SELECT {names} FROM expected EXCEPT SELECT {names} FROM standing)
    UNION ALL
    (SELECT {names} FROM standing EXCEPT SELECT {names} FROM expected)
) AS differing
"""
