"""Where the time of changes went in some weeks, and how many of them can be said, for every scope at once.

What is read of a span is one sorted run of values for each sort of changes that are alike in scopes, origin
and size: the groups that figures are about are unions of those, put together by `analytics.metrics`.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import connection

from analytics.models import ChangeFlow
from analytics.queries.delivery import Asked
from changes.models import Change

# A value and the change it is of travel as one number, which sorts as the value does.
BITS = 32
LARGEST = 2**31 - 1
AUTOMATION = "automation"
# AI evidence on an automation makes it assisted.
ORIGIN = (
    "CASE WHEN flow.automation AND flow.origin NOT IN ('assisted', 'autonomous')"
    f" THEN '{AUTOMATION}' ELSE flow.origin END"
)


class Stage(NamedTuple):
    """`value`: whole seconds, or how many; `when`: the moment that puts the change into a week."""

    value: str
    when: str


# Where the way of a change was told as far as that, the time before its request and between the two.
_MADE = (
    "CASE WHEN flow.lead_basis = 'commit' THEN EXTRACT(EPOCH FROM flow.ready_at - flow.shipped_at)::bigint"
    " + flow.lead_seconds END"
)
_REVIEWED = "EXTRACT(EPOCH FROM flow.merged_at - flow.ready_at)::bigint - flow.waited_for_review"
STAGES: Mapping[str, Stage] = {
    "review": Stage("flow.waited_for_review", "merged_at"),
    "rounds": Stage("NULLIF(flow.rounds, 0)", "merged_at"),
    "tests": Stage("flow.waited_for_tests", "merged_at"),
    "deployment": Stage("flow.waited_for_deployment", "shipped_at"),
    "lead": Stage("flow.lead_seconds", "shipped_at"),
}
# What lies between them on the way from the first commit to production.
STEPS: Mapping[str, Stage] = {
    "made": Stage(_MADE, "shipped_at"),
    "reviewed": Stage(_REVIEWED, "merged_at"),
}

ALIKE = """
SELECT flow.scopes, {origin} AS origin, flow.size_band,
       array_agg((LEAST(({value})::bigint, {largest}) << {bits}) + flow.change_id)
FROM analytics_changeflow AS flow
WHERE flow.is_demo = %(demo)s AND flow.{when} >= %(since)s AND flow.{when} < %(until)s AND {value} >= 0
GROUP BY 1, 2, 3
"""

# Of the merged ones what could not be measured, and why; of the shipped ones likewise.
COUNTS: Mapping[str, str] = {
    "merged": "in_merged",
    "review_untold": "in_merged AND reviews IS NULL",
    "review_none": "in_merged AND reviews = 0 AND waited_for_review IS NULL",
    "review_unclear": "in_merged AND reviews > 0 AND waited_for_review IS NULL",
    "rounds_none": "in_merged AND rounds = 0",
    "tests_untold": "in_merged AND waited_for_tests IS NULL AND NOT checks_told",
    "tests_none": "in_merged AND waited_for_tests IS NULL AND checks_told",
    "shipped": "in_shipped",
    "deployment_unclear": "in_shipped AND waited_for_deployment IS NULL",
    "lead_unclear": "in_shipped AND lead_seconds IS NULL",
    "from_opening": "in_shipped AND lead_basis = 'opened'",
    "first_known": "in_merged AND is_first_known",
    "by_merge": "in_merged AND NOT is_first_known AND shipped_at IS NULL AND state = 'shipped'",
    "not_deployed": "in_merged AND NOT is_first_known AND shipped_at IS NULL AND state <> 'shipped'",
    "lines_unknown": "in_merged AND lines IS NULL",
}
COUNTED = f"""
WITH moved AS (
    SELECT flow.*, {ORIGIN} AS kind,
           COALESCE(flow.merged_at >= %(since)s AND flow.merged_at < %(until)s, false) AS in_merged,
           COALESCE(flow.shipped_at >= %(since)s AND flow.shipped_at < %(until)s, false) AS in_shipped,
           COALESCE(told.checks_since <= flow.merged_at, false) AS checks_told
    FROM analytics_changeflow AS flow
    LEFT JOIN analytics_flowtold AS told ON told.repository_id = flow.repository_id
    WHERE flow.is_demo = %(demo)s
      AND (flow.merged_at >= %(since)s AND flow.merged_at < %(until)s
           OR flow.shipped_at >= %(since)s AND flow.shipped_at < %(until)s)
)
SELECT scopes, kind, size_band,
       {", ".join(f"COUNT(*) FILTER (WHERE {which})" for which in COUNTS.values())},
       COALESCE(SUM(lines) FILTER (WHERE in_merged), 0)::bigint,
       COALESCE(MAX(lines) FILTER (WHERE in_merged), 0)
FROM moved GROUP BY 1, 2, 3
"""


class Alike(NamedTuple):
    """Changes of the same scopes, origin (`automation` is one here) and size."""

    scopes: tuple[str, ...]
    origin: str
    size: str


class Counts(NamedTuple):
    """`numbers` as `COUNTS` names them; lines of the merged ones, and of the largest of them."""

    numbers: tuple[int, ...]
    lines: int
    largest: int


def values(asked: Asked, stage: Stage) -> Iterator[tuple[Alike, list[int]]]:
    """Packed values in no order: `unpacked` takes one apart."""
    statement = ALIKE.format(origin=ORIGIN, value=stage.value, when=stage.when, largest=LARGEST, bits=BITS)
    for scopes, origin, size, packed in _rows(statement, asked):
        yield Alike(tuple(scopes), origin, size), packed


def unpacked(packed: int) -> tuple[int, int]:
    """The value, and the id of its change."""
    return packed >> BITS, packed & (2**BITS - 1)


def counted(asked: Asked) -> Iterator[tuple[Alike, Counts]]:
    for scopes, origin, size, *numbers, lines, largest in _rows(COUNTED, asked):
        yield Alike(tuple(scopes), origin, size), Counts(tuple(numbers), lines, largest)


def _rows(statement: str, asked: Asked) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked.parameters())
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


class Waited(NamedTuple):
    change: Change
    flow: ChangeFlow


def waited(ids: list[int], demo: bool) -> list[Waited]:
    """These changes as they are now, in this order; without those that were found to be another's double."""
    changes = Change.objects.for_list().filter(repository__is_demo=demo).in_bulk(ids)
    flows = ChangeFlow.objects.in_bulk(ids)
    return [Waited(changes[one], flows[one]) for one in ids if one in changes and one in flows]
