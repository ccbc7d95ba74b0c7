"""The report as one file that needs nothing else: HTML with its own style, and JSON."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from analytics.first_report.pictures import pictures
from analytics.first_report.shapes import Report

STYLES = ("css/tokens.css", "css/report_file.css", "css/report.css")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
BLANKS = re.compile(r"\n\s*\n+")


def as_file(report: Report) -> str:
    html = render_to_string(
        "analytics/report/file.html", {"report": report, "styles": _styles(), **pictures(report)}
    )
    return BLANKS.sub("\n", html)


def _styles() -> SafeString:
    """Raises: FileNotFoundError, where the checkout lacks its static files."""
    texts = []
    for name in STYLES:
        found = finders.find(name)
        if not isinstance(found, str):
            raise FileNotFoundError(f"the style sheet {name} is missing")
        texts.append(COMMENT.sub("", Path(found).read_text("utf-8")).strip())
    return mark_safe("\n".join(texts))  # noqa: S308 -- our own style sheets


def as_data(report: Report) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(report).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime) else value
