"""Sampled checks over the API: drawn, answered one by one, taken back, closed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.idempotency import idempotent
from accounts.models import Scope
from accounts.resources import Readable
from analytics import serializers_samples as serializers
from analytics.filters import SampleFilter
from analytics.models import Sample, SampledChange
from analytics.queries import samples as queries
from analytics.queries.figures import shows_demo
from analytics.services import samples as services
from incidents.services.refusals import Refused


class Samples(Readable):
    """Everyone reads; whoever may say how a change was made draws and answers."""

    write_scope = Scope.CHANGES_WRITE
    queryset = Sample.objects.all()
    serializer_class = serializers.SampleSerializer
    filterset_class = SampleFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-drawn_at"
    refusals = (Refused,)

    def get_queryset(self) -> QuerySet[Sample]:
        found = queries.samples(shows_demo()) if self.action == "list" else super().get_queryset()
        return found.select_related("team", "repository", "drawn_by").prefetch_related("drawn")

    @extend_schema(responses=serializers.SampleDetailSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With what follows from the answers so far."""
        return self._shown(self.get_object())

    @extend_schema(request=serializers.SampleInput, responses={201: serializers.SampleDetailSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Draw lots; the seed is kept, so that the draw can be repeated."""
        said = self.checked(serializers.SampleInput)
        scope = queries.Scope(
            said["since"], said["until"], shows_demo(), said.get("team"), said.get("repository")
        )
        sample = services.draw(scope=scope, size=said["size"], by=self.person, now=timezone.now())
        location = reverse("api:sample-detail", args=[sample.pk], request=request)
        return self._shown(sample, status=201, location=location)

    @extend_schema(responses=serializers.SampledChangeSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def drawn(self, request: Request, pk: str) -> Response:
        """Every drawn change in the order of the lots, with what was said of it."""
        rows = queries.drawn_of(self.get_object())
        return Response(serializers.SampledChangeSerializer(rows, many=True).data)

    @extend_schema(
        responses=serializers.NextSerializer,
        filters=False,
        parameters=[OpenApiParameter("after", int, description="The first open one behind this drawn one.")],
    )
    @action(detail=True, methods=["get"], query_names=frozenset({"after"}))
    def next(self, request: Request, pk: str) -> Response:
        """The next open change, in the order of the lots."""
        sample = self.get_object()
        drawn = list(queries.drawn_of(sample))
        line = queries.open_ones(drawn, after=_after(request)) if sample.closed_at is None else []
        told = {"next": line[0] if line else None, "left": len(line)}
        return Response(serializers.NextSerializer(told).data)

    @extend_schema(request=serializers.SampleAnswerInput, responses=serializers.SampledChangeSerializer)
    @action(detail=True, methods=["post"], url_path="answer", url_name="answer")
    @idempotent
    def say(self, request: Request, pk: str) -> Response:
        """Kept as the sender's word on the change; "cannot say" is an answer too."""
        said = self.checked(serializers.SampleAnswerInput)
        row = self._drawn(said["drawn"])
        services.answer(drawn_id=row.pk, say=said["say"], by=self.person, now=timezone.now())
        return self._said(row)

    @extend_schema(request=serializers.SampleUndoInput, responses=serializers.SampledChangeSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def undo(self, request: Request, pk: str) -> Response:
        """Take an answer back; somebody else's word is theirs."""
        row = self._drawn(self.checked(serializers.SampleUndoInput)["drawn"])
        services.undo(drawn_id=row.pk, by=self.person, now=timezone.now())
        return self._said(row)

    @extend_schema(request=None, responses=serializers.SampleDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def close(self, request: Request, pk: str) -> Response:
        """No more is asked; what was answered stays."""
        return self._shown(services.close(sample=self.get_object(), now=timezone.now()))

    @extend_schema(request=None, responses=serializers.SampleDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def reopen(self, request: Request, pk: str) -> Response:
        """Ask on."""
        return self._shown(services.reopen(sample=self.get_object()))

    def _drawn(self, pk: int) -> SampledChange:
        row = SampledChange.objects.filter(sample=self.get_object(), pk=pk).first()
        if row is None:
            raise NotFound("This check drew no such change.")
        return row

    def _said(self, row: SampledChange) -> Response:
        again = queries.drawn_of(row.sample).get(pk=row.pk)
        return Response(serializers.SampledChangeSerializer(again).data)

    def _shown(self, sample: Sample, *, status: int = 200, location: str = "") -> Response:
        headers = {"Location": location} if location else {}
        return Response(serializers.SampleDetailSerializer(sample).data, status=status, headers=headers)


def _after(request: Request) -> int | None:
    asked = request.query_params.get("after", "")
    if asked and not (asked.isascii() and asked.isdecimal() and len(asked) < 19):
        raise ValidationError({"after": ["The id of a drawn change."]})
    return int(asked) if asked else None
