"""Postmortem templates: which sections a postmortem asks for, by severity or type. Rows, not JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import slugify

from incidents.models import PostmortemTemplate
from incidents.queries.gate import STEP_TITLES
from incidents.starter import TEMPLATE_SECTIONS

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin

# Steps in which prose is asked: the last one only shows it.
PROSE_STEPS = [(name, title) for name, title in STEP_TITLES.items() if name != "publish"]
MORE = 3
MOST = 40


class SectionsWidget(forms.Widget):
    """A row for each section and a few empty ones; a row without a title is left out."""

    template_name = "admin/incidents/postmortemtemplate/sections.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = value if isinstance(value, list) else []
        context["widget"]["rows"] = [
            {"prefix": f"{name}-{place}", "place": place + 1, **row}
            for place, row in enumerate([*rows, *({"step": "facts"} for _ in range(MORE))])
        ]
        context["widget"]["steps"] = PROSE_STEPS
        context["widget"]["count"] = len(rows) + MORE
        return context

    def format_value(self, value: Any) -> Any:
        return value

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        told = str(data.get(f"{name}-count", ""))
        count = min(int(told), MOST) if told.isdecimal() else 0
        rows = [_row(data, f"{name}-{place}", place) for place in range(count)]
        kept = sorted((row for row in rows if row["title"]), key=lambda row: int(row["order"]))
        return [{part: said for part, said in row.items() if part != "order"} for row in kept]


def _row(data: Any, prefix: str, place: int) -> dict[str, Any]:
    told = {
        name: str(data.get(f"{prefix}-{name}", "")).strip() for name in ("key", "title", "prompt", "step")
    }
    order = str(data.get(f"{prefix}-order", "")).strip()
    return told | {
        "key": told["key"] or slugify(told["title"]).replace("-", "_")[:40],
        "required": f"{prefix}-required" in data,
        "in_short": f"{prefix}-in_short" in data,
        "order": int(order) if order.isdecimal() and len(order) < 6 else place + 1,
    }


class SectionsField(forms.Field):
    widget = SectionsWidget

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != (data or []))

    def clean(self, value: Any) -> list[dict[str, Any]]:
        sections: list[dict[str, Any]] = value or []
        if not sections:
            raise ValidationError("Give at least one section a title.")
        if all(not section["in_short"] for section in sections):
            raise ValidationError("The short form needs a section too: tick one.")
        seen: set[str] = set()
        for section in sections:
            if section["step"] not in dict(PROSE_STEPS):
                raise ValidationError(f"“{section['title']}” needs one of the steps.")
            if slugify(section["key"].replace("_", "-")).replace("-", "_") != section["key"]:
                raise ValidationError(f"The key {section['key']} may hold small letters, digits and _ only.")
            if section["key"] in seen:
                raise ValidationError(f"Two sections have the key {section['key']}.")
            seen.add(section["key"])
        return sections


class TemplateForm(forms.ModelForm):
    sections = SectionsField(
        label="Sections",
        help_text="Words belong to the key: a new title keeps them, a new key does not. "
        "A row without a title is left out; what was written in it stays in the postmortems that have it.",
    )

    class Meta:
        model = PostmortemTemplate
        fields = ("name", "type", "severity", "is_short", "sections")


@admin.register(PostmortemTemplate)
class PostmortemTemplateAdmin(Base):
    form = TemplateForm
    list_display = ("name", "for_severity", "is_short", "shown_sections")
    list_select_related = ("type", "severity")
    fields = ("name", ("type", "severity"), "is_short", "sections", "preview")
    readonly_fields = ("preview",)

    @admin.display(description="for")
    def for_severity(self, template: PostmortemTemplate) -> str:
        words = [str(one) for one in (template.type, template.severity) if one]
        return ", ".join(words) or "every other incident"

    @admin.display(description="sections")
    def shown_sections(self, template: PostmortemTemplate) -> str:
        return ", ".join(section["title"] for section in template.sections)

    @admin.display(description="as the form asks it, when last saved")
    def preview(self, template: PostmortemTemplate) -> SafeString:
        steps = [
            {"title": title, "sections": [one for one in template.sections if one.get("step") == name]}
            for name, title in PROSE_STEPS
        ]
        context = {"steps": steps, "is_short": template.is_short}
        return render_to_string("admin/incidents/postmortemtemplate/preview.html", context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new one begins with the sections of the product, to be altered."""
        return {"sections": TEMPLATE_SECTIONS, **super().get_changeform_initial_data(request)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_default = obj is not None and obj.severity_id is None and obj.type_id is None
        return super().has_delete_permission(request, obj) and not is_default
