"""Incidents: how they look, and what a person may say of them."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.fields import Moment
from accounts.models import User
from changes.models import DomainArea, Environment, Service
from changes.serializers import TERM_FIELDS, RoleField, TermSerializer, slug
from incidents.models import FactorKind, Incident, IncidentType, Postmortem, Severity


class SeveritySerializer(TermSerializer):
    class Meta(TermSerializer.Meta):
        model = Severity
        fields = [*TERM_FIELDS, "rank", "postmortem_days"]
        # The four exist from the start: their names may be edited, their ranks are fixed.
        read_only_fields: ClassVar = [*TermSerializer.Meta.read_only_fields, "slug", "rank"]


class FactorKindSerializer(TermSerializer):
    class Meta(TermSerializer.Meta):
        model = FactorKind
        fields = [*TERM_FIELDS, "prompt"]


class VisibleIncident(serializers.SlugRelatedField[Incident]):
    """An incident by its number. One that the sender may not see does not exist for them."""

    def __init__(self, **kwargs: Any) -> None:
        if not kwargs.get("read_only"):
            kwargs.setdefault("queryset", Incident.objects.all())
        super().__init__(slug_field="number", **kwargs)

    def get_queryset(self) -> Any:
        return Incident.objects.visible_to(self.context["request"].user)


class ImpactNumber(serializers.Serializer[Any]):
    # `label` is a property of every field, so it is declared by hand.
    value = serializers.FloatField()
    unit = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"label": serializers.CharField(max_length=80), **super().get_fields()}


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    severity = slug()
    type = slug()
    services = slug(many=True)
    area = slug()
    environment = serializers.CharField(
        source="environment.name", read_only=True, default=None, allow_null=True
    )
    began_at = serializers.DateTimeField(read_only=True, help_text="Impact, else detection, else the report.")
    impact_numbers = ImpactNumber(many=True, read_only=True)
    postmortem_state = serializers.ChoiceField(
        source="postmortem.state",
        choices=Postmortem.State.choices,
        read_only=True,
        default=None,
        allow_null=True,
    )
    duplicate_of = serializers.SerializerMethodField(help_text="Its number.")
    time_to_detect_seconds = serializers.SerializerMethodField()
    time_to_resolve_seconds = serializers.SerializerMethodField()
    times_in_wrong_order = serializers.ListField(child=serializers.CharField(), read_only=True)
    reported_by = RoleField()

    class Meta:
        model = Incident
        fields = [
            "number",
            "title",
            "summary",
            "status",
            "closing_reason",
            "severity",
            "type",
            "impact_started_at",
            "detected_at",
            "acknowledged_at",
            "mitigated_at",
            "resolved_at",
            "reported_at",
            "closed_at",
            "began_at",
            "time_to_detect_seconds",
            "time_to_resolve_seconds",
            "times_in_wrong_order",
            "services",
            "area",
            "environment",
            "impact",
            "impact_numbers",
            "cause_answer",
            "is_restricted",
            "duplicate_of",
            "reported_by",
            "dedup_key",
            "url",
            "postmortem_state",
            "is_demo",
            "recorded_at",
            "version",
        ]
        read_only_fields = fields

    def get_duplicate_of(self, incident: Incident) -> int | None:
        kept = incident.duplicate_of
        if kept is None:
            return None
        visible = Incident.objects.visible_to(self.context["request"].user)
        return kept.number if not kept.is_restricted or visible.filter(pk=kept.pk).exists() else None

    def get_time_to_detect_seconds(self, incident: Incident) -> float | None:
        span = incident.time_to_detect
        return None if span is None else span.total_seconds()

    def get_time_to_resolve_seconds(self, incident: Incident) -> float | None:
        span = incident.time_to_resolve
        return None if span is None else span.total_seconds()


def _time() -> Moment:
    return Moment(required=False, allow_null=True)


class IncidentFacts(serializers.Serializer[Any]):
    """What a person may correct; a time that is null is unknown."""

    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    severity = slug(queryset=Severity.objects.offered(), required=False, allow_null=True)
    type = slug(queryset=IncidentType.objects.offered(), required=False, allow_null=True)
    area = slug(queryset=DomainArea.objects.offered(), required=False, allow_null=True)
    environment = serializers.PrimaryKeyRelatedField(
        queryset=Environment.objects.all(), required=False, allow_null=True
    )
    impact = serializers.CharField(max_length=300, required=False, allow_blank=True)
    impact_numbers = serializers.ListField(child=ImpactNumber(), max_length=3, required=False)
    url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    impact_started_at = _time()
    detected_at = _time()
    acknowledged_at = _time()
    mitigated_at = _time()
    resolved_at = _time()
    reported_at = Moment(required=False)
    services = slug(queryset=Service.objects.all(), many=True, required=False)


class IncidentReport(IncidentFacts):
    """`dedup_key`: the same key opens one incident, however often it is reported."""

    dedup_key = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class StatusInput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        choices=[choice for choice in Incident.Status.choices if choice[0] != Incident.Status.CLOSED]
    )


class CloseInput(serializers.Serializer[Any]):
    """`duplicate_of` is needed, and only allowed, with the reason `duplicate`."""

    reason = serializers.ChoiceField(choices=Incident.ClosingReason.choices)
    duplicate_of = VisibleIncident(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_duplicate = attrs["reason"] == Incident.ClosingReason.DUPLICATE
        if is_duplicate != ("duplicate_of" in attrs):
            words = (
                "Name the incident that it is a duplicate of." if is_duplicate else "Only for a duplicate."
            )
            raise serializers.ValidationError({"duplicate_of": words})
        return attrs


class RestrictInput(serializers.Serializer[Any]):
    """Whom to name: only they see it from now on. Who restricts is always among them."""

    is_restricted = serializers.BooleanField()
    people = serializers.SlugRelatedField(
        slug_field="username", queryset=User.objects.filter(is_active=True), many=True, required=False
    )


class AnswerInput(serializers.Serializer[Any]):
    answer = serializers.ChoiceField(
        choices=[
            choice for choice in Incident.CauseAnswer.choices if choice[0] != Incident.CauseAnswer.CHANGES
        ]
    )
