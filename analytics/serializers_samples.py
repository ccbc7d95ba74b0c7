"""How sampled checks look over the API, and what follows from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Team
from analytics.forms import EARLIEST, LATEST, today
from analytics.forms_recall import DRAWN, WINDOW_DAYS
from analytics.models import Sample, SampledChange
from analytics.queries.samples import MOST_DRAWN, Line, answer_of, known_of, line_of
from analytics.services.samples import CANNOT_SAY, ORIGINS
from analytics.stats.sampling import AI, NO_AI
from changes.models import Repository
from changes.serializers import RoleField, slug

DAYS = [MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
FIRST_DAY = "First day that changes shipped; a year ago when absent."
LAST_DAY = "Last day that changes shipped; today when absent."


class BoundsSerializer(serializers.Serializer[Any]):
    """An estimate with its 95 % interval; the value is null where nobody could say anything."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField()


class SaidSerializer(serializers.Serializer[Any]):
    """The answers up to the last that was given; what was passed over before it counts as `cannot_say`."""

    assisted = serializers.IntegerField()
    manual = serializers.IntegerField()
    cannot_say = serializers.IntegerField()


class KnownSerializer(serializers.Serializer[Any]):
    """What was known when the lots were drawn."""

    marked = serializers.IntegerField(help_text="AI-assisted by a marker of a tool.")
    declared = serializers.IntegerField(help_text="AI-assisted by a declaration alone.")
    said = serializers.IntegerField(help_text="AI-assisted by a person's word alone.")
    manual = serializers.IntegerField()
    population = serializers.IntegerField(help_text="Nobody told the origin: drawn from.")


class EstimateSerializer(serializers.Serializer[Any]):
    """`hidden` and `assisted` are changes, the rest shares in 0..1."""

    answers = SaidSerializer()
    hidden = BoundsSerializer(help_text="AI-assisted changes of the population.")
    assisted = BoundsSerializer(help_text="AI-assisted changes of all.")
    assisted_share = BoundsSerializer(help_text="Of all changes.")
    recall = BoundsSerializer(help_text="Of the AI-assisted, those with a marker.")
    known = BoundsSerializer(help_text="Of the AI-assisted, those of which anything told it.")
    hidden_in_unmarked = BoundsSerializer(help_text="AI-assisted of manual and unknown together.")


class SampleSerializer(serializers.ModelSerializer[Sample]):
    team = slug()
    drawn = serializers.SerializerMethodField(help_text="How many were drawn.")
    drawn_by = RoleField()

    class Meta:
        model = Sample
        fields = [
            "id",
            "team",
            "repository",
            "since",
            "until",
            "seed",
            "drawn_from",
            "population",
            "drawn",
            "drawn_at",
            "drawn_by",
            "closed_at",
        ]
        read_only_fields = fields

    def get_drawn(self, sample: Sample) -> int:
        return len(sample.drawn.all())


class SampleDetailSerializer(SampleSerializer):
    answered = serializers.SerializerMethodField(help_text='"Cannot say" is an answer too.')
    serves = serializers.SerializerMethodField(help_text="Whether a comparison may rest on it: 10 answers.")
    known = serializers.SerializerMethodField()
    estimate = serializers.SerializerMethodField()

    class Meta(SampleSerializer.Meta):
        fields = [*SampleSerializer.Meta.fields, "answered", "serves", "known", "estimate"]
        read_only_fields = fields

    def to_representation(self, sample: Sample) -> Any:
        self._line = line_of(sample)
        return super().to_representation(sample)

    @property
    def line(self) -> Line:
        return self._line

    def get_answered(self, sample: Sample) -> int:
        return self.line.answered

    def get_serves(self, sample: Sample) -> bool:
        return self.line.serves

    @extend_schema_field(KnownSerializer)
    def get_known(self, sample: Sample) -> Any:
        return KnownSerializer(known_of(sample)).data

    @extend_schema_field(EstimateSerializer)
    def get_estimate(self, sample: Sample) -> Any:
        return EstimateSerializer(self.line.estimate).data


class SampledChangeSerializer(serializers.ModelSerializer[SampledChange]):
    title = serializers.CharField(source="change.title", read_only=True)
    url = serializers.CharField(source="change.url", read_only=True)
    answer = serializers.SerializerMethodField(help_text="Null: still open.")

    class Meta:
        model = SampledChange
        fields = ["id", "position", "change", "title", "url", "answer", "answered_at"]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=[AI, NO_AI, CANNOT_SAY], allow_null=True))
    def get_answer(self, drawn: SampledChange) -> str | None:
        return answer_of(drawn)


class NextSerializer(serializers.Serializer[Any]):
    next = SampledChangeSerializer(allow_null=True, help_text="Null: none is open.")
    left = serializers.IntegerField()


class SampleInput(serializers.Serializer[Any]):
    """What to draw from: code that shipped in the window and whose origin nobody told."""

    since = serializers.DateField(required=False, help_text=FIRST_DAY, validators=DAYS)
    until = serializers.DateField(required=False, help_text=LAST_DAY, validators=DAYS)
    team = slug(queryset=Team.objects.all(), required=False, allow_null=True)
    repository = serializers.PrimaryKeyRelatedField(
        queryset=Repository.objects.all(), required=False, allow_null=True
    )
    size = serializers.IntegerField(min_value=1, max_value=MOST_DRAWN, required=False, default=DRAWN)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        until = attrs.setdefault("until", today())
        since = attrs.setdefault("since", until - timedelta(days=WINDOW_DAYS - 1))
        if since > until:
            raise serializers.ValidationError({"until": "The window ends before it begins."})
        return attrs


class SampleAnswerInput(serializers.Serializer[Any]):
    drawn = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The id of a drawn change.")
    say = serializers.ChoiceField(choices=[*ORIGINS, CANNOT_SAY])


class SampleUndoInput(serializers.Serializer[Any]):
    drawn = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The id of a drawn change.")


class UndilutedSerializer(serializers.Serializer[Any]):
    """A ratio against unmarked changes, and what it would be against manual ones; null is no limit."""

    row = serializers.CharField()
    area = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    ratio = serializers.FloatField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField(allow_null=True)


class HiddenWorkSerializer(serializers.Serializer[Any]):
    """AI work hidden in the unmarked, by a sampled check; null without one that serves."""

    sampled_check = serializers.IntegerField()
    drawn_at = serializers.DateTimeField()
    population = serializers.IntegerField()
    answers = SaidSerializer()
    share_of_unmarked = BoundsSerializer()
    recall = BoundsSerializer(help_text="Of the markers, by the same check.")
    rows = UndilutedSerializer(many=True)
