"""What every page with figures answers in the same way: files, and filters that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.forms import Form
from django.http import HttpResponse

from accounts.problems import problem
from analytics.csv_files import csv_text


def csv_file(name: str, header: Iterable[str], lines: Iterable[Iterable[Any]]) -> HttpResponse:
    response = HttpResponse(csv_text(header, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def not_valid(form: Form) -> HttpResponse:
    return problem(400, detail="The filters cannot be read.", errors=form.errors.get_json_data())
