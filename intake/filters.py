"""What the list of deliveries can be narrowed to."""

from __future__ import annotations

import django_filters as filters

from intake.models import Delivery, Source


class DeliveryFilter(filters.FilterSet):
    source = filters.ModelChoiceFilter(queryset=Source.objects.all(), to_field_name="slug", label="Source")
    state = filters.ChoiceFilter(choices=Delivery.State.choices, label="State")
    event = filters.CharFilter(field_name="event", label="Event")
    key = filters.CharFilter(field_name="key", label="Key")
    conflicting = filters.BooleanFilter(field_name="conflicting", label="Set aside for a conflict")
    received_after = filters.IsoDateTimeFilter(
        field_name="received_at", lookup_expr="gte", label="Received from"
    )
    received_before = filters.IsoDateTimeFilter(
        field_name="received_at", lookup_expr="lt", label="Received before"
    )

    class Meta:
        model = Delivery
        fields: list[str] = []
