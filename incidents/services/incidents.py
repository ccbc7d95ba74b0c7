"""Opening, correcting and closing incidents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from accounts import notices
from accounts.days import day_of
from accounts.models import AuditEntry, User
from changes.models import Service
from incidents.models import TIMES, Incident, Postmortem, TimelineEntry
from incidents.services import causes, timeline
from incidents.services.refusals import Conflict, Refused
from intake import ledger
from intake.ledger import Kind

FACTS = (
    "title",
    "summary",
    "severity",
    "type",
    "area",
    "environment",
    "impact",
    "impact_numbers",
    "url",
    *TIMES,
)
# What a postmortem's due date follows from.
DUE_BY = {"severity", "mitigated_at", "resolved_at"}
# Key of the advisory lock under which numbers are given out, one after the other.
NUMBERS = 0x48_49_4E_43
STATUS_TIME = {
    Incident.Status.MITIGATED: "mitigated_at",
    Incident.Status.RESOLVED: "resolved_at",
}


@transaction.atomic
def open_incident(
    *,
    title: str,
    now: datetime,
    facts: dict[str, Any] | None = None,
    services: Iterable[Service] = (),
    by: User | None = None,
    **origin: Any,
) -> Incident:
    """One new incident with its number and its postmortem, not started. `origin`: source, dedup_key…"""
    incident = Incident.objects.create(
        number=_next_number(),
        title=title[:200],
        recorded_at=now,
        **{"reported_at": now, **(facts or {}), **origin},
    )
    incident.services.set(services)
    Postmortem.objects.create(incident=incident)
    follow_due_date(incident)
    _touched(incident, "opened", by)
    return incident


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERS])
    return (Incident.objects.aggregate(last=Max("number"))["last"] or 0) + 1


@transaction.atomic
def report_incident(
    *, facts: dict[str, Any], services: Iterable[Service], by: User, now: datetime, dedup_key: str = ""
) -> Incident:
    """What a person reports, now or long after: what they said is held, and the status follows the times."""
    _refuse_unknown(facts)
    services = list(services)
    said = {name: value for name, value in facts.items() if value not in (None, "", [])}
    incident = open_incident(
        title=said.pop("title"),
        now=now,
        facts=_first_told(said) | said | {"status": _status_by_times(said), "reported_by": by},
        services=services,
        by=by,
        held_fields=sorted({"title", *said, *(["services"] if services else [])}),
        is_demo=any(service.is_demo for service in services),
        dedup_key=dedup_key,
    )
    _audit(incident, "report", by, now)
    timeline.gather(incident=incident, now=now)
    return incident


def _first_told(facts: dict[str, Any]) -> dict[str, datetime]:
    """One that is over was told of by its end; `recorded_at` keeps when it was written down."""
    if not facts.get("resolved_at"):
        return {}
    return {"reported_at": facts.get("detected_at") or facts.get("acknowledged_at") or facts["resolved_at"]}


def _status_by_times(facts: dict[str, Any]) -> Incident.Status:
    if facts.get("resolved_at"):
        return Incident.Status.RESOLVED
    return Incident.Status.MITIGATED if facts.get("mitigated_at") else Incident.Status.OPEN


@transaction.atomic
def edit_facts(
    *,
    incident_id: int,
    facts: dict[str, Any],
    by: User,
    now: datetime,
    services: Iterable[Service] | None = None,
    seen: dict[str, Any] | None = None,
) -> Incident:
    """Correct what is known. `seen` is what the writer saw; what others altered since then is refused.

    What a person sets is held: later events do not write it.
    """
    _refuse_unknown(facts)
    incident = locked(incident_id)
    _refuse_conflict(incident, facts, seen or {})
    altered = {name: value for name, value in facts.items() if not _same(getattr(incident, name), value)}
    for name, value in altered.items():
        setattr(incident, name, value)
    names = set(altered)
    if services is not None and (wanted := list(services)) != list(incident.services.all()):
        incident.services.set(wanted)
        names.add("services")
    if not names:
        return incident
    _move_status_forward(incident, altered)
    incident.held_fields = sorted({*incident.held_fields, *names})
    _save(incident)
    if DUE_BY & names:
        # Any other correction leaves a date alone that somebody has set.
        follow_due_date(incident)
    causes.refresh_first_incidents(incident_id=incident.pk)
    timeline.gather(incident=incident, now=now)
    _touched(incident, "edited", by)
    return incident


def _refuse_conflict(incident: Incident, facts: dict[str, Any], seen: dict[str, Any]) -> None:
    both = {
        name
        for name, value in facts.items()
        if name in seen
        and not _same(getattr(incident, name), seen[name])
        and not _same(getattr(incident, name), value)
    }
    if both:
        raise Conflict(
            theirs={name: str(getattr(incident, name) or "") for name in sorted(both)},
            yours={name: str(facts[name] or "") for name in sorted(both)},
        )


def _same(one: Any, other: Any) -> bool:
    """Forms know no fractions of a second, and no difference between nothing and an empty text."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.replace(microsecond=0) == other.replace(microsecond=0)
    return (one or None) == (other or None)


