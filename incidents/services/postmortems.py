"""Beginning and writing a postmortem; reviewing and publishing are in `reviewing`."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from incidents.models import Postmortem, PostmortemDraft
from incidents.queries.gate import STEPS
from incidents.queries.outline import sections_of
from incidents.services import reminding, timeline
from incidents.services.refusals import Conflict, Refused
from incidents.services.rows import audit, keep_revision, locked, touched, write_section

State = Postmortem.State


@transaction.atomic
def start(*, incident_id: int, by: User, now: datetime) -> Postmortem:
    """Begin a draft. Who begins it owns it, unless somebody was named before."""
    postmortem = locked(incident_id)
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
    keep_revision(postmortem, by, now, "Started")
    timeline.gather(incident=postmortem.incident, now=now)
    touched(postmortem, "postmortem_started", by)


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
    postmortem = locked(incident_id)
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
        write_section(postmortem, key, section.title, section.position, text)
    if postmortem.state == State.APPROVED:
        # What was approved has been altered: somebody looks again.
        postmortem.state = State.IN_REVIEW
    postmortem.version += 1
    postmortem.save()
    keep_revision(postmortem, by, now, note)
    touched(postmortem, "postmortem_saved", by)
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
            "data": {"page": page, "fields": fields, "since": now.isoformat()},
            "base_version": base_version,
            "saved_at": now,
        },
    )
    if not is_new and draft.data.get("saved_page") != page:
        since = draft.data.get("since") or now.isoformat()
        draft.data = {"page": page, "fields": fields, "since": since}
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
    *,
    incident_id: int,
    owner: User | None,
    facilitator: User | None,
    due_on: date | None,
    by: User,
    now: datetime,
) -> Postmortem:
    """Whoever is named the owner by somebody else is told."""
    if owner is not None and owner == facilitator:
        raise Refused(
            "The facilitator is somebody else than the owner.", field="facilitator", code="same_person"
        )
    postmortem = locked(incident_id)
    is_new = owner is not None and owner.pk not in {postmortem.owner_id, by.pk}
    postmortem.owner, postmortem.facilitator, postmortem.due_on = owner, facilitator, due_on
    postmortem.save()
    touched(postmortem, "postmortem_appointed", by)
    if owner is not None and is_new:
        reminding.tell_appointed(postmortem=postmortem, owner=owner, now=now)
    return postmortem


@transaction.atomic
def set_form(*, incident_id: int, is_short: bool, by: User) -> Postmortem:
    """The short form asks less; what was written in the long one is kept and shown."""
    postmortem = locked(incident_id)
    postmortem.is_short = is_short
    postmortem.save(update_fields=["is_short"])
    touched(postmortem, "postmortem_form_set", by)
    return postmortem


@transaction.atomic
def not_required(*, incident_id: int, reason: str, by: User, now: datetime) -> Postmortem:
    postmortem = locked(incident_id)
    if not reason.strip():
        raise Refused("Say why none is required.", field="reason", code="reason_missing")
    if postmortem.state == State.PUBLISHED:
        raise Refused("It is published already.", code="published")
    postmortem.state = State.NOT_REQUIRED
    postmortem.not_required_reason = reason.strip()
    postmortem.save()
    audit(postmortem, "not_required", by, now, reason=reason.strip())
    touched(postmortem, "postmortem_not_required", by)
    return postmortem


@transaction.atomic
def require(*, incident_id: int, by: User, now: datetime) -> Postmortem:
    """One is required after all."""
    postmortem = locked(incident_id)
    if postmortem.state != State.NOT_REQUIRED:
        raise Refused("Nobody said that none is required.", code="required")
    postmortem.state = State.DRAFT if postmortem.revisions.exists() else State.NOT_STARTED
    postmortem.not_required_reason = ""
    postmortem.save()
    audit(postmortem, "require", by, now)
    touched(postmortem, "postmortem_required", by)
    return postmortem
