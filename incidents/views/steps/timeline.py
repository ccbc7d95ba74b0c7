"""Step 2: what happened when."""

from __future__ import annotations

from typing import Any

from incidents.forms import EntryForm
from incidents.models import TimelineEntry
from incidents.services import timeline as verbs
from incidents.services.refusals import Refused
from incidents.views.steps.asked import Asked

MARKS: dict[str, dict[str, Any]] = {
    "entry.star": {"starred": True},
    "entry.unstar": {"starred": False},
    "entry.hide": {"hidden": True},
    "entry.show": {"hidden": False},
}


def context(asked: Asked) -> dict[str, Any]:
    entries = list(asked.incident.timeline.all())
    editing = asked.query.get("edit", "")
    edited = next((entry for entry in entries if str(entry.pk) == editing), None)
    return {
        "entries": entries,
        "hidden_count": sum(entry.hidden for entry in entries),
        "edited": edited,
        "edit_form": asked.broken.get("edit") or (_edit_form(edited) if edited else None),
        "entry_form": asked.new_row(
            EntryForm, "entry", occurred_at=asked.incident.detected_at or asked.incident.began_at
        ),
    }


def _edit_form(entry: TimelineEntry) -> EntryForm:
    shown = {name: getattr(entry, name) for name in EntryForm.base_fields}
    return EntryForm(prefix=f"edit-{entry.pk}", initial=shown)


def act(asked: Asked) -> None:
    if asked.verb == "gather":
        verbs.gather(incident=asked.incident, now=asked.now)
    elif asked.verb == "entry.save":
        _save(asked, _entry(asked))
    elif asked.verb in MARKS:
        verbs.edit_entry(entry_id=_entry(asked).pk, by=asked.user, **MARKS[asked.verb])
    elif asked.verb == "entry.remove":
        verbs.remove_entry(entry_id=_entry(asked).pk, by=asked.user)
    if asked.verb == "entry.add" or asked.typed("entry", "text"):
        _add(asked)


def _add(asked: Asked) -> None:
    form = EntryForm(asked.data, prefix="entry")
    if asked.valid(form, "entry"):
        verbs.add_entry(incident_id=asked.incident.pk, by=asked.user, now=asked.now, **form.cleaned_data)


def _save(asked: Asked, entry: TimelineEntry) -> None:
    form = EntryForm(asked.data, prefix=f"edit-{entry.pk}")
    if asked.valid(form, "edit"):
        verbs.edit_entry(entry_id=entry.pk, by=asked.user, **form.cleaned_data)


def _entry(asked: Asked) -> TimelineEntry:
    """A row of this incident, whatever id was sent."""
    entry = asked.incident.timeline.filter(pk=asked.pk()).first()
    if entry is None:
        raise Refused("That entry is gone.", code="entry_gone")
    return entry
