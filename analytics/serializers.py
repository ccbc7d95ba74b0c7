"""How test scenarios and the matrix look over the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.metrics.failure_rate import STATES
from analytics.models import TestScenario
from changes.models import AssistanceKind, DomainArea, Service
from changes.serializers import slug
from incidents.models import Lesson

CELL_STATES = [(key, words[0]) for key, words in STATES.items()]


class ScenarioSerializer(serializers.ModelSerializer[TestScenario]):
    name = serializers.SerializerMethodField(help_text="What test suites call it.")
    lessons: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    services = slug(many=True)
    area = slug()
    kinds = slug(many=True)
    merged_into: Any = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)

    class Meta:
        model = TestScenario
        fields = [
            "number",
            "name",
            "title",
            "given",
            "when",
            "then",
            "lessons",
            "area",
            "services",
            "kinds",
            "path_globs",
            "state",
            "state_reason",
            "merged_into",
            "is_demo",
            "created_at",
            "version",
        ]
        read_only_fields = fields

    def get_name(self, scenario: TestScenario) -> str:
        return str(scenario)


class VisibleLesson(serializers.PrimaryKeyRelatedField[Lesson]):
    def get_queryset(self) -> Any:
        return Lesson.objects.visible_to(self.context["request"].user)


class ScenarioInput(serializers.Serializer[Any]):
    """Given, when and then in Gherkin's words, without its keywords."""

    title = serializers.CharField(max_length=200)
    given = serializers.CharField(max_length=10_000)
    when = serializers.CharField(max_length=10_000)
    then = serializers.CharField(max_length=10_000)
    lessons = VisibleLesson(queryset=Lesson.objects.all(), many=True, required=False)
    area = slug(queryset=DomainArea.objects.offered(), required=False, allow_null=True)
    services = slug(queryset=Service.objects.all(), many=True, required=False)
    kinds = slug(queryset=AssistanceKind.objects.offered(), many=True, required=False)
    path_globs = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=50, required=False
    )


class ScenarioStateInput(serializers.Serializer[Any]):
    """`reason` is needed to retire it."""

    state = serializers.ChoiceField(choices=TestScenario.State.choices)
    reason = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class CellSerializer(serializers.Serializer[Any]):
    """Shares in 0..1. What is hidden, or rests on too few changes for a rate, is null."""

    n = serializers.IntegerField(help_text="Changes shipped and old enough to have failed.")
    failures = serializers.FloatField(allow_null=True)
    suspected = serializers.FloatField(allow_null=True)
    rate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Wilson's 95 % interval.")
    high = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(choices=CELL_STATES)
    smoothed = serializers.FloatField(allow_null=True)
    level = serializers.IntegerField(allow_null=True)
    unknown_share = serializers.FloatField(allow_null=True)
    pending = serializers.IntegerField()
    pending_failed = serializers.IntegerField(allow_null=True)
    late = serializers.IntegerField(allow_null=True)
    afterwards = serializers.IntegerField(help_text="Said after the first incident or revert: in no rate.")
    by_policy = serializers.IntegerField()


class ColumnSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    unknown_share = serializers.FloatField(allow_null=True)


class RowSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="`kind:<slug>`, or the name of a row beside the kinds.")
    name = serializers.CharField()
    cells = serializers.DictField(child=CellSerializer(), help_text="By the slug of the area.")
    total = CellSerializer()


class DefinitionSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    parts = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class WithoutChangeSerializer(serializers.Serializer[Any]):
    no_change = serializers.IntegerField()
    not_determined = serializers.IntegerField()
    unanswered = serializers.IntegerField()
    deployment_only = serializers.IntegerField()
    restricted = serializers.BooleanField()


class MatrixSerializer(serializers.Serializer[Any]):
    """Failure rate by kind of help and domain area: the same figures as the page, whoever asks."""

    definition = DefinitionSerializer()
    filters = serializers.DictField(help_text="What the figures are about, defaults filled in.")
    as_of = serializers.DateField()
    known_at = serializers.DateTimeField(
        allow_null=True, help_text="The instant whose knowledge the figures rest on; null: now."
    )
    generation = serializers.IntegerField(help_text="The ledger's last id when it was computed.")
    demonstration_data = serializers.BooleanField()
    unknown_share = serializers.FloatField(allow_null=True)
    areas = ColumnSerializer(many=True)
    rows = RowSerializer(many=True)
    incidents_without_change = WithoutChangeSerializer(allow_null=True)
