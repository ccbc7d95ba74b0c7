"""Several counts and short lists in one statement: a page of many small parts asks the database once."""

# ruff: noqa: S608 -- statements are put together from compiled queries; every value is bound
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def at_once(
    counts: Mapping[str, QuerySet[Any, Any]], lists: Mapping[str, QuerySet[Any, Any]]
) -> tuple[dict[str, int], dict[str, list[dict[str, Any]]]]:
    """How many rows there are of some queries, and the rows of several short ones, by one statement."""
    parts: list[str] = []
    parameters: list[Any] = []
    for wrapper, queries in (
        ("(SELECT COUNT(*) FROM ({sql}) AS one)", [rows.order_by().values("pk") for rows in counts.values()]),
        ("(SELECT json_agg(one) FROM ({sql}) AS one)", list(lists.values())),
    ):
        for rows in queries:
            try:
                sql, given = rows.query.sql_with_params()
            except EmptyResultSet:
                sql, given = "SELECT 1 WHERE false", ()
            parts.append(wrapper.replace("{sql}", sql))
            parameters += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)
        found = cursor.fetchone()
    told = zip(lists, found[len(counts) :], strict=True)
    return dict(zip(counts, found, strict=False)), {name: rows or [] for name, rows in told}
