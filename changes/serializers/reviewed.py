"""Reviews, checks and what people say of them over the API. A reviewer is nobody: no hash leaves by it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from changes.models import CheckRun, Deployment, Review, ReviewCare, SizeException
from changes.serializers.shown import RoleField
from changes.services.kinds import MOST_REASON
from changes.services.service_settings import MOST_DAYS


class ReviewRowSerializer(serializers.ModelSerializer[Review]):
    class Meta:
        model = Review
        fields = ["id", "change", "state", "submitted_at", "is_self", "is_bot", "is_senior", "comments"]
        read_only_fields = fields


class CheckRunSerializer(serializers.ModelSerializer[CheckRun]):
    """`end_basis`: its sender told the end, a later attempt took its place, or its change was closed."""

    repository_name = serializers.CharField(source="repository.name", read_only=True)

    class Meta:
        model = CheckRun
        fields = [
            "id",
            "repository",
            "repository_name",
            "kind",
            "external_id",
            "attempt",
            "name",
            "sha",
            "branch",
            "status",
            "conclusion",
            "end_basis",
            "url",
            "queued_at",
            "started_at",
            "completed_at",
        ]
        read_only_fields = fields


class SizeExceptionSerializer(serializers.ModelSerializer[SizeException]):
    said_by = RoleField()

    class Meta:
        model = SizeException
        fields = ["change", "reason", "said_by", "said_at"]
        read_only_fields = fields


class SizeExceptionInput(serializers.Serializer[Any]):
    """Why the change was right to be so large."""

    reason = serializers.CharField(max_length=2000)


class CareInput(serializers.Serializer[Any]):
    """Could it be reviewed as carefully as it needs? Kept without a person or an hour."""

    answer = serializers.ChoiceField(choices=ReviewCare.Answer.choices)


class CareSerializer(serializers.Serializer[Any]):
    """`link` opens three buttons for whoever reviewed: for a chat or a comment, for 90 days."""

    change = serializers.IntegerField()
    link = serializers.URLField()


class DeploymentKindInput(serializers.Serializer[Any]):
    """A person's word on what sort of deployment it was; null takes it back."""

    kind = serializers.ChoiceField(choices=Deployment.Kind.choices, allow_null=True)
    reason = serializers.CharField(max_length=MOST_REASON)


class ServiceInput(serializers.Serializer[Any]):
    """Null: as seen, and as everywhere."""

    reports_incidents = serializers.BooleanField(allow_null=True, required=False)
    exposure_days = serializers.IntegerField(
        allow_null=True, required=False, min_value=1, max_value=MOST_DAYS
    )
