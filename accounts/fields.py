"""Fields of the API that every floor reads in the same way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts.moments import OUTSIDE, can_be_meant


class Moment(serializers.DateTimeField):
    """A moment that somebody tells; one that nobody can mean is refused."""

    default_error_messages = {"outside": OUTSIDE}

    def to_internal_value(self, value: Any) -> datetime:
        at: datetime = super().to_internal_value(value)
        if not can_be_meant(at):
            self.fail("outside")
        return at
