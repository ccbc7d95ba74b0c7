"""Resources of what shipped: taxonomy, places, changes, deployments, test runs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.models import Role, Scope, Team
from accounts.resources import Readable
from changes import filters, serializers
from changes.models import (
    AssistanceKind,
    Assistant,
    Change,
    Deployment,
    DomainArea,
    Environment,
    Repository,
    Service,
    TestRun,
)


class TermResource(Readable):
    """One taxonomy: everyone reads, curators write."""

    write_scope = Scope.TAXONOMY_WRITE
    write_role = Role.CURATOR
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    page_by = "position"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("merged_into")


class AssistanceKinds(TermResource):
    queryset = AssistanceKind.objects.all()
    serializer_class = serializers.AssistanceKindSerializer
    filterset_class = filters.term_filter(AssistanceKind)


class Assistants(TermResource):
    queryset = Assistant.objects.all()
    serializer_class = serializers.AssistantSerializer
    filterset_class = filters.term_filter(Assistant)


class Areas(TermResource):
    queryset = DomainArea.objects.all()
    serializer_class = serializers.DomainAreaSerializer
    filterset_class = filters.term_filter(DomainArea)


class Teams(Readable):
    queryset = Team.objects.all()
    serializer_class = serializers.TeamSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    page_by = "name"


class Repositories(Readable):
    queryset = Repository.objects.select_related("default_area")
    serializer_class = serializers.RepositorySerializer
    filterset_class = filters.RepositoryFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "name"


class Services(Readable):
    queryset = Service.objects.select_related("team", "area")
    serializer_class = serializers.ServiceSerializer
    filterset_class = filters.ServiceFilter
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    page_by = "name"


class Environments(Readable):
    queryset = Environment.objects.select_related("source")
    serializer_class = serializers.EnvironmentSerializer
    filterset_class = filters.EnvironmentFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "name"


class Changes(Readable):
    """Newest first: by when it shipped, else merged, else was opened, else was recorded."""

    queryset = Change.objects.all()
    write_scope = Scope.CHANGES_WRITE
    serializer_class = serializers.ChangeSerializer
    filterset_class = filters.ChangeFilter
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
            return found.prefetch_related("evidence__assistant", "evidence__kind", "decisions__kind", "links")
        return found.current().annotate(at=Coalesce("shipped_at", "merged_at", "opened_at", "recorded_at"))

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
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-at"

    def get_queryset(self) -> QuerySet[Deployment]:
        found = Deployment.objects.for_list().prefetch_related("changes")
        return found.annotate(at=Coalesce("finished_at", "started_at", "requested_at", "recorded_at"))


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
