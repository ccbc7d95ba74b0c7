"""Resources of what hangs on an incident: causes, fixes, factors, the timeline."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from incidents import filters, serializers
from incidents.api.incident import IncidentResource
from incidents.models import (
    Cause,
    ContributingFactor,
    Fix,
)
from incidents.services import causes


class PartResource(IncidentResource):
    """Rows that hang on one visible incident."""

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset().filter(incident__in=self.visible())
        return rows.select_related("incident", *self.related)

    related: tuple[str, ...] = ()

    def writable_row(self) -> Any:
        row = self.get_object()
        self.writable(row.incident)
        return row


class Causes(PartResource):
    queryset = Cause.objects.all()
    serializer_class = serializers.CauseSerializer
    filterset_class = filters.CauseFilter
    related = ("said_by",)

    @extend_schema(request=serializers.CauseInput, responses={201: serializers.CauseSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Name a cause; naming the same target again corrects what was said of it."""
        said = self.checked(serializers.CauseInput)
        incident = self.writable(said.pop("incident"))
        cause = causes.name_cause(
            incident_id=incident.pk,
            change_id=said.pop("change").pk if "change" in said else None,
            deployment_id=said.pop("deployment").pk if "deployment" in said else None,
            by=self.person,
            now=timezone.now(),
            **said,
        )
        return self.answer_new(cause, "cause", cause.pk)

    @extend_schema(request=serializers.CauseJudgement, responses=serializers.CauseSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say something else of it; a suggestion is taken up by saying suspected or confirmed."""
        cause = self.writable_row()
        told = ("status", "role", "weight", "rationale", "evidence_url")
        said = {name: getattr(cause, name) for name in told}
        said |= self.checked(serializers.CauseJudgement, partial=True)
        named = causes.name_cause(
            incident_id=cause.incident_id,
            change_id=cause.change_id,
            deployment_id=cause.deployment_id,
            by=self.person,
            now=timezone.now(),
            **said,
        )
        return self.answer(self.again(named))

    def destroy(self, request: Request, pk: str) -> Response:
        """Take a mistaken pick back; its history stays."""
        causes.forget_cause(cause_id=self.writable_row().pk, by=self.person)
        return Response(status=204)


class Fixes(PartResource):
    queryset = Fix.objects.all()
    serializer_class = serializers.FixSerializer
    filterset_class = filters.FixFilter
    related = ("said_by",)

    @extend_schema(request=serializers.FixInput, responses={201: serializers.FixSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Say that a change repaired an incident."""
        said = self.checked(serializers.FixInput)
        incident = self.writable(said["incident"])
        fix = causes.name_fix(
            incident_id=incident.pk, change_id=said["change"].pk, by=self.person, now=timezone.now()
        )
        return self.answer_new(fix, "fix", fix.pk)

    def destroy(self, request: Request, pk: str) -> Response:
        causes.forget_fix(fix_id=self.writable_row().pk, by=self.person)
        return Response(status=204)


class Factors(PartResource):
    queryset = ContributingFactor.objects.all()
    serializer_class = serializers.FactorSerializer
    filterset_class = filters.FactorFilter
    related = ("kind",)

    @extend_schema(request=serializers.FactorInput, responses={201: serializers.FactorSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Say what made it possible besides a change."""
        said = self.checked(serializers.FactorInput)
        incident = self.writable(said.pop("incident"))
        factor = causes.add_factor(incident_id=incident.pk, by=self.person, **said)
        return self.answer_new(factor, "factor", factor.pk)

    @extend_schema(request=serializers.FactorEdit, responses=serializers.FactorSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        factor = self.writable_row()
        said = {"text": factor.text, "kind": factor.kind}
        said |= self.checked(serializers.FactorEdit, partial=True)
        causes.edit_factor(factor_id=factor.pk, by=self.person, **said)
        return self.answer(self.again(factor))

    def destroy(self, request: Request, pk: str) -> Response:
        causes.remove_factor(factor_id=self.writable_row().pk, by=self.person)
        return Response(status=204)
