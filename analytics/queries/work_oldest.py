"""What is under way now, the oldest first, by the very conditions that it is counted by."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from analytics.queries.work import ITEMS, _rows, parameters
from changes.models import Change, CheckRun
from changes.queries.together import together
from incidents.models import ActionItem, Incident

MOST = 10
OF_INCIDENTS = ("incidents", "postmortems", "actions")

# Hidden ones are counted, and take no place among the oldest.
OLDEST = f"""
WITH {ITEMS},
going AS (
    SELECT item.sort, item.id, item.began,
           CASE WHEN item.sort IN ('incidents', 'postmortems') THEN item.id
                WHEN item.sort = 'actions'
                THEN (SELECT action.incident_id FROM incidents_actionitem AS action WHERE action.id = item.id)
           END = ANY(%(hidden)s::bigint[]) AS is_hidden
    FROM item
    WHERE began < %(until)s AND (ended IS NULL OR ended >= %(until)s) AND NOT is_endless
      AND item.scopes @> ARRAY[%(scope)s]
),
ranked AS (
    SELECT sort, id, began, COALESCE(is_hidden, false) AS is_hidden,
           row_number() OVER (PARTITION BY sort, COALESCE(is_hidden, false) ORDER BY began, id) AS place,
           COUNT(*) OVER (PARTITION BY sort, COALESCE(is_hidden, false)) AS number
    FROM going
)
SELECT sort, is_hidden, number, id, began FROM ranked
WHERE (is_hidden AND place = 1) OR (NOT is_hidden AND place <= {MOST}) ORDER BY sort, began, id
"""


@dataclass(frozen=True)
class Old:
    """One thing under way: what it is called, where it leads, since when."""

    name: str
    place: str
    url: str
    since: datetime


@dataclass
class Listed:
    """`restricted`: how many more there are that the reader may not see."""

    rows: list[Old]
    restricted: int = 0


def oldest(*, demo: bool, scope: str, user: User, now: datetime) -> dict[str, Listed]:
    """By sort; only where something is under way."""
    hidden = list(Incident.objects.hidden_from(user).filter(is_demo=demo).values_list("pk", flat=True))
    given = parameters(demo=demo, since=now, until=now) | {"scope": scope, "hidden": hidden}
    rows = list(_rows(OLDEST, given))
    known = _known(rows, user)
    found: dict[str, Listed] = defaultdict(lambda: Listed([]))
    for sort, is_hidden, number, pk, began in rows:
        if is_hidden:
            found[sort].restricted = number
        elif pk in known[_table(sort)]:
            found[sort].rows.append(_old(sort, known[_table(sort)][pk], began))
    return dict(found)


def _table(sort: str) -> str:
    if sort in {"incidents", "postmortems"}:
        return "incident"
    return "change" if sort in {"changes", "drafts", "to_deploy"} else sort


def _known(rows: list[tuple[Any, ...]], user: User) -> dict[str, dict[int, Any]]:
    """The records behind them, by table and key, in one statement."""
    ids: dict[str, list[int]] = defaultdict(list)
    for sort, is_hidden, _, pk, _ in rows:
        if not is_hidden:
            ids[_table(sort)].append(pk)
    visible = Incident.objects.visible_to(user)
    changes, runs, incidents, actions = together(
        Change.objects.filter(pk__in=ids["change"]).select_related("repository"),
        CheckRun.objects.filter(pk__in=ids["checks"]).select_related("repository"),
        visible.filter(pk__in=ids["incident"]),
        ActionItem.objects.filter(
            pk__in=ids["actions"], incident__in=visible.values("pk")
        ).select_related("incident"),
    )  # fmt: skip
    tables = {"change": changes, "checks": runs, "incident": incidents, "actions": actions}
    return {name: {one.pk: one for one in found} for name, found in tables.items()}


def _old(sort: str, row: Any, since: datetime) -> Old:
    if isinstance(row, Change):
        return Old(str(row), row.repository.name, row.get_absolute_url(), since)
    if isinstance(row, CheckRun):
        name = row.name or row.get_kind_display()
        return Old(f"{name} of {row.sha[:10]}", row.repository.name, row.url, since)
    if isinstance(row, ActionItem):
        return Old(row.title, str(row.incident), reverse("incidents:action", args=[row.pk]), since)
    return Old(row.title, str(row), row.get_absolute_url(), since)
