"""Delivery over the API: the five figures of a span, week by week and beside the 13 weeks before."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.serializers import DefinitionSerializer


def _seconds(words: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=words)


def _count(words: str = "", *, null: bool = False) -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=null, help_text=words)


class SpreadSerializer(serializers.Serializer[Any]):
    """Times in seconds; null is not known, never 0."""

    n = _count()
    median = _seconds("Null where half or more are not over, or there is none.")
    low = _seconds("Order-statistic range (95 %); null below 6.")
    high = _seconds("Null beside a low: no upper end yet.")
    p90 = _seconds("Nine of ten stayed within; null below 10.")


class FrequencySerializer(serializers.Serializer[Any]):
    """Production deployments that reached users."""

    state = serializers.CharField()
    number = _count("Null: no deployment is known by then.", null=True)
    weeks = _count()
    active_days = _count()
    attempts = _count("Failed or cancelled before they reached users.")
    known_since = serializers.DateField(allow_null=True, help_text="Within the span: before it is a gap.")
    a_week = serializers.FloatField(allow_null=True)
    a_week_low = serializers.FloatField(allow_null=True)
    a_week_high = serializers.FloatField(allow_null=True)
    between = SpreadSerializer()


class LeadSerializer(SpreadSerializer):
    """First commit (else opening) to running in production."""

    state = serializers.CharField()
    from_commit = _count()
    from_opening = _count()
    first_known = _count("Left out: came with the first deployment that is known.")
    not_deployed = _count("Left out: merged, and no known deployment holds it.")
    no_begin = _count("Left out: without a usable begin.")
    gaps = _count("Deployments whose content is not known.")


class ShareSerializer(serializers.Serializer[Any]):
    state = serializers.CharField()
    rate = serializers.FloatField(allow_null=True, help_text="Null below 20 deployments.")
    low = serializers.FloatField(allow_null=True, help_text="Wilson, 95 %.")
    high = serializers.FloatField(allow_null=True)
    hidden = serializers.BooleanField(help_text="A restricted incident could be guessed from the number.")


class FailSerializer(ShareSerializer):
    """Deployments that failed, of those old enough and of services whose incidents are known."""

    judged = _count()
    failed = _count(null=True)
    suspected = _count(null=True)
    pending = _count("Younger than the exposure window: in no rate.")
    pending_failed = _count(null=True)
    pending_suspected = _count(null=True)
    unmeasured = _count("Of services whose incidents are not known: in no rate.")
    unmeasured_failed = _count(null=True)
    unknown = _count("Incidents whose cause nobody has determined.", null=True)
    assigned = _count("How many of those could each have had a deployment of its own.", null=True)
    upper_rate = serializers.FloatField(allow_null=True)
    upper_high = serializers.FloatField(allow_null=True)
    services = _count()
    services_unmeasured = _count()
    of_no_service = _count()


class RecoverySerializer(SpreadSerializer):
    """Begin of the impact to mitigated, else resolved; open incidents ranked last."""

    state = serializers.CharField()
    open = _count(null=True)
    missing = _count(null=True)
    invalid = _count(null=True)
    incidents = _count(null=True)
    hidden = serializers.BooleanField()


class ReworkSerializer(ShareSerializer):
    """Rollbacks, hotfixes and first shippers of a repair."""

    k = _count("Null: not measured, or hidden.", null=True)
    n = _count()
    unmeasured = _count()


# `from` is a word of the language: fields that carry it are named by a mapping.
DeliveryPeriodSerializer = type(
    "DeliveryPeriodSerializer",
    (serializers.Serializer,),
    {
        "__doc__": "The five figures of one span of whole weeks.",
        "from": serializers.DateField(),
        "to": serializers.DateField(help_text="Its last day."),
        "weeks": _count(),
        "partial": serializers.BooleanField(help_text="Not over yet: compare it with no whole one."),
        "reckoned": serializers.BooleanField(help_text="Else on its way, or nothing is known of it."),
        "frequency": FrequencySerializer(),
        "lead": LeadSerializer(),
        "fail": FailSerializer(),
        "recovery": RecoverySerializer(),
        "restore": RecoverySerializer(help_text="The same of all incidents: time to restore."),
        "rework": ReworkSerializer(),
    },
)


class DeliveryWeekSerializer(DeliveryPeriodSerializer):  # type: ignore[misc, valid-type]
    """One week, named as ISO 8601 does."""

    week = serializers.CharField()


class DeliveryServiceSerializer(serializers.Serializer[Any]):
    id = _count()
    name = serializers.CharField()
    now = DeliveryPeriodSerializer()
    before = DeliveryPeriodSerializer()


class DeliveryFiguresSerializer(serializers.Serializer[Any]):
    """The same figures as the page, whoever asks."""

    definitions = serializers.DictField(child=DefinitionSerializer())
    scope = serializers.CharField(allow_blank=True)
    scope_name = serializers.CharField(allow_blank=True)
    demonstration_data = serializers.BooleanField()
    rules = _count("Version of the rules that the figures were reckoned with.", null=True)
    reckoned_at = serializers.DateTimeField(allow_null=True)
    waiting = _count("Spans that are being reckoned anew.")
    now = DeliveryPeriodSerializer(help_text="The 13 whole weeks that end with the week asked for.")
    before = DeliveryPeriodSerializer(help_text="The 13 before them.")
    sentences = serializers.DictField(child=serializers.CharField())
    weeks = DeliveryWeekSerializer(many=True)
    services = DeliveryServiceSerializer(many=True, help_text="In alphabetical order, never ranked.")
