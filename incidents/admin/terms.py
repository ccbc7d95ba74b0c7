"""Severities, factor kinds and incident types: the organisation's own words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from changes.admin.rules import Lines
from changes.admin.terms import TermAdmin
from incidents.models import FactorKind, IncidentType, Severity


class SeverityForm(forms.ModelForm):
    aliases = Lines(required=False, help_text="One on each line: what senders call it, such as P1.")


@admin.register(Severity)
class SeverityAdmin(TermAdmin):
    """Names are the organisation's own; the four ranks are fixed, so none is added, merged or deleted."""

    form = SeverityForm
    list_display = ("rank", "name", "description", "postmortem_days", "aliases", "used")
    list_editable = ("name", "postmortem_days")
    list_filter = ()
    ordering = ("rank",)
    actions = ()
    fields = ("rank", "name", "slug", "description", "aliases", "postmortem_days", "used")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("rank", "slug", "used")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def care_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        raise Http404


@admin.register(FactorKind)
class FactorKindAdmin(TermAdmin):
    list_display = ("slug", "name", "prompt", "position", "used", "standing", "care")
    list_editable = ("name", "prompt", "position")
    fields = ("name", "slug", "description", "prompt", "position", "standing", "used")


@admin.register(IncidentType)
class IncidentTypeAdmin(TermAdmin):
    """Sorts of incidents, where an organisation tells them apart; none to begin with."""
