"""Resource of reviewing: the object that the page shows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.resources import Resource
from analytics import reviewing
from analytics.api_delivery import PARAMETERS
from analytics.review_form import ReviewForm
from analytics.serializers_reviewing import ReviewingSerializer


class Reviewing(Resource):
    """Of changes, reviewer-days and answers without a name; none is of a person."""

    serializer_class = ReviewingSerializer
    pagination_class = None
    filter_backends = ()
    query_names = frozenset({"scope", "week"})

    @extend_schema(
        operation_id="reviewing_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(ReviewingSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What reviewing asks of people: 13 weeks, the 13 before, and week by week."""
        form = ReviewForm(request.query_params)
        if not form.is_valid():
            raise ValidationError(
                {name: [str(fault) for fault in faults] for name, faults in form.errors.items()}
            )
        return Response(reviewing.as_json(reviewing.report_of(form)))
