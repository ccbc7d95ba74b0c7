"""Figures as readers want them. `{% load figures %}`."""

from __future__ import annotations

import re

from django import template

from analytics.metrics import sentences
from analytics.metrics.error_rates import Measured
from analytics.metrics.sentences import number
from design.spans import NARROW, grouped

register = template.Library()
DASH = "–"


@register.filter
def share(value: float | None) -> str:
    """A number of failures, which may hold parts of an incident: 12, 4.5; a dash for what is hidden."""
    if value is None:
        return DASH
    return grouped(round(value, 1), "g")


@register.filter
def whole(value: int | None) -> str:
    return DASH if value is None else grouped(value)


@register.filter
def apart(prose: str) -> str:
    """Thousands in prose, written with commas there, parted as everywhere else."""
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", NARROW, prose)


@register.filter
def minus(whole: int, part: int) -> int:
    return whole - part


@register.filter
def rate(value: float | None) -> str:
    """A rate of 0..1 in percent without the sign; one decimal below ten."""
    if value is None:
        return DASH
    percent = value * 100
    return f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}"


@register.filter
def tint(cell: object) -> str:
    """The class of a cell of the matrix: its colour step, or how it looks without a rate."""
    state, level = getattr(cell, "state", "empty"), getattr(cell, "level", None)
    if state in ("shown", "uncertain") and level is not None:
        return f"step-{level}"
    return {"empty": "none", "few": "few", "restricted": "hidden"}.get(state, "")


@register.filter
def percent(value: float | None) -> str:
    """A share of 0..1 with its sign: 4.2 %, 31 %."""
    return DASH if value is None else f"{rate(value)}\u202f%"


@register.filter
def times(value: float | None) -> str:
    """A ratio: 2.4, 0.71, no limit."""
    return number(value)


@register.filter
def evidence(value: float) -> str:
    """How strongly the incidents speak; beyond a thousand the digits say nothing."""
    if value >= 1000:
        return f"over {grouped(1000)}"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


@register.filter
def state_name(state: str) -> str:
    """What the decision rule's state is called."""
    return sentences.state_name(state)


@register.simple_tag
def share_of_years(found: Measured, share: float) -> str:
    """A share of simulated years with what so many years leave open: 0 % (0 to 6 %)."""
    low, high = found.range_of(share)
    return f"{share * 100:.0f}\u202f% ({low * 100:.0f} to {high * 100:.0f}\u202f%)"
