"""What happened when: gathered from alerts and deployments, and written by people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from changes.models import Deployment
from incidents import chat
from incidents.models import Alert, Incident, TimelineEntry
from incidents.queries import chatting
from incidents.services.refusals import Refused
from intake import ledger
from intake.ledger import Kind

# A deployment this long before impact, or after it was over, still belongs to the story.
BEFORE = timedelta(hours=24)
AFTER = timedelta(hours=6)


@dataclass(frozen=True)
class ChatEntry:
    """A message as the reader left it: `key` is that of the message, whatever was corrected."""

    key: str
    occurred_at: datetime
    text: str
    kind: str = TimelineEntry.Kind.NOTE


@transaction.atomic
def gather(*, incident: Incident, now: datetime) -> int:
    """Add what alerts and deployments tell and the timeline does not hold yet; says how many entries came."""
    found = [*_from_alerts(incident), *_from_deployments(incident)]
    for entry in found:
        entry.incident = incident
        entry.recorded_at = now
    known = set(incident.timeline.exclude(origin_key="").values_list("origin_key", flat=True))
    new = [entry for entry in found if entry.origin_key not in known]
    TimelineEntry.objects.bulk_create(new, ignore_conflicts=True)
    if new:
        ledger.touch(Kind.INCIDENT, incident.pk, verb="timeline_gathered")
    return len(new)


def _from_alerts(incident: Incident) -> Iterator[TimelineEntry]:
    for alert in Alert.objects.filter(incident=incident, events=None):  # others: services/alert_timeline.py
        for word, at in [
            ("fired", alert.opened_at),
            ("acknowledged", alert.acknowledged_at),
            ("mitigated", alert.mitigated_at),
            ("resolved", alert.resolved_at),
        ]:
            if at is not None:
                yield TimelineEntry(
                    occurred_at=at,
                    kind=TimelineEntry.Kind.DETECTION if word == "fired" else TimelineEntry.Kind.ALERT,
                    text=f"Alert {word}: {alert}",
                    evidence_url=alert.url,
                    origin_key=f"alert:{alert.pk}:{word}",
                    alert=alert,
                )


def _from_deployments(incident: Incident) -> Iterator[TimelineEntry]:
    services = list(incident.services.values_list("pk", flat=True))
    end = incident.resolved_at or incident.mitigated_at or incident.began_at + BEFORE
    within = Q(finished_at__gte=incident.began_at - BEFORE, finished_at__lte=end + AFTER)
    deployments = Deployment.objects.production().filter(within, service__in=services).for_list()
    for deployment in deployments.filter(status__in=[Deployment.Status.SUCCEEDED, Deployment.Status.FAILED]):
        kind = "" if deployment.kind == Deployment.Kind.PLANNED else f"{deployment.get_kind_display()}: "
        yield TimelineEntry(
            occurred_at=deployment.finished_at or incident.began_at,
            kind=TimelineEntry.Kind.CHANGE,
            text=f"{kind}{deployment} {deployment.get_status_display().lower()} ({deployment.sha[:10]})",
            evidence_url=deployment.url,
            origin_key=f"deployment:{deployment.pk}",
            deployment=deployment,
        )


@transaction.atomic
def add_entry(
    *,
    incident_id: int,
    occurred_at: datetime,
    text: str,
    by: User,
    now: datetime,
    kind: str = TimelineEntry.Kind.NOTE,
    evidence_url: str = "",
) -> TimelineEntry:
    if not text.strip():
        raise Refused("Say what happened.", field="text", code="text_missing")
    entry = TimelineEntry.objects.create(
        incident_id=incident_id,
        occurred_at=occurred_at,
        recorded_at=now,
        kind=kind,
        text=text.strip(),
        evidence_url=evidence_url,
        written_by=by,
    )
    ledger.touch(Kind.INCIDENT, incident_id, verb="timeline_entry_added", actor_id=by.pk)
    return entry


@transaction.atomic
def add_from_chat(*, incident_id: int, entries: Iterable[ChatEntry], by: User, now: datetime) -> int:
    """What was ticked of a pasted block; what came of an earlier paste is let be. Says how many are new."""
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)
    roles = chatting.roles()
    known = {name.lower(): role for name, role in roles.items()}
    rows = [
        TimelineEntry(
            incident=incident,
            occurred_at=entry.occurred_at,
            recorded_at=now,
            kind=entry.kind,
            text=chat.without_people(entry.text.strip(), (), known)[:5000],
            origin_key=_chat_key(entry.key),
            written_by=by,
        )
        for entry in entries
        if entry.text.strip()
    ]
    held = set(incident.timeline.values_list("origin_key", flat=True))
    new = {row.origin_key: row for row in rows if row.origin_key not in held}
    TimelineEntry.objects.bulk_create(new.values())
    if new:
        ledger.touch(Kind.INCIDENT, incident_id, verb="timeline_chat_added", actor_id=by.pk)
    return len(new)


def _chat_key(key: str) -> str:
    if not re.fullmatch(r"chat:[0-9a-f]{24}", key):
        raise Refused("That is no message of a pasted block.", field="key", code="key_unknown")
    return key


@transaction.atomic
def edit_entry(
    *,
    entry_id: int,
    by: User,
    occurred_at: datetime | None = None,
    text: str | None = None,
    kind: str | None = None,
    evidence_url: str | None = None,
    starred: bool | None = None,
    hidden: bool | None = None,
) -> TimelineEntry:
    """Alter what is given; leave the rest."""
    entry = TimelineEntry.objects.select_for_update().get(pk=entry_id)
    if text is not None and not text.strip():
        raise Refused("Say what happened.", field="text", code="text_missing")
    told = {
        "occurred_at": occurred_at,
        "text": text.strip() if text else None,
        "kind": kind,
        "evidence_url": evidence_url,
        "starred": starred,
        "hidden": hidden,
    }
    altered = [name for name, value in told.items() if value is not None]
    for name in altered:
        setattr(entry, name, told[name])
    entry.save(update_fields=altered)
    ledger.touch(Kind.INCIDENT, entry.incident_id, verb="timeline_entry_edited", actor_id=by.pk)
    return entry


@transaction.atomic
def remove_entry(*, entry_id: int, by: User) -> None:
    """Take back what a person wrote; what was gathered is hidden instead, else it would come again."""
    entry = TimelineEntry.objects.select_for_update().get(pk=entry_id)
    if entry.origin_key:
        entry.hidden = True
        entry.save(update_fields=["hidden"])
    else:
        entry.delete()
    ledger.touch(Kind.INCIDENT, entry.incident_id, verb="timeline_entry_removed", actor_id=by.pk)
