"""Reviews and checks as they were told, and what people say of a review."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.idempotency import idempotent
from accounts.resources import Readable
from changes import review_filters
from changes.models import CheckRun, Review
from changes.serializers import reviewed as serializers
from changes.services.care import care_token, record_care
from changes.services.size_exceptions import say_size_exception, withdraw_size_exception


class CheckRuns(Readable):
    """Read only, newest first: forges and CI tell of checks by webhook."""

    queryset = CheckRun.objects.select_related("repository")
    serializer_class = serializers.CheckRunSerializer
    filterset_class = review_filters.CheckRunFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-queued_at"


class Reviews(Readable):
    """Read only, newest first. Who reviewed is told to nobody."""

    serializer_class = serializers.ReviewRowSerializer
    filterset_class = review_filters.ReviewFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-submitted_at"
    queryset = Review.objects.all()

    def get_queryset(self) -> QuerySet[Review]:
        return Review.objects.defer("reviewer_in_change", "reviewer_on_day")


class OfReview(Readable):
    """What hangs on one change: why it is so large, and whether it could be reviewed with care."""

    @extend_schema(
        methods=["post"],
        request=serializers.SizeExceptionInput,
        responses=serializers.SizeExceptionSerializer,
    )
    @extend_schema(methods=["delete"], request=None, responses={204: None})
    @action(detail=True, methods=["post", "delete"], url_path="size-exception")
    @idempotent
    def size_exception(self, request: Request, pk: str) -> Response:
        """Say why it was right to be so large, or take it back. The latest words stand."""
        change = self.get_object()
        if request.method == "DELETE":
            if not withdraw_size_exception(change_id=change.pk, by=self.person):
                raise Http404("Nobody has said why it is so large.")
            return Response(status=204)
        said = self.checked(serializers.SizeExceptionInput)
        row = say_size_exception(change_id=change.pk, by=self.person, now=timezone.now(), **said)
        return Response(serializers.SizeExceptionSerializer(row).data)

    # Not idempotent by key: what is kept for that would tie the answer to a person.
    @extend_schema(methods=["get"], request=None, responses=serializers.CareSerializer)
    @extend_schema(
        methods=["post"], request=serializers.CareInput, responses={201: serializers.CareSerializer}
    )
    @action(detail=True, methods=["get", "post"])
    def care(self, request: Request, pk: str) -> Response:
        """The link to the question; or an answer to it, kept without a person or an hour."""
        change = self.get_object()
        status = 200
        if request.method == "POST":
            said = self.checked(serializers.CareInput)
            change, status = record_care(change_id=change.pk, now=timezone.now(), **said), 201
        token = care_token(change.pk, timezone.now())
        link: Any = reverse("changes:care", args=[token], request=request)
        return Response({"change": change.pk, "link": link}, status=status)
