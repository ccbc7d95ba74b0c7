"""What every tick looks for among incidents."""

from __future__ import annotations

from incidents.services import doubles


def follow_doubles() -> None:
    """Changes are merged on a floor that knows of no incident: what was named on a double follows here."""
    doubles.follow_doubles()