def _move_status_forward(incident: Incident, altered: dict[str, Any]) -> None:
    order = [
        Incident.Status.OPEN,
        Incident.Status.INVESTIGATING,
        Incident.Status.MITIGATED,
        Incident.Status.RESOLVED,
    ]
    if incident.status == Incident.Status.CLOSED:
        return
    reached = [status for status, name in STATUS_TIME.items() if altered.get(name)]
    furthest = max([Incident.Status(incident.status), *reached], key=order.index)
    incident.status = furthest


@transaction.atomic
def set_status(*, incident_id: int, status: str, by: User, now: datetime) -> Incident:
    """Move between open, investigating, mitigated and resolved; the time of a first arrival is noted."""
    if status not in Incident.Status.values or status == Incident.Status.CLOSED:
        raise Refused(
            "Choose open, investigating, mitigated or resolved; closing has its reason.", field="status"
        )
    incident = locked(incident_id)
    if incident.status == Incident.Status.CLOSED:
        raise Refused("It is closed: reopen it first.", field="status", code="closed")
    if incident.status == status:
        return incident
    incident.status = status
    name = STATUS_TIME.get(Incident.Status(status))
    if name and getattr(incident, name) is None:
        setattr(incident, name, now)
        incident.held_fields = sorted({*incident.held_fields, name})
    _save(incident)
    follow_due_date(incident)
    _note_status(incident, f"Status set to {incident.get_status_display().lower()}", by, now)
    _touched(incident, "status_set", by)
    return incident


@transaction.atomic
def close(*, incident_id: int, reason: str, by: User, now: datetime) -> Incident:
    """Close it, saying why. What was no incident needs no postmortem, and says so itself."""
    if reason not in Incident.ClosingReason.values:
        raise Refused("Say why it is closed.", field="reason", code="reason_missing")
    if reason == Incident.ClosingReason.DUPLICATE:
        raise Refused(
            "Name the incident that it is a duplicate of.", field="reason", code="duplicate_of_missing"
        )
    return _close(locked(incident_id), reason, by, now)


def _close(incident: Incident, reason: str, by: User, now: datetime) -> Incident:
    if incident.status == Incident.Status.CLOSED:
        raise Refused("It is closed already.", code="closed")
    incident.status = Incident.Status.CLOSED
    incident.closing_reason = reason
    incident.closed_at = now
    incident.held_fields = sorted({*incident.held_fields, "status"})
    _save(incident)
    if reason in Incident.NEVER_COUNTED:
        Postmortem.objects.filter(incident=incident, state=Postmortem.State.NOT_STARTED).update(
            state=Postmortem.State.NOT_REQUIRED,
            not_required_reason=f"Closed as {incident.get_closing_reason_display().lower()}.",
        )
    causes.refresh_first_incidents(incident_id=incident.pk)
    _note_status(incident, f"Closed as {incident.get_closing_reason_display().lower()}", by, now)
    _audit(incident, "close", by, now, reason=reason)
    _touched(incident, "closed", by)
    return incident


