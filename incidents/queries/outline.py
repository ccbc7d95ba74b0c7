"""Which sections a postmortem has: those of its template, filled with what has been written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from incidents.models import Postmortem
from incidents.queries.parts import Parts, Rows, parts
from incidents.starter import TEMPLATE_SECTIONS


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    prompt: str
    step: str
    required: bool
    text: str = ""
    html: str = ""
    position: int = 0


def sections_of(postmortem: Postmortem, told: Parts | None = None) -> list[Section]:
    """In the template's order; what was written and is in no template any more stays, at the end."""
    told = told or parts(postmortem.incident, postmortem)
    written = {row["key"]: row for row in told.sections}
    outline = []
    for position, shape in enumerate(_shape(postmortem, told.templates)):
        row = written.pop(shape["key"], {})
        outline.append(
            Section(
                key=shape["key"],
                title=shape["title"],
                prompt=shape.get("prompt", ""),
                step=shape.get("step", "facts"),
                required=bool(shape.get("required")),
                text=row.get("text", ""),
                html=row.get("html", ""),
                position=position,
            )
        )
    outline += [
        Section(row["key"], row["title"], "", "facts", False, row["text"], row["html"], len(outline) + extra)
        for extra, row in enumerate(written.values())
        if row["text"].strip()
    ]
    return outline


def _shape(postmortem: Postmortem, templates: Rows) -> list[dict[str, Any]]:
    """The template of type and severity, of the type, of the severity, the default, else the starter's."""
    incident = postmortem.incident
    by_use = {(one["type_id"], one["severity_id"]): one for one in templates}
    wanted = [
        (incident.type_id, incident.severity_id), (incident.type_id, None),
        (None, incident.severity_id), (None, None),
    ]  # fmt: skip
    template = next((by_use[key] for key in wanted if key in by_use), {})
    shape: list[dict[str, Any]] = template.get("sections") or TEMPLATE_SECTIONS
    if postmortem.is_short or template.get("is_short"):
        return [section for section in shape if section.get("in_short", section.get("required"))]
    return shape
