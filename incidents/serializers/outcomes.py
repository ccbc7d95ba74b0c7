"""What comes of an incident: postmortem, lessons, actions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from changes.models import AssistanceKind, DomainArea, Service
from changes.serializers import RoleField, slug
from incidents.models import ActionItem, Lesson, Postmortem, PostmortemSection
from incidents.queries.gate import open_points
from incidents.serializers.incident import VisibleIncident
from incidents.serializers.parts import number


class SectionSerializer(serializers.ModelSerializer[PostmortemSection]):
    class Meta:
        model = PostmortemSection
        fields = ["key", "title", "text", "position"]
        read_only_fields = ["key", "title", "position"]


class PostmortemSerializer(serializers.ModelSerializer[Postmortem]):
    incident = number()
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


class OpenPointSerializer(serializers.Serializer[Any]):
    """What still stands between the postmortem and its publication."""

    code = serializers.CharField()
    text = serializers.CharField()
    step = serializers.CharField()


class PostmortemDetailSerializer(PostmortemSerializer):
    open_points = serializers.SerializerMethodField()

    class Meta(PostmortemSerializer.Meta):
        fields = [*PostmortemSerializer.Meta.fields, "open_points"]
        read_only_fields = fields

    @extend_schema_field(OpenPointSerializer(many=True))
    def get_open_points(self, postmortem: Postmortem) -> list[dict[str, str]]:
        if postmortem.state in {Postmortem.State.PUBLISHED, Postmortem.State.NOT_REQUIRED}:
            return []
        points = open_points(postmortem.incident, postmortem)
        return [{"code": point.code, "text": point.text, "step": point.step} for point in points]


class SectionsInput(serializers.Serializer[Any]):
    """Sections by key; those that are not named stay as they are."""

    sections = serializers.DictField(
        child=serializers.CharField(max_length=100_000, allow_blank=True, trim_whitespace=False),
        allow_empty=False,
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
    path_globs = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=50, required=False
    )
    services = slug(queryset=Service.objects.all(), many=True, required=False)
    area = slug(queryset=DomainArea.objects.offered(), required=False, allow_null=True)
    kinds = slug(queryset=AssistanceKind.objects.offered(), many=True, required=False)
    review_by = serializers.DateField(required=False, allow_null=True)


class LessonStateInput(serializers.Serializer[Any]):
    """`reason` is needed to retire it."""

    state = serializers.ChoiceField(choices=Lesson.State.choices)
    reason = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class LessonInput(LessonEdit):
    incident = VisibleIncident()


class ActionSerializer(serializers.ModelSerializer[ActionItem]):
    incident = number()
    owner: Any = serializers.SlugRelatedField(slug_field="username", read_only=True, allow_null=True)

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
    evidence = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    evidence_url = serializers.URLField(max_length=500, required=False, allow_blank=True, default="")
