"""What the list of deliveries can be narrowed to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters as filters
from django import forms
from django_filters.fields import IsoDateTimeField
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from intake.models import Delivery, Source


def _is_true(text: str) -> bool:
    return text == "true"


class YesNoField(forms.TypedChoiceField):
    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value)).lower()
        return {"1": "true", "0": "false"}.get(text, text)


@extend_schema_field(OpenApiTypes.BOOL)
class YesNoFilter(filters.TypedChoiceFilter):
    """`true` or `false`; anything else is refused, where the library's own filter would ignore it."""

    field_class = YesNoField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A select has no other way to say neither.
        choices = [("", "Any"), ("true", "Yes"), ("false", "No")]
        super().__init__(*args, choices=choices, coerce=_is_true, empty_value=None, **kwargs)


class MomentField(IsoDateTimeField):
    """In UTC: the database takes no offset beyond 16 hours. Any moment of the calendar may bound a list."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            at = super().to_python(value)
            return at.astimezone(UTC) if at is not None else None
        except OverflowError:  # in UTC, or in the reader's zone, it lies outside of the calendar
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class MomentFilter(filters.IsoDateTimeFilter):
    """Every filter by a time, so that all of them read one in the same way."""

    field_class = MomentField


class DeliveryFilter(filters.FilterSet):
    source = filters.ModelChoiceFilter(queryset=Source.objects.all(), to_field_name="slug", label="Source")
    state = filters.ChoiceFilter(choices=Delivery.State.choices, label="State")
    event = filters.CharFilter(field_name="event", label="Event")
    key = filters.CharFilter(field_name="key", label="Key")
    conflicting = YesNoFilter(field_name="conflicting", label="Set aside for a conflict")
    received_after = MomentFilter(field_name="received_at", lookup_expr="gte", label="Received from")
    received_before = MomentFilter(field_name="received_at", lookup_expr="lt", label="Received before")

    class Meta:
        model = Delivery
        fields: list[str] = []
