"""Days are those of the organisation, wherever the reader is."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.days import day_of, midnight

NIGHT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "day"), [("UTC", 1), ("Europe/Berlin", 2), ("America/New_York", 1)])
def test_a_day_is_the_organisations_when_the_reader_is_elsewhere(
    zone: str, day: int, settings: Settings
) -> None:
    settings.ORGANISATION_TIME_ZONE = zone
    with timezone.override("Pacific/Auckland"):
        assert day_of(NIGHT) == date(2026, 3, day)
        assert day_of(midnight(date(2026, 3, day))) == date(2026, 3, day)


def test_a_day_begins_an_hour_earlier_when_clocks_are_ahead(settings: Settings) -> None:
    settings.ORGANISATION_TIME_ZONE = "Europe/Berlin"
    begins = [midnight(date(2026, 3, day)).astimezone(UTC).hour for day in (29, 30)]
    assert begins == [23, 22]
