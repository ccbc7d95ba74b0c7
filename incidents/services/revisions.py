"""Bringing an older revision back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from incidents.models import Postmortem
from incidents.queries.outline import sections_of
from incidents.queries.revisions import texts
from incidents.services.refusals import Conflict, Refused
from incidents.services.rows import audit, keep_revision, locked, touched, write_section

State = Postmortem.State


@transaction.atomic
def restore(*, incident_id: int, number: int, expected_version: int, by: User, now: datetime) -> Postmortem:
    """The words of that revision become the newest one; nothing is lost.

    Raises: Conflict, with both texts by section, when somebody saved since the page was read.
    """
    postmortem = locked(incident_id)
    if postmortem.state in {State.PUBLISHED, State.NOT_REQUIRED, State.NOT_STARTED}:
        raise Refused("There is no draft: revise or start it first.", code="not_a_draft")
    revision = postmortem.revisions.filter(number=number).first()
    if revision is None:
        raise Refused(f"There is no revision {number}.", field="number", code="revision_unknown")
    wanted, standing = texts(revision), _standing(postmortem)
    if expected_version != postmortem.version:
        both = [key for key in {**standing, **wanted} if standing.get(key, "") != wanted.get(key, "")]
        raise Conflict(
            theirs={key: standing.get(key, "") for key in both},
            yours={key: wanted.get(key, "") for key in both},
        )
    if not _put_back(postmortem, wanted, standing):
        raise Refused(f"It stands as in revision {number} already.", field="number", code="same_words")
    if postmortem.state == State.APPROVED:
        # What was approved has been altered: somebody looks again.
        postmortem.state = State.IN_REVIEW
    postmortem.version += 1
    postmortem.save()
    keep_revision(postmortem, by, now, f"Revision {number} restored", restored_from=number)
    audit(postmortem, "restore_revision", by, now, number=number)
    touched(postmortem, "postmortem_restored", by)
    return postmortem


def _standing(postmortem: Postmortem) -> dict[str, str]:
    return dict(postmortem.sections.values_list("key", "text"))


def _put_back(postmortem: Postmortem, wanted: dict[str, str], standing: dict[str, str]) -> bool:
    outline = {section.key: section for section in sections_of(postmortem)}
    altered = [key for key in {**standing, **wanted} if standing.get(key, "") != wanted.get(key, "")]
    for place, key in enumerate(altered):
        section = outline.get(key)
        title = section.title if section else key.replace("_", " ").capitalize()
        position = section.position if section else len(outline) + place
        write_section(postmortem, key, title, position, wanted.get(key, ""))
    return bool(altered)
