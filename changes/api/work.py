"""Resources of what shipped: changes, deployments, test runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.idempotency import idempotent
from accounts.models import Scope
from accounts.resources import Readable
from changes import filters, serializers
from changes.api.reviewed import OfReview
from changes.facts import ChangeFact, DeclaredKind, DeploymentFact, DeploymentStep, FileFact
from changes.models import AttestedLines, Change, Decision, Deployment, FeatureWord, Prompt, TestRun
from changes.queries.owners import may_speak_for
from changes.serializers.features import FeatureWordInput
from changes.serializers.reviewed import DeploymentKindInput
from changes.services.care import CareRefused
from changes.services.deployments import record_deployments
from changes.services.featuring import FeatureRefused, hand_back, say_feature
from changes.services.kinds import KindRefused, say_deployment_kind
from changes.services.origin import say_kind, say_origin, withdraw_decision
from changes.services.places import say_area
from changes.services.recording import record_changes
from changes.services.size_exceptions import ExceptionRefused


class Changes(OfReview):
    """Newest first: by when it shipped, else merged, else was opened, else was recorded."""

    queryset = Change.objects.all()
    write_scope = Scope.CHANGES_WRITE
    serializer_class = serializers.ChangeSerializer
    filterset_class = filters.ChangeFilter
    refusals = (FeatureRefused, ExceptionRefused, CareRefused)
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-at"

    def get_serializer_class(self) -> Any:
        return serializers.ChangeSerializer if self.action == "list" else serializers.ChangeDetailSerializer

    def get_queryset(self) -> QuerySet[Change]:
        found = Change.objects.select_related("repository", "area", "assistant", "feature")
        found = found.prefetch_related(
            "areas_touched", "services", "identities", "assistances__kind", "assistances__assistant"
        )
        if self.action != "list":
            return found.prefetch_related(
                "evidence__assistant",
                "evidence__kind",
                Prefetch("attested", AttestedLines.objects.select_related("assistant").order_by("id")),
                "decisions__kind",
                "links",
            )
        return found.current().annotate(at=Coalesce("shipped_at", "merged_at", "opened_at", "recorded_at"))

    @extend_schema(request=serializers.ChangeInput, responses={200: serializers.ChangeDetailSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Record what is known of a change: a new one, or more about one known by any of its names."""
        said = self.checked(serializers.ChangeInput)
        repository = said.pop("repository")
        (change,) = record_changes(repository=repository, facts=[change_fact(said, timezone.now())])
        return self._shown(change.pk)

    @extend_schema(request=serializers.AreaInput, responses=serializers.ChangeDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def area(self, request: Request, pk: str) -> Response:
        """Say which area counts; no path rule alters it afterwards."""
        said = self.checked(serializers.AreaInput)
        change = say_area(change_id=self.get_object().pk, area=said["area"], by=self.person)
        return self._shown(change.pk)

    @extend_schema(request=FeatureWordInput, responses=serializers.ChangeDetailSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def feature(self, request: Request, pk: str) -> Response:
        """Say which feature it was made for, or none; or leave it to what its text and labels name."""
        said, change, now = self.checked(FeatureWordInput), self.get_object(), timezone.now()
        if said["as_named"]:
            hand_back(change_ids=[change.pk], by=self.person, now=now)
        else:
            prompt = FeatureWord.Prompt.API
            say_feature(
                change_ids=[change.pk], feature=said["feature"], by=self.person, prompted_by=prompt, now=now
            )
        return self._shown(change.merged_into_id or change.pk)

    @extend_schema(request=serializers.DecisionInput, responses={201: serializers.ChangeDetailSerializer})
    @action(detail=True, methods=["post"])
    @idempotent
    def decisions(self, request: Request, pk: str) -> Response:
        """Say where the change came from, or confirm or dismiss one kind of help. The latest word holds."""
        said = self.checked(serializers.DecisionInput)
        say = say_origin if "origin" in said else say_kind
        decision = say(
            change_id=self.get_object().pk,
            by=self.person,
            prompted_by=Prompt.API,
            now=timezone.now(),
            **said,
        )
        return self._shown(decision.change_id, status=201)

    @extend_schema(
        request=None,
        responses=serializers.ChangeDetailSerializer,
        parameters=[OpenApiParameter("decision", int, OpenApiParameter.PATH)],
    )
    @action(detail=True, methods=["post"], url_path="decisions/(?P<decision>[0-9]{1,18})/withdraw")
    @idempotent
    def withdraw_decision(self, request: Request, pk: str, decision: str) -> Response:
        """Take a word back; it stays in the history."""
        row = get_object_or_404(Decision, pk=decision, change=self.get_object())
        withdraw_decision(decision_id=row.pk, by=self.person, now=timezone.now())
        return self._shown(row.change_id)

    def _shown(self, pk: int, status: int = 200) -> Response:
        return self.answer(self.get_queryset().get(pk=pk), status=status)

    @extend_schema(
        responses={
            200: serializers.ChangeDetailSerializer,
            308: OpenApiResponse(description="It was found to be another's double: see Location."),
        }
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        change = self.get_object()
        if change.merged_into_id:
            kept = reverse("api:change-detail", args=[change.merged_into_id], request=request)
            return Response(status=308, headers={"Location": kept})
        return self.answer(change)


class Deployments(Readable):
    """Newest first: by when it finished, else started, else was recorded."""

    queryset = Deployment.objects.all()
    write_scope = Scope.CHANGES_WRITE
    serializer_class = serializers.DeploymentSerializer
    filterset_class = filters.DeploymentFilter
    refusals = (KindRefused,)
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-at"

    def get_queryset(self) -> QuerySet[Deployment]:
        found = Deployment.objects.for_list().prefetch_related("changes")
        return found.annotate(at=Coalesce("finished_at", "started_at", "requested_at", "recorded_at"))

    @extend_schema(request=serializers.DeploymentInput, responses={200: serializers.DeploymentSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Record what is known of a deployment: a new one, or further steps of one that is known."""
        said = self.checked(serializers.DeploymentInput)
        repository = said.pop("repository")
        fact = deployment_fact(said, timezone.now())
        (deployment,) = record_deployments(repository=repository, facts=[fact])
        return self.answer(self.get_queryset().get(pk=deployment.pk))

    @extend_schema(request=DeploymentKindInput, responses=serializers.DeploymentSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def kind(self, request: Request, pk: str) -> Response:
        """Say what sort of deployment it was; nothing told later overwrites it. The owning team, curators."""
        deployment = self.get_object()
        if not may_speak_for(self.person, deployment.service):
            raise PermissionDenied("Another team owns the service.")
        said = self.checked(DeploymentKindInput)
        say_deployment_kind(
            deployment_id=deployment.pk,
            kind=said["kind"] or "",
            reason=said["reason"],
            by=self.person,
            now=timezone.now(),
        )
        return self.answer(self.get_queryset().get(pk=deployment.pk))


class TestRuns(Readable):
    """Read only: CI reports results at its own address."""

    __test__ = False

    queryset = TestRun.objects.all()
    filterset_class = filters.TestRunFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-ran_at"

    def get_serializer_class(self) -> Any:
        return serializers.TestRunSerializer if self.action == "list" else serializers.TestRunDetailSerializer

    def get_queryset(self) -> QuerySet[TestRun]:
        found = TestRun.objects.all()
        return found if self.action == "list" else found.prefetch_related("cases")


def change_fact(said: dict[str, Any], now: datetime) -> ChangeFact:
    told = {"told_at": now, **said}
    commits = told.pop("shas", ())
    told["shas"] = tuple((one["role"], one["sha"]) for one in commits)
    told["commit_times"] = tuple((one["sha"], one["at"]) for one in commits if one.get("at"))
    told["declared_kinds"] = tuple(DeclaredKind(**one) for one in told.get("declared_kinds", ()))
    told["services"] = tuple(told.get("services", ()))
    if "labels" in told:
        told["labels"] = tuple(told["labels"])
    if "files" in told:
        told["files"] = tuple(FileFact(**one) for one in told["files"])
    return ChangeFact(**told)


def deployment_fact(said: dict[str, Any], now: datetime) -> DeploymentFact:
    """A step has no id of its own: the same status of the same time is the same step."""
    told = {**said, "told_at": now}
    told["steps"] = tuple(
        DeploymentStep(external_id=f"{step['status']}@{step['at'].isoformat()}", **step)
        for step in told.get("steps", ())
    )
    return DeploymentFact(**told)
