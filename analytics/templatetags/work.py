"""Numbers of work in progress as they are written."""

from __future__ import annotations

from django import template

from analytics.metrics.work_words import age, number

register = template.Library()


@register.filter
def average(value: float | None) -> str:
    return "–" if value is None else number(value)


@register.filter
def old(days: float | None) -> str:
    return "–" if days is None else age(days)
