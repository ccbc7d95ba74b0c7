"""Similar changes that did not fail, drawn for a causal one and asked the same."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from incidents.api.incident import IncidentResource
from incidents.filters import ControlFilter
from incidents.models import Control
from incidents.serializers.controls import ControlAnswer, ControlDraw, ControlSerializer
from incidents.services import controls


class Controls(IncidentResource):
    """As private as the incident that they were drawn for."""

    queryset = Control.objects.all()
    serializer_class = ControlSerializer
    filterset_class = ControlFilter

    def get_queryset(self) -> QuerySet[Control]:
        found = super().get_queryset().filter(cause__incident__in=self.visible())
        return found.select_related("cause__incident", "area", "answered_by").prefetch_related("kinds")

    @extend_schema(request=ControlDraw, responses=ControlSerializer(many=True))
    @action(detail=False, methods=["post"], pagination_class=None, filterset_class=None)
    @idempotent
    def draw(self, request: Request) -> Response:
        """Draw until two stand for a cause, as far as its stratum has them; all that are drawn for it."""
        cause = self.checked(ControlDraw)["cause"]
        self.writable(cause.incident)
        controls.draw(cause_id=cause.pk, by=self.person, now=timezone.now())
        drawn = self.get_queryset().filter(cause=cause).order_by("pk")
        return Response(self.get_serializer(drawn, many=True).data)

    @extend_schema(request=ControlAnswer, responses=ControlSerializer)
    @action(detail=True, methods=["post"], url_path="answer", url_name="answer")
    @idempotent
    def say(self, request: Request, pk: str) -> Response:
        """Say where it came from and what AI helped with; said again, the earlier answer is withdrawn."""
        control = self._writable_row()
        said = self.checked(ControlAnswer)
        controls.answer(
            control_id=control.pk,
            origin=said["origin"],
            kinds=said.get("kinds", []),
            by=self.person,
            now=timezone.now(),
        )
        return self._shown(control)

    @extend_schema(request=None, responses=ControlSerializer)
    @action(detail=True, methods=["post"], url_path="take-back")
    @idempotent
    def take_back(self, request: Request, pk: str) -> Response:
        """As if it had not been answered."""
        control = self._writable_row()
        controls.take_back(control_id=control.pk, by=self.person, now=timezone.now())
        return self._shown(control)

    @extend_schema(request=None, responses=ControlSerializer)
    @action(detail=True, methods=["post"], url_path="pass-over")
    @idempotent
    def pass_over(self, request: Request, pk: str) -> Response:
        """Not a change to ask about: another is drawn while there is one."""
        control = self._writable_row()
        controls.pass_over(control_id=control.pk, by=self.person, now=timezone.now())
        return self._shown(control)

    def _writable_row(self) -> Control:
        control: Control = self.get_object()
        self.writable(control.cause.incident)
        return control

    def _shown(self, control: Control) -> Response:
        return Response(self.get_serializer(self.again(control)).data)
