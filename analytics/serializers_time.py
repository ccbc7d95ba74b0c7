"""Where the time goes over the API: counts and medians week by week, of 13 weeks and the 13 before."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.serializers import DefinitionSerializer


def _count(words: str = "", *, null: bool = False) -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=null, help_text=words)


def _counts(words: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.IntegerField(allow_null=True), help_text=words)


def _value(words: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=words)


class TimeAlteredSerializer(serializers.Serializer[Any]):
    """The 13 weeks against the 13 before."""

    low = _value("95 % range: of the ratio of counts, or the difference of medians.")
    high = _value("Null: nothing bounds it.")
    direction = serializers.ChoiceField(
        choices=[(-1, "less"), (0, "within what chance gives"), (1, "more")],
        help_text="1 or -1 only beyond what chance gives (99.5 %).",
    )


class TimeMedianSerializer(serializers.Serializer[Any]):
    """Seconds (rounds for `rounds`); null is not known, never 0."""

    n = _count()
    median = _value("")
    low = _value("Order-statistic range (95 %); null below 6.")
    high = _value("")
    p85 = _value("85 of 100 took no longer; null below 20.")


class TimeWeekSerializer(serializers.Serializer[Any]):
    week = serializers.CharField(help_text="As ISO 8601 names it.")
    begins_on = serializers.DateField()
    is_partial = serializers.BooleanField(help_text="Not over yet: compare it with no whole one.")


class TimeMeasureSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    weeks = _counts("As `weeks`; null: not known or hidden.")
    now = _count("Of the 13 weeks.", null=True)
    before = _count("Of the 13 before; null: not to be compared, `why` says so.", null=True)
    altered = TimeAlteredSerializer(allow_null=True)
    why = serializers.CharField(allow_blank=True)


class TimeStageSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.ChoiceField(choices=["seconds", "rounds"])
    weeks = serializers.ListField(child=TimeMedianSerializer(allow_null=True), help_text="As `weeks`.")
    now = TimeMedianSerializer()
    before = TimeMedianSerializer()
    altered = TimeAlteredSerializer(allow_null=True)


class TimePairSerializer(serializers.Serializer[Any]):
    now = TimeMedianSerializer()
    before = TimeMedianSerializer()


class TimeGroupSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    merged = _count()
    stages = serializers.DictField(child=TimePairSerializer())


_Span = type(
    "TimeSpanSerializer",
    (serializers.Serializer,),
    {"from": serializers.DateField(), "to": serializers.DateField(help_text="The last day of the 13 weeks.")},
)


class TimeSpentSerializer(_Span):  # type: ignore[misc, valid-type]
    """The same figures as the page, whoever asks. Stages do not add up."""

    definition = DefinitionSerializer()
    scope = serializers.CharField(allow_blank=True)
    scope_name = serializers.CharField(allow_blank=True)
    demonstration_data = serializers.BooleanField()
    weeks = TimeWeekSerializer(many=True)
    measures = TimeMeasureSerializer(many=True)
    merged_by_origin = serializers.DictField(child=_counts("As `weeks`."))
    pending_deployments = _counts("Too young to have shown whether they failed, as `weeks`.")
    stages = TimeStageSerializer(many=True)
    steps = serializers.DictField(child=TimeMedianSerializer(), help_text="From first commit to production.")
    merged = _count("Changes merged in the 13 weeks, without automation.")
    shipped = _count("Changes that a deployment brought to users in them.")
    not_measured = serializers.DictField(child=serializers.IntegerField(), help_text="By reason.")
    groups = serializers.DictField(
        child=TimeGroupSerializer(many=True), help_text="By origin, area and size."
    )
    is_reckoned = serializers.BooleanField(help_text="Else the medians of 13 weeks are on their way.")
    waiting = _count("Spans that are being reckoned anew.")
    reckoned_at = serializers.DateTimeField(allow_null=True)
    rules = _count("Version of the rules that the figures were reckoned with.", null=True)
