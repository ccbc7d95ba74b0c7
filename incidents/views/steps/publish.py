"""Step 5: read it as others will, see what is open, ask for a review, publish."""

from __future__ import annotations

from typing import Any

from accounts.models import Role
from changes.forms import offer
from incidents.forms import AppointForm
from incidents.models import Postmortem
from incidents.queries import wording
from incidents.queries.document import document
from incidents.services import postmortems, reviewing
from incidents.views.steps.asked import Asked


def context(asked: Asked) -> dict[str, Any]:
    postmortem = asked.postmortem
    told = document(asked.incident, postmortem, asked.user, asked.parts)
    shown = {name: getattr(postmortem, name) for name in AppointForm.base_fields}
    appoint_form = asked.broken.get("appoint") or AppointForm(prefix="appoint", initial=shown)
    offer(appoint_form)
    return {
        "document": told,
        "hints": hints(asked, told),
        "appoint_form": appoint_form,
        "comments": postmortem.comments.select_related("written_by"),
        "may_override": asked.user.at_least(Role.CURATOR),
        "may_approve": asked.user.pk != postmortem.owner_id,
        "can_request": postmortem.state in {Postmortem.State.DRAFT, Postmortem.State.CHANGES_REQUESTED},
    }


def hints(asked: Asked, told: dict[str, Any]) -> list[dict[str, Any]]:
    """Hints at the wording of all that was written: never in the way of publishing."""
    texts = [("Title", asked.incident.title, "facts"), ("Impact", asked.incident.impact, "facts")]
    texts += [("Summary", asked.incident.summary, "facts")]
    texts += [(section.title, section.text, section.step) for section in asked.sections]
    texts += [("Timeline", entry["text"], "timeline") for entry in told["timeline"]]
    texts += [("A factor", factor["text"], "causes") for factor in asked.parts.factors]
    texts += [("A rationale", cause["rationale"], "causes") for cause in told["causes"]]
    texts_alone = [text for _, text, _ in texts]
    return [
        {"where": where, "step": step, "remark": remark}
        for (where, _, step), found in zip(texts, wording.remarks_of(texts_alone), strict=True)
        for remark in found
    ]


def act(asked: Asked) -> None:
    told = asked.data
    if told is None:
        return
    said: dict[str, Any] = {"incident_id": asked.incident.pk, "by": asked.user}
    match asked.verb:
        case "publish":
            override = told.get("override_reason", "")
            reviewing.publish(override_reason=override, now=asked.now, **said)
        case "request_review":
            reviewing.request_review(now=asked.now, **said)
        case "short" | "long":
            postmortems.set_form(is_short=asked.verb == "short", **said)
        case "appoint":
            form = AppointForm(told, prefix="appoint")
            if asked.valid(form, "appoint"):
                postmortems.appoint(now=asked.now, **said, **form.cleaned_data)
