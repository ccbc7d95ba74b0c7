"""Choice fields that read their lists together."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.db.models import Model

from changes.queries.offers import Offers


def offer(*shown: forms.BaseForm) -> Offers:
    """Let all choice fields of these forms read their lists together, when the first of them is shown."""
    fields = [
        (list_of(field), field, form.initial.get(name))
        for form in shown
        for name, field in form.fields.items()
        if isinstance(field, forms.ModelChoiceField) and isinstance(field.widget, forms.widgets.ChoiceWidget)
    ]
    # One list for each set of rows: five owners to choose do not read the people five times.
    lists = {
        key: (field.queryset, field.to_field_name or "pk")
        for key, field, _ in fields
        if field.queryset is not None
    }
    offers = Offers(lists)
    for key, field, now in fields:
        field.widget.choices = partial(_pairs, offers, key, field, now)
    return offers


def list_of(field: forms.Field) -> str:
    """The name of a field's list: the same for fields that offer the same rows."""
    rows, key = getattr(field, "queryset", None), getattr(field, "to_field_name", None)
    return f"{rows.query if rows is not None else ''} {key or ''}"


def _pairs(offers: Offers, key: str, field: forms.ModelChoiceField, now: Any) -> list[tuple[Any, str]]:
    """What is offered, and before it what stands there and is offered no more."""
    pairs: list[tuple[Any, str]] = list(offers.pairs(key))
    if isinstance(now, Model) and str(now.pk) not in dict(pairs):
        pairs = [(now.pk, str(now)), *pairs]
    if null_label := getattr(field, "null_label", None):
        pairs = [(field.null_value, null_label), *pairs]  # type: ignore[attr-defined]
    return pairs if field.empty_label is None else [("", str(field.empty_label)), *pairs]
