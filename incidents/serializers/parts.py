"""What hangs on an incident: causes, fixes, factors, the timeline."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import Moment
from changes.models import Change, Deployment
from changes.serializers import RoleField, slug
from incidents.models import Cause, ContributingFactor, FactorKind, Fix, TimelineEntry
from incidents.serializers.incident import VisibleIncident

SAID_CAUSES = [choice for choice in Cause.Status.choices if choice[0] != Cause.Status.SUGGESTED]


def number() -> serializers.IntegerField:
    return serializers.IntegerField(source="incident.number", read_only=True)


class CauseSerializer(serializers.ModelSerializer[Cause]):
    incident = number()
    said_by = RoleField()

    class Meta:
        model = Cause
        fields = [
            "id",
            "incident",
            "change",
            "deployment",
            "role",
            "status",
            "weight",
            "rationale",
            "evidence_url",
            "suggested_by",
            "said_by",
            "said_at",
        ]
        read_only_fields = fields


class CauseJudgement(serializers.Serializer[Any]):
    """What is said of a cause."""

    status = serializers.ChoiceField(choices=SAID_CAUSES)
    role = serializers.ChoiceField(choices=Cause.RoleInIncident.choices, default=Cause.RoleInIncident.TRIGGER)
    weight = serializers.FloatField(default=1, min_value=0.001, max_value=1000)
    rationale = serializers.CharField(max_length=5000, allow_blank=True, default="")
    evidence_url = serializers.URLField(max_length=500, allow_blank=True, default="")


class CauseInput(CauseJudgement):
    """A change, or a deployment when nobody can tell which of its changes."""

    incident = VisibleIncident()
    change = serializers.PrimaryKeyRelatedField(queryset=Change.objects.all(), required=False)
    deployment = serializers.PrimaryKeyRelatedField(queryset=Deployment.objects.all(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("change" in attrs) == ("deployment" in attrs):
            raise serializers.ValidationError("Name either a change or a deployment.")
        return attrs


class FixSerializer(serializers.ModelSerializer[Fix]):
    incident = number()
    said_by = RoleField()

    class Meta:
        model = Fix
        fields = ["id", "incident", "change", "said_by", "said_at"]
        read_only_fields = fields


class FixInput(serializers.Serializer[Any]):
    incident = VisibleIncident()
    change = serializers.PrimaryKeyRelatedField(queryset=Change.objects.all())


class FactorSerializer(serializers.ModelSerializer[ContributingFactor]):
    incident = number()
    kind = slug()

    class Meta:
        model = ContributingFactor
        fields = ["id", "incident", "kind", "text", "evidence_url", "position"]
        read_only_fields = fields


class FactorEdit(serializers.Serializer[Any]):
    kind = slug(queryset=FactorKind.objects.offered(), required=False, allow_null=True)
    text = serializers.CharField(max_length=5000)


class FactorInput(FactorEdit):
    incident = VisibleIncident()
    evidence_url = serializers.URLField(max_length=500, required=False, allow_blank=True, default="")


class TimelineSerializer(serializers.ModelSerializer[TimelineEntry]):
    incident = number()
    written_by = RoleField()

    class Meta:
        model = TimelineEntry
        fields = [
            "id",
            "incident",
            "occurred_at",
            "recorded_at",
            "kind",
            "text",
            "evidence_url",
            "starred",
            "hidden",
            "deployment",
            "written_by",
        ]
        read_only_fields = fields


class TimelineInput(serializers.Serializer[Any]):
    incident = VisibleIncident()
    occurred_at = Moment()
    kind = serializers.ChoiceField(choices=TimelineEntry.Kind.choices, default=TimelineEntry.Kind.NOTE)
    text = serializers.CharField(max_length=5000)
    evidence_url = serializers.URLField(max_length=500, required=False, allow_blank=True, default="")


class TimelineEdit(serializers.Serializer[Any]):
    occurred_at = Moment()
    kind = serializers.ChoiceField(choices=TimelineEntry.Kind.choices)
    text = serializers.CharField(max_length=5000)
    evidence_url = serializers.URLField(max_length=500, allow_blank=True)
    starred = serializers.BooleanField()
    hidden = serializers.BooleanField()
