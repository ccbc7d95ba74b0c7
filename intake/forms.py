"""The forms of sources and of outgoing hooks: their secrets go in and never come out."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from intake.models import OutgoingHook, Source
from intake.outgoing import signing, writers
from intake.outgoing.addresses import Refused, checked, read
from intake.outgoing.hooks import listed
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


class OutgoingHookForm(forms.ModelForm):
    KEEP, ROTATE = "keep", "rotate"

    url = forms.CharField(
        required=False,
        max_length=500,
        label="Address",
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 80, "spellcheck": "false"}),
        help_text="Kept sealed and never shown again: whoever knows a chat's hook may write there.",
    )
    topics = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, help_text="What it is told of.")
    scope = forms.ChoiceField(required=False, label="Narrowed to")
    secret_change = forms.ChoiceField(
        label="Secret",
        choices=[
            (KEEP, "Leave it as it is"),
            (
                ROTATE,
                "Rotate: messages are signed with the new one, and for a day with the present one as well",
            ),
        ],
        initial=KEEP,
        widget=forms.RadioSelect,
    )
    new_secret = forms.CharField(
        required=False,
        strip=True,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="whsec_ and base64 of 24 to 64 bytes. Empty while rotating: one is made and shown once.",
    )

    class Meta:
        model = OutgoingHook
        fields = ["name", "format", "topics", "scope", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A reader who may only look has no fields.
        if "topics" in self.fields:
            self.fields["topics"].choices = writers.topics()  # type: ignore[attr-defined]
            self.fields["scope"].choices = writers.scopes()  # type: ignore[attr-defined]
        if self.instance.pk is None:
            # There is no secret yet to leave or to rotate.
            self.fields.pop("secret_change", None)

    def clean_url(self) -> str:
        """Raises: ValidationError also for an address that resolves to where nothing may be sent."""
        url = str(self.cleaned_data["url"]).strip()
        if not url:
            if self.instance.pk is None:
                raise ValidationError("Where is it to be sent?")
            return ""
        try:
            checked(read(url), listed())
        except Refused as refusal:
            raise ValidationError(str(refusal)) from None
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        secret = cleaned.get("new_secret")
        if secret and self.instance.pk and cleaned.get("secret_change") != self.ROTATE:
            self.add_error("secret_change", "There is a new secret: say that it is to be rotated in.")
        elif secret:
            try:
                signing.key_of(secret)
            except ValueError as error:
                self.add_error("new_secret", str(error))
        return cleaned
