"""Resource of where the time goes: the object that the page shows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.resources import Figures
from analytics import time_files, times
from analytics.api_delivery import PARAMETERS
from analytics.review_form import ReviewForm
from analytics.serializers_time import TimeSpentSerializer


class TimeSpent(Figures):
    """One number, whoever asks; what would give a restricted incident away is hidden."""

    serializer_class = TimeSpentSerializer
    query_names = frozenset({"scope", "week"})

    @extend_schema(
        operation_id="time_spent_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(TimeSpentSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Where the time of changes went, and what was made beside what reached users, over 26 weeks."""
        form = self.asked(ReviewForm)
        return Response(time_files.as_json(times.report_of(form)))
