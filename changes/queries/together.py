"""Rows of several tables in one statement: a page of many small parts asks the database once.

Every part is an ordinary queryset of models. Each becomes one column, an array of its rows in their order,
and is read back into the same models; what it follows by `select_related` or `prefetch_related` comes too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BinaryField, Field, QuerySet, prefetch_related_objects
from django.db.models.query import RelatedPopulator


def together(*parts: QuerySet[Any]) -> list[list[Any]]:
    """The rows of each part, as `list` would give them. For tens of rows, not thousands."""
    readers = [_Part(part) for part in parts]
    asked = [one for one in readers if one.statement]
    if asked:
        columns = ", ".join(
            f"(SELECT COALESCE(json_agg(part), '[]') FROM ({one.statement}) AS part)"  # noqa: S608
            for one in asked
        )
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns}", [value for one in asked for value in one.given])
            found = cursor.fetchone()
        for one, rows in zip(asked, found, strict=True):
            one.rows = rows
    return [one.read() for one in readers]


class _Part:
    """One queryset as a statement, and the way back from an array of its rows to models."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.prefetched: Sequence[Any] = rows._prefetch_related_lookups  # type: ignore[attr-defined]
        self.compiler: Any = rows.query.get_compiler(rows.db)
        self.rows: list[dict[str, Any]] = []
        try:
            # Every column gets a name of its own: two tables may call theirs the same.
            self.statement, self.given = self.compiler.as_sql(with_col_aliases=True)
        except EmptyResultSet:
            self.statement, self.given = "", ()

    def read(self) -> list[Any]:
        found = list(self._models()) if self.rows else []
        if found and self.prefetched:
            prefetch_related_objects(found, *self.prefetched)
        return found

    def _models(self) -> Iterator[Any]:
        compiler = self.compiler
        fields = [expression.output_field for expression, _, _ in compiler.select]
        own = compiler.klass_info["select_fields"]
        first, end = own[0], own[-1] + 1
        names = [expression.target.attname for expression, _, _ in compiler.select[first:end]]
        followed = [
            # The stubs are those of a later Django.
            RelatedPopulator(related, compiler.select, connection.alias)  # type: ignore[call-arg]
            for related in compiler.klass_info.get("related_klass_infos", ())
        ]
        for row in self.rows:
            pairs = zip(fields, row.values(), strict=True)
            values = [_value(field, value) for field, value in pairs]
            found = compiler.klass_info["model"].from_db(connection.alias, names, values[first:end])
            for populator in followed:
                populator.populate(values, found)
            for name, place in compiler.annotation_col_map.items():
                setattr(found, name, values[place])
            yield found


def _value(field: Field[Any, Any], value: Any) -> Any:
    """As the driver would give it: in JSON, bytes are hexadecimal digits behind a backslash and an x."""
    if value is None:
        return None
    if isinstance(field, BinaryField):
        return bytes.fromhex(value.removeprefix("\\x"))
    return field.to_python(value)
