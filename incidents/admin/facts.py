"""Alert rules; incidents and alerts to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from accounts.admin_cells import NamedCells
from changes.admin.facts import FactAdmin
from changes.admin.terms import person
from changes.origin import UnsafePattern, compiled
from incidents.models import Alert, AlertRule, Incident, Postmortem
from incidents.queries.gate import open_points
from incidents.views.reviewing import point_address

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
    AlertRuleModelForm = forms.ModelForm[AlertRule]
else:
    Base, AlertRuleModelForm = admin.ModelAdmin, forms.ModelForm


class AlertRuleForm(AlertRuleModelForm):
    class Meta:
        model = AlertRule
        fields = "__all__"

    def clean_title_pattern(self) -> str:
        pattern: str = self.cleaned_data["title_pattern"]
        try:
            compiled(pattern)
        except UnsafePattern as error:
            raise forms.ValidationError(f"RE2 does not accept this pattern: {error}") from error
        return pattern


@admin.register(AlertRule)
class AlertRuleAdmin(NamedCells, Base):
    form = AlertRuleForm
    list_display = ("source", "position", "severity_at_least", "title_pattern", "action", "window_minutes")
    list_editable = ("position", "action", "window_minutes")
    list_filter = ("source", "action")
    list_select_related = ("source", "severity_at_least")
    ordering = ("source", "position", "id")


@admin.register(Incident)
class IncidentAdmin(FactAdmin):
    """What the signed-in person may see anyway; it is edited on its own page."""

    list_display = ("number", "title", "severity", "status", "area", "impact_started_at", "is_restricted")
    list_filter = ("status", "severity", "closing_reason", "area", "is_demo")
    list_select_related = ("severity", "area")
    search_fields = ("number", "title", "summary")
    exclude = ("people", "duplicate_of")
    readonly_fields = ("before_publication",)

    @admin.display(description="before it can be published")
    def before_publication(self, incident: Incident) -> str:
        """Every open point of its postmortem, as form and API list them, each with its place."""
        postmortem = incident.postmortem
        if postmortem.state in {Postmortem.State.PUBLISHED, Postmortem.State.NOT_REQUIRED}:
            return postmortem.get_state_display()
        points = open_points(incident, postmortem)
        rows = ((point_address(incident, point), point.text) for point in points)
        listed = format_html_join("", '<li><a href="{}">{}</a></li>', rows)
        return format_html("<ol>{}</ol>", listed) if points else "Nothing is open."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        return Incident.objects.filter(
            pk__in=Incident.objects.visible_to(person(request)).values("pk")
        ).order_by("-number")


@admin.register(Alert)
class AlertAdmin(FactAdmin):
    list_display = ("title", "source", "status", "service", "severity_told", "opened_at", "incident")
    list_filter = ("status", "source", "service")
    list_select_related = ("source", "service", "incident")
    search_fields = ("title", "key", "number", "dedup_key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Those of visible incidents, and those of none that their sender did not call private."""
        seen = Incident.objects.visible_to(person(request)).values("pk")
        rows: QuerySet[Alert] = super().get_queryset(request)
        return rows.filter(Q(incident__in=seen) | Q(incident=None, is_private=False))
