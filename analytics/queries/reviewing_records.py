"""The changes behind a number of reviewing, by the conditions that count it. Reviewers are in no row."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from analytics.queries.reviewing import AUTOMATION, BASE, COUNTED, Asked

PAGE = 50
LISTED: Mapping[str, str] = {
    **COUNTED,
    "bare": "too_large AND NOT has_exception",
    "not_by_senior": "with_seniors AND NOT by_senior",
}
COLUMNS = ("change_id", "merged_at", "stand", "lines", "has_exception", "reviews", "remarks", "by_senior")


@dataclass(frozen=True)
class Listed:
    rows: tuple[dict[str, Any], ...]
    total: int
    page: int

    @property
    def has_next(self) -> bool:
        return self.page * PAGE < self.total

    @property
    def ids(self) -> list[int]:
        return [row["change_id"] for row in self.rows]


def listed(asked: Asked, scope: str, group: str, which: str, page: int = 1) -> Listed:
    """The newest merge first. Raises: KeyError for a list that does not exist."""
    kind, _, value = group.partition(":")
    belongs = {
        "": f"stand <> '{AUTOMATION}'",
        "origin": "stand = %(value)s",
        "size": f"stand <> '{AUTOMATION}' AND size_band = %(value)s",
    }[kind]
    chosen = (
        f"{BASE}, chosen AS (SELECT * FROM base WHERE scopes @> %(scope)s::text[] AND {belongs}"
        f" AND {LISTED[which]})"
    )
    given = asked.parameters | {"scope": [scope], "value": value, "offset": (page - 1) * PAGE}
    with connection.cursor() as cursor:
        cursor.execute(f"{chosen} SELECT COUNT(*) FROM chosen", given)
        (total,) = cursor.fetchone()
        cursor.execute(
            f"{chosen} SELECT {', '.join(COLUMNS)} FROM chosen"
            f" ORDER BY merged_at DESC, change_id DESC LIMIT {PAGE} OFFSET %(offset)s",
            given,
        )
        rows = tuple(dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall())
    return Listed(rows, total, page)
