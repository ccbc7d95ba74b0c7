"""Features over the API: what they are for, what was measured, what people say of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from changes.feature_lines import MOST_SLUG
from changes.models import DomainArea, Feature, Measurement
from changes.serializers.policies import DAYS
from changes.serializers.shown import RoleField, slug

LONG = 10_000
MOST_CHANGES = 500


class MeasurementSerializer(serializers.ModelSerializer[Measurement]):
    said_by = RoleField()

    class Meta:
        model = Measurement
        fields = [
            "id",
            "value",
            "low",
            "high",
            "begins_on",
            "ends_on",
            "source",
            "note",
            "said_at",
            "said_by",
            "taken_back_at",
        ]
        read_only_fields = fields


class FeatureSerializer(serializers.ModelSerializer[Feature]):
    """`measurements` in the order of their periods, those taken back among them."""

    area = slug()
    measurements = MeasurementSerializer(many=True, read_only=True)
    worth_it_by = RoleField()

    class Meta:
        model = Feature
        fields = [
            "slug",
            "name",
            "description",
            "area",
            "metric",
            "unit",
            "direction",
            "baseline",
            "baseline_from",
            "baseline_to",
            "baseline_source",
            "begun_on",
            "measured_until",
            "retired_on",
            "retired_reason",
            "measurements",
            "worth_it",
            "worth_it_at",
            "worth_it_by",
            "created_at",
            "version",
        ]
        read_only_fields = fields


def _text(most: int, **kwargs: Any) -> serializers.CharField:
    return serializers.CharField(max_length=most, required=False, allow_blank=True, **kwargs)


def _day(**kwargs: Any) -> serializers.DateField:
    return serializers.DateField(validators=DAYS, **kwargs)


class FeatureEdit(serializers.Serializer[Any]):
    """Metric, unit and direction stand as long as a measurement does."""

    name = serializers.CharField(max_length=160)
    description = _text(LONG)
    area = slug(queryset=DomainArea.objects.offered(), required=False, allow_null=True)
    metric = _text(120)
    unit = _text(40)
    direction = serializers.ChoiceField(choices=Feature.Direction.choices, required=False)
    baseline = serializers.FloatField(required=False, allow_null=True)
    baseline_from = _day(required=False, allow_null=True)
    baseline_to = _day(required=False, allow_null=True)
    baseline_source = _text(200)
    begun_on = _day(required=False, allow_null=True)
    measured_until = _day(required=False, allow_null=True)


class FeatureInput(FeatureEdit):
    slug = _text(
        MOST_SLUG, help_text="What a line or a label names it by; made from the name when absent. For good."
    )


class MeasurementInput(serializers.Serializer[Any]):
    """`low` and `high` only where the source gives them."""

    value = serializers.FloatField()
    low = serializers.FloatField(required=False, allow_null=True)
    high = serializers.FloatField(required=False, allow_null=True)
    begins_on = _day()
    ends_on = _day(help_text="The last day of the period.")
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]
    note = _text(LONG)


class WorthInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONG, help_text="Was this worth the ongoing hassle?")


class RetireInput(serializers.Serializer[Any]):
    on = _day(help_text="Its last day.")
    reason = _text(LONG)


class PutInput(serializers.Serializer[Any]):
    changes = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=MOST_CHANGES,
        help_text="Ids. All of them must be known.",
    )


class PutSerializer(serializers.Serializer[Any]):
    changes = serializers.ListField(child=serializers.IntegerField(), help_text="Those that are in it now.")


class FeatureWordInput(serializers.Serializer[Any]):
    """`feature` null: in none, whatever its text says. `as_named`: leave it to its text and labels."""

    feature = slug(queryset=Feature.objects.offered(), required=False, allow_null=True)
    as_named = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("feature" in attrs) == attrs["as_named"]:
            raise serializers.ValidationError("Say either a feature or as_named.")
        return attrs
