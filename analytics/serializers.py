"""How test scenarios and the matrix look over the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.metrics.failure_rate import STATES
from analytics.models import ScenarioStanding, TestScenario
from analytics.serializers_samples import HiddenWorkSerializer
from changes.models import AssistanceKind, DomainArea, Service
from changes.serializers import slug
from incidents.models import Lesson

CELL_STATES = [(key, words[0]) for key, words in STATES.items()]


class StandingSerializer(serializers.ModelSerializer[ScenarioStanding]):
    """What CI says of the scenario on one branch of one repository."""

    is_default_branch = serializers.SerializerMethodField()
    why = serializers.ChoiceField(
        choices=ScenarioStanding.Why.choices, allow_blank=True, help_text="Why it is stale; else empty."
    )

    class Meta:
        model = ScenarioStanding
        fields = [
            "repository",
            "branch",
            "is_default_branch",
            "state",
            "why",
            "since",
            "last_run",
            "last_passed_at",
            "last_failed_at",
        ]
        read_only_fields = fields

    def get_is_default_branch(self, row: ScenarioStanding) -> bool:
        return row.branch == row.repository.default_branch


class ScenarioSerializer(serializers.ModelSerializer[TestScenario]):
    name = serializers.SerializerMethodField(help_text="What test suites call it.")
    lessons: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    services = slug(many=True)
    area = slug()
    kinds = slug(many=True)
    merged_into = serializers.SerializerMethodField()
    standings = StandingSerializer(many=True, read_only=True)

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
            "standings",
            "is_demo",
            "created_at",
            "version",
        ]
        read_only_fields = fields

    def get_name(self, scenario: TestScenario) -> str:
        return str(scenario)

    def get_merged_into(self, scenario: TestScenario) -> int | None:
        """Its number; null too where the reader may not see that one."""
        kept = scenario.merged_into
        if kept is None:
            return None
        visible = TestScenario.objects.visible_to(self.context["request"].user)
        return kept.number if visible.filter(pk=kept.pk).exists() else None


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
    total = serializers.IntegerField()
    no_change = serializers.IntegerField(
        allow_null=True, help_text="Null, as all four are, where one would give away a restricted incident."
    )
    not_determined = serializers.IntegerField(allow_null=True)
    unanswered = serializers.IntegerField(allow_null=True)
    deployment_only = serializers.IntegerField(allow_null=True)
    restricted = serializers.BooleanField()


class WhatIfSerializer(serializers.Serializer[Any]):
    share_assisted = serializers.FloatField(help_text="Share of the unknown that is counted with the kind.")
    ratio = serializers.FloatField(allow_null=True)


class RatioSerializer(serializers.Serializer[Any]):
    """What is hidden or refused is null, and the sentence says why; a bound of null is no limit."""

    row = serializers.CharField(help_text="`kind:<slug>`, `assisted` or `not-said`.")
    area = serializers.CharField(allow_null=True, help_text="Null: all that the filters leave.")
    name = serializers.CharField()
    baseline = serializers.ChoiceField(choices=["manual", "unmarked"])
    unknown_share = serializers.FloatField(allow_null=True)
    changes = serializers.IntegerField()
    baseline_changes = serializers.IntegerField()
    failures = serializers.FloatField(allow_null=True)
    baseline_failures = serializers.FloatField(allow_null=True)
    ratio = serializers.FloatField(allow_null=True, help_text="Adjusted by area, size and quarter.")
    low = serializers.FloatField(allow_null=True, help_text="95 % interval.")
    high = serializers.FloatField(allow_null=True)
    comparable_share = serializers.FloatField(allow_null=True)
    refused = serializers.CharField(help_text="Why there is no ratio; empty where there is one.")
    crude = serializers.FloatField(allow_null=True)
    direction_differs = serializers.BooleanField(help_text="Crude and adjusted point in two directions.")
    bound_low = serializers.FloatField(allow_null=True)
    bound_high = serializers.FloatField(allow_null=True)
    what_if = WhatIfSerializer(many=True)
    sentence = serializers.CharField()
    simpson = serializers.CharField()
    unknown = serializers.CharField()


class BaselineSerializer(serializers.Serializer[Any]):
    """Kinds of help against their baseline: the same figures as the page, whoever asks."""

    definition = DefinitionSerializer()
    filters = serializers.DictField(help_text="What the figures are about, defaults filled in.")
    as_of = serializers.DateField()
    generation = serializers.IntegerField(help_text="The ledger's last id when it was computed.")
    demonstration_data = serializers.BooleanField()
    hidden_work = HiddenWorkSerializer(allow_null=True)
    rows = RatioSerializer(many=True)


class AnswersSerializer(serializers.Serializer[Any]):
    """How many changes on one side are of the kind, manual, of another kind, or not said."""

    kind = serializers.IntegerField()
    manual = serializers.IntegerField()
    other = serializers.IntegerField()
    unsaid = serializers.IntegerField()


class MatchedRowSerializer(serializers.Serializer[Any]):
    """What is hidden or refused is null, and the sentence says why; a bound of null is no limit."""

    row = serializers.CharField(help_text="`kind:<slug>` or `assisted`.")
    area = serializers.CharField(allow_null=True, help_text="Null: all that the filters leave.")
    name = serializers.CharField()
    cases = AnswersSerializer(allow_null=True)
    controls = AnswersSerializer(allow_null=True)
    alone = serializers.IntegerField(allow_null=True, help_text="Cases without an answered control.")
    unasked = serializers.IntegerField(allow_null=True, help_text="Failed, and nobody was asked.")
    strata = serializers.IntegerField()
    ratio = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="95 % interval.")
    high = serializers.FloatField(allow_null=True)
    bound_low = serializers.FloatField(allow_null=True, help_text="Whatever was not said.")
    bound_high = serializers.FloatField(allow_null=True)
    refused = serializers.CharField(help_text="Why there is no ratio; empty where there is one.")
    adjusted_ratio_of_cells = serializers.FloatField(allow_null=True)
    sentence = serializers.CharField()


class MatchedSerializer(serializers.Serializer[Any]):
    """Failed changes and drawn ones that did not fail, asked alike: in no cell and no signal."""

    definition = DefinitionSerializer()
    filters = serializers.DictField(help_text="What the figures are about, defaults filled in.")
    as_of = serializers.DateField()
    generation = serializers.IntegerField(help_text="The ledger's last id when it was computed.")
    demonstration_data = serializers.BooleanField()
    failed = serializers.IntegerField(
        allow_null=True, help_text="Failed changes of the window, asked about or not; null: hidden."
    )
    cases = serializers.IntegerField(allow_null=True)
    controls = serializers.IntegerField()
    passed_over = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Drawn and not answered yet.")
    left_out = serializers.IntegerField(help_text="Failed since, or of another stratum now.")
    rows = MatchedRowSerializer(many=True)


class PointSerializer(serializers.Serializer[Any]):
    start = serializers.DateField()
    end = serializers.DateField()
    is_pending = serializers.BooleanField(help_text="Not all of it is old enough to have failed.")
    n = serializers.IntegerField()
    failures = serializers.FloatField(allow_null=True, help_text="Null: hidden.")
    rate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Wilson's 95 % interval.")
    high = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(choices=["empty", "few", "pending", "restricted", "shown"])


class VerdictSerializer(serializers.Serializer[Any]):
    direction = serializers.ChoiceField(choices=["", "up", "down"], help_text="Empty: no clear trend.")
    weeks = serializers.IntegerField()
    is_thin = serializers.BooleanField(help_text="Too few failures for a trend to be seen.")
    z = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True)
    words = serializers.CharField()


class SeriesSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    points = PointSerializer(many=True)
    verdict = VerdictSerializer()


class TrendSerializer(serializers.Serializer[Any]):
    """The failure rate in blocks of four weeks beside its baseline: the same figures as the page."""

    definition = DefinitionSerializer()
    filters = serializers.DictField(help_text="What the figures are about, defaults filled in.")
    as_of = serializers.DateField()
    generation = serializers.IntegerField(help_text="The ledger's last id when it was computed.")
    demonstration_data = serializers.BooleanField()
    baseline = serializers.ChoiceField(choices=["manual", "unmarked"])
    unknown_share = serializers.FloatField(allow_null=True)
    bucket_days = serializers.IntegerField()
    series = SeriesSerializer(many=True)
    marked_share = serializers.ListField(
        child=serializers.FloatField(allow_null=True), help_text="For each block: a habit, never a trend."
    )


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
