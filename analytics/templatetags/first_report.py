"""Pieces of the first report. `{% load first_report %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from analytics.first_report import words

register = template.Library()
WIDTH = 120


@register.filter
def percent(value: float | None) -> str:
    return "–" if value is None else words.percent(value)


@register.filter
def between(pair: Any) -> str:
    """The range of a share or a rate."""
    return "–" if pair.low is None else f"{words.percent(pair.low)} to {words.percent(pair.high)}"


@register.filter
def times(value: float | None) -> str:
    return "–" if value is None else words.times(value)


@register.filter
def fold(value: float) -> str:
    return words.fold(value)


@register.simple_tag
def share_bar(one: Any) -> SafeString | str:
    """A share with its range on a track of 0 to 100 %; the figures beside it say the same."""
    if one.share is None:
        return ""
    share, low, high = (round(part * WIDTH, 1) for part in (one.share, one.low, one.high))
    return format_html(
        '<svg class="share-bar" viewBox="0 0 {} 12" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" x="0" y="3" width="{}" height="6" rx="1"/>'
        '<rect class="fill" x="0" y="3" width="{}" height="6" rx="1"/>'
        '<line class="spread" x1="{}" x2="{}" y1="6" y2="6"/></svg>',
        WIDTH, WIDTH, share, low, max(high, low + 0.5),
    )  # fmt: skip
