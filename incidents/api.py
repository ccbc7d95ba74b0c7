"""Resources of what broke and what was made of it. Every read starts at `visible_to(user)`: what is restricted
does not exist for the others, so it is answered with 404."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
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
from changes.api import TermResource
from changes.filters import term_filter
from incidents import filters, serializers
from incidents.models import (
    ActionItem,
    Cause,
    ContributingFactor,
    FactorKind,
    Fix,
    Incident,
    Lesson,
    Postmortem,
    Severity,
    TimelineEntry,
)
from incidents.services import causes, incidents, timeline
from incidents.services.refusals import Refused

NUMBER = "[0-9]{1,9}"


class Severities(TermResource):
    queryset = Severity.objects.all()
    serializer_class = serializers.SeveritySerializer
    filterset_class = term_filter(Severity)
    page_by = "rank"


class FactorKinds(TermResource):
    queryset = FactorKind.objects.all()
    serializer_class = serializers.FactorKindSerializer
    filterset_class = term_filter(FactorKind)


class IncidentResource(Readable):
    """Rows of incidents, or rows that hang on one."""

    refusals = (Refused,)
    write_scope = Scope.INCIDENTS_WRITE
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Incident]:
        return Incident.objects.visible_to(self.request.user)

    def writable(self, incident: Incident) -> Incident:
        """Raises: PermissionDenied where another team owns the services."""
        if not incident.may_be_edited_by(self.request.user):
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
            "severity", "area", "environment", "postmortem", "reported_by", "duplicate_of"
        )
        return found.prefetch_related("services").annotate(began=filters.BEGAN_AT)

    @extend_schema(
        request=serializers.IncidentReport,
        responses={201: serializers.IncidentSerializer, 200: serializers.IncidentSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Report an incident. A `dedup_key` that was reported before answers 200 with the incident of then."""
        facts = self.checked(serializers.IncidentReport)
        key = facts.pop("dedup_key")
        services = facts.pop("services", [])
        with transaction.atomic():
            known = Incident.objects.filter(source=None, dedup_key=key).first() if key else None
            if known is not None:
                return self._known(known)
            new = incidents.report_incident(
                facts=facts, services=services, by=request.user, now=timezone.now(), dedup_key=key
            )
        return self.answer_new(new, "incident", new.number)

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
                incident_id=incident.pk, facts=facts, services=services, by=request.user, now=timezone.now()
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
            incident_id=incident.pk, status=said["status"], by=request.user, now=timezone.now()
        )
        return self.answer(self.again(incident))

    @extend_schema(request=serializers.CloseInput)
    @action(detail=True, methods=["post"])
    @idempotent
    def close(self, request: Request, number: str) -> Response:
        """Close it, saying why. Duplicates, false alarms, tests and cancelled ones never count."""
        incident = self._locked_now(number)
        said = self.checked(serializers.CloseInput)
        who_when = {"by": request.user, "now": timezone.now()}
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
        incidents.reopen(incident_id=incident.pk, by=request.user, now=timezone.now())
        return self.answer(self.again(incident))

    @extend_schema(request=serializers.RestrictInput)
    @action(detail=True, methods=["post"])
    @idempotent
    def restrict(self, request: Request, number: str) -> Response:
        """Say who sees it: everyone signed in, or only the people named."""
        incident = self._locked_now(number)
        said = self.checked(serializers.RestrictInput)
        who_when = {"by": request.user, "now": timezone.now()}
        if said["is_restricted"]:
            incidents.restrict(incident_id=incident.pk, people=said.get("people", []), **who_when)
        else:
            incidents.unrestrict(incident_id=incident.pk, **who_when)
        return self.answer(self.again(incident))

    @extend_schema(request=serializers.AnswerInput)
    @action(detail=True, methods=["post"], url_path="cause-answer")
    @idempotent
    def cause_answer(self, request: Request, number: str) -> Response:
        """Say that no change was involved, or that it cannot be determined; naming a cause answers by itself."""
        incident = self._locked_now(number)
        said = self.checked(serializers.AnswerInput)
        causes.answer(incident_id=incident.pk, answer=said["answer"], by=request.user)
        return self.answer(self.again(incident))

    def _locked_now(self, number: str) -> Incident:
        return self.writable(get_object_or_404(self.visible(), number=number))


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
            by=request.user,
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
        causes.name_cause(
            incident_id=cause.incident_id,
            change_id=cause.change_id,
            deployment_id=cause.deployment_id,
            by=request.user,
            now=timezone.now(),
            **said,
        )
        return self.answer(self.again(cause))

    def destroy(self, request: Request, pk: str) -> Response:
        """Take a mistaken pick back; its history stays."""
        causes.forget_cause(cause_id=self.writable_row().pk, by=request.user)
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
            incident_id=incident.pk, change_id=said["change"].pk, by=request.user, now=timezone.now()
        )
        return self.answer_new(fix, "fix", fix.pk)

    def destroy(self, request: Request, pk: str) -> Response:
        causes.forget_fix(fix_id=self.writable_row().pk, by=request.user)
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
        factor = causes.add_factor(incident_id=incident.pk, by=request.user, **said)
        return self.answer_new(factor, "factor", factor.pk)

    @extend_schema(request=serializers.FactorEdit, responses=serializers.FactorSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        factor = self.writable_row()
        said = {"text": factor.text, "kind": factor.kind}
        said |= self.checked(serializers.FactorEdit, partial=True)
        causes.edit_factor(factor_id=factor.pk, by=request.user, **said)
        return self.answer(self.again(factor))

    def destroy(self, request: Request, pk: str) -> Response:
        causes.remove_factor(factor_id=self.writable_row().pk, by=request.user)
        return Response(status=204)


class Timeline(PartResource):
    """By when it happened."""

    queryset = TimelineEntry.objects.all()
    serializer_class = serializers.TimelineSerializer
    filterset_class = filters.TimelineFilter
    related = ("written_by",)
    page_by = "occurred_at"

    @extend_schema(request=serializers.TimelineInput, responses={201: serializers.TimelineSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        said = self.checked(serializers.TimelineInput)
        incident = self.writable(said.pop("incident"))
        entry = timeline.add_entry(incident_id=incident.pk, by=request.user, now=timezone.now(), **said)
        return self.answer_new(entry, "timeline-entry", entry.pk)

    @extend_schema(request=serializers.TimelineEdit, responses=serializers.TimelineSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        entry = self.writable_row()
        timeline.edit_entry(
            entry_id=entry.pk, by=request.user, **self.checked(serializers.TimelineEdit, partial=True)
        )
        return self.answer(self.again(entry))

    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what a person wrote; what was gathered is hidden instead."""
        timeline.remove_entry(entry_id=self.writable_row().pk, by=request.user)
        return Response(status=204)


class Postmortems(PartResource):
    """By incident number; newest incident first."""

    queryset = Postmortem.objects.prefetch_related("sections")
    serializer_class = serializers.PostmortemSerializer
    filterset_class = filters.PostmortemFilter
    related = ("owner", "facilitator")
    lookup_field = "incident__number"
    lookup_url_kwarg = "number"
    lookup_value_regex = NUMBER


class Actions(PartResource):
    queryset = ActionItem.objects.all()
    serializer_class = serializers.ActionSerializer
    filterset_class = filters.ActionItemFilter
    related = ("owner",)


class Lessons(IncidentResource):
    queryset = Lesson.objects.all()
    serializer_class = serializers.LessonSerializer
    filterset_class = filters.LessonFilter

    def get_queryset(self) -> QuerySet[Lesson]:
        mine = Prefetch("incidents", queryset=self.visible().order_by("number"))
        found = Lesson.objects.visible_to(self.request.user).select_related("area")
        return found.prefetch_related(mine, "services", "kinds")
