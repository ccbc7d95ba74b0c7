"""Asking for a review, what reviewers say, and publishing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import Role, User
from incidents import wording
from incidents.models import Postmortem, PostmortemComment, ReviewRequest
from incidents.queries.document import names_and_roles
from incidents.queries.gate import OpenPoint, open_points
from incidents.queries.outline import sections_of
from incidents.queries.reviews import reviews_of
from incidents.services import telling
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
def request_review(
    *, incident_id: int, by: User, now: datetime, reviewers: Iterable[User] = ()
) -> Postmortem:
    """Send the draft for review, and ask these people to read it; more can be asked later."""
    postmortem = locked(incident_id)
    if postmortem.state not in {State.DRAFT, State.CHANGES_REQUESTED}:
        raise Refused("Only a draft can be sent for review.", code="not_a_draft")
    _send(postmortem, by, now)
    for reviewer in reviewers:
        _ask(postmortem, reviewer, by, now)
    return postmortem


@transaction.atomic
def ask(*, incident_id: int, reviewer: User, by: User, now: datetime) -> ReviewRequest:
    """Ask one person to read it; asked again while the first request stands, that one is returned."""
    postmortem = locked(incident_id)
    if postmortem.state not in WRITTEN:
        raise Refused("There is no draft to review.", code="not_a_draft")
    request = _ask(postmortem, reviewer, by, now)
    if postmortem.state == State.DRAFT:
        _send(postmortem, by, now)
    return request


def _send(postmortem: Postmortem, by: User, now: datetime) -> None:
    postmortem.state = State.IN_REVIEW
    postmortem.save(update_fields=["state"])
    audit(postmortem, "request_review", by, now)
    touched(postmortem, "postmortem_in_review", by)


def _ask(postmortem: Postmortem, reviewer: User, by: User, now: datetime) -> ReviewRequest:
    _refuse_reviewer(postmortem, reviewer)
    known = postmortem.review_requests.filter(reviewer=reviewer, answered_at=None, withdrawn_at=None).first()
    if known is not None:
        return known
    request = ReviewRequest.objects.create(
        postmortem=postmortem, reviewer=reviewer, requested_by=by, requested_at=now
    )
    touched(postmortem, "review_requested", by)
    telling.tell(
        postmortem.incident,
        [reviewer],
        kind="review-asked",
        key=f"review:{request.pk}",
        text=f"You are asked to review the postmortem of {postmortem.incident}: {postmortem.incident.title}",
        place="postmortem",
        now=now,
    )
    return request


def _refuse_reviewer(postmortem: Postmortem, reviewer: User) -> None:
    incident = postmortem.incident
    if reviewer.pk == postmortem.owner_id:
        raise Refused("Ask somebody else than the owner.", field="reviewer", code="reviewer_is_owner")
    if not reviewer.is_active or not reviewer.at_least(Role.AUTHOR):
        raise Refused("That person cannot review.", field="reviewer", code="reviewer_cannot")
    if incident.is_restricted and not incident.people.filter(pk=reviewer.pk).exists():
        raise Refused(
            "That person may not see this incident: name them on it first.",
            field="reviewer",
            code="reviewer_not_named",
        )


@transaction.atomic
def withdraw(*, request_id: int, by: User, now: datetime) -> ReviewRequest:
    """Nobody waits for this person's word any more; what was answered stays answered."""
    request = (
        ReviewRequest.objects.select_for_update(of=("self",)).select_related("postmortem").get(pk=request_id)
    )
    if request.answered_at or request.withdrawn_at:
        raise Refused("It is answered or withdrawn already.", code="not_waiting")
    request.withdrawn_at = now
    request.save(update_fields=["withdrawn_at"])
    telling.take_back(key=f"review:{request.pk}", user=request.reviewer)
    touched(request.postmortem, "review_withdrawn", by)
    return request


@transaction.atomic
def review(
    *, incident_id: int, verdict: str, text: str, by: User, now: datetime, section_key: str = ""
) -> PostmortemComment:
    """A comment, a request for changes, or an approval; the owner does not approve their own.

    A verdict answers the request that stands for this person. An approval settles what they asked for before.
    """
    postmortem = locked(incident_id)
    _refuse_review(postmortem, verdict, text, by)
    comment = PostmortemComment.objects.create(
        postmortem=postmortem,
        section_key=_known_section(postmortem, section_key),
        verdict=verdict,
        text=text.strip(),
        written_by=by,
        written_at=now,
    )
    if verdict != Verdict.COMMENT:
        _settle(postmortem, verdict, by, now)
        audit(postmortem, f"review_{verdict}", by, now)
        _tell_verdict(postmortem, comment, now)
    touched(postmortem, "postmortem_reviewed", by)
    return comment


