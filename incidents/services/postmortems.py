"""Writing, reviewing and publishing a postmortem."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import AuditEntry, Role, User
from incidents import markdown, wording
from incidents.models import (
    Incident,
    Postmortem,
    PostmortemComment,
    PostmortemDraft,
    PostmortemRevision,
    PostmortemSection,
)
from incidents.queries.document import names_and_roles
from incidents.queries.gate import STEPS, OpenPoint, open_points
from incidents.queries.outline import sections_of
from incidents.services import timeline
from incidents.services.refusals import Conflict, Refused
from intake import ledger
from intake.ledger import Kind

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
def start(*, incident_id: int, by: User, now: datetime) -> Postmortem:
    """Begin a draft. Who begins it owns it, unless somebody was named before."""
    postmortem = _locked(incident_id)
    if postmortem.state == State.NOT_REQUIRED:
        raise Refused("It was said that none is required: take that back first.", code="not_required")
    if postmortem.state == State.NOT_STARTED:
        _begin(postmortem, by, now)
    return postmortem


def _begin(postmortem: Postmortem, by: User, now: datetime) -> None:
    postmortem.state = State.DRAFT
    if postmortem.owner_id is None and postmortem.facilitator_id != by.pk:
        postmortem.owner = by
    postmortem.save()
    _keep_revision(postmortem, by, now, "Started")
    timeline.gather(incident=postmortem.incident, now=now)
    _touched(postmortem, "postmortem_started", by)


@transaction.atomic
def save_sections(
    *,
    incident_id: int,
    texts: dict[str, str],
    expected_version: int,
    by: User,
    now: datetime,
    note: str = "",
) -> Postmortem:
    """Save what was written, by section key.

    Where somebody else saved in between, sections that only one of the two touched are merged;
    a section that both touched raises Conflict, and nothing is saved.
    """
    postmortem = _locked(incident_id)
    if postmortem.state == State.PUBLISHED:
        raise Refused("It is published: revise it first.", code="published")
    outline = {section.key: section for section in sections_of(postmortem)}
    if unknown := texts.keys() - outline.keys():
        raise Refused(f"No section is called {', '.join(sorted(unknown))}.", code="section_unknown")
    theirs = {key: outline[key].text for key in texts}
    yours = {key: _as_written(text) for key, text in texts.items()}
    wanted = _merged(postmortem, theirs, yours, expected_version)
    altered = {key: text for key, text in wanted.items() if text != theirs[key]}
    if not altered:
        return postmortem
    if postmortem.state in {State.NOT_STARTED, State.NOT_REQUIRED}:
        start(incident_id=incident_id, by=by, now=now)
        postmortem.refresh_from_db()
    for key, text in altered.items():
        section = outline[key]
        _write_section(postmortem, key, section.title, section.position, text)
    if postmortem.state == State.APPROVED:
        # What was approved has been altered: somebody looks again.
        postmortem.state = State.IN_REVIEW
    postmortem.version += 1
    postmortem.save()
    _keep_revision(postmortem, by, now, note)
    _touched(postmortem, "postmortem_saved", by)
    return postmortem


def _as_written(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _merged(
    postmortem: Postmortem, theirs: dict[str, str], yours: dict[str, str], expected_version: int
) -> dict[str, str]:
    if expected_version == postmortem.version:
        return yours
    base = _texts_at(postmortem, expected_version)
    both = [
        key
        for key in yours
        if theirs[key] != base.get(key, "") and yours[key] not in {base.get(key, ""), theirs[key]}
    ]
    if both:
        raise Conflict(theirs={key: theirs[key] for key in both}, yours={key: yours[key] for key in both})
    return {key: theirs[key] if yours[key] == base.get(key, "") else yours[key] for key in yours}


def _texts_at(postmortem: Postmortem, version: int) -> dict[str, str]:
    revision = postmortem.revisions.filter(number=version).first()
    return dict(revision.content["sections"]) if revision else {}


def _write_section(postmortem: Postmortem, key: str, title: str, position: int, text: str) -> None:
    PostmortemSection.objects.update_or_create(
        postmortem=postmortem,
        key=key,
        defaults={"title": title, "position": position, "text": text, "html": markdown.render(text)},
    )


def _keep_revision(postmortem: Postmortem, by: User, now: datetime, note: str = "") -> None:
    texts = dict(PostmortemSection.objects.filter(postmortem=postmortem).values_list("key", "text"))
    PostmortemRevision.objects.update_or_create(
        postmortem=postmortem,
        number=postmortem.version,
        defaults={"content": {"sections": texts}, "note": note[:200], "saved_by": by, "saved_at": now},
    )


@transaction.atomic
def save_draft(
    *,
    incident_id: int,
    step: str,
    page: str,
    fields: dict[str, list[str]],
    base_version: int,
    by: User,
    now: datetime,
) -> PostmortemDraft:
    """Keep the words being written, apart from the record: a lost connection loses none of them.

    `page` names one opening of the form. An autosave that was overtaken by its page's own save is let go:
    it would bring back words that are saved already.
    """
    if step not in STEPS:
        raise Refused("No such step.", code="step_unknown")
    postmortem = Postmortem.objects.get(incident_id=incident_id)
    draft, is_new = PostmortemDraft.objects.select_for_update().get_or_create(
        postmortem=postmortem,
        user=by,
        step=step,
        defaults={
            "data": {"page": page, "fields": fields},
            "base_version": base_version,
            "saved_at": now,
        },
    )
    if not is_new and draft.data.get("saved_page") != page:
        draft.data = {"page": page, "fields": fields}
        draft.base_version, draft.saved_at = base_version, now
        draft.save()
    return draft


@transaction.atomic
def close_draft(*, incident_id: int, step: str, page: str, by: User, now: datetime) -> None:
    """The page's words are in the record, or given up: nothing is left to restore."""
    postmortem = Postmortem.objects.get(incident_id=incident_id)
    PostmortemDraft.objects.update_or_create(
        postmortem=postmortem,
        user=by,
        step=step,
        defaults={"data": {"saved_page": page}, "base_version": postmortem.version, "saved_at": now},
    )


