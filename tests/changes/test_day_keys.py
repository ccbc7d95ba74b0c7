"""Keys of the days that people reviewed on go when the raw deliveries of those days do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.days import day_of
from changes.models import DayKey
from changes.services.reviews import on_day
from changes.tasks import forget_day_keys

pytestmark = pytest.mark.django_db


def test_day_keys_go_with_the_deliveries_of_their_day(settings: Settings) -> None:
    settings.INTAKE_KEEP_DONE = timedelta(days=10)
    last_kept = day_of(timezone.now() - settings.INTAKE_KEEP_DONE)
    gone = on_day(last_kept - timedelta(days=1), "7")
    kept = on_day(last_kept, "7")
    forget_day_keys()
    assert [one.day for one in DayKey.objects.all()] == [last_kept]
    assert on_day(last_kept, "7") == kept
    assert on_day(last_kept - timedelta(days=1), "7") != gone


def test_every_tick_forgets_day_keys(settings: Settings) -> None:
    assert "changes.tasks.forget_day_keys" in settings.TICKS
