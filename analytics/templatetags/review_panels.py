"""What pages of the lower floors show by the rules of the weekly review. `{% load review_panels %}`."""

from __future__ import annotations

from typing import Any

from django import template

from analytics.queries.spans import rules_in_force
from changes.models import Change

register = template.Library()


@register.inclusion_tag("changes/_size_exception.html", takes_context=True)
def size_exception_of(context: template.Context, change: Change) -> dict[str, Any]:
    """Why the change is so large, where it is larger than one can review well or somebody has said it."""
    said, described = context["size_exceptions"], context["described_exception"]
    lines, most = lines_of(change), rules_in_force().reviewable_lines
    is_large = lines is not None and lines > most
    return {
        "is_shown": is_large or bool(said) or bool(described),
        "is_large": is_large,
        "lines": lines,
        "most": most,
        "said": said[0] if said else None,
        "described": described,
        "may_decide": context["may_decide"],
        "change": change,
        "csrf_token": context.get("csrf_token"),
    }


def lines_of(change: Change) -> int | None:
    """Without generated and lock files where that is known; None where nobody told the size."""
    if change.counted_lines is not None:
        return change.counted_lines
    if change.additions is None or change.deletions is None:
        return None
    return change.additions + change.deletions
