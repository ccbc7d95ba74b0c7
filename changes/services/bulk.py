"""Inserting many rows at once: COPY, since building one INSERT of them costs more than the database does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)
# Below this an ordinary insert is as quick.
FEW = 50


def insert(rows: Sequence[M]) -> None:
    """Insert new rows of one model, and give them keys unless they have some; no database default is used."""
    if not rows:
        return
    model = type(rows[0])
    if len(rows) < FEW:
        model._default_manager.bulk_create(rows)
        return
    if rows[0].pk is None:
        for row, key in zip(rows, _new_keys(model, len(rows)), strict=True):
            row.pk = key
    values = _reader(model)
    _copy(model, [field.attname for field in model._meta.concrete_fields], map(values, rows))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_pairs(
    through: type[models.Model], columns: tuple[str, str], pairs: Sequence[tuple[int, int]]
) -> None:
    """Insert rows of a table between two others."""
    if pairs:
        _copy(through, columns, pairs)


def _copy(model: type[models.Model], attributes: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    quote = connection.ops.quote_name
    columns = {field.attname: field.column for field in model._meta.concrete_fields}
    names = ", ".join(quote(columns[name] or name) for name in attributes)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _new_keys(model: type[models.Model], count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, str(model._meta.pk.column), count],
        )
        return [key for (key,) in cursor.fetchall()]


def _reader(model: type[M]) -> Callable[[M], list[Any]]:
    """How one row becomes the values of its columns, in their order."""
    fields = list(enumerate(model._meta.concrete_fields))
    plain = attrgetter(*(field.attname for _, field in fields))
    keys = [(place, field.name) for place, field in fields if isinstance(field, models.ForeignKey)]
    texts = [(place, field) for place, field in fields if isinstance(field, models.JSONField)]

    def values(row: M) -> list[Any]:
        found = list(plain(row))
        known = row._state.fields_cache
        for place, name in keys:
            # A row may have been tied to another before that one had its key.
            if known.get(name) is not None:
                found[place] = known[name].pk
        for place, field in texts:
            found[place] = field.get_db_prep_save(found[place], connection)
        return found

    return values
