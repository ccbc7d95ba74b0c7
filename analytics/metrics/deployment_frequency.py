"""Deployment frequency

How many production deployments reached users in a week, and on how many days there was one.

Count: Deployments to a production environment that succeeded, by the moment that they finished, in weeks
from Monday to Sunday of the organisation's zone. Deployments and active days are two figures: twenty
deployments on one day are twenty deployments and one active day. Beside them stands the median time between
two deployments.

Apart: Attempts that failed or were cancelled before they reached users.

Exclusions: Other environments. Before the first deployment that is known of a service nobody can tell: such a
week is a gap, not 0. The present, unfinished week is marked, and compared with no other.

Range: What would be plausible if deployments came one by one at a steady pace (Poisson, 95 %): how far
such a count strays without anything having changed.

Source: Deployments from forges, deploy tools and the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from analytics.flow_weeks import Span
from analytics.metrics.delivery_words import Count, Spread


def part(counts: Mapping[str, int], rhythm: Mapping[str, Any], known_since: date | None) -> dict[str, Any]:
    return {
        "deployments": counts["deployments"],
        "attempts": counts["attempts"],
        "active_days": rhythm.get("active_days", 0),
        "between": Spread.read(rhythm).as_figures(),
        "known_since": known_since.isoformat() if known_since else None,
    }


def read(figures: Mapping[str, Any] | None, span: Span) -> Count:
    """None as its number where not one deployment was known yet by the end of the span."""
    if figures is None:
        return Count(None, span.weeks)
    said = figures["frequency"]
    known = said["known_since"]
    begun = known is not None and date.fromisoformat(known) < span.ends_on
    if not begun and not said["attempts"]:
        return Count(None, span.weeks)
    since = date.fromisoformat(known) if begun else None
    return Count(
        said["deployments"],
        span.weeks,
        attempts=said["attempts"],
        active_days=said["active_days"],
        known_since=since if since is not None and since >= span.begins_on else None,
        between=Spread(**said["between"]),
    )
