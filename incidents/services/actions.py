"""Action items: proposed apart from accepted, done apart from verified."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from accounts.models import AuditEntry, User
from incidents.models import ActionItem
from incidents.services.refusals import Refused
from intake import ledger
from intake.ledger import Kind

State = ActionItem.State
FIELDS = {"title", "type", "priority", "owner", "due_on", "tracker_url"}


@transaction.atomic
def propose(
    *,
    incident_id: int,
    title: str,
    by: User,
    now: datetime,
    type: str = ActionItem.Type.PREVENT,
    priority: int = ActionItem.Priority.MEDIUM,
    owner: User | None = None,
    due_on: date | None = None,
    tracker_url: str = "",
) -> ActionItem:
    if not title.strip():
        raise Refused("Say what will be different.", field="title", code="title_missing")
    action = ActionItem.objects.create(
        incident_id=incident_id,
        title=title.strip()[:200],
        type=type,
        priority=priority,
        owner=owner,
        due_on=due_on,
        tracker_url=tracker_url,
        created_at=now,
        state_since=now,
    )
    _touched(action, "action_proposed", by)
    return action


@transaction.atomic
def edit(*, action_id: int, by: User, **fields: Any) -> ActionItem:
    if unknown := fields.keys() - FIELDS:
        raise TypeError(f"not fields of an action item: {sorted(unknown)}")
    if "title" in fields and not fields["title"].strip():
        raise Refused("Say what will be different.", field="title", code="title_missing")
    action = _locked(action_id)
    for name, value in fields.items():
        setattr(action, name, value)
    action.save()
    _touched(action, "action_edited", by)
    return action


@transaction.atomic
def set_state(
    *,
    action_id: int,
    state: str,
    by: User,
    now: datetime,
    reason: str = "",
    evidence: str = "",
    evidence_url: str = "",
) -> ActionItem:
    """Declined needs a reason; verified follows done and needs evidence that it works: words or a link."""
    if state not in State.values:
        raise Refused("No such state.", field="state", code="state_unknown")
    action = _locked(action_id)
    if action.state == state:
        return action
    if state == State.DECLINED and not reason.strip():
        raise Refused("Say why it is declined.", field="reason", code="reason_missing")
    if state == State.VERIFIED and action.state != State.DONE:
        raise Refused("First done, then verified.", field="state", code="not_done")
    if state == State.VERIFIED:
        evidence = _evidence(evidence, evidence_url)
    action.state = state
    action.state_since = now
    action.declined_reason = reason.strip() if state == State.DECLINED else ""
    action.verified_by_evidence = evidence.strip() if state == State.VERIFIED else ""
    action.save()
    AuditEntry.objects.create(
        at=now, actor=by, verb=f"action_{state}", target_kind="action_item", target_id=action.pk
    )
    _touched(action, f"action_{state}", by)
    return action


def _evidence(words: str, link: str) -> str:
    """Words, and below them the link."""
    if link.strip():
        try:
            URLValidator(schemes=["http", "https"])(link.strip())
        except ValidationError:
            raise Refused("That is no web address.", field="evidence_url", code="address_broken") from None
    told = "\n".join(part for part in (words.strip(), link.strip()) if part)
    if not told:
        raise Refused("Say what shows that it works.", field="evidence", code="evidence_missing")
    return told


@transaction.atomic
def remove(*, action_id: int, by: User) -> None:
    """Only a proposal can vanish; what was agreed is declined, with its reason."""
    action = _locked(action_id)
    if action.state != State.PROPOSED:
        raise Refused("Decline it, saying why.", code="not_a_proposal")
    _touched(action, "action_removed", by)
    action.delete()


def _locked(action_id: int) -> ActionItem:
    return ActionItem.objects.select_for_update(of=("self",)).get(pk=action_id)


def _touched(action: ActionItem, verb: str, by: User) -> None:
    ledger.touch(Kind.INCIDENT, action.incident_id, verb=verb, actor_id=by.pk)
