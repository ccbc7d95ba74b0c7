"""Figures of reviewing as readers want them. `{% load reviewing %}`."""

from __future__ import annotations

from django import template

from analytics.metrics.reviewing_sentences import figure as figure_words
from analytics.metrics.reviewing_words import ORIGINS

register = template.Library()


@register.filter
def figure(value: float | None) -> str:
    """A median: 0.45, 8.2, 1 240; a dash for none."""
    return "–" if value is None else figure_words(value)


@register.filter
def stand_name(stand: str) -> str:
    """`assisted` or `automation` in words."""
    return ORIGINS[f"origin:{stand}"]
