"""What reviewing asked of people over a span of weeks: of what merged then, and of who reviewed on its days.

One statement for each question, for all scopes together. `limit` is the reviewable size in lines.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from accounts.days import midnight
from analytics.flow_weeks import Span

# An automation with evidence of AI help is assisted.
STANDS = """CASE WHEN flow.automation AND flow.origin NOT IN ('assisted', 'autonomous') THEN 'automation'
            ELSE flow.origin END"""
AUTOMATION = "automation"
MERGED = """flow.is_demo = %(demo)s AND flow.merged_at >= %(start)s AND flow.merged_at < %(end)s
            AND flow.state IN ('merged', 'shipped')"""


@dataclass(frozen=True)
class Asked:
    span: Span
    demo: bool
    limit: int

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "start": midnight(self.span.begins_on),
            "end": midnight(self.span.ends_on),
            "begins_on": self.span.begins_on,
            "ends_on": self.span.ends_on,
            "demo": self.demo,
            "limit": self.limit,
            "zone": settings.ORGANISATION_TIME_ZONE,
        }


class Merged(NamedTuple):
    """Counts of what merged, of one scope, origin and size band: COUNTED, then SUMMED.

    `told`: reviews are told of it. `timed`: its review took longer than one moment, and its lines are known;
    `lines` and `seconds` are sums over those, `remarks` and `remarked_lines` over the reviewed ones.
    """

    scope: str
    stand: str
    size: str
    merged: int
    sized: int
    too_large: int
    excused: int
    told: int
    unreviewed: int
    reviewed: int
    one_moment: int
    timed: int
    high_risk: int
    high_risk_told: int
    with_seniors: int
    by_senior: int
    lines: int
    seconds: int
    remarks: int
    remarked_lines: int


# A senior counts from the first day on which anybody was designated for the repository, and only while
# somebody still is: what merged before, or after the last one went, is no share of 0.
DESIGNATED = """
designated AS MATERIALIZED (
    SELECT event.repository_id, MIN(event.added_at) AS since
    FROM changes_seniorreviewerevent AS event
    WHERE EXISTS (SELECT FROM changes_seniorreviewer AS senior
                  WHERE senior.repository_id IS NOT DISTINCT FROM event.repository_id)
    GROUP BY event.repository_id
)"""

# What merged, with what each question asks of it; a list behind a number reads the same.
BASE = f"""
WITH {DESIGNATED}, base AS (
    SELECT flow.change_id, flow.merged_at, flow.scopes, {STANDS} AS stand, flow.size_band, flow.lines,
           flow.has_exception, flow.reviews, flow.active_seconds, flow.remarks, flow.is_high_risk,
           flow.by_senior, flow.lines > %(limit)s AS too_large,
           flow.active_seconds > 0 AND flow.lines > 0 AS timed,
           (flow.reviews > 0 OR flow.remarks > 0) AND flow.lines > 0 AS remarked,
           flow.is_high_risk AND flow.reviews IS NOT NULL
               AND LEAST(own.since, everywhere.since) <= flow.merged_at AS with_seniors
    FROM analytics_changeflow AS flow
    LEFT JOIN designated AS own ON own.repository_id = flow.repository_id
    LEFT JOIN designated AS everywhere ON everywhere.repository_id IS NULL
    WHERE {MERGED}
)
"""
COUNTED: Mapping[str, str] = {
    "merged": "true",
    "sized": "lines IS NOT NULL",
    "too_large": "too_large",
    "excused": "too_large AND has_exception",
    "told": "reviews IS NOT NULL",
    "unreviewed": "reviews = 0",
    "reviewed": "reviews > 0",
    "one_moment": "reviews > 0 AND active_seconds IS NULL",
    "timed": "timed",
    "high_risk": "is_high_risk",
    "high_risk_told": "is_high_risk AND reviews IS NOT NULL",
    "with_seniors": "with_seniors",
    "by_senior": "with_seniors AND by_senior",
}
SUMMED: Mapping[str, tuple[str, str]] = {
    "lines": ("lines", "timed"),
    "seconds": ("active_seconds", "timed"),
    "remarks": ("remarks", "remarked"),
    "remarked_lines": ("lines", "remarked"),
}
MERGED_COUNTS = f"""
{BASE}
SELECT scope, stand, size_band,
       {", ".join(f"COUNT(*) FILTER (WHERE {which})" for which in COUNTED.values())},
       {", ".join(f"COALESCE(SUM({of}) FILTER (WHERE {which}), 0)" for of, which in SUMMED.values())}
