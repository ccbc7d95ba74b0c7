"""Reviewing over the API: of changes, reviewer-days and answers, and of no person."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.serializers import DefinitionSerializer


def _count(words: str = "", *, null: bool = False) -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=null, help_text=words)


def _number(words: str = "") -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=words)


class ReviewingShareSerializer(serializers.Serializer[Any]):
    """So many of so many."""

    k = _count("Null: not known, never 0.", null=True)
    n = _count()
    rate = _number("Null below 20.")
    low = _number("Wilson, 95 %.")
    high = _number()


class SeniorShareSerializer(ReviewingShareSerializer):
    state = serializers.CharField(help_text="shown, few, empty, not_told or not_designated")


class ReviewingMedianSerializer(serializers.Serializer[Any]):
    """A median over changes, with its order-statistic range (95 %)."""

    n = _count()
    median = _number("Null below 5 changes.")
    low = _number("Null below 6 changes.")
    high = _number()
    state = serializers.CharField(help_text="shown, few or empty")
    lines = _count("A sum over the changes of the median.")


class PaceSerializer(ReviewingMedianSerializer):
    minutes = _count("Active review minutes: a sum over the same changes.")


class RemarksSerializer(ReviewingMedianSerializer):
    remarks = _count("A sum over the same changes; null: not told.", null=True)


class ReviewingGroupSerializer(serializers.Serializer[Any]):
    """What merged: all but automations, of one origin, or of one size."""

    key = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    merged = _count()
    size_known = _count()
    larger = ReviewingShareSerializer()
    larger_without_exception = ReviewingShareSerializer()
    without_review = ReviewingShareSerializer()
    reviewed = _count(null=True)
    one_moment = _count("Reviewed in one moment only: in no median of lines a minute.", null=True)
    lines_per_reviewer_minute = PaceSerializer()
    remarks_per_100_lines = RemarksSerializer()
    high_risk = _count()
    senior = SeniorShareSerializer()


class SpreadLineSerializer(serializers.Serializer[Any]):
    large_changes = _count("10 stands for more as well.")
    reviewer_days = _count()


class ReviewerDaySerializer(serializers.Serializer[Any]):
    day = serializers.DateField(allow_null=True, help_text="Null: days of fewer than 3 reviewers, together.")
    reviewers = _count()
    over = _count()


class ReviewerDaysSerializer(serializers.Serializer[Any]):
    """Large AI-assisted changes by reviewer-day; nothing links one day to another."""

    limit = _count("So many are right for a day.", null=True)
    state = serializers.CharField(help_text="shown, few, empty or hidden")
    over = ReviewingShareSerializer()
    spread = SpreadLineSerializer(many=True)
    days = ReviewerDaySerializer(many=True, help_text="Of one week only.")


class VoicesSerializer(serializers.Serializer[Any]):
    """Answers of one group, or of several small ones together."""

    groups = serializers.ListField(child=serializers.CharField())
    name = serializers.CharField()
    yes = _count()
    not_really = _count()
    no = _count()
    said_yes = ReviewingShareSerializer()


# `all` is a word of the parent class: fields that carry it are named by a mapping.
Care = type(
    "ReviewingCare",
    (serializers.Serializer,),
    {
        "__doc__": "Could it be reviewed as carefully as it needs?",
        "state": serializers.CharField(help_text="shown, few, empty or hidden (fewer than 5 answers)"),
        "all": VoicesSerializer(many=True, help_text="One, or none where they are hidden."),
        "by_origin": VoicesSerializer(many=True),
        "by_size": VoicesSerializer(many=True),
    },
)
Period = type(
    "ReviewingPeriod",
    (serializers.Serializer,),
    {
        "__doc__": "What reviewing asked of people in one span of whole weeks.",
        "from": serializers.DateField(),
        "to": serializers.DateField(help_text="Its last day."),
        "weeks": _count(),
        "partial": serializers.BooleanField(help_text="Not over yet: compare it with no whole one."),
        "reckoned": serializers.BooleanField(help_text="Else on its way, or nothing is known of it."),
        "groups": ReviewingGroupSerializer(many=True),
        "reviewer_days": ReviewerDaysSerializer(),
        "care": Care(),
    },
)
Course = type(
    "ReviewingCourse",
    (serializers.Serializer,),
    {
        "__doc__": "Mann-Kendall over weekly medians, with Theil-Sen's slope.",
        "from": serializers.DateField(),
        "to": serializers.DateField(),
        "weeks_with_a_median": _count(),
        "direction": serializers.CharField(allow_null=True, help_text="up, down or null: no clear trend"),
        "p": _number("Null: too few weeks."),
        "slope": _number("A week; of lines a minute, of their logarithm."),
        "words": serializers.CharField(),
    },
)


class ReviewingTrendSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    lines_per_reviewer_minute = Course()
    remarks_per_100_lines = Course()


class ReviewingWeekSerializer(Period):  # type: ignore[misc, valid-type]
    """One week, named as ISO 8601 does."""

    week = serializers.CharField()


class ReviewingSerializer(serializers.Serializer[Any]):
    """The same figures as the page, whoever asks."""

    definitions = serializers.DictField(child=DefinitionSerializer())
    scope = serializers.CharField(allow_blank=True)
    scope_name = serializers.CharField(allow_blank=True)
    demonstration_data = serializers.BooleanField()
    rules = _count("Version of the rules that the figures were reckoned with.", null=True)
    reviewable_lines = _count("More are larger than one can review.", null=True)
    reckoned_at = serializers.DateTimeField(allow_null=True)
    waiting = _count("Spans that are being reckoned anew.")
    sentences = serializers.DictField(child=serializers.CharField())
    trends = ReviewingTrendSerializer(many=True)
    now = Period(help_text="The 13 whole weeks that end with the week asked for.")
    before = Period(help_text="The 13 before them.")
    weeks = ReviewingWeekSerializer(many=True)
