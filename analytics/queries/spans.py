"""Reads of the weekly review's figures: weeks that are reckoned, and how many still wait."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import DateField, ExpressionWrapper, F

from analytics.flow_weeks import Span
from analytics.models import DirtySpan, ReviewRules, SpanFigures
from analytics.queries.flow_facts import ENTRIES, LEDGER

Figures = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """Figures by the Monday they begin on. A week of `known` without a row had nothing in this scope.

    `waiting`: spans of the page that are to be reckoned anew within what was asked.
    """

    rows: Mapping[date, Figures]
    known: frozenset[date]
    waiting: int
    reckoned_at: datetime | None
    rules: int | None

    def at(self, week: date) -> Figures | None:
        return self.rows.get(week)


def read(*, page: str, scope: str, demo: bool, since: date, until: date, weeks: int = 1) -> Shown:
    """Spans that begin from `since` up to, and without, `until`; one statement."""
    return read_pages(pages=[page], scope=scope, demo=demo, since=since, until=until, weeks=(weeks,))[
        page, weeks
    ]


def read_pages(
    *, pages: list[str], scope: str, demo: bool, since: date, until: date, weeks: tuple[int, ...] = (1, 13)
) -> dict[tuple[str, int], Shown]:
    """The same of several pages and lengths, by (page, weeks); one statement for all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT page, weeks, begins_on, CASE WHEN scope = %(scope)s THEN figures END, scope = %(scope)s,"
            " reckoned_at, rules_id, 0 FROM analytics_spanfigures"
            " WHERE page = ANY(%(pages)s) AND is_demo = %(demo)s AND scope IN ('', %(scope)s)"
            " AND weeks = ANY(%(weeks)s) AND begins_on >= %(since)s AND begins_on < %(until)s"
            " UNION ALL"
            " SELECT page, weeks, NULL, NULL, false, NULL, NULL, COUNT(*) FROM analytics_dirtyspan"
            " WHERE page = ANY(%(pages)s) AND is_demo = %(demo)s AND weeks = ANY(%(weeks)s)"
            " AND begins_on >= %(since)s AND begins_on < %(until)s GROUP BY page, weeks",
            {
                "pages": pages,
                "scope": scope,
                "demo": demo,
                "weeks": list(weeks),
                "since": since,
                "until": until,
            },
        )
        found = cursor.fetchall()
    return {
        (page, count): _shown([one[2:] for one in found if one[0] == page and one[1] == count])
        for page in pages
        for count in weeks
    }


def _shown(found: list[tuple[Any, ...]]) -> Shown:
    rows = {begin: _loaded(figures) for begin, figures, is_ours, *_ in found if begin and is_ours}
    times = [one[3] for one in found if one[3]]
    rules = [one[4] for one in found if one[4]]
    return Shown(
        rows=rows,
        known=frozenset(one[0] for one in found if one[0]),
        waiting=sum(one[5] for one in found),
        reckoned_at=min(times, default=None),
        rules=max(rules, default=None),
    )


def _loaded(figures: Any) -> Figures:
    # A cursor of Django gives JSON as text.
    found: Figures = json.loads(figures) if isinstance(figures, str) else figures
    return found


def read_all(*, page: str, span: Span, demo: bool, prefix: str = "") -> dict[str, Figures]:
    """Every scope of one span, or those such as "service:"; by scope."""
    rows = SpanFigures.objects.filter(page=page, is_demo=demo, begins_on=span.begins_on, weeks=span.weeks)
    if prefix:
        rows = rows.filter(scope__startswith=prefix)
    return dict(rows.values_list("scope", "figures"))


def rules_in_force() -> ReviewRules:
    """The newest version; there is always one, made by the first migration."""
    return ReviewRules.objects.order_by("-pk")[0]


def reckoned_weeks(*, page: str, demo: bool, version: int, rules: ReviewRules) -> set[tuple[date, int]]:
    """Beginnings and lengths of what stands, and was made as it would be made now."""
    rows = SpanFigures.objects.filter(page=page, is_demo=demo, scope="", version=version, rules=rules)
    return set(rows.values_list("begins_on", "weeks"))


def newest_dirty() -> DirtySpan | None:
    """The one to be reckoned next, held until the transaction ends; what another holds is passed over."""
    rows = DirtySpan.objects.annotate(ends_on=ExpressionWrapper(F("begins_on") + F("weeks") * 7, DateField()))
    return rows.order_by("-ends_on", "weeks", "pk").select_for_update(skip_locked=True).first()


def has_new(snapshot: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({ENTRIES} LIMIT 1)", [snapshot])  # noqa: S608 -- fixed text
        return bool(cursor.fetchone()[0])


def new_entries(snapshot: str) -> tuple[list[tuple[str, int]], str]:
    """Kind and key of what was touched and this snapshot did not see; the snapshot of now."""
    with connection.cursor() as cursor:
        cursor.execute(LEDGER, [snapshot])
        taken, kinds, keys = cursor.fetchone()
    return list(zip(kinds, keys, strict=True)), str(taken)
