"""Rows of several tables in one statement: a page of many small parts asks the database once.

Every part is an ordinary queryset of models. Each becomes one column, an array of its rows in their order,
and is read back into the same models; what it follows by `select_related` or `prefetch_related` comes too.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BinaryField, Field, QuerySet, prefetch_related_objects
from django.db.models.query import RelatedPopulator


def together(*parts: QuerySet[Any]) -> list[list[Any]]:
    """The rows of each part, as `list` would give them. For tens of rows, not thousands."""
    readers = [_Part(part) for part in parts]
    return _read(_statement(readers), [value for one in readers for value in one.given], readers)


class Prepared:
    """The same of querysets that are asked often: put together once, each asking binds its own values.

    `make` gets a mark for each value: `values` marks for ids (in `RawSQL` for whatever the database is to
    have), or those that are given, which must be like nothing that is bound besides.
    """

    def __init__(
        self, make: Callable[..., Sequence[QuerySet[Any]]], values: int | Sequence[Hashable]
    ) -> None:
        self.make = make
        self.marks = [MARK - place for place in range(values)] if isinstance(values, int) else list(values)

    def __call__(self, *values: Any) -> list[list[Any]]:
        readers, statement = self._put_together
        bound = dict(zip(self.marks, values, strict=True))
        return _read(statement, rebound([value for one in readers for value in one.given], bound), readers)

    @cached_property
    def _put_together(self) -> tuple[list[_Part], str]:
        readers = [_Part(part) for part in self.make(*self.marks)]
        return readers, _statement(readers)


# A statement that is put together once, and what is bound in it, with marks for the rest.
Marked = tuple[str, tuple[Any, ...]]


def read(marked: Marked, values: Mapping[Hashable, Any]) -> list[Any]:
    """The rows of such a statement for these values."""
    statement, given = marked
    with connection.cursor() as cursor:
        cursor.execute(statement, rebound(given, values))
        return list(cursor.fetchall())


def rebound(given: Sequence[Any], bound: Mapping[Any, Any]) -> list[Any]:
    """What a statement binds, with values where marks stand, in lists as well."""
    kinds = {type(mark) for mark in bound}

    def one(value: Any) -> Any:
        if type(value) is list:
            return [one(part) for part in value]
        return bound.get(value, value) if type(value) in kinds else value

    return [one(value) for value in given]


# No id is below zero, and nothing else that is bound is so large.
MARK = -(2**62)


def _statement(parts: Sequence[_Part]) -> str:
    columns = ", ".join(
        f"(SELECT COALESCE(json_agg(part), '[]') FROM ({one.statement}) AS part)"  # noqa: S608
        for one in parts
        if one.statement
    )
    return f"SELECT {columns}" if columns else ""


def _read(statement: str, given: Sequence[Any], parts: Sequence[_Part]) -> list[list[Any]]:
    found: Iterator[list[dict[str, Any]]] = iter(())
    if statement:
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            found = iter(cursor.fetchone())
    return [one.read(next(found) if one.statement else []) for one in parts]


class _Part:
    """One queryset as a statement, and the way back from an array of its rows to models."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.prefetched: Sequence[Any] = rows._prefetch_related_lookups  # type: ignore[attr-defined]
        self.compiler: Any = rows.query.get_compiler(rows.db)
        try:
            # Every column gets a name of its own: two tables may call theirs the same.
            self.statement, self.given = self.compiler.as_sql(with_col_aliases=True)
        except EmptyResultSet:
            self.statement, self.given = "", ()

    def read(self, rows: Sequence[dict[str, Any]]) -> list[Any]:
        found = list(self._models(rows)) if rows else []
        if found and self.prefetched:
            prefetch_related_objects(found, *self.prefetched)
        return found

    def _models(self, rows: Sequence[dict[str, Any]]) -> Iterator[Any]:
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
        for row in rows:
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
