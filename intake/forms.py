"""The form of a source: its secrets go in and never come out."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from intake.models import Source
from intake.sources import providers


class SourceForm(forms.ModelForm):
    KEEP, SET, ROTATE, CLEAR = "keep", "set", "rotate", "clear"

    kind = forms.ChoiceField(help_text="Which sender it is: decides how it proves itself and how it is read.")
    secret_change = forms.ChoiceField(
        label="Secrets",
        choices=[
            (KEEP, "Leave them as they are"),
            (SET, "Set: the new secret is the only one from now on"),
            (ROTATE, "Rotate: the new secret comes first, the present one stays good until it is cleared"),
            (CLEAR, "Clear the second secret"),
        ],
        initial=KEEP,
        widget=forms.RadioSelect,
    )
    new_secret = forms.CharField(
        required=False,
        strip=True,
        min_length=12,
        max_length=400,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="At least 12 characters. Empty while setting or rotating: one is made and shown once.",
    )

    class Meta:
        model = Source
        fields = ["name", "slug", "kind", "is_active", "team", "mapping"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            known = providers().values()
            self.fields["kind"].choices = [(one.kind, one.title) for one in known]  # type: ignore[attr-defined]
        if self.instance.pk is None and "secret_change" in self.fields:
            self.fields["secret_change"].initial = self.SET

    def clean_mapping(self) -> dict[str, Any]:
        mapping = self.cleaned_data["mapping"]
        if isinstance(mapping, str):
            mapping = json.loads(mapping)
        if not isinstance(mapping, dict):
            raise ValidationError('The mapping is a JSON object such as {"service_label": "app"}')
        return mapping

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        provider = providers().get(cleaned.get("kind", ""))
        mapping = cleaned.get("mapping") or {}
        if provider is not None and (unknown := mapping.keys() - provider.mapping_keys.keys()):
            known = ", ".join(provider.mapping_keys) or "none"
            self.add_error("mapping", f"Not known here: {', '.join(sorted(unknown))}. Known: {known}.")
        if cleaned.get("new_secret") and cleaned.get("secret_change") in (self.KEEP, self.CLEAR):
            self.add_error(
                "secret_change", "There is a new secret: say whether it is to be set or rotated in."
            )
        return cleaned
