"""What stands in every answer of the confirm queue, and hardly alters from key to key: drawn once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from analytics.queries.said_lately import Keypress

register = template.Library()


@lru_cache(maxsize=2048)
def _drawn(part: str, **values: Any) -> SafeString:
    return mark_safe(render_to_string(f"analytics/{part}.html", values).strip())  # noqa: S308


@register.simple_tag
def keypress(press: Keypress) -> SafeString:
    return _drawn("queue_press", press=press)


@register.simple_tag
def kind_buttons(kinds: tuple[tuple[str, str, str], ...], suggested: frozenset[str]) -> SafeString:
    """`kinds`: the key, the slug and the name of each."""
    return _drawn("queue_kinds", kinds=kinds, suggested=suggested)
