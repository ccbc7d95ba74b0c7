"""What still stands between a postmortem and its publication: every point at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from changes.models import Change, Origin
from incidents.models import ActionItem, Cause, Incident, Postmortem, PostmortemComment
from incidents.queries.outline import sections_of

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


def open_points(incident: Incident, postmortem: Postmortem) -> list[OpenPoint]:
    """The same list for the form, the API and the verb that publishes; empty when it may be published."""
    prefetch_related_objects([incident], "services", "causes__change__decisions", "factors", "actions")
    prefetch_related_objects([postmortem], "sections")
    return [
        *_facts(incident),
        *_sections(postmortem),
        *_causes(incident),
        *_actions(incident),
        *_review(incident, postmortem),
    ]


def _facts(incident: Incident) -> Iterator[OpenPoint]:
    if not incident.impact.strip():
        yield OpenPoint("impact_missing", "Say in one sentence who noticed what.", "facts", "id_impact")
    if incident.severity is None:
        yield OpenPoint("severity_missing", "Choose a severity.", "facts", "id_severity")
    if not incident.services.all():
        yield OpenPoint("service_missing", "Name at least one service.", "facts", "id_services")
    if incident.impact_started_at is None:
        yield OpenPoint("impact_start_missing", "Say when impact began.", "facts", "id_impact_started_at")
    if incident.resolved_at is None:
        yield OpenPoint("resolved_missing", "Say when it was resolved.", "facts", "id_resolved_at")
    for name in incident.times_in_wrong_order:
        label = name.removesuffix("_at").replace("_", " ").capitalize()
        yield OpenPoint(
            f"{name}_before_its_start", f"{label} lies before what must come first.", "facts", f"id_{name}"
        )


def _sections(postmortem: Postmortem) -> Iterator[OpenPoint]:
    for section in sections_of(postmortem):
        if section.required and not section.text.strip():
            yield OpenPoint(
                f"section_{section.key}_empty",
                f"Write “{section.title}”.",
                section.step,
                f"id_section_{section.key}",
            )


def _causes(incident: Incident) -> Iterator[OpenPoint]:
    if incident.cause_answer == Incident.CauseAnswer.OPEN:
        yield OpenPoint(
            "causes_unanswered",
            "Name a change, or say “no change involved” or “not determined”.",
            "causes",
            "candidates",
        )
    if not incident.factors.all() and incident.cause_answer != Incident.CauseAnswer.NOT_DETERMINED:
        yield OpenPoint(
            "factor_missing", "Name at least one factor that made it possible.", "causes", "factors"
        )
    for cause in incident.causes.all():
        if cause.change and cause.status == Cause.Status.CONFIRMED and not _origin_answered(cause.change):
            yield OpenPoint(
                f"origin_unanswered_{cause.pk}",
                f"Say where “{cause.change}” came from; “unknown” is an answer.",
                "causes",
                f"cause-{cause.pk}",
            )


def _origin_answered(change: Change) -> bool:
    """Known by any basis, or somebody was asked and said unknown."""
    return change.origin != Origin.UNKNOWN or any(
        decision.origin and decision.withdrawn_at is None for decision in change.decisions.all()
    )


def _actions(incident: Incident) -> Iterator[OpenPoint]:
    agreed = {ActionItem.State.ACCEPTED, ActionItem.State.IN_PROGRESS}
    for action in incident.actions.all():
        if action.state in agreed and (action.owner_id is None or action.due_on is None):
            yield OpenPoint(
                f"action_{action.pk}_unowned",
                f"Give the accepted action “{action}” an owner and a date.",
                "lessons",
                f"action-{action.pk}",
            )


def _review(incident: Incident, postmortem: Postmortem) -> Iterator[OpenPoint]:
    if postmortem.state == Postmortem.State.CHANGES_REQUESTED:
        yield OpenPoint("changes_requested", "A reviewer asked for changes.", "publish", "review")
    if incident.severity is None or incident.severity.rank > 2:
        return
    approvals = postmortem.comments.filter(verdict=PostmortemComment.Verdict.APPROVED)
    if not approvals.exclude(written_by=postmortem.owner_id).exists():
        yield OpenPoint(
            "second_pair_of_eyes",
            f"{incident.severity} needs the approval of somebody who is not the owner.",
            "publish",
            "review",
        )
