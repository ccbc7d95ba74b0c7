"""How incidents and what comes of them look over the API. Shape and field rules only; people appear by role."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from changes.models import AssistanceKind, Change, Deployment, DomainArea, Environment, Service
from changes.serializers import TERM_FIELDS, RoleField, TermSerializer, slug
from incidents.models import (
    ActionItem,
    Cause,
    ContributingFactor,
    FactorKind,
    Fix,
    Incident,
    Lesson,
    Postmortem,
    PostmortemSection,
    Severity,
    TimelineEntry,
)

SAID_CAUSES = [choice for choice in Cause.Status.choices if choice[0] != Cause.Status.SUGGESTED]


class SeveritySerializer(TermSerializer):
    class Meta(TermSerializer.Meta):
        model = Severity
        fields = [*TERM_FIELDS, "rank", "postmortem_days"]


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
    services = slug(many=True)
    area = slug()
    environment = serializers.CharField(source="environment.name", read_only=True, default=None)
    began_at = serializers.DateTimeField(read_only=True, help_text="Impact, else detection, else the report.")
    impact_numbers = ImpactNumber(many=True, read_only=True)
    postmortem_state = serializers.ChoiceField(
        source="postmortem.state", choices=Postmortem.State.choices, read_only=True, default=None, allow_null=True
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


def _time() -> serializers.DateTimeField:
    return serializers.DateTimeField(required=False, allow_null=True)


class IncidentFacts(serializers.Serializer[Any]):
    """What a person may correct; a time that is null is unknown."""

    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    severity = slug(queryset=Severity.objects.offered(), required=False, allow_null=True)
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
    reported_at = serializers.DateTimeField(required=False)
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
            words = "Name the incident that it is a duplicate of." if is_duplicate else "Only for a duplicate."
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
        choices=[choice for choice in Incident.CauseAnswer.choices if choice[0] != Incident.CauseAnswer.CHANGES]
    )


def _number() -> serializers.IntegerField:
    return serializers.IntegerField(source="incident.number", read_only=True)


class CauseSerializer(serializers.ModelSerializer[Cause]):
    incident = _number()
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
    """A change, or a deployment when nobody can tell which of its changes. The same target again is corrected."""

    incident = VisibleIncident()
    change = serializers.PrimaryKeyRelatedField(queryset=Change.objects.all(), required=False)
    deployment = serializers.PrimaryKeyRelatedField(queryset=Deployment.objects.all(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("change" in attrs) == ("deployment" in attrs):
            raise serializers.ValidationError("Name either a change or a deployment.")
        return attrs


class FixSerializer(serializers.ModelSerializer[Fix]):
    incident = _number()
    said_by = RoleField()

    class Meta:
        model = Fix
        fields = ["id", "incident", "change", "said_by", "said_at"]
        read_only_fields = fields


class FixInput(serializers.Serializer[Any]):
    incident = VisibleIncident()
    change = serializers.PrimaryKeyRelatedField(queryset=Change.objects.all())


class FactorSerializer(serializers.ModelSerializer[ContributingFactor]):
    incident = _number()
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
    incident = _number()
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
    occurred_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=TimelineEntry.Kind.choices, default=TimelineEntry.Kind.NOTE)
    text = serializers.CharField(max_length=5000)
    evidence_url = serializers.URLField(max_length=500, required=False, allow_blank=True, default="")


class TimelineEdit(serializers.Serializer[Any]):
    occurred_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=TimelineEntry.Kind.choices)
    text = serializers.CharField(max_length=5000)
    evidence_url = serializers.URLField(max_length=500, allow_blank=True)
    starred = serializers.BooleanField()
    hidden = serializers.BooleanField()


class SectionSerializer(serializers.ModelSerializer[PostmortemSection]):
    class Meta:
        model = PostmortemSection
        fields = ["key", "title", "text", "position"]
        read_only_fields = ["key", "title", "position"]


class PostmortemSerializer(serializers.ModelSerializer[Postmortem]):
    incident = _number()
    owner = RoleField()
    facilitator = RoleField()
    sections = SectionSerializer(many=True, read_only=True)

    class Meta:
        model = Postmortem
        fields = [
            "incident",
            "state",
            "is_short",
            "owner",
            "facilitator",
            "due_on",
            "not_required_reason",
            "override_reason",
            "published_at",
            "sections",
            "version",
        ]
        read_only_fields = fields


class SectionsInput(serializers.Serializer[Any]):
    """Sections by key; those that are not named stay as they are."""

    sections = serializers.DictField(
        child=serializers.CharField(max_length=100_000, allow_blank=True, trim_whitespace=False), allow_empty=False
    )


class PublishInput(serializers.Serializer[Any]):
    override_reason = serializers.CharField(
        max_length=2000,
        required=False,
        allow_blank=True,
        default="",
        help_text="Why it may be published with points still open.",
    )


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    incidents = serializers.SerializerMethodField(help_text="Numbers of the incidents behind it.")
    services = slug(many=True)
    area = slug()
    kinds = slug(many=True)

    class Meta:
        model = Lesson
        fields = [
            "id",
            "text",
            "why",
            "incidents",
            "path_globs",
            "services",
            "area",
            "kinds",
            "review_by",
            "state",
            "retired_reason",
            "is_demo",
            "version",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_incidents(self, lesson: Lesson) -> list[int]:
        return [incident.number for incident in lesson.incidents.all()]


class LessonEdit(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=300)
    why = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    path_globs = serializers.ListField(child=serializers.CharField(max_length=300), max_length=50, required=False)
    services = slug(queryset=Service.objects.all(), many=True, required=False)
    area = slug(queryset=DomainArea.objects.offered(), required=False, allow_null=True)
    kinds = slug(queryset=AssistanceKind.objects.offered(), many=True, required=False)
    review_by = serializers.DateField(required=False, allow_null=True)


class LessonInput(LessonEdit):
    incident = VisibleIncident()


class ActionSerializer(serializers.ModelSerializer[ActionItem]):
    incident = _number()
    owner = serializers.SlugRelatedField(slug_field="username", read_only=True)

    class Meta:
        model = ActionItem
        fields = [
            "id",
            "incident",
            "title",
            "type",
            "state",
            "priority",
            "owner",
            "due_on",
            "tracker_url",
            "declined_reason",
            "verified_by_evidence",
            "created_at",
            "state_since",
        ]
        read_only_fields = fields


class ActionEdit(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    type = serializers.ChoiceField(choices=ActionItem.Type.choices, required=False)
    priority = serializers.ChoiceField(choices=ActionItem.Priority.choices, required=False)
    owner = serializers.SlugRelatedField(
        slug_field="username", queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    due_on = serializers.DateField(required=False, allow_null=True)
    tracker_url = serializers.URLField(max_length=500, required=False, allow_blank=True)


class ActionInput(ActionEdit):
    incident = VisibleIncident()


class ActionStateInput(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=ActionItem.State.choices)
    reason = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
