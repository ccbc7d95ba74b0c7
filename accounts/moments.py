"""Which moments can be meant: outside of them a clock was wrong, and a calendar would have no end."""

from __future__ import annotations

from datetime import UTC, datetime

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
OUTSIDE = "This is no moment from 1970 to 2199."


def can_be_meant(at: datetime) -> bool:
    """`at` carries its zone."""
    return EARLIEST <= at < LATEST
