"""Resource of delivery: the object that the page shows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.resources import Figures
from analytics import delivery
from analytics.review_form import ReviewForm
from analytics.serializers_delivery import DeliveryFiguresSerializer

PARAMETERS = [
    OpenApiParameter(
        "scope", str, description="`team:1`, `service:3` or `area:2` by their ids; everything when absent."
    ),
    OpenApiParameter("week", str, description="`2026-W47`; the last week that is over when absent."),
]


class Delivery(Figures):
    """One number, whoever asks; what would give a restricted incident away is hidden."""

    serializer_class = DeliveryFiguresSerializer
    query_names = frozenset({"scope", "week"})

    @extend_schema(
        operation_id="delivery_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(DeliveryFiguresSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The five figures of delivery: 13 weeks, the 13 before, and week by week."""
        form = self.asked(ReviewForm)
        return Response(delivery.as_json(delivery.report_of(form)))
