"""Marking policies over the API, and what one change's check answers."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from rest_framework import serializers

from changes.models import MarkingPolicy, Repository
from changes.queries.policies import EARLIEST, LATEST, Why
from changes.serializers.shown import RoleField


class PolicySerializer(serializers.ModelSerializer[MarkingPolicy]):
    standing = serializers.SerializerMethodField()
    stated_by = RoleField()

    class Meta:
        model = MarkingPolicy
        fields = [
            "id",
            "repository",
            "since",
            "how",
            "standing",
            "ended_on",
            "revoked_at",
            "end_reason",
            "stated_at",
            "stated_by",
        ]

    def get_standing(self, policy: MarkingPolicy) -> str:
        return "revoked" if policy.revoked_at else "ended" if policy.ended_on else "in_effect"


# Midnights at the ends of the calendar are no instants everywhere.
DAYS = [MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]


class PolicyInput(serializers.Serializer[Any]):
    repository = serializers.PrimaryKeyRelatedField(queryset=Repository.objects.all())
    since = serializers.DateField(
        validators=DAYS, help_text="From this day on every AI-assisted change is marked."
    )
    how = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class PolicyEndInput(serializers.Serializer[Any]):
    on = serializers.DateField(validators=DAYS, help_text="What is merged from this day on is not covered.")
    reason = serializers.CharField(max_length=2000)


class PolicyRevokeInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2000)


class BrokenSerializer(serializers.Serializer[Any]):
    change = serializers.IntegerField(source="change.pk")
    title = serializers.CharField(source="change.title")
    url = serializers.CharField(source="change.url")
    merged_at = serializers.DateTimeField(source="change.merged_at")
    why = serializers.ChoiceField(choices=Why.choices)
    shown_by = serializers.CharField()
    said_at = serializers.DateTimeField(source="at", allow_null=True)


class BreachesSerializer(serializers.Serializer[Any]):
    """`unread`: changes whose description nobody told, so that their boxes were not looked at."""

    covered = serializers.IntegerField(help_text="Changes merged while it was in effect.")
    broken = serializers.IntegerField()
    asks_boxes = serializers.BooleanField(help_text="Whether boxes of the template are answered at all.")
    unread = serializers.IntegerField()
    changes = BrokenSerializer(many=True)


class KeptSerializer(serializers.Serializer[Any]):
    change = serializers.IntegerField(source="change.pk")
    policy = serializers.IntegerField(source="policy.pk", allow_null=True, default=None)
    keeps = serializers.BooleanField(allow_null=True, help_text="Null where no policy covers it.")
    reason = serializers.CharField()
