"""Days as the organisation counts them, whoever asks: pages show times in the zone of their reader."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def organisation_zone() -> ZoneInfo:
    return ZoneInfo(settings.ORGANISATION_TIME_ZONE)


def day_of(at: datetime) -> date:
    return at.astimezone(organisation_zone()).date()


def today() -> date:
    return day_of(timezone.now())


def midnight(day: date) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time(), organisation_zone())
