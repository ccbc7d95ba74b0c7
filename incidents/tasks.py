"""What every tick looks for among incidents."""

from __future__ import annotations

from django.core.cache import cache
from django.utils import timezone

from incidents.services import doubles, reminding

REMIND_EVERY = 900


def follow_doubles() -> None:
    """Changes are merged on a floor that knows of no incident: what was named on a double follows here."""
    doubles.follow_doubles()


def remind_owners() -> None:
    """A look every quarter of an hour is enough for days; the rows know what was told."""
    if cache.add("incidents:reminded", True, REMIND_EVERY):
        reminding.remind(now=timezone.now())
