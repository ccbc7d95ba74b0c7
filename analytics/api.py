"""Resources of what it means: the matrix and test scenarios."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.idempotency import idempotent
from accounts.models import Scope
from accounts.resources import Figures, Readable
from accounts.versions import expected_version, needs_if_match
from analytics import comparisons, matching, reports, serializers, trends
from analytics.filters import ScenarioFilter
from analytics.forms import BaselineForm, MatrixForm, TrendForm
from analytics.forms_matched import MatchedForm
from analytics.models import TestScenario
from analytics.queries.figures import ALL_TYPES, Basis
from analytics.services import scenarios
from analytics.tasks import catch_up
from changes.models import Change, Origin, SizeBand
from incidents.services.refusals import Refused

Form = TypeVar("Form", bound=MatrixForm)


def _choice(name: str, description: str, choices: list[str]) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=description, enum=choices)


MATRIX_PARAMETERS = [
    OpenApiParameter("from", date, description="First day that changes shipped; a year ago when absent."),
    OpenApiParameter("to", date, description="Last day that changes shipped; today when absent."),
    OpenApiParameter("as_of", date, description="As known at the end of this day; now when absent."),
    OpenApiParameter("service", str, description="Slug of a service."),
    OpenApiParameter("area", str, description="Slug of a domain area; `none` for no area."),
    OpenApiParameter("assistant", str, description="Slug of an assistant."),
    _choice("basis", "What counts as failure.", Basis.values),
    _choice("type", "Type of change; code when absent.", [*Change.Type.values, ALL_TYPES]),
    _choice("size", "Size band.", SizeBand.values),
    _choice("origin", "Origin that counts.", Origin.values),
]


# A comparison needs both sides, so that no origin is to be chosen.
COMPARED_PARAMETERS = [
    *(one for one in MATRIX_PARAMETERS if one.name != "origin"),
    OpenApiParameter("kind", str, description="Slug of a kind of help; each, or any, when absent."),
]


class Matrix(Figures):
    """One number, whoever asks: a restricted incident counts for all, and hides what would give it away."""

    serializer_class = serializers.MatrixSerializer
    query_names = frozenset(MatrixForm.names())

    @extend_schema(
        operation_id="matrix_retrieve",
        parameters=MATRIX_PARAMETERS,
        responses=forced_singular_serializer(serializers.MatrixSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The failure-rate matrix: kind of help by domain area."""
        form = self.asked(MatrixForm)
        return Response(reports.as_json(reports.matrix(form.filters(), catch_up())))


class Baseline(Figures):
    """The same hiding as in the matrix."""

    serializer_class = serializers.BaselineSerializer
    query_names = frozenset(BaselineForm.names())

    @extend_schema(
        operation_id="baseline_retrieve",
        parameters=COMPARED_PARAMETERS,
        responses=forced_singular_serializer(serializers.BaselineSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ratios of kinds of help against their baseline, adjusted by area, size and quarter."""
        form = self.asked(BaselineForm)
        kind = form.cleaned_data["kind"]
        return Response(comparisons.as_json(comparisons.against_baseline(form.filters(), kind, catch_up())))


class Matched(Figures):
    """One number, whoever asks; what would give a restricted incident away is hidden."""

    serializer_class = serializers.MatchedSerializer
    query_names = frozenset(MatchedForm.names())

    @extend_schema(
        operation_id="matched_retrieve",
        parameters=[one for one in COMPARED_PARAMETERS if one.name in MatchedForm.names()],
        responses=forced_singular_serializer(serializers.MatchedSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ratios from postmortems that asked about failed and unfailed changes alike."""
        form = self.asked(MatchedForm)
        kind = form.cleaned_data["kind"]
        return Response(matching.as_json(matching.matched(form.filters(), kind, catch_up())))


class Trend(Figures):
    """The same hiding as in the matrix, in each block."""

    serializer_class = serializers.TrendSerializer
    query_names = frozenset(TrendForm.names())

    @extend_schema(
        operation_id="trend_retrieve",
        parameters=COMPARED_PARAMETERS,
        responses=forced_singular_serializer(serializers.TrendSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Failure rates in blocks of four weeks, AI help beside the baseline, with the test for a trend."""
        form = self.asked(TrendForm)
        return Response(
            trends.as_json(trends.over_time(form.filters(), form.cleaned_data["kind"], catch_up()))
        )


class Scenarios(Readable):
    """A scenario shares the privacy of every lesson behind it."""

    refusals = (Refused,)
    queryset = TestScenario.objects.all()
    serializer_class = serializers.ScenarioSerializer
    filterset_class = ScenarioFilter
    write_scope = Scope.ANALYTICS_WRITE
    lookup_field = "number"
    lookup_value_regex = "[0-9]{1,9}"
    page_by = "-created_at"

    def get_queryset(self) -> QuerySet[TestScenario]:
        found = TestScenario.objects.visible_to(self.person).select_related("area", "merged_into")
        return found.prefetch_related("lessons", "services", "kinds", "standings__repository")

    @extend_schema(request=serializers.ScenarioInput, responses={201: serializers.ScenarioSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Write a test scenario; it gets the next number."""
        said = self.checked(serializers.ScenarioInput)
        new = scenarios.create_scenario(by=self.person, now=timezone.now(), **said)
        location = reverse("api:scenario-detail", args=[new.number], request=request)
        return self.answer(self.get_queryset().get(pk=new.pk), status=201, location=location)

    @extend_schema(request=serializers.ScenarioInput, responses=serializers.ScenarioSerializer)
    @needs_if_match
    def partial_update(self, request: Request, number: str) -> Response:
        with transaction.atomic():
            scenario = scenarios.locked(self.get_object().pk, self.person)
            version = expected_version(request, scenario)
            said = self.checked(serializers.ScenarioInput, partial=True)
            scenarios.edit_scenario(scenario_id=scenario.pk, by=self.person, expected_version=version, **said)
        return self.answer(self.get_queryset().get(pk=scenario.pk))

    @extend_schema(request=serializers.ScenarioStateInput)
    @action(detail=True, methods=["post"])
    @idempotent
    def state(self, request: Request, number: str) -> Response:
        """Accept it, say that it is automated, or retire it with the reason."""
        scenario = self.get_object()
        said = self.checked(serializers.ScenarioStateInput)
        scenarios.set_state(scenario_id=scenario.pk, by=self.person, now=timezone.now(), **said)
        return self.answer(self.get_queryset().get(pk=scenario.pk))
