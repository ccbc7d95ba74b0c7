"""What lists of features can be narrowed to, for the page and the API."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, Q, QuerySet

from changes.filters import NONE, TermFilter
from changes.models import DomainArea, Feature, Measurement
from intake.filters import YesNoFilter


class FeatureFilter(filters.FilterSet):
    q = filters.CharFilter(
        method="search", label="Search", help_text="Words of the name, the description or the metric."
    )
    area = TermFilter(
        field_name="area",
        queryset=DomainArea.objects.all(),
        label="Domain area",
        null_label="No area",
        null_value=NONE,
    )
    unit = filters.CharFilter(field_name="unit", lookup_expr="iexact", label="Unit")
    metric = filters.CharFilter(field_name="metric", lookup_expr="iexact", label="Metric")
    direction = filters.ChoiceFilter(choices=Feature.Direction.choices, label="Direction")
    retired = YesNoFilter(field_name="retired_on", lookup_expr="isnull", exclude=True, label="Retired")
    answered = YesNoFilter(method="by_answer", label="Said whether it was worth it")
    measured = YesNoFilter(method="by_measurement", label="Measured")
    begun_after = filters.DateFilter(field_name="begun_on", lookup_expr="gte", label="Begun from")
    begun_before = filters.DateFilter(field_name="begun_on", lookup_expr="lt", label="Begun before")

    class Meta:
        model = Feature
        fields: list[str] = []

    def search(self, queryset: QuerySet[Feature], name: str, value: str) -> QuerySet[Feature]:
        words = ("name", "slug", "description", "metric")
        found = Q()
        for word in words:
            found |= Q(**{f"{word}__icontains": value})
        return queryset.filter(found)

    def by_answer(self, queryset: QuerySet[Feature], name: str, value: bool) -> QuerySet[Feature]:
        return queryset.exclude(worth_it="") if value else queryset.filter(worth_it="")

    def by_measurement(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        standing = Exists(Measurement.objects.filter(feature=OuterRef("pk"), taken_back_at=None))
        return queryset.filter(standing) if value else queryset.exclude(standing)
