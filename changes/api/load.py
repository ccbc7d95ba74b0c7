"""Readings of what a repository asks to be kept right."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.days import day_of
from accounts.idempotency import idempotent
from accounts.models import Scope
from accounts.resources import Readable
from changes import filters
from changes.models import LoadReading
from changes.serializers.load import LoadReadingInput, LoadReadingSerializer
from changes.services.load import Reading, record_readings


class LoadReadings(Readable):
    """Newest first: by day, then by when it was recorded first."""

    queryset = LoadReading.objects.select_related("repository", "service", "area")
    write_scope = Scope.CHANGES_WRITE
    serializer_class = LoadReadingSerializer
    filterset_class = filters.LoadReadingFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-on"

    @extend_schema(request=LoadReadingInput, responses={200: LoadReadingSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Tell how many settings, dependencies or services there are; the last word on a day stands."""
        said = self.checked(LoadReadingInput)
        repository, now = said.pop("repository"), timezone.now()
        told: dict[str, Any] = {"on": day_of(now), "source": "CI"} | said
        (row,) = record_readings(repository=repository, readings=[Reading(**told)], told_at=now)
        return self.answer(self.get_queryset().get(pk=row.pk))
