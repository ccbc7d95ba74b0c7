"""Step 1: confirm what is known, fill in what is missing."""

from __future__ import annotations

from typing import Any

from changes.forms import offer
from incidents.forms import FactsForm
from incidents.queries.durations import durations
from incidents.services import incidents as verbs
from incidents.views.steps.asked import Asked


def context(asked: Asked) -> dict[str, Any]:
    form = asked.broken.get("facts") or FactsForm(asked.data, incident=asked.incident)
    offer(form)
    return {"form": form, "durations": durations(asked.incident)}


def act(asked: Asked) -> None:
    form = FactsForm(asked.data, incident=asked.incident)
    if asked.valid(form, "facts"):
        verbs.edit_facts(
            incident_id=asked.incident.pk,
            facts=form.facts,
            services=form.chosen_services,
            seen=form.seen(),
            by=asked.user,
            now=asked.now,
        )