FROM base, unnest(scopes) AS scope
GROUP BY scope, stand, size_band
"""


class Measured(NamedTuple):
    """Changes of the same scopes, origin and size band, one value for each that can be measured."""

    scopes: list[str]
    stand: str
    size: str
    # Lines per reviewer minute; meaningful remarks per 100 lines.
    pace: list[float]
    remarked: list[float]


# Grouped by whole sets of scopes: a change is sent once, however many scopes it counts in.
MEASURED = f"""
SELECT flow.scopes, {STANDS} AS stand, flow.size_band,
       COALESCE(array_agg(flow.lines * 60::float8 / flow.active_seconds)
                FILTER (WHERE flow.active_seconds > 0), '{{}}'),
       COALESCE(array_agg(flow.remarks * 100::float8 / flow.lines)
                FILTER (WHERE flow.reviews > 0 OR flow.remarks > 0), '{{}}')
FROM analytics_changeflow AS flow WHERE {MERGED} AND flow.lines > 0
GROUP BY flow.scopes, stand, flow.size_band
"""


class DayOfReviewers(NamedTuple):
    """`reviewers`: how many had so many large AI-assisted changes to read on that day."""

    scope: str
    day: date
    large: int
    reviewers: int


# One pseudonym is one reviewer on one day, and nothing leads from one day to another.
DAYS = """
WITH read AS MATERIALIZED (
    SELECT DISTINCT review.reviewer_on_day AS who,
           (review.submitted_at AT TIME ZONE %(zone)s)::date AS day, flow.change_id, flow.scopes,
           flow.origin IN ('assisted', 'autonomous') AND flow.lines > %(limit)s AS large
    FROM changes_review AS review
    JOIN analytics_changeflow AS flow ON flow.change_id = review.change_id
    WHERE review.submitted_at >= %(start)s AND review.submitted_at < %(end)s AND flow.is_demo = %(demo)s
      AND NOT review.is_self AND NOT review.is_bot AND review.reviewer_on_day IS NOT NULL
),
days AS (
    SELECT scope, day, who, COUNT(*) FILTER (WHERE large)::int AS large
    FROM read, unnest(scopes) AS scope GROUP BY scope, day, who
)
SELECT scope, day, large, COUNT(*)::int FROM days GROUP BY scope, day, large ORDER BY scope, day, large
"""


class Answers(NamedTuple):
    scope: str
    stand: str
    size: str
    answer: str
    n: int


CARE = f"""
SELECT scope, {STANDS} AS stand, flow.size_band, care.answer, COUNT(*)::int
FROM changes_reviewcare AS care
JOIN analytics_changeflow AS flow ON flow.change_id = care.change_id, unnest(flow.scopes) AS scope
WHERE care.on >= %(begins_on)s AND care.on < %(ends_on)s AND flow.is_demo = %(demo)s
GROUP BY scope, stand, flow.size_band, care.answer
"""


def merged(asked: Asked) -> list[Merged]:
    return [Merged(*row) for row in _rows(MERGED_COUNTS, asked)]


def measured(asked: Asked) -> list[Measured]:
    return [Measured(*row) for row in _rows(MEASURED, asked)]


def reviewer_days(asked: Asked) -> list[DayOfReviewers]:
    return [DayOfReviewers(*row) for row in _rows(DAYS, asked)]


def care(asked: Asked) -> list[Answers]:
    return [Answers(*row) for row in _rows(CARE, asked)]


def _rows(statement: str, asked: Asked) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked.parameters)
        yield from cursor.fetchall()
