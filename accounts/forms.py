"""What people say at the door and about themselves."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.utils import timezone

from accounts import services
from accounts.models import Role, Scope, User


class SignInForm(forms.Form):
    username = forms.CharField(
        max_length=150,
        label="User name",
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        self.request = request
        self.user: User | None = None
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "username" not in data or "password" not in data:
            return data
        address = self.request.META.get("REMOTE_ADDR", "")
        if services.is_slowed_down(name=data["username"], address=address):
            raise forms.ValidationError("Too many failed tries. Wait 15 minutes, or ask for a sign-in link.")
        user = authenticate(self.request, username=data["username"], password=data["password"])
        if not isinstance(user, User):
            raise forms.ValidationError("User name and password do not fit together.")
        self.user = user
        return data


def _zone_choices() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")
    shown = [name for name in names if not name.startswith(("Etc/", "SystemV/"))]
    return [("", "The organisation's"), *((name, name.replace("_", " ")) for name in shown)]


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        required=False,
        choices=_zone_choices,
        help_text="Times on your pages; reports keep the organisation's.",
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "role_title", "time_zone"]
        labels = {"role_title": "Role in published text"}
        help_texts = {"role_title": "Shown in place of your name. Example: on-call engineer, payments."}


class AddressForm(forms.Form):
    address = forms.EmailField(
        max_length=254,
        label="New address",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="It gets a link first, and is used once you have opened that.",
    )


class TokenForm(forms.Form):
    LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("never", "Never")]

    name = forms.CharField(max_length=80, help_text="What will use it, such as \u201cdeploy pipeline\u201d.")
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ.value],
        error_messages={"required": "Choose at least one thing that it may do."},
    )
    lifetime = forms.ChoiceField(choices=LIFETIMES, initial="90", label="Expires after")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = [choice for choice in Scope.choices if may_hold(user, Scope(choice[0]))]
        self.fields["scopes"].choices = allowed  # type: ignore[attr-defined]

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return None if days == "never" else timezone.now() + timedelta(days=int(days))


def may_hold(user: User, scope: Scope) -> bool:
    """A token never offers more than its owner may do; the API checks the role again at each request."""
    needed = {Scope.READ: Role.VIEWER, Scope.TAXONOMY_WRITE: Role.CURATOR}.get(scope, Role.AUTHOR)
    return user.at_least(needed)
