"""Readings of load over the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from changes.models import DomainArea, LoadReading, Repository, Service
from changes.serializers.shown import slug
from changes.services.repositories import normalised_address

EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)
FEW = 2


@extend_schema_field(OpenApiTypes.STR)
class RepositoryField(serializers.Field[Any, Any, Any, Any]):
    """By id, by name as the forge writes it, or by address: a pipeline knows its own."""

    default_error_messages = {  # noqa: RUF012 -- as the framework has it
        "unknown": "No repository is known by this id, name or address.",
        "several": "Several repositories have this name: give the id or the address.",
    }

    def to_internal_value(self, data: Any) -> Repository:
        text = str(data).strip()
        if text.isascii() and text.isdigit():
            found = list(Repository.objects.filter(pk=int(text[:18])))
        else:
            found = list(Repository.objects.filter(name=text, is_demo=False)[:FEW])
            address = normalised_address(text)
            found = found or list(Repository.objects.filter(origin_address=address) if address else [])
        if len(found) != 1:
            self.fail("several" if found else "unknown")
        return found[0]

    def to_representation(self, value: Repository) -> int:
        return value.pk


class LoadReadingInput(serializers.Serializer[Any]):
    """One count of one kind on one day; told again for that day it is replaced."""

    repository = RepositoryField()
    service = serializers.SlugRelatedField(
        slug_field="slug", queryset=Service.objects.all(), required=False, help_text="Of this part alone."
    )
    area = serializers.SlugRelatedField(
        slug_field="slug", queryset=DomainArea.objects.all(), required=False, help_text="Of this area alone."
    )
    kind = serializers.ChoiceField(choices=LoadReading.Kind.choices)
    count = serializers.IntegerField(min_value=0, max_value=2_000_000_000)
    on = serializers.DateField(
        required=False,
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        help_text="Today when absent.",
    )
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=200, required=False, help_text="Who counted, and what."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        service = attrs.get("service")
        if service is not None and service.repository_id != attrs["repository"].pk:
            raise serializers.ValidationError({"service": ["It is no service of this repository."]})
        return attrs


class LoadReadingSerializer(serializers.ModelSerializer[LoadReading]):
    repository_name = serializers.CharField(source="repository.name", read_only=True)
    service = slug()
    area = slug()

    class Meta:
        model = LoadReading
        fields = [
            "id",
            "repository",
            "repository_name",
            "service",
            "area",
            "kind",
            "on",
            "count",
            "source",
            "told_at",
            "recorded_at",
        ]
        read_only_fields = fields
