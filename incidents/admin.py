"""Severities, factor kinds, postmortem templates and alert rules; incidents and alerts to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from changes.admin.facts import FactAdmin
from changes.admin.terms import TermAdmin, person
from changes.origin import UnsafePattern, compiled
from incidents.models import (
    Alert,
    AlertRule,
    FactorKind,
    Incident,
    IncidentType,
    PostmortemTemplate,
    Severity,
)

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
    AlertRuleModelForm = forms.ModelForm[AlertRule]
else:
    Base, AlertRuleModelForm = admin.ModelAdmin, forms.ModelForm


@admin.register(Severity)
class SeverityAdmin(TermAdmin):
    """Names are the organisation's own; the four ranks are fixed, so none is added, merged or deleted."""

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


class TemplateForm(forms.ModelForm):
    KEYS = frozenset({"key", "title", "prompt", "step", "required", "in_short"})

    class Meta:
        model = PostmortemTemplate
        fields = ("name", "type", "severity", "is_short", "sections")

    def clean_sections(self) -> list[dict[str, Any]]:
        sections = self.cleaned_data["sections"]
        if not isinstance(sections, list) or not sections:
            raise forms.ValidationError("Give a list of at least one section.")
        keys = []
        for section in sections:
            if not isinstance(section, dict) or not section.get("key") or not section.get("title"):
                raise forms.ValidationError("Each section needs a key and a title.")
            if unknown := section.keys() - self.KEYS:
                raise forms.ValidationError(f"Unknown in a section: {', '.join(sorted(unknown))}.")
            keys.append(section["key"])
        if len(set(keys)) < len(keys):
            raise forms.ValidationError("Two sections share a key.")
        return sections


@admin.register(PostmortemTemplate)
class PostmortemTemplateAdmin(Base):
    form = TemplateForm
    list_display = ("name", "for_severity", "is_short", "shown_sections")
    list_select_related = ("type", "severity")

    @admin.display(description="for")
    def for_severity(self, template: PostmortemTemplate) -> str:
        words = [str(one) for one in (template.type, template.severity) if one]
        return ", ".join(words) or "every other incident"

    @admin.display(description="sections")
    def shown_sections(self, template: PostmortemTemplate) -> str:
        return ", ".join(section["title"] for section in template.sections)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_default = obj is not None and obj.severity_id is None and obj.type_id is None
        return super().has_delete_permission(request, obj) and not is_default


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
class AlertRuleAdmin(Base):
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
