"""Readings of load month by month, and limits of work in progress, one of them crossed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from analytics.demo.places import Places
from analytics.models import WorkLimit
from changes.models import LoadReading, Service

MONTHS = 14
# What a repository asked for at first, and by how much that grows a month: (begins, least, most).
KINDS = {
    "dependencies": (24, 0, 2),
    "indirect": (190, -3, 14),
    "settings": (46, 0, 4),
}
# One that nobody measures, so that it can be seen how that looks.
LEFT_OUT = 1
# More at once than is agreed: crossed from the beginning, kept, and an age that is not agreed.
LIMITS = (
    ("changes", 8, None),
    ("incidents", 6, None),
    ("actions", None, 45),
)


def make(as_of: datetime, places: Places, random: Random) -> None:
    rows: list[LoadReading] = []
    for repository in list(places.repositories.values())[:-LEFT_OUT]:
        parts = [one for one in places.services.values() if one.repository_id == repository.pk]
        shared = parts if len(parts) > 1 else []
        scale = random.uniform(0.7, 1.5)
        for kind, (begins, least, most) in KINDS.items():
            count = round(begins * scale)
            for on in _days(as_of.date()):
                count += random.randint(least, most)
                for part, own in _split(count, shared, kind):
                    rows.append(
                        LoadReading(
                            repository=repository, service=part, kind=kind, on=on, count=own,
                            source="measure_load", told_at=as_of, recorded_at=as_of,
                        )
                    )  # fmt: skip
    LoadReading.objects.bulk_create(rows)
    WorkLimit.objects.bulk_create(
        WorkLimit(sort=sort, most=most, oldest_days=oldest, is_demo=True) for sort, most, oldest in LIMITS
    )


def _days(as_of: date) -> list[date]:
    """The last days of the months before, oldest first."""
    days = [as_of.replace(day=1) - timedelta(days=1)]
    while len(days) < MONTHS:
        days.append(days[-1].replace(day=1) - timedelta(days=1))
    return days[::-1]


def _split(count: int, parts: list[Service], kind: str) -> Iterator[tuple[Service | None, int]]:
    """The whole, and each part of it with what the others have too."""
    yield None, count
    for number, part in enumerate(parts):
        if kind != "indirect":
            yield part, round(count * (0.62 - 0.11 * number))