@transaction.atomic
def mark_duplicate(*, incident_id: int, of_id: int, by: User, now: datetime) -> Incident:
    """Close as a duplicate. Chains are kept flat: an old link is one step from the one that counts."""
    incident = locked(incident_id)
    kept = locked(of_id)
    if kept.duplicate_of is not None:
        kept = kept.duplicate_of
    if kept.pk == incident.pk:
        raise Refused("An incident cannot be a duplicate of itself.", field="of", code="own_duplicate")
    incident.duplicate_of = kept
    incident.duplicates.update(duplicate_of=kept)
    if incident.status == Incident.Status.CLOSED:
        incident.closing_reason = Incident.ClosingReason.DUPLICATE
        _save(incident)
        causes.refresh_first_incidents(incident_id=incident.pk)
        _touched(incident, "closed", by)
    else:
        _close(incident, Incident.ClosingReason.DUPLICATE, by, now)
    _audit(incident, "mark_duplicate", by, now, of=kept.number)
    return incident


@transaction.atomic
def reopen(*, incident_id: int, by: User, now: datetime) -> Incident:
    incident = locked(incident_id)
    if incident.status != Incident.Status.CLOSED:
        raise Refused("It is not closed.", code="not_closed")
    was_no_incident = incident.closing_reason in Incident.NEVER_COUNTED
    incident.status = Incident.Status.RESOLVED if incident.resolved_at else Incident.Status.INVESTIGATING
    incident.closing_reason = ""
    incident.closed_at = None
    incident.duplicate_of = None
    _save(incident)
    if was_no_incident:
        Postmortem.objects.filter(incident=incident, state=Postmortem.State.NOT_REQUIRED).update(
            state=Postmortem.State.NOT_STARTED, not_required_reason=""
        )
    causes.refresh_first_incidents(incident_id=incident.pk)
    _note_status(incident, "Reopened", by, now)
    _audit(incident, "reopen", by, now)
    _touched(incident, "reopened", by)
    return incident


@transaction.atomic
def restrict(*, incident_id: int, people: Iterable[User], by: User, now: datetime) -> Incident:
    """From now on only the people named see it; who restricts is always among them."""
    incident = locked(incident_id)
    named = {person.pk for person in people} | {by.pk}
    incident.people.set(named)
    incident.is_restricted = True
    _save(incident)
    notices.take_back(about=notices.about(incident), except_users=named)
    _audit(incident, "restrict", by, now, people=sorted(named))
    _touched(incident, "restricted", by)
    return incident


@transaction.atomic
def unrestrict(*, incident_id: int, by: User, now: datetime) -> Incident:
    incident = locked(incident_id)
    if not incident.is_restricted:
        return incident
    incident.is_restricted = False
    incident.people.clear()
    _save(incident)
    _audit(incident, "unrestrict", by, now)
    _touched(incident, "unrestricted", by)
    return incident


def locked(incident_id: int) -> Incident:
    """The row, held until the transaction ends: every verb on an incident and its parts goes through here."""
    return Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)


def due_on(start: date, business_days: int) -> date:
    """The day that many business days later; Saturdays and Sundays do not count."""
    day = start
    while business_days:
        day += timedelta(days=1)
        business_days -= day.weekday() < 5
    return day


def follow_due_date(incident: Incident) -> None:
    over_at = incident.mitigated_at or incident.resolved_at
    days = incident.severity.postmortem_days if incident.severity else None
    if over_at is None or days is None:
        return
    day = day_of(over_at)
    Postmortem.objects.filter(incident=incident, published_at=None).update(due_on=due_on(day, days))


def _refuse_unknown(facts: dict[str, Any]) -> None:
    if unknown := facts.keys() - set(FACTS):
        raise TypeError(f"not facts of an incident: {sorted(unknown)}")


def _save(incident: Incident) -> None:
    incident.version += 1
    incident.save()


def _note_status(incident: Incident, text: str, by: User, now: datetime) -> None:
    TimelineEntry.objects.create(
        incident=incident,
        occurred_at=now,
        recorded_at=now,
        kind=TimelineEntry.Kind.STATUS,
        text=text,
        written_by=by,
    )


def _audit(incident: Incident, verb: str, by: User, now: datetime, **detail: Any) -> None:
    AuditEntry.objects.create(
        at=now, actor=by, verb=verb, target_kind="incident", target_id=incident.pk, detail=detail
    )


def _touched(incident: Incident, verb: str, by: User | None) -> None:
    ledger.touch(Kind.INCIDENT, incident.pk, verb=verb, actor_id=by.pk if by else None)
