"""Times that changes waited, as readers want them. `{% load waits %}`."""

from __future__ import annotations

from django import template

from analytics.metrics import time_words
from analytics.metrics.time_spent import Spread

register = template.Library()


@register.filter
def amount(value: float | None, unit: str = "seconds") -> str:
    """`9 h 10 min`, or rounds; a dash for what is not known."""
    return time_words.amount(value, unit)


@register.filter
def reach(spread: Spread, unit: str = "seconds") -> str:
    """The range of a median in words, or why there is none."""
    return time_words.range_words(spread, unit)
