"""What still stands between a postmortem and its publication: every point at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.text import Truncator

from changes.models import Origin
from incidents.models import ActionItem, Incident, Postmortem
from incidents.queries.outline import sections_of
from incidents.queries.parts import Parts, parts

STEPS = ("facts", "timeline", "causes", "lessons", "publish")
STEP_TITLES = {
    "facts": "Facts",
    "timeline": "Timeline",
    "causes": "What made it possible",
    "lessons": "What we learned",
    "publish": "Check and publish",
}


@dataclass(frozen=True)
class OpenPoint:
    code: str
    text: str
    step: str
    anchor: str = ""


def open_points(incident: Incident, postmortem: Postmortem, told: Parts | None = None) -> list[OpenPoint]:
    """The same list for the form, the API and the verb that publishes; empty when it may be published."""
    told = told or parts(incident, postmortem)
    return [
        *_facts(incident),
        *_sections(postmortem, told),
        *_causes(incident, told),
        *_actions(told),
        *_review(incident, postmortem, told),
    ]


def _facts(incident: Incident) -> Iterator[OpenPoint]:
    if not incident.impact.strip():
        yield OpenPoint("impact_missing", "Say in one sentence who noticed what.", "facts", "id_impact")
    if incident.severity is None:
        yield OpenPoint("severity_missing", "Choose a severity.", "facts", "id_severity")
    if not incident.services.all():
        yield OpenPoint("service_missing", "Name at least one service.", "facts", "id_services")
    if incident.impact_started_at is None:
        # Where detection is known, one key says that impact began with it.
        anchor = "id_began_when_detected" if incident.detected_at else "id_impact_started_at"
        yield OpenPoint("impact_start_missing", "Say when impact began.", "facts", anchor)
    if incident.resolved_at is None:
        yield OpenPoint("resolved_missing", "Say when it was resolved.", "facts", "id_resolved_at")
    for name in incident.times_in_wrong_order:
        label = name.removesuffix("_at").replace("_", " ").capitalize()
        yield OpenPoint(
            f"{name}_before_its_start", f"{label} lies before what must come first.", "facts", f"id_{name}"
        )


def _sections(postmortem: Postmortem, told: Parts) -> Iterator[OpenPoint]:
    for section in sections_of(postmortem, told):
        if section.required and not section.text.strip():
            yield OpenPoint(
                f"section_{section.key}_empty",
                f"Write “{section.title}”.",
                section.step,
                f"id_section_{section.key}",
            )


def _causes(incident: Incident, told: Parts) -> Iterator[OpenPoint]:
    if incident.cause_answer == Incident.CauseAnswer.OPEN:
        yield OpenPoint(
            "causes_unanswered",
            "Name a change, or say “no change involved” or “not determined”.",
            "causes",
            "candidates",
        )
    if not told.factors and incident.cause_answer != Incident.CauseAnswer.NOT_DETERMINED:
        yield OpenPoint(
            "factor_missing", "Name at least one factor that made it possible.", "causes", "factors"
        )
    for cause in told.confirmed:
        # Known by any basis, or somebody was asked and said unknown.
        if cause["origin"] == Origin.UNKNOWN and not cause["is_said"]:
            title = cause["change"] or f"change {cause['change_id']}"
            yield OpenPoint(
                f"origin_unanswered_{cause['pk']}",
                f"Say where “{title}” came from; “unknown” is an answer.",
                "causes",
                f"cause-{cause['pk']}",
            )


def _actions(told: Parts) -> Iterator[OpenPoint]:
    agreed = {ActionItem.State.ACCEPTED, ActionItem.State.IN_PROGRESS}
    for action in told.actions:
        if action["state"] in agreed and (action["owner_id"] is None or action["due_on"] is None):
            yield OpenPoint(
                f"action_{action['pk']}_unowned",
                f"Give the accepted action “{action['title']}” an owner and a date.",
                "lessons",
                f"action-{action['pk']}",
            )


def _review(incident: Incident, postmortem: Postmortem, told: Parts) -> Iterator[OpenPoint]:
    for wish in told.wished:
        words = Truncator(wish["text"]).words(14)
        yield OpenPoint(
            f"changes_requested_{wish['pk']}",
            f"Settle what a reviewer asked for: “{words}”",
            "publish",
            f"comment-{wish['pk']}",
        )
    if postmortem.state == Postmortem.State.CHANGES_REQUESTED and not told.wished:
        yield OpenPoint("changes_requested", "Send it for review again.", "publish", "review")
    if incident.severity is None or incident.severity.rank > 2:
        return
    others = [row for row in told.approvals if row["written_by_id"] != postmortem.owner_id]
    if not others:
        yield OpenPoint(
            "second_pair_of_eyes",
            f"{incident.severity} needs the approval of somebody who is not the owner.",
            "publish",
            "review",
        )
