"""Resource of reviewing: the object that the page shows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.resources import Figures
from analytics import reviewing
from analytics.api_delivery import PARAMETERS
from analytics.review_form import ReviewForm
from analytics.serializers_reviewing import ReviewingSerializer


class Reviewing(Figures):
    """Of changes, reviewer-days and answers without a name; none is of a person."""

    serializer_class = ReviewingSerializer
    query_names = frozenset({"scope", "week"})

    @extend_schema(
        operation_id="reviewing_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(ReviewingSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What reviewing asks of people: 13 weeks, the 13 before, and week by week."""
        form = self.asked(ReviewForm)
        return Response(reviewing.as_json(reviewing.report_of(form)))