def _refuse_review(postmortem: Postmortem, verdict: str, text: str, by: User) -> None:
    if verdict not in Verdict.values:
        raise Refused("Comment, request changes or approve.", field="verdict", code="verdict_unknown")
    if verdict != Verdict.APPROVED and not text.strip():
        raise Refused("Say what you would like to see.", field="text", code="text_missing")
    if postmortem.state not in WRITTEN:
        raise Refused("There is no draft to review.", code="not_a_draft")
    if verdict == Verdict.APPROVED and postmortem.owner_id == by.pk:
        raise Refused("Somebody else than the owner approves it.", field="verdict", code="own_approval")


def _known_section(postmortem: Postmortem, key: str) -> str:
    if key and key not in {section.key for section in sections_of(postmortem)}:
        raise Refused(f"No section is called {key}.", field="section_key", code="section_unknown")
    return key


def _settle(postmortem: Postmortem, verdict: str, by: User, now: datetime) -> None:
    waiting = postmortem.review_requests.filter(reviewer=by, answered_at=None, withdrawn_at=None)
    waiting.update(answered_at=now)
    if verdict == Verdict.APPROVED:
        wished = postmortem.comments.filter(verdict=Verdict.CHANGES_REQUESTED, resolved_at=None)
        wished.filter(written_by=by).update(resolved_at=now)
    _follow_state(postmortem)


def _follow_state(postmortem: Postmortem) -> None:
    """Changes somebody still waits for, else approved as it stands, else in review."""
    found = reviews_of(postmortem)
    postmortem.state = (
        State.CHANGES_REQUESTED if found.wished else State.APPROVED if found.approvals else State.IN_REVIEW
    )
    postmortem.save(update_fields=["state"])


def _tell_verdict(postmortem: Postmortem, comment: PostmortemComment, now: datetime) -> None:
    asked = postmortem.review_requests.filter(reviewer=comment.written_by, answered_at=now)
    people = {request.requested_by for request in asked.select_related("requested_by")} | {postmortem.owner}
    words = "is approved" if comment.verdict == Verdict.APPROVED else "was read: a reviewer asks for changes"
    telling.tell(
        postmortem.incident,
        [person for person in people if person is not None and person != comment.written_by],
        kind="review-answered",
        key=f"comment:{comment.pk}",
        text=f"The postmortem of {postmortem.incident} {words}",
        place="reviews",
        now=now,
    )


@transaction.atomic
def resolve_comment(*, comment_id: int, by: User, now: datetime) -> PostmortemComment:
    """It is seen to. The last change asked for sends the draft back to its reviewers."""
    comment = _comment(comment_id)
    if comment.resolved_at is None:
        comment.resolved_at = now
        comment.save(update_fields=["resolved_at"])
        _follow_comment(comment, "comment_resolved", by)
        _tell_resolved(comment, by, now)
    return comment


@transaction.atomic
def reopen_comment(*, comment_id: int, by: User) -> PostmortemComment:
    comment = _comment(comment_id)
    if comment.verdict == Verdict.APPROVED:
        raise Refused("An approval is not reopened: ask for changes.", code="approval")
    if comment.resolved_at is not None:
        comment.resolved_at = None
        comment.save(update_fields=["resolved_at"])
        _follow_comment(comment, "comment_reopened", by)
    return comment


def _comment(comment_id: int) -> PostmortemComment:
    found = PostmortemComment.objects.select_related("postmortem", "written_by").get(pk=comment_id)
    found.postmortem = locked(found.postmortem.incident_id)
    return found


def _follow_comment(comment: PostmortemComment, verb: str, by: User) -> None:
    postmortem = comment.postmortem
    reviewed = {State.IN_REVIEW, State.CHANGES_REQUESTED, State.APPROVED}
    if comment.verdict == Verdict.CHANGES_REQUESTED and postmortem.state in reviewed:
        _follow_state(postmortem)
    touched(postmortem, verb, by)


def _tell_resolved(comment: PostmortemComment, by: User, now: datetime) -> None:
    if comment.verdict != Verdict.CHANGES_REQUESTED or comment.written_by in {None, by}:
        return
    telling.tell(
        comment.postmortem.incident,
        [comment.written_by] if comment.written_by else [],
        kind="review-settled",
        key=f"resolved:{comment.pk}:{now:%Y%m%d%H%M}",
        text=f"What you asked for in the postmortem of {comment.postmortem.incident} is seen to: look again",
        place="reviews",
        now=now,
    )


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
    postmortem.review_requests.filter(answered_at=None, withdrawn_at=None).update(withdrawn_at=now)
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
