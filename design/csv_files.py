"""Lines as CSV. Spreadsheets must not take a name for a formula: those get a leading quote."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(header: Iterable[str], lines: Iterable[Iterable[Any]]) -> str:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for line in lines:
        writer.writerow([_quoted(value) for value in line])
    return text.getvalue()


def _quoted(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value
