"""How changes, deployments and places look: terms and services by slug, the rest by id."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Team, User
from changes.models import (
    Assistance,
    AssistanceKind,
    Assistant,
    AttestedLines,
    Change,
    ChangeIdentity,
    ChangeLink,
    Decision,
    Deployment,
    DomainArea,
    Environment,
    OriginEvidence,
    Repository,
    Review,
    Service,
    TestCaseResult,
    TestRun,
)


def slug(**kwargs: Any) -> SlugField:
    """A related row by its slug; read-only unless a queryset is given."""
    if "queryset" not in kwargs:
        kwargs["read_only"] = True
        if not kwargs.get("many"):
            kwargs["allow_null"] = True
    return SlugField(slug_field="slug", **kwargs)


class SlugField(serializers.SlugRelatedField[Any]):
    """What no slug can hold is not looked up: the database takes no NUL."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and "\0" in data:
            self.fail("does_not_exist", slug_name=self.slug_field, value=data.replace("\0", ""))
        return super().to_internal_value(data)


class RoleField(serializers.ReadOnlyField):
    """A person as others read of them: by role, never by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def to_representation(self, value: User | None) -> str | None:
        return value.shown_role if value else None


RoleField = extend_schema_field({"type": ["string", "null"]})(RoleField)  # type: ignore[misc]

TERM_FIELDS = ["id", "slug", "name", "description", "position", "retired_at", "merged_into", "merged_at"]


class TermSerializer(serializers.ModelSerializer[Any]):
    """A word of a taxonomy. Merging is done in the admin, where its effect is shown first."""

    merged_into = slug()

    class Meta:
        fields = TERM_FIELDS
        read_only_fields: ClassVar = ["retired_at", "merged_at"]
        extra_kwargs: ClassVar = {"position": {"min_value": 0, "max_value": 32_767}}


class AssistanceKindSerializer(TermSerializer):
    class Meta(TermSerializer.Meta):
        model = AssistanceKind


class AssistantSerializer(TermSerializer):
    class Meta(TermSerializer.Meta):
        model = Assistant
        fields = [*TERM_FIELDS, "vendor"]


class DomainAreaSerializer(TermSerializer):
    class Meta(TermSerializer.Meta):
        model = DomainArea
        fields = [*TERM_FIELDS, "risk_level"]


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ["id", "slug", "name"]


class RepositorySerializer(serializers.ModelSerializer[Repository]):
    default_area = slug()

    class Meta:
        model = Repository
        fields = [
            "id",
            "name",
            "past_names",
            "host",
            "origin_address",
            "default_branch",
            "merged_is_shipped",
            "default_area",
            "is_demo",
        ]


class ServiceSerializer(serializers.ModelSerializer[Service]):
    team = slug()
    area = slug()

    class Meta:
        model = Service
        fields = [
            "id",
            "slug",
            "name",
            "team",
            "repository",
            "path_globs",
            "aliases",
            "area",
            "reports_incidents",
            "exposure_days",
            "is_demo",
        ]


class EnvironmentSerializer(serializers.ModelSerializer[Environment]):
    source = slug()  # type: ignore[assignment]

    class Meta:
        model = Environment
        fields = ["id", "name", "source", "is_production"]


class IdentitySerializer(serializers.ModelSerializer[ChangeIdentity]):
    class Meta:
        model = ChangeIdentity
        fields = ["space", "role", "value"]


class AssistanceSerializer(serializers.ModelSerializer[Assistance]):
    kind = slug()
    assistant = slug()

    class Meta:
        model = Assistance
        fields = ["kind", "assistant", "status", "counted", "said_at", "why"]


class AttestedSerializer(serializers.ModelSerializer[AttestedLines]):
    """Lines that the change added, by who a record says wrote them; `unknown` is what no record names."""

    assistant = slug()

    class Meta:
        model = AttestedLines
        fields = ["format", "path_class", "contributor", "assistant", "model", "lines"]


class EvidenceSerializer(serializers.ModelSerializer[OriginEvidence]):
    assistant = slug()
    kind = slug()

    class Meta:
        model = OriginEvidence
        fields = [
            "rule_key",
            "rule_version",
            "place",
            "origin",
            "strength",
            "is_automation",
            "assistant",
            "kind",
            "excerpt",
            "said_at",
        ]


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    kind = slug()
    assistant = slug()
    said_by = RoleField()

    class Meta:
        model = Decision
        fields = [
            "id",
            "origin",
            "kind",
            "assistant",
            "verdict",
            "said_at",
            "said_by",
            "prompted_by",
            "reason",
            "withdrawn_at",
        ]


class LinkSerializer(serializers.ModelSerializer[ChangeLink]):
    class Meta:
        model = ChangeLink
        fields = ["kind", "names", "target"]


class ReviewSerializer(serializers.ModelSerializer[Review]):
    class Meta:
        model = Review
        fields = ["state", "submitted_at", "is_self", "is_bot", "is_senior", "comments"]


class ChangeSerializer(serializers.ModelSerializer[Change]):
    """`origin` is as it stands now; `origin_counted` as it stood before the first incident or revert."""

    repository_name = serializers.CharField(source="repository.name", read_only=True)
    area = slug()
    assistant = slug()
    areas_touched = slug(many=True)
    services = slug(many=True)
    feature = slug()
    identities = IdentitySerializer(many=True, read_only=True)
    assistances = AssistanceSerializer(many=True, read_only=True)

    class Meta:
        model = Change
        fields = [
            "id",
            "repository",
            "repository_name",
            "identities",
            "type",
            "state",
            "is_draft",
            "title",
            "url",
            "branch",
            "labels",
            "first_commit_at",
            "opened_at",
            "ready_at",
            "merged_at",
            "closed_at",
            "shipped_at",
            "shipped_basis",
            "additions",
            "deletions",
            "files_changed",
            "commits",
            "counted_lines",
            "size_band",
            "automation",
            "origin",
            "origin_basis",
            "origin_counted",
            "origin_by_policy",
            "assistant",
            "assistances",
            "area",
            "areas_touched",
            "services",
            "feature",
            "feature_basis",
            "undone_at",
            "undone_by",
            "recorded_at",
            "version",
        ]
        read_only_fields = fields


class ChangeDetailSerializer(ChangeSerializer):
    evidence = EvidenceSerializer(many=True, read_only=True)
    attested = AttestedSerializer(many=True, read_only=True)
    decisions = DecisionSerializer(many=True, read_only=True)
    links = LinkSerializer(many=True, read_only=True)
    reviews = ReviewSerializer(many=True, read_only=True)

    class Meta(ChangeSerializer.Meta):
        fields = [
            *ChangeSerializer.Meta.fields,
            "message",
            "answers",
            "paths",
            "evidence",
            "attested",
            "decisions",
            "links",
            "reviews",
        ]
        read_only_fields = fields


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    repository_name = serializers.CharField(source="repository.name", read_only=True)
    service = slug()
    environment = serializers.CharField(source="environment.name", read_only=True)
    changes: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = Deployment
        fields = [
            "id",
            "external_id",
            "repository",
            "repository_name",
            "service",
            "environment",
            "is_production",
            "status",
            "kind",
            "kind_basis",
            "sha",
            "ref",
            "url",
            "requested_at",
            "started_at",
            "finished_at",
            "changes",
            "is_gap",
            "recorded_at",
        ]
        read_only_fields = fields


class TestCaseSerializer(serializers.ModelSerializer[TestCaseResult]):
    class Meta:
        model = TestCaseResult
        fields = ["scenario", "suite", "name", "outcome", "seconds", "message"]


class TestRunSerializer(serializers.ModelSerializer[TestRun]):
    class Meta:
        model = TestRun
        fields = [
            "id",
            "repository",
            "key",
            "sha",
            "branch",
            "suite",
            "ran_at",
            "passed",
            "failed",
            "skipped",
            "flaky",
            "suite_errors",
            "url",
            "recorded_at",
        ]


class TestRunDetailSerializer(TestRunSerializer):
    cases = TestCaseSerializer(many=True, read_only=True)

    class Meta(TestRunSerializer.Meta):
        fields = [*TestRunSerializer.Meta.fields, "cases"]
