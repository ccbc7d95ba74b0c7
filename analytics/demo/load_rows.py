"""Readings of load month by month, and limits of work in progress, one of them crossed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from analytics.demo.places import Places
from analytics.models import WorkLimit
from changes.models import LoadReading, Service
from incidents.models import Alert

MONTHS = 14
# What a repository asked for at first, and by how much that grows a month: (begins, least, most).
KINDS = {
    "dependencies": (24, 0, 2),
    "indirect": (190, -3, 14),
    "settings": (46, 0, 4),
}
NOISE, NOISE_DAYS = 90, 210
NOISES = (
    "Disk above 80 %",
    "Response time above 400 ms",
    "Queue longer than 500",
    "Certificate ends in 30 days",
)
# One that nobody measures, so that it can be seen how that looks.
LEFT_OUT = 1
# The first is crossed, the others are kept.
LIMITS = (
    ("changes", 24, None),
    ("incidents", 6, None),
    ("postmortems", 60, None),
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
    Alert.objects.bulk_create(_noise(as_of, places, random))
    WorkLimit.objects.bulk_create(
        WorkLimit(sort=sort, most=most, oldest_days=oldest, is_demo=True) for sort, most, oldest in LIMITS
    )


def _noise(as_of: datetime, places: Places, random: Random) -> Iterator[Alert]:
    """Alerts that resolved themselves, while somebody looked."""
    services = list(places.services.values())
    for number in range(NOISE):
        opened_at = as_of - timedelta(days=random.uniform(1, NOISE_DAYS))
        yield Alert(
            source=places.pager, key=f"demo-noise-{number}", number=f"N-{number}", urgency="low",
            service=random.choice(services), title=random.choice(NOISES), status=Alert.Status.RESOLVED,
            opened_at=opened_at, recorded_at=opened_at,
            resolved_at=opened_at + timedelta(minutes=random.randint(2, 40)),
        )  # fmt: skip


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
