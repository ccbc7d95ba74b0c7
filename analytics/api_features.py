"""Features with what they take to keep, which reads incidents."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.forms import today
from analytics.impact import PERIODS, sheet
from changes.api import features


class PartSerializer(serializers.Serializer[Any]):
    """`value` null: not known, and why. Parts are of different kinds: never add them up."""

    part = serializers.CharField(source="key")
    name = serializers.CharField()
    value = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()
    not_known_because = serializers.CharField(source="reason")


class QuotientSerializer(serializers.Serializer[Any]):
    part = serializers.CharField()
    amount = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    not_known_because = serializers.CharField(source="reason")


class DensitySerializer(serializers.Serializer[Any]):
    """One measurement against the baseline: `better` is above 0 where the metric moved as it should."""

    measurement = serializers.IntegerField(source="impact.measured.pk")
    difference = serializers.FloatField(source="impact.difference", allow_null=True)
    better = serializers.FloatField(source="impact.better", allow_null=True)
    quotients = QuotientSerializer(many=True)


class BurdenSerializer(serializers.Serializer[Any]):
    ever = PartSerializer(many=True, help_text="Since its first change shipped.")
    lately = PartSerializer(many=True, help_text="In the last 13 complete weeks.")
    measurements = DensitySerializer(many=True)
    incidents = serializers.ListField(
        child=serializers.IntegerField(), help_text="Numbers of linked incidents that the reader may open."
    )


class Features(features.Features):
    @extend_schema(responses=BurdenSerializer)
    @action(detail=True, methods=["get"])
    def burden(self, request: Request, slug: str) -> Response:
        """What it takes to keep, part by part, and its impact for each part, by measurement."""
        feature = self.get_object()
        found = sheet(feature, feature.measurements.all(), self.person, today())
        told = {period: found.burdens[period].parts for period in PERIODS}
        told["measurements"] = found.densities  # type: ignore[assignment]
        told["incidents"] = [one.incident.number for one in found.incidents.seen]  # type: ignore[misc]
        return Response(BurdenSerializer(told).data)
