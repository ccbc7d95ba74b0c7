"""Resources of where changes live: teams, repositories, services, environments."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.models import Role, Scope, Team
from accounts.resources import Readable
from changes import filters, serializers
from changes.facts import RepositoryFact
from changes.models import Environment, Repository, Service
from changes.queries.owners import may_speak_for
from changes.serializers.reviewed import ServiceInput
from changes.services.deployments import map_environment
from changes.services.repositories import find_or_make_repository
from changes.services.service_settings import SettingsRefused, say_incident_reporting


class Teams(Readable):
    queryset = Team.objects.all()
    serializer_class = serializers.TeamSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    page_by = "name"


class Repositories(Readable):
    write_scope = Scope.CHANGES_WRITE
    queryset = Repository.objects.select_related("default_area")
    serializer_class = serializers.RepositorySerializer
    filterset_class = filters.RepositoryFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "name"

    @extend_schema(request=serializers.RepositoryInput, responses={200: serializers.RepositorySerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """Find the repository of this address or name, or make it."""
        said = self.checked(serializers.RepositoryInput)
        merged_is_shipped = said.pop("merged_is_shipped")
        found = find_or_make_repository(fact=RepositoryFact(**said), merged_is_shipped=merged_is_shipped)
        return self.answer(found)


class Services(Readable):
    write_scope = Scope.CHANGES_WRITE
    refusals = (SettingsRefused,)
    queryset = Service.objects.select_related("team", "area")
    serializer_class = serializers.ServiceSerializer
    filterset_class = filters.ServiceFilter
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    page_by = "name"

    @extend_schema(request=ServiceInput, responses=serializers.ServiceSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Say whether its incidents come in, and how long a deployment is pending. Its team, and curators."""
        service = self.get_object()
        if not may_speak_for(self.person, service):
            raise PermissionDenied("Another team owns the service.")
        said = self.checked(ServiceInput)
        kept = {"reports_incidents": service.reports_incidents, "exposure_days": service.exposure_days}
        say_incident_reporting(service_id=service.pk, by=self.person, **(kept | said))
        return self.answer(self.get_queryset().get(pk=service.pk))


class Environments(Readable):
    write_scope = Scope.CHANGES_WRITE
    write_role = Role.CURATOR
    queryset = Environment.objects.select_related("source")
    serializer_class = serializers.EnvironmentSerializer
    filterset_class = filters.EnvironmentFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "name"

    @extend_schema(request=serializers.EnvironmentInput, responses=serializers.EnvironmentSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say whether this name means production; its deployments follow."""
        environment = self.get_object()
        said = self.checked(serializers.EnvironmentInput)
        map_environment(environment=environment, is_production=said["is_production"], by=self.person)
        return self.answer(environment)
