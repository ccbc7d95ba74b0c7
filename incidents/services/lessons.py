"""Lessons: what to hold to from now on, in one line that can be checked in code."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import AuditEntry, User
from changes.models import AssistanceKind, DomainArea, Service
from incidents.models import Incident, Lesson
from incidents.queries.document import names_and_roles
from incidents.services.refusals import Conflict, Refused
from incidents.wording import names_to_roles
from intake import ledger
from intake.ledger import Kind

State = Lesson.State


@transaction.atomic
def record(
    *,
    text: str,
    by: User,
    now: datetime,
    incident: Incident | None = None,
    why: str = "",
    path_globs: Iterable[str] = (),
    area: DomainArea | None = None,
    services: Iterable[Service] = (),
    kinds: Iterable[AssistanceKind] = (),
    review_by: date | None = None,
) -> Lesson:
    """Propose a lesson; without services of its own it speaks of the incident's. It is for others to read:
    names of people become roles at once."""
    roles = names_and_roles()
    lesson = Lesson.objects.create(
        text=_one_line(names_to_roles(text, roles)),
        why=names_to_roles(why.strip(), roles),
        path_globs=_globs(path_globs),
        area=area or (incident.area if incident else None),
        review_by=review_by,
        is_demo=incident.is_demo if incident else False,
        created_at=now,
    )
    if incident is not None:
        lesson.incidents.add(incident)
    lesson.services.set(list(services) or (incident.services.all() if incident else []))
    lesson.kinds.set(kinds)
    _touched(lesson, "lesson_recorded", by)
    return lesson


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise Refused("Say in one line what to do from now on.", field="text", code="text_missing")
    if len(line) > 300:
        raise Refused(
            "At most 300 characters: what is longer goes into “why”.", field="text", code="text_too_long"
        )
    return line


def _globs(globs: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(glob.strip() for glob in globs if glob.strip()))


@transaction.atomic
def edit(
    *,
    lesson_id: int,
    by: User,
    expected_version: int | None = None,
    services: Iterable[Service] | None = None,
    kinds: Iterable[AssistanceKind] | None = None,
    **fields: Any,
) -> Lesson:
    """Alter what is given: text, why, path_globs, area, review_by, services, kinds."""
    if unknown := fields.keys() - {"text", "why", "path_globs", "area", "review_by"}:
        raise TypeError(f"not fields of a lesson: {sorted(unknown)}")
    lesson = _locked(lesson_id)
    roles = names_and_roles()
    fields |= {name: names_to_roles(fields[name], roles) for name in ("text", "why") if name in fields}
    if "text" in fields:
        fields["text"] = _one_line(fields["text"])
    if expected_version not in (None, lesson.version):
        raise Conflict(
            theirs={"text": lesson.text, "why": lesson.why},
            yours={"text": fields.get("text", lesson.text), "why": fields.get("why", lesson.why)},
        )
    if "path_globs" in fields:
        fields["path_globs"] = _globs(fields["path_globs"])
    for name, value in fields.items():
        setattr(lesson, name, value)
    lesson.version += 1
    lesson.save()
    if services is not None:
        lesson.services.set(services)
    if kinds is not None:
        lesson.kinds.set(kinds)
    _touched(lesson, "lesson_edited", by)
    return lesson


@transaction.atomic
def approve(*, lesson_id: int, by: User, now: datetime) -> Lesson:
    return _set_state(_locked(lesson_id), State.APPROVED, "", by, now)


@transaction.atomic
def retire(*, lesson_id: int, reason: str, by: User, now: datetime) -> Lesson:
    """It no longer holds; kept, with the reason."""
    if not reason.strip():
        raise Refused("Say why it no longer holds.", field="reason", code="reason_missing")
    return _set_state(_locked(lesson_id), State.RETIRED, reason.strip(), by, now)


@transaction.atomic
def propose_again(*, lesson_id: int, by: User, now: datetime) -> Lesson:
    return _set_state(_locked(lesson_id), State.PROPOSED, "", by, now)


def _set_state(lesson: Lesson, state: Lesson.State, reason: str, by: User, now: datetime) -> Lesson:
    if lesson.state == state:
        return lesson
    lesson.state, lesson.retired_reason = state, reason
    lesson.version += 1
    lesson.save()
    AuditEntry.objects.create(
        at=now,
        actor=by,
        verb=f"lesson_{state}",
        target_kind="lesson",
        target_id=lesson.pk,
        detail={"reason": reason} if reason else {},
    )
    _touched(lesson, f"lesson_{state}", by)
    return lesson


@transaction.atomic
def link(*, lesson_id: int, incident_id: int, by: User) -> Lesson:
    """The same lesson taught by one more incident."""
    lesson = _locked(lesson_id)
    lesson.incidents.add(incident_id)
    _touched(lesson, "lesson_linked", by)
    return lesson


@transaction.atomic
def unlink(*, lesson_id: int, incident_id: int, by: User, now: datetime) -> None:
    """Take it back from one incident; one that nothing taught any more is retired rather than lost."""
    lesson = _locked(lesson_id)
    lesson.incidents.remove(incident_id)
    if not lesson.incidents.exists():
        _set_state(lesson, State.RETIRED, "Taken back while the postmortem was written.", by, now)
    _touched(lesson, "lesson_unlinked", by)


def _locked(lesson_id: int) -> Lesson:
    return Lesson.objects.select_for_update(of=("self",)).get(pk=lesson_id)


def _touched(lesson: Lesson, verb: str, by: User) -> None:
    ledger.touch(Kind.LESSON, lesson.pk, verb=verb, actor_id=by.pk)
