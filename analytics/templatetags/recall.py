"""Shares with their intervals, and the baseline that unknown origins lead to. `{% load recall %}`."""

from __future__ import annotations

from django import template

from analytics.stats.decision import baseline_for
from analytics.stats.intervals import wilson_interval
from analytics.stats.sampling import Bounds
from analytics.templatetags.figures import percent, whole

register = template.Library()


@register.filter
def baseline(unknown_share: float) -> str:
    """What changes are compared with where so much is unknown: manual, or unmarked."""
    return baseline_for(unknown_share)


@register.simple_tag
def share_of(part: int, of: int) -> str:
    """1.9 % (0.7 to 4.8 %), by Wilson's interval; nothing of nothing."""
    if not of:
        return ""
    low, high = wilson_interval(part, of)
    return f"{percent(part / of)} ({percent(low)} to {percent(high)})"


@register.filter
def bounds(found: Bounds) -> str:
    """An estimated share with its interval: 31 % (22 to 41 %); without an estimate only the interval."""
    low, high = percent(found.low), percent(found.high)
    return f"{low} to {high}" if found.value is None else f"{percent(found.value)} ({low} to {high})"


@register.filter
def counts(found: Bounds) -> str:
    """An estimated number with its interval: about 61 (40 to 88)."""
    low, high = whole(int(found.low)), whole(int(found.high))
    return (
        f"{low} to {high}" if found.value is None else f"about {whole(round(found.value))} ({low} to {high})"
    )
