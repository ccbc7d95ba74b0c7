"""Several counts and short lists in one statement: a page of many small parts asks the database once."""

# ruff: noqa: S608 -- statements are put together from compiled queries; every value is bound
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from changes.queries.together import rebound


class AtOnce:
    """How many rows there are of some queries, and the rows of several short ones, by one statement.

    Put together once: `bound` gives values where the queries have marks (`changes.queries.together`).
    """

    def __init__(
        self, counts: Mapping[str, QuerySet[Any, Any]], lists: Mapping[str, QuerySet[Any, Any]]
    ) -> None:
        self.counts, self.lists = list(counts), list(lists)
        parts: list[str] = []
        self.given: list[Any] = []
        for wrapper, queries in (
            ("(SELECT COUNT(*) FROM ({sql}) AS one)", [_bare(rows) for rows in counts.values()]),
            ("(SELECT json_agg(one) FROM ({sql}) AS one)", list(lists.values())),
        ):
            for rows in queries:
                try:
                    sql, given = rows.query.sql_with_params()
                except EmptyResultSet:
                    sql, given = "SELECT 1 WHERE false", ()
                parts.append(wrapper.replace("{sql}", sql))
                self.given += given
        self.statement = f"SELECT {', '.join(parts)}"

    def __call__(
        self, bound: Mapping[Any, Any] | None = None
    ) -> tuple[dict[str, int], dict[str, list[dict[str, Any]]]]:
        with connection.cursor() as cursor:
            cursor.execute(self.statement, rebound(self.given, bound or {}))
            found = cursor.fetchone()
        told = zip(self.lists, found[len(self.counts) :], strict=True)
        return dict(zip(self.counts, found, strict=False)), {name: rows or [] for name, rows in told}


def _bare(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.order_by().values("pk")


def at_once(
    counts: Mapping[str, QuerySet[Any, Any]], lists: Mapping[str, QuerySet[Any, Any]]
) -> tuple[dict[str, int], dict[str, list[dict[str, Any]]]]:
    return AtOnce(counts, lists)()
