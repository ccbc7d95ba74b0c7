"""What the choice fields of a page offer: every list that it needs in one statement, when one is shown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.db.models import CharField, F, IntegerField, QuerySet, Value
from django.db.models.functions import Cast

from accounts.models import User
from changes.models import Term

# The model's rows, and the field whose value a form sends.
List = tuple[QuerySet[Any], str]


class Offers:
    """Lists by a name of the caller's; nothing is read before the first is asked for."""

    def __init__(self, lists: Mapping[Any, List]) -> None:
        self._lists = dict(lists)

    @cached_property
    def _rows(self) -> dict[Any, list[tuple[str, str, str]]]:
        each = [_columns(which, *listed) for which, listed in enumerate(self._lists.values())]
        names = list(self._lists)
        found: dict[Any, list[tuple[str, str, str]]] = {name: [] for name in names}
        rows = each[0].union(*each[1:], all=True) if len(each) > 1 else each[0]
        for which, _, key, name, note in sorted(rows, key=lambda row: (row[1], row[3].casefold())):
            found[names[which]].append((key, name, note))
        return found

    def rows(self, name: Any) -> list[tuple[str, str, str]]:
        """Value, words and note (a description, or the question of a factor's kind)."""
        return self._rows[name]

    def pairs(self, name: Any) -> list[tuple[str, str]]:
        return [(key, words) for key, words, _ in self._rows[name]]


def _columns(which: int, rows: QuerySet[Any], key: str) -> QuerySet[Any]:
    """The same columns whatever the model, so that one statement can hold them all."""
    model: type[Any] = rows.model
    is_term = issubclass(model, Term)
    place = F(model.offered_by) if is_term else Value(0)
    note = F(model.offered_with) if is_term else Value("")
    return rows.order_by().values_list(
        Value(which, IntegerField()),
        place,
        Cast(key, CharField()),
        F("username" if model is User else "name"),
        note,
    )
