"""Every read starts at `visible_to(user)`: what is restricted does not exist for the others: 404."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.idempotency import idempotent
from accounts.models import Scope
from accounts.problems import Conflict
from accounts.resources import Readable
from accounts.versions import expected_version, needs_if_match
from changes.api import OpenTermResource, TermResource
from changes.filters import term_filter
from incidents import filters, serializers
from incidents.models import (
    FactorKind,
    Incident,
    Severity,
)
from incidents.services import causes, incidents
from incidents.services.refusals import Refused

NUMBER = "[0-9]{1,9}"


class Severities(TermResource):
    queryset = Severity.objects.all()
    serializer_class = serializers.SeveritySerializer
    filterset_class = term_filter(Severity)
    page_by = "rank"


class FactorKinds(OpenTermResource):
    queryset = FactorKind.objects.all()
    serializer_class = serializers.FactorKindSerializer
    filterset_class = term_filter(FactorKind)


class IncidentResource(Readable):
    """Rows of incidents, or rows that hang on one."""

    refusals = (Refused,)
    write_scope = Scope.INCIDENTS_WRITE
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Incident]:
        return Incident.objects.visible_to(self.person)

    def writable(self, incident: Incident) -> Incident:
        """Raises: PermissionDenied where another team owns the services."""
        if not incident.may_be_edited_by(self.person):
            raise PermissionDenied("Another team owns the services of this incident.")
        return incident

    def again(self, row: Any) -> Any:
        """The row as the list reads it, after it was written."""
        return self.get_queryset().get(pk=row.pk)

    def answer_new(self, row: Any, name: str, key: Any) -> Response:
        location = reverse(f"api:{name}-detail", args=[key], request=self.request)
        return self.answer(self.again(row), status=201, location=location)


class Incidents(IncidentResource):
    """Newest first, by when it began: impact, else detection, else the report."""

    queryset = Incident.objects.all()
    serializer_class = serializers.IncidentSerializer
    filterset_class = filters.IncidentFilter
    lookup_field = "number"
    lookup_value_regex = NUMBER
    page_by = "-began"

    def get_queryset(self) -> QuerySet[Incident]:
        found = self.visible().select_related(
            "severity", "type", "area", "environment", "postmortem", "reported_by", "duplicate_of"
        )
        return found.prefetch_related("services").annotate(began=filters.BEGAN_AT)

    @extend_schema(
        request=serializers.IncidentReport,
        responses={201: serializers.IncidentSerializer, 200: serializers.IncidentSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Report an incident. A `dedup_key` that is known answers 200 with the incident that it opened."""
        facts = self.checked(serializers.IncidentReport)
        key = facts.pop("dedup_key")
        services = facts.pop("services", [])
        if (known := self._opened_by(key)) is not None:
            return self._known(known)
        try:
            new = incidents.report_incident(
                facts=facts, services=services, by=self.person, now=timezone.now(), dedup_key=key
            )
        except IntegrityError:  # two told of it at the same moment: the other one has opened it
            if (known := self._opened_by(key)) is None:
                raise
            return self._known(known)
        return self.answer_new(new, "incident", new.number)

    def _opened_by(self, key: str) -> Incident | None:
        return Incident.objects.filter(source=None, dedup_key=key).first() if key else None

    def _known(self, incident: Incident) -> Response:
        found = self.get_queryset().filter(pk=incident.pk).first()
        if found is None:
            raise Conflict("This dedup_key cannot be used.", code="dedup_key_taken")
        return self.answer(found)

    @extend_schema(request=serializers.IncidentFacts, responses=serializers.IncidentSerializer)
    @needs_if_match
    def partial_update(self, request: Request, number: str) -> Response:
        """Correct facts. What a person sets is held: later events do not write it."""
        with transaction.atomic():
            incident = self._locked(number)
            expected_version(request, incident)
            facts = self.checked(serializers.IncidentFacts, partial=True)
            services = facts.pop("services", None)
            incidents.edit_facts(
                incident_id=incident.pk, facts=facts, services=services, by=self.person, now=timezone.now()
            )
        return self.answer(self.again(incident))

    def _locked(self, number: str) -> Incident:
        incident = get_object_or_404(self.visible(), number=number)
        return incidents.locked(self.writable(incident).pk)

    @extend_schema(request=serializers.StatusInput)
    @action(detail=True, methods=["post"])
    @idempotent
    def status(self, request: Request, number: str) -> Response:
        """Move between open, investigating, mitigated and resolved; the time of a first arrival is noted."""
        incident = self._locked_now(number)
        said = self.checked(serializers.StatusInput)
        incidents.set_status(
            incident_id=incident.pk, status=said["status"], by=self.person, now=timezone.now()
        )
        return self.answer(self.again(incident))

    @extend_schema(request=serializers.CloseInput)
    @action(detail=True, methods=["post"])
    @idempotent
    def close(self, request: Request, number: str) -> Response:
        """Close it, saying why. Duplicates, false alarms, tests and cancelled ones never count."""
        incident = self._locked_now(number)
        said = self.checked(serializers.CloseInput)
        who_when: dict[str, Any] = {"by": self.person, "now": timezone.now()}
        if "duplicate_of" in said:
            incidents.mark_duplicate(incident_id=incident.pk, of_id=said["duplicate_of"].pk, **who_when)
        else:
            incidents.close(incident_id=incident.pk, reason=said["reason"], **who_when)
        return self.answer(self.again(incident))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @idempotent
    def reopen(self, request: Request, number: str) -> Response:
        """Take the closing back."""
        incident = self._locked_now(number)
        incidents.reopen(incident_id=incident.pk, by=self.person, now=timezone.now())
        return self.answer(self.again(incident))

    @extend_schema(request=serializers.RestrictInput)
    @action(detail=True, methods=["post"])
    @idempotent
    def restrict(self, request: Request, number: str) -> Response:
        """Say who sees it: everyone signed in, or only the people named."""
        incident = self._locked_now(number)
        said = self.checked(serializers.RestrictInput)
        who_when: dict[str, Any] = {"by": self.person, "now": timezone.now()}
        if said["is_restricted"]:
            incidents.restrict(incident_id=incident.pk, people=said.get("people", []), **who_when)
        else:
            incidents.unrestrict(incident_id=incident.pk, **who_when)
        return self.answer(self.again(incident))

    @extend_schema(request=serializers.AnswerInput)
    @action(detail=True, methods=["post"], url_path="cause-answer")
    @idempotent
    def cause_answer(self, request: Request, number: str) -> Response:
        """Say that no change was involved, or that it is not determined; naming a cause answers by itself."""
        incident = self._locked_now(number)
        said = self.checked(serializers.AnswerInput)
        causes.answer(incident_id=incident.pk, answer=said["answer"], by=self.person)
        return self.answer(self.again(incident))

    def _locked_now(self, number: str) -> Incident:
        return self.writable(get_object_or_404(self.visible(), number=number))
