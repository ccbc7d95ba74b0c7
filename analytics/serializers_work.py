"""Work in progress and operating load over the API; null is not measured, never 0."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


def _number(words: str = "") -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=words)


def _count(words: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True, help_text=words)


class WorkFiguresSerializer(serializers.Serializer[Any]):
    average = _number("Weighed by time: all time under way within the span, by its length.")
    at_end = _count("Under way at the end of the span, or now.")
    begun = _count()
    finished = _count()
    mean_days = _number("Of what was finished.")
    median_age_days = _number("Of what is under way at the end.")
    p85_age_days = _number("85 % are younger.")
    oldest_days = _number()
    over_30_days = _count()
    by_throughput = _number("Finished a day, times days: Little's law.")
    edges = _number("What the edges of the span explain.")
    unexplained = _number("What is left: a fault of the data.")


class WorkWeekSerializer(WorkFiguresSerializer):
    week = serializers.CharField()


class WorkLimitSerializer(serializers.Serializer[Any]):
    most = _count()
    oldest_days = _count()
    crossed_since = serializers.DateTimeField(allow_null=True)


class WorkSortSerializer(serializers.Serializer[Any]):
    sort = serializers.CharField()
    is_measured = serializers.BooleanField()
    is_hidden = serializers.BooleanField(help_text="So few that a restricted incident could be guessed.")
    reason = serializers.CharField(help_text="Why it is not measured.")
    state = WorkFiguresSerializer()
    weeks_13 = WorkFiguresSerializer()
    weeks_13_before = WorkFiguresSerializer()
    weeks = WorkWeekSerializer(many=True)
    limit = WorkLimitSerializer(allow_null=True)
    words = serializers.ListField(child=serializers.CharField())


class ReckonedSerializer(serializers.Serializer[Any]):
    scope = serializers.CharField()
    week = serializers.CharField()
    rules_version = _count()
    reckoned_at = serializers.DateTimeField(allow_null=True)
    waiting = serializers.IntegerField(help_text="Spans that are being reckoned anew.")


class WorkSerializer(ReckonedSerializer):
    as_of = serializers.DateTimeField()
    is_now = serializers.BooleanField(help_text="Else as of the end of a week that is over.")
    sorts = WorkSortSerializer(many=True)


class LoadFiguresSerializer(serializers.Serializer[Any]):
    services = _count("Known here by the end of the span.")
    alerts = _count()
    noise = _count("Alerts that led to no incident, or to a false alarm.")
    open_alerts = _count("At the end of the span.")
    dependencies = _count()
    indirect = _count("Further packages that come with them.")
    settings = _count()
    services_told = _count("As pipelines tell them.")
    repositories_measured = _count()
    oldest_reading = serializers.DateField(allow_null=True)


class LoadWeekSerializer(LoadFiguresSerializer):
    week = serializers.CharField()


class GrowthSerializer(serializers.Serializer[Any]):
    """Over the places that were measured at both ends."""

    before = serializers.IntegerField()
    now = serializers.IntegerField()
    places = serializers.IntegerField()
    new = serializers.IntegerField(help_text="Places measured at the later end only: no growth.")
    gone = serializers.IntegerField()


class GrowthsSerializer(serializers.Serializer[Any]):
    dependencies = GrowthSerializer(allow_null=True)
    indirect = GrowthSerializer(allow_null=True)
    settings = GrowthSerializer(allow_null=True)
    services = GrowthSerializer(allow_null=True)


class GrownSerializer(LoadFiguresSerializer):
    growth = GrowthsSerializer()


class LoadAreaSerializer(GrownSerializer):
    scope = serializers.CharField()
    name = serializers.CharField()


class LoadSerializer(ReckonedSerializer):
    weeks_13 = GrownSerializer()
    weeks_13_before = LoadFiguresSerializer()
    weeks = LoadWeekSerializer(many=True)
    areas = LoadAreaSerializer(many=True, help_text="Only where no scope was chosen.")
    words = serializers.ListField(child=serializers.CharField())
