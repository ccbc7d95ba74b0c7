"""Cursor pages over a natural order and the id: no page moves because a row came in before it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ParseError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

DEFAULT_SIZE = 50
LARGEST_SIZE = 200


@dataclass(frozen=True)
class Cursor:
    value: Any
    pk: int
    backwards: bool

    def encode(self) -> str:
        # A datetime is a date too: it is asked first.
        kind = "t" if isinstance(self.value, datetime) else "d" if isinstance(self.value, date) else "v"
        at = {kind: self.value if kind == "v" else self.value.isoformat()}
        text = json.dumps([at, self.pk, int(self.backwards)], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        try:
            padded = text + "=" * (-len(text) % 4)
            at, pk, backwards = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            value = _read_back(at)
            if type(pk) is not int or backwards not in {0, 1}:
                raise ValueError(text)
        except (ValueError, TypeError, KeyError, binascii.Error):
            raise ParseError("This cursor was not made here.", code="invalid_cursor") from None
        return cls(value, pk, bool(backwards))


def _read_back(at: dict[str, Any]) -> datetime | date | str | int:
    """What `encode` wrote, and a database can compare. Raises: ValueError, KeyError, TypeError."""
    if "t" in at:
        when = parse_datetime(at["t"])
        if when is None or when.tzinfo is None:
            raise ValueError(at)
        return when
    if "d" in at:
        return date.fromisoformat(at["d"])
    value = at["v"]
    if type(value) is int or (isinstance(value, str) and "\0" not in value):
        return value
    raise ValueError(at)


class CursorPages(BasePagination):
    """A view names its order as `page_by`, such as `-occurred_at`: a field or annotation never NULL."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.field: str = view.page_by.removeprefix("-")
        self.falling = view.page_by.startswith("-")
        self.size = page_size(request)
        text = request.query_params.get("cursor")
        self.cursor = Cursor.decode(text) if text else None
        falling = self.falling != bool(self.cursor and self.cursor.backwards)
        try:
            found = list(self._after(queryset, falling)[: self.size + 1])
        except (ValueError, TypeError, OverflowError, FieldError, ValidationError):
            if self.cursor is None:
                raise
            raise ParseError("This cursor belongs to another list.", code="invalid_cursor") from None
        self.more = len(found) > self.size
        self.rows = found[: self.size]
        if self.cursor and self.cursor.backwards:
            self.rows.reverse()
        return self.rows

    def _after(self, queryset: QuerySet[Any], falling: bool) -> QuerySet[Any]:
        sign = "-" if falling else ""
        ordered = queryset.order_by(f"{sign}{self.field}", f"{sign}pk")
        if self.cursor is None:
            return ordered
        step = "lt" if falling else "gt"
        beyond = Q(**{f"{self.field}__{step}": self.cursor.value})
        level = Q(**{self.field: self.cursor.value, f"pk__{step}": self.cursor.pk})
        return ordered.filter(beyond | level)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {"next": self._link(forward=True), "previous": self._link(forward=False), "results": data}
        )

    def _link(self, *, forward: bool) -> str | None:
        backwards = bool(self.cursor and self.cursor.backwards)
        there_is_more = self.more if forward != backwards else self.cursor is not None
        if not there_is_more or not self.rows:
            return None
        edge = self.rows[-1] if forward else self.rows[0]
        cursor = Cursor(self._value(edge), edge.pk, backwards=not forward)
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor.encode())

    def _value(self, row: Model) -> Any:
        return row.pk if self.field == "pk" else getattr(row, self.field)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE}
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "From `next` or `previous` of another page.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "Rows a page.",
                "schema": size,
            },
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


def page_size(request: Request) -> int:
    text = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= LARGEST_SIZE):
        raise ParseError(f"page_size is a whole number from 1 to {LARGEST_SIZE}.", code="invalid_page_size")
    return int(text)
