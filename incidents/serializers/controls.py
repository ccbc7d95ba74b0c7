"""Controls of a causal change: what was drawn, and what people say of it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from changes.models import AssistanceKind, Origin
from changes.serializers import RoleField, slug
from incidents.models import Cause, Control, Incident


class VisibleCause(serializers.PrimaryKeyRelatedField[Cause]):
    """A cause by its id. One of an incident that the sender may not see does not exist for them."""

    def get_queryset(self) -> Any:
        visible = Incident.objects.visible_to(self.context["request"].user)
        return Cause.objects.filter(incident__in=visible).select_related("incident")


class ControlSerializer(serializers.ModelSerializer[Control]):
    incident = serializers.IntegerField(source="cause.incident.number", read_only=True)
    area = slug()
    origin = serializers.ChoiceField(
        choices=Origin.choices, read_only=True, help_text="Empty: not answered. `unknown`: cannot say."
    )
    kinds = slug(many=True)
    answered_by = RoleField()

    class Meta:
        model = Control
        fields = [
            "id",
            "incident",
            "cause",
            "change",
            "area",
            "size_band",
            "quarter_begins_on",
            "pool",
            "origin",
            "kinds",
            "drawn_at",
            "passed_over_at",
            "answered_at",
            "answered_by",
        ]
        read_only_fields = fields


class ControlAnswer(serializers.Serializer[Any]):
    """`unknown` is "cannot say": an answer too."""

    origin = serializers.ChoiceField(choices=Origin.choices)
    kinds = slug(queryset=AssistanceKind.objects.offered(), many=True, required=False)


class ControlDraw(serializers.Serializer[Any]):
    """A confirmed cause with a change whose origin is answered."""

    cause = VisibleCause(queryset=Cause.objects.all())
