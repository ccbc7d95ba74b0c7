"""How features are written, measured, answered, and how changes are put into one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import F, Func, Q, TextField, Value

from accounts.days import midnight
from analytics.forms import day_field
from changes.models import Change, ChangeQuerySet, DomainArea, Feature, Repository

LONG = 10_000


def _text(label: str, rows: int = 3, help_text: str = "", *, required: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "spellcheck": "true"})
    return forms.CharField(
        label=label, widget=widget, max_length=LONG, help_text=help_text, required=required
    )


def _number(label: str, help_text: str = "", *, required: bool = False) -> forms.FloatField:
    widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.FloatField(label=label, widget=widget, help_text=help_text, required=required)


class FeatureForm(forms.Form):
    name = forms.CharField(max_length=160, label="Name", help_text="What users would call it.")
    slug = forms.CharField(
        max_length=100, required=False, label="Short name",
        help_text="What a line “Feature: …” or a label “feature:…” says. Made from the name if left empty; "
        "it cannot be altered later.",
    )  # fmt: skip
    description = _text("What it is for", help_text="For whom, and what they could not do before.")
    area = forms.ModelChoiceField(
        DomainArea.objects.none(), required=False, label="Domain area", empty_label="No area"
    )
    metric = forms.CharField(
        max_length=120, required=False, label="Metric",
        help_text="One, of your choice: conversion, revenue per user, tickets a week, response time.",
    )  # fmt: skip
    unit = forms.CharField(
        max_length=40, required=False, label="Unit", help_text="%, EUR, tickets a week, ms."
    )
    direction = forms.ChoiceField(
        choices=Feature.Direction.choices, initial=Feature.Direction.MORE, label="Better is"
    )
    baseline = _number("Baseline", "What it was before the feature.")
    baseline_from = day_field("Baseline from", required=False)
    baseline_to = day_field("Baseline until", required=False)
    baseline_source = forms.CharField(
        max_length=200, required=False, label="Where the baseline comes from",
        help_text="A dashboard, a query, a report: so that somebody can look it up.",
    )  # fmt: skip
    begun_on = day_field("Begun", required=False)
    measured_until = day_field("Measured until", required=False)

    def __init__(self, *args: Any, feature: Feature | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = DomainArea.objects.offered()
        if feature is not None:
            offered = offered | DomainArea.objects.filter(pk=feature.area_id or 0)
            del self.fields["slug"]
        self.fields["area"].queryset = offered  # type: ignore[attr-defined]
        self.fields[
            "measured_until"
        ].help_text = "After this day the weekly page asks whether it was worth it."


def feature_initial(feature: Feature) -> dict[str, Any]:
    names = [name for name in FeatureForm.base_fields if name not in {"slug", "area"}]
    return {name: getattr(feature, name) for name in names} | {"area": feature.area_id}


class MeasurementForm(forms.Form):
    value = _number("Value", required=True)
    low = _number("Lower end", "Only if the source gives a range.")
    high = _number("Upper end")
    begins_on = day_field("From")
    ends_on = day_field("Until")
    source = forms.CharField(
        max_length=200, label="Source", help_text="So that somebody can look it up: no source, no figure."
    )
    note = _text("Note", 2)


class AnswerForm(forms.Form):
    worth_it = _text(
        "Was this worth the ongoing hassle?", 5, "In a few sentences, with both sides of it.", required=True
    )


class RetireForm(forms.Form):
    on = day_field("Last day")
    reason = _text("Why", 2)


class PutForm(forms.Form):
    """Which changes may belong to a feature; kept in the address."""

    words = forms.CharField(max_length=200, required=False, label="Words of the title")
    path = forms.CharField(max_length=200, required=False, label="Part of a path")
    label = forms.CharField(max_length=100, required=False, label="Label")
    repository = forms.ModelChoiceField(
        Repository.objects.none(), required=False, label="Repository", empty_label="Any repository"
    )
    area = forms.ModelChoiceField(
        DomainArea.objects.none(), required=False, label="Domain area", empty_label="Any area"
    )
    since = day_field("Merged from", required=False)
    until = day_field("Merged until", required=False)
    also_said = forms.BooleanField(
        required=False, label="Also those that somebody put into another feature, or into none"
    )

    def __init__(self, data: Mapping[str, Any], *, demo: bool) -> None:
        super().__init__(data)
        self.demo = demo
        repositories = Repository.objects.filter(is_demo=demo)
        self.fields["repository"].queryset = repositories  # type: ignore[attr-defined]
        self.fields["area"].queryset = DomainArea.objects.offered()  # type: ignore[attr-defined]

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """Names and values as they stand in the address."""
        return [(name, value) for name in self.fields if (value := str(self.data.get(name, "")).strip())]

    @property
    def narrows(self) -> bool:
        return any(name != "also_said" for name, _ in self.chosen)

    @property
    def query(self) -> str:
        return urlencode(self.chosen)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "The days end before they begin.")
        return cleaned

    def matching(self, feature: Feature) -> ChangeQuerySet:
        """Those that the filter finds, whoever said something of them, but for what is in it already."""
        asked = self.cleaned_data
        found = Change.objects.current().filter(repository__is_demo=self.demo).exclude(feature=feature)
        for word in asked["words"].split():
            found = found.filter(title__icontains=word)
        if asked["path"]:
            joined = Func(F("paths"), Value("\n"), function="array_to_string", output_field=TextField())
            found = found.alias(joined=joined).filter(joined__icontains=asked["path"])
        if asked["label"]:
            found = found.filter(labels__contains=[asked["label"]])
        for name in ("repository", "area"):
            if asked[name]:
                found = found.filter(**{name: asked[name]})
        if asked["since"]:
            found = found.filter(merged_at__gte=midnight(asked["since"]))
        if asked["until"]:
            found = found.filter(merged_at__lt=midnight(asked["until"] + timedelta(days=1)))
        return found

    def meant(self, feature: Feature) -> ChangeQuerySet:
        """Without those of which a person said something else, unless they are asked for."""
        found = self.matching(feature)
        return found if self.cleaned_data["also_said"] else found.exclude(SAID)


SAID = Q(feature_basis=Change.FeatureBasis.PERSON)
