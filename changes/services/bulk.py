"""Inserting many rows at once: COPY, since building one INSERT of them costs more than the database does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)
# Below this an ordinary insert is as quick.
FEW = 50


def insert(rows: Sequence[M]) -> None:
    """Insert new rows of one model and give them their keys; for one without database defaults in use."""
    if not rows:
        return
    model = type(rows[0])
    if len(rows) < FEW:
        model._default_manager.bulk_create(rows)
        return
    fields = model._meta.concrete_fields
    quote = connection.ops.quote_name
    names = [field.column or field.attname for field in fields]
    columns = ", ".join(quote(name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, str(model._meta.pk.column), len(rows)],
        )
        keys = [key for (key,) in cursor.fetchall()]
        with cursor.copy(f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN") as copy:
            for row, key in zip(rows, keys, strict=True):
                row.pk = key
                copy.write_row([_value(row, field) for field in fields])
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _value(row: models.Model, field: models.Field[Any, Any]) -> Any:
    if isinstance(field, models.ForeignKey):
        # A row may have been tied to another before that one had its key.
        related = row._state.fields_cache.get(field.name)
        return related.pk if related is not None else getattr(row, field.attname)
    value = getattr(row, field.attname)
    if isinstance(field, models.JSONField):
        return field.get_db_prep_save(value, connection)
    return value
