"""`{% incident_picture incident entries %}`: the picture of an incident, from entries already read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone

from incidents import picture
from incidents.models import Cause, Incident, TimelineEntry

register = template.Library()
WIDE, NARROW = 960, 344
Kind = TimelineEntry.Kind
LANES = {Kind.ALERT: "alert", Kind.DETECTION: "alert", Kind.CHANGE: "change"}
NAMED = (Cause.Status.CONFIRMED, Cause.Status.SUSPECTED)


@register.inclusion_tag("incidents/_picture.html")
def incident_picture(
    incident: Incident, entries: Iterable[Any], causes: Iterable[Cause] | None = None, named: str = ""
) -> dict[str, Any]:
    """Entries are rows or the dictionaries of a document. `named` tells two pictures on one page apart."""
    told = _told(incident, list(entries), _causes(incident) if causes is None else causes)
    return {
        "key": named or "incident",
        "incident": incident,
        "pictures": [
            ("wide", picture.drawn(told, width=WIDE)),
            ("narrow", picture.drawn(told, width=NARROW)),
        ],
        "words": picture.in_words(told),
        "notes": picture.notes(told),
        "stars": picture.stars(told.marks),
        "zone": timezone.get_current_timezone_name(),
    }


def _causes(incident: Incident) -> Iterable[Cause]:
    return incident.causes.filter(status__in=NAMED).select_related("change")


def _told(incident: Incident, entries: list[Any], causes: Iterable[Cause]) -> picture.Told:
    shipped = [cause for cause in causes if cause.status in NAMED and cause.change_id]
    marks = [mark for entry in entries for mark in _marks(entry)]
    marks += [
        picture.Mark("change", cause.change.shipped_at, f"{cause.change} shipped", is_cause=True)
        for cause in shipped
        if cause.change and cause.change.shipped_at
    ]
    return picture.Told(
        times={name: getattr(incident, name) for name in picture.PHASES},
        wrong=frozenset(incident.times_in_wrong_order),
        marks=tuple(marks),
        began=incident.began_at,
        now=timezone.now(),
        is_over=incident.status in {Incident.Status.RESOLVED, Incident.Status.CLOSED},
        zone=timezone.get_current_timezone(),
    )


def _marks(entry: Any) -> Iterable[picture.Mark]:
    if _part(entry, "hidden"):
        return
    at = _part(entry, "occurred_at")
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    text = str(_part(entry, "text") or "")
    short = text if len(text) <= 120 else f"{text[:119]}…"
    if lane := LANES.get(str(_part(entry, "kind"))):  # type: ignore[call-overload]
        yield picture.Mark(lane, moment, short)
    if _part(entry, "starred"):
        yield picture.Mark("star", moment, short)


def _part(entry: Any, name: str) -> Any:
    return entry.get(name) if isinstance(entry, dict) else getattr(entry, name)
