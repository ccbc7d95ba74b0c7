"""Postmortem templates: which sections a postmortem asks for, by severity or type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from incidents.models import PostmortemTemplate

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin


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
