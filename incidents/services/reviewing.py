"""Asking for a review, what reviewers say, and publishing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Role, User
from incidents import wording
from incidents.models import Postmortem, PostmortemComment
from incidents.queries.document import names_and_roles
from incidents.queries.gate import OpenPoint, open_points
from incidents.services.refusals import Refused
from incidents.services.rows import audit, keep_revision, locked, touched, write_section

State = Postmortem.State
Verdict = PostmortemComment.Verdict
WRITTEN = (State.DRAFT, State.IN_REVIEW, State.CHANGES_REQUESTED, State.APPROVED)


class NotReady(Refused):
    """Points are still open: all of them, so that nobody meets them one by one."""

    def __init__(self, points: list[OpenPoint]) -> None:
        count = f"{len(points)} points are" if len(points) > 1 else "One point is"
        super().__init__(f"{count} still open.", code="open_points")
        self.points = points


@transaction.atomic
def request_review(*, incident_id: int, by: User, now: datetime) -> Postmortem:
    postmortem = locked(incident_id)
    if postmortem.state not in {State.DRAFT, State.CHANGES_REQUESTED}:
        raise Refused("Only a draft can be sent for review.", code="not_a_draft")
    postmortem.state = State.IN_REVIEW
    postmortem.save(update_fields=["state"])
    audit(postmortem, "request_review", by, now)
    touched(postmortem, "postmortem_in_review", by)
    return postmortem


@transaction.atomic
def review(
    *, incident_id: int, verdict: str, text: str, by: User, now: datetime, section_key: str = ""
) -> PostmortemComment:
    """A comment, a request for changes, or an approval; the owner does not approve their own."""
    if verdict not in Verdict.values:
        raise Refused("Comment, request changes or approve.", field="verdict", code="verdict_unknown")
    if verdict != Verdict.APPROVED and not text.strip():
        raise Refused("Say what you would like to see.", field="text", code="text_missing")
    postmortem = locked(incident_id)
    if postmortem.state not in WRITTEN:
        raise Refused("There is no draft to review.", code="not_a_draft")
    if verdict == Verdict.APPROVED and postmortem.owner_id == by.pk:
        raise Refused("Somebody else than the owner approves it.", field="verdict", code="own_approval")
    comment = PostmortemComment.objects.create(
        postmortem=postmortem,
        section_key=section_key,
        verdict=verdict,
        text=text.strip(),
        written_by=by,
        written_at=now,
    )
    if verdict != Verdict.COMMENT:
        postmortem.state = State.APPROVED if verdict == Verdict.APPROVED else State.CHANGES_REQUESTED
        postmortem.save(update_fields=["state"])
        audit(postmortem, f"review_{verdict}", by, now)
    touched(postmortem, "postmortem_reviewed", by)
    return comment


@transaction.atomic
def resolve_comment(*, comment_id: int, by: User, now: datetime) -> PostmortemComment:
    comment = PostmortemComment.objects.select_related("postmortem").get(pk=comment_id)
    comment.resolved_at = now
    comment.save(update_fields=["resolved_at"])
    touched(comment.postmortem, "comment_resolved", by)
    return comment


@transaction.atomic
def publish(*, incident_id: int, by: User, now: datetime, override_reason: str = "") -> Postmortem:
    """For everybody to read. Raises NotReady with every open point; a curator may override, saying why."""
    postmortem = locked(incident_id)
    if postmortem.state not in WRITTEN:
        raise Refused("There is no draft to publish.", code="not_a_draft")
    points = open_points(postmortem.incident, postmortem)
    if points and not override_reason.strip():
        raise NotReady(points)
    if points and not by.at_least(Role.CURATOR):
        raise Refused("Only a curator may publish with open points.", code="override_forbidden")
    _put_roles_for_names(postmortem)
    postmortem.state = State.PUBLISHED
    postmortem.published_at = now
    postmortem.override_reason = override_reason.strip() if points else ""
    postmortem.version += 1
    postmortem.save()
    postmortem.drafts.all().delete()
    keep_revision(postmortem, by, now, "Published")
    audit(postmortem, "publish", by, now, overridden=[point.code for point in points])
    touched(postmortem, "postmortem_published", by)
    return postmortem


def _put_roles_for_names(postmortem: Postmortem) -> None:
    roles = names_and_roles()
    for section in postmortem.sections.all():
        text = wording.names_to_roles(section.text, roles)
        if text != section.text:
            write_section(postmortem, section.key, section.title, section.position, text)


@transaction.atomic
def revise(*, incident_id: int, by: User, now: datetime) -> Postmortem:
    """Take a published one back to a draft; the published words stay among the revisions."""
    postmortem = locked(incident_id)
    if postmortem.state != State.PUBLISHED:
        raise Refused("It is not published.", code="not_published")
    postmortem.state = State.DRAFT
    postmortem.override_reason = ""
    postmortem.save()
    audit(postmortem, "revise", by, now)
    touched(postmortem, "postmortem_revised", by)
    return postmortem