@transaction.atomic
def appoint(
    *, incident_id: int, owner: User | None, facilitator: User | None, due_on: date | None, by: User
) -> Postmortem:
    if owner is not None and owner == facilitator:
        raise Refused(
            "The facilitator is somebody else than the owner.", field="facilitator", code="same_person"
        )
    postmortem = _locked(incident_id)
    postmortem.owner, postmortem.facilitator, postmortem.due_on = owner, facilitator, due_on
    postmortem.save()
    _touched(postmortem, "postmortem_appointed", by)
    return postmortem


@transaction.atomic
def set_form(*, incident_id: int, is_short: bool, by: User) -> Postmortem:
    """The short form asks less; what was written in the long one is kept and shown."""
    postmortem = _locked(incident_id)
    postmortem.is_short = is_short
    postmortem.save(update_fields=["is_short"])
    _touched(postmortem, "postmortem_form_set", by)
    return postmortem


@transaction.atomic
def request_review(*, incident_id: int, by: User, now: datetime) -> Postmortem:
    postmortem = _locked(incident_id)
    if postmortem.state not in {State.DRAFT, State.CHANGES_REQUESTED}:
        raise Refused("Only a draft can be sent for review.", code="not_a_draft")
    postmortem.state = State.IN_REVIEW
    postmortem.save(update_fields=["state"])
    _audit(postmortem, "request_review", by, now)
    _touched(postmortem, "postmortem_in_review", by)
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
    postmortem = _locked(incident_id)
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
        _audit(postmortem, f"review_{verdict}", by, now)
    _touched(postmortem, "postmortem_reviewed", by)
    return comment


@transaction.atomic
def resolve_comment(*, comment_id: int, by: User, now: datetime) -> PostmortemComment:
    comment = PostmortemComment.objects.select_related("postmortem").get(pk=comment_id)
    comment.resolved_at = now
    comment.save(update_fields=["resolved_at"])
    _touched(comment.postmortem, "comment_resolved", by)
    return comment


@transaction.atomic
def publish(*, incident_id: int, by: User, now: datetime, override_reason: str = "") -> Postmortem:
    """For everybody to read. Raises NotReady with every open point; a curator may override, saying why."""
    postmortem = _locked(incident_id)
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
    _keep_revision(postmortem, by, now, "Published")
    _audit(postmortem, "publish", by, now, overridden=[point.code for point in points])
    _touched(postmortem, "postmortem_published", by)
    return postmortem


def _put_roles_for_names(postmortem: Postmortem) -> None:
    roles = names_and_roles()
    for section in postmortem.sections.all():
        text = wording.names_to_roles(section.text, roles)
        if text != section.text:
            _write_section(postmortem, section.key, section.title, section.position, text)


@transaction.atomic
def revise(*, incident_id: int, by: User, now: datetime) -> Postmortem:
    """Take a published one back to a draft; the published words stay among the revisions."""
    postmortem = _locked(incident_id)
    if postmortem.state != State.PUBLISHED:
        raise Refused("It is not published.", code="not_published")
    postmortem.state = State.DRAFT
    postmortem.override_reason = ""
    postmortem.save()
    _audit(postmortem, "revise", by, now)
    _touched(postmortem, "postmortem_revised", by)
    return postmortem


@transaction.atomic
def not_required(*, incident_id: int, reason: str, by: User, now: datetime) -> Postmortem:
    postmortem = _locked(incident_id)
    if not reason.strip():
        raise Refused("Say why none is required.", field="reason", code="reason_missing")
    if postmortem.state == State.PUBLISHED:
        raise Refused("It is published already.", code="published")
    postmortem.state = State.NOT_REQUIRED
    postmortem.not_required_reason = reason.strip()
    postmortem.save()
    _audit(postmortem, "not_required", by, now, reason=reason.strip())
    _touched(postmortem, "postmortem_not_required", by)
    return postmortem


@transaction.atomic
def require(*, incident_id: int, by: User, now: datetime) -> Postmortem:
    """One is required after all."""
    postmortem = _locked(incident_id)
    if postmortem.state != State.NOT_REQUIRED:
        raise Refused("Nobody said that none is required.", code="required")
    postmortem.state = State.DRAFT if postmortem.revisions.exists() else State.NOT_STARTED
    postmortem.not_required_reason = ""
    postmortem.save()
    _audit(postmortem, "require", by, now)
    _touched(postmortem, "postmortem_required", by)
    return postmortem


def _locked(incident_id: int) -> Postmortem:
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)
    return Postmortem.objects.select_related("incident__severity").get(incident=incident)


def _audit(postmortem: Postmortem, verb: str, by: User, now: datetime, **detail: Any) -> None:
    AuditEntry.objects.create(
        at=now, actor=by, verb=verb, target_kind="postmortem", target_id=postmortem.pk, detail=detail
    )


def _touched(postmortem: Postmortem, verb: str, by: User) -> None:
    ledger.touch(Kind.INCIDENT, postmortem.incident_id, verb=verb, actor_id=by.pk)
