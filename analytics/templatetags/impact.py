"""Numbers of features in templates."""

from __future__ import annotations

from django import template

from analytics.metrics import features

register = template.Library()


@register.filter
def figure(value: float | None) -> str:
    """Four digits that matter; a dash where nothing is known."""
    return features.number(value)


@register.filter
def signed(value: float | None) -> str:
    return "–" if value is None else features.signed(value)


@register.filter
def quotient(value: float) -> str:
    """Three digits: both of its parts are uncertain."""
    return features.signed(float(f"{value:.3g}"))
