"""What every tick looks for among changes."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from changes.services.reviews import forget_days
from changes.services.weighing import local_day


def forget_day_keys() -> None:
    """With the raw deliveries of a day goes its key, and with it the way back to who reviewed that day."""
    forget_days(before=local_day(timezone.now() - settings.INTAKE_KEEP_DONE))
