"""How a delivery looks over the API: its fate, never its content."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from intake.models import Delivery


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    source: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(  # type: ignore[assignment]
        slug_field="slug", read_only=True
    )

    class Meta:
        model = Delivery
        fields = [
            "id",
            "source",
            "key",
            "event",
            "state",
            "reason",
            "conflicting",
            "attempts",
            "received_at",
            "next_attempt_at",
            "processed_at",
        ]
        read_only_fields = fields
