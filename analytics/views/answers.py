"""What every page with figures answers in the same way: files, and filters that cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

from django.forms import Form
from django.http import HttpResponse

from accounts.problems import problem

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_file(name: str, header: Iterable[str], lines: Iterable[Iterable[Any]]) -> HttpResponse:
    """Spreadsheets must not take a name for a formula: those get a leading quote."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for line in lines:
        writer.writerow([_quoted(value) for value in line])
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _quoted(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


def not_valid(form: Form) -> HttpResponse:
    return problem(400, detail="The filters cannot be read.", errors=form.errors.get_json_data())
