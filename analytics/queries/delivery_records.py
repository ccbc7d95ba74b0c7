"""The deployments, changes and incidents behind a number of delivery, by the conditions that count it."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.models import User
from analytics.queries.delivery import (
    APART,
    BEGUN,
    CHANGES,
    DEPLOYMENTS,
    INCIDENTS,
    JUDGED,
    MOVED,
    TELLING,
    Asked,
)
from incidents.models import Incident

PAGE = 50
OF_INCIDENTS: Mapping[str, str] = {
    **INCIDENTS,
    **{f"recovery_{name}": f"{INCIDENTS['recovery']} AND {which}" for name, which in APART.items()},
    "restore_open": APART["open"],
}
SEEN = """
    NOT by_restricted OR EXISTS (
        SELECT FROM incidents_cause AS told WHERE told.incident_id = ANY(%(seen)s::bigint[])
        AND (told.deployment_id = chosen.deployment_id OR told.change_id IN (
            SELECT held.change_id FROM changes_deployment_changes AS held
            WHERE held.deployment_id = chosen.deployment_id))
    ) OR EXISTS (
        SELECT FROM incidents_fix AS told WHERE told.incident_id = ANY(%(seen)s::bigint[])
        AND told.change_id IN (SELECT held.change_id FROM changes_deployment_changes AS held
                               WHERE held.deployment_id = chosen.deployment_id))
"""


@dataclass(frozen=True)
class Listed:
    """One page of a list: `shut` rows are not for this reader, `veiled` ones rest on restricted incidents."""

    kind: str
    rows: tuple[dict[str, Any], ...]
    total: int
    shut: int
    veiled: int
    page: int

    @property
    def has_next(self) -> bool:
        return self.page * PAGE < self.total - self.shut

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.rows]


def kind_of(which: str) -> str:
    """Raises: KeyError for a list that does not exist."""
    kinds = {"deployment": DEPLOYMENTS, "change": CHANGES, "incident": OF_INCIDENTS}
    return {one: kind for kind, lists in kinds.items() for one in lists}[which]


def listed(asked: Asked, scope: str, which: str, user: User, page: int = 1) -> Listed:
    """Raises: KeyError for a list that does not exist."""
    kind = kind_of(which)
    if kind == "deployment":
        chosen, columns = _deployments(which)
    elif kind == "change":
        chosen, columns = _changes(which)
    else:
        chosen, columns = _incidents(which)
    seen = Incident.objects.visible_to(user).filter(is_restricted=True).values_list("pk", flat=True)
    given = {**asked.parameters(), "scope": [scope], "seen": list(seen), "offset": (page - 1) * PAGE}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{chosen} SELECT COUNT(*), COUNT(*) FILTER (WHERE NOT may_see), COUNT(*) FILTER (WHERE veiled)"
            " FROM told",
            given,
        )
        total, shut, veiled = cursor.fetchone()
        cursor.execute(
            f"{chosen} SELECT {', '.join(columns)} FROM told WHERE may_see"
            f" ORDER BY {columns[1]} DESC NULLS LAST, id DESC LIMIT {PAGE} OFFSET %(offset)s",
            given,
        )
        names = [column.rpartition(" ")[2] for column in columns]
        rows = tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    return Listed(kind, rows, total, shut, veiled, page)


def _deployments(which: str) -> tuple[str, tuple[str, ...]]:
    """Whether it failed is told of each as far as the reader may know."""
    tells = "true" if which in TELLING else "false"
    chosen = f"""{JUDGED},
    chosen AS (SELECT * FROM judged WHERE scopes @> %(scope)s::text[] AND {DEPLOYMENTS[which]}),
    told AS (
        SELECT known.*, NOT {tells} OR is_told AS may_see, {tells} AND by_restricted AS veiled
        FROM (SELECT chosen.*, ({SEEN}) AS is_told FROM chosen) AS known
    )"""
    return chosen, (
        "deployment_id AS id", "at", "failed AND is_told AS failed", "suspected AND is_told AS suspected",
        "is_rework AND is_told AS is_rework", "is_young", "is_measured", "is_gap",
    )  # fmt: skip


def _changes(which: str) -> tuple[str, tuple[str, ...]]:
    chosen = f"""{MOVED},
    told AS (SELECT moved.*, true AS may_see, false AS veiled FROM moved
             WHERE scopes @> %(scope)s::text[] AND {CHANGES[which]})"""
    return chosen, ("change_id AS id", "lead_seconds", "lead_basis", "shipped_at", "merged_at")


def _incidents(which: str) -> tuple[str, tuple[str, ...]]:
    chosen = f"""{BEGUN},
    told AS (SELECT begun.*, NOT is_restricted OR incident_id = ANY(%(seen)s::bigint[]) AS may_see,
                    is_restricted AS veiled
             FROM begun WHERE scopes @> %(scope)s::text[] AND {OF_INCIDENTS[which]})"""
    return chosen, ("incident_id AS id", "began_at", "seconds", "is_open", "by_change", "is_invalid")
