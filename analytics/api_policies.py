"""Marking policies with what needs statistics: the share that broke one, and how sure that is."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from analytics.stats.intervals import wilson_interval
from changes import api
from changes.serializers.policies import BreachesSerializer


class BreachesShareSerializer(BreachesSerializer):
    """`share`: of the covered, with Wilson's 95 % interval; null where none is covered."""

    share = serializers.SerializerMethodField()
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()

    def get_share(self, told: dict[str, Any]) -> float | None:
        return told["broken"] / told["covered"] if told["covered"] else None

    def get_low(self, told: dict[str, Any]) -> float:
        return wilson_interval(told["broken"], told["covered"]).low

    def get_high(self, told: dict[str, Any]) -> float:
        return wilson_interval(told["broken"], told["covered"]).high


@extend_schema_view(breaches=extend_schema(responses=BreachesShareSerializer))
class Policies(api.Policies):
    breaches_serializer = BreachesShareSerializer
