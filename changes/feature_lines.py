"""Which features a text or a label names: a line `Feature: slug`, a label `feature:slug`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from changes.declared_text import bare_lines, is_quoted

MOST_NAMED, MOST_SLUG = 10, 100
SLUG = r"[a-z0-9]+(?:[-_][a-z0-9]+)*"
LINE = re.compile(
    rf"^[ \t]*(?:[-*+][ \t]+)?\*{{0,2}}feature\*{{0,2}}[ \t]*:\*{{0,2}}[ \t]*`?({SLUG})`?[ \t]*$",
    re.IGNORECASE,
)
LABEL = re.compile(rf"^feature[ ]*[:/][ ]*({SLUG})$", re.IGNORECASE)


def in_text(text: str) -> list[str]:
    """In the order of the lines, each once. Comments, code and quoted text name nothing."""
    lines = (line for line in bare_lines(text) if not is_quoted(line))
    return _slugs(LINE, lines)


def in_labels(labels: Iterable[str]) -> list[str]:
    return _slugs(LABEL, (label.strip() for label in labels))


def named(in_texts: Iterable[str], labels: Iterable[str]) -> list[str]:
    """Lines before labels: whoever writes one means this change."""
    return list(dict.fromkeys([*in_texts, *in_labels(labels)]))[:MOST_NAMED]


def _slugs(pattern: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    found = (match[1].lower() for text in texts if (match := pattern.match(text)))
    return list(dict.fromkeys(slug for slug in found if len(slug) <= MOST_SLUG))[:MOST_NAMED]


def is_slug(text: str) -> bool:
    """Whether a line can name it."""
    return len(text) <= MOST_SLUG and re.fullmatch(SLUG, text) is not None
