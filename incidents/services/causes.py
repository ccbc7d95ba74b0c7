"""What had a hand in an incident, what repaired it, and what made it possible."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from changes.models import Change, Deployment
from incidents.models import Cause, ContributingFactor, FactorKind, Fix, Incident
from incidents.queries.causes import STANDS_FOR, standing_causes
from incidents.services.doubles import follow_doubles_of
from incidents.services.first_incidents import tell_first_incidents
from incidents.services.refusals import Refused
from intake import ledger
from intake.ledger import Kind

NAMED = (Cause.Status.SUSPECTED, Cause.Status.CONFIRMED)


@transaction.atomic
def name_cause(
    *,
    incident_id: int,
    status: str,
    by: User,
    now: datetime,
    change_id: int | None = None,
    deployment_id: int | None = None,
    role: str = Cause.RoleInIncident.TRIGGER,
    rationale: str = "",
    evidence_url: str = "",
    weight: float = 1,
) -> Cause:
    """A person's word on one change, or on a deployment when nobody can tell which of its changes."""
    if status not in {*NAMED, Cause.Status.RULED_OUT}:
        raise Refused("Say suspected, confirmed or ruled out.", field="status", code="status_unknown")
    if role not in Cause.RoleInIncident.values:
        raise Refused("Say trigger or contributor.", field="role", code="role_unknown")
    if (change_id is None) == (deployment_id is None):
        raise Refused("Name one change or one deployment.", field="change", code="one_target")
    if weight <= 0:
        raise Refused("A weight is above zero.", field="weight", code="weight_not_positive")
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)
    follow_doubles_of(incident_id=incident.pk)
    cause, _ = Cause.objects.update_or_create(
        incident=incident,
        change=_surviving(change_id) if change_id else None,
        deployment=Deployment.objects.get(pk=deployment_id) if deployment_id else None,
        defaults={
            "status": status,
            "role": role,
            "rationale": rationale.strip(),
            "evidence_url": evidence_url,
            "weight": weight,
            "said_by": by,
            "said_at": now,
        },
    )
    _follow_answer(incident)
    _altered(incident, [cause.change_id], f"cause_{status}", by)
    return cause


def _surviving(change_id: int) -> Change:
    """The change that holds now what was found to be a double."""
    change = Change.objects.get(pk=change_id)
    return _surviving(change.merged_into_id) if change.merged_into_id else change


def _follow_answer(incident: Incident) -> None:
    """Naming a change answers the question; ruling the last one out opens it again."""
    named = incident.causes.filter(status__in=NAMED).exists()
    answer = incident.cause_answer
    if named and answer != Incident.CauseAnswer.CHANGES:
        answer = Incident.CauseAnswer.CHANGES
    elif not named and answer == Incident.CauseAnswer.CHANGES:
        answer = Incident.CauseAnswer.OPEN
    Incident.objects.filter(pk=incident.pk).update(cause_answer=answer)


@transaction.atomic
def answer(*, incident_id: int, answer: str, by: User) -> Incident:
    """`no_change` and `not_determined` are answers; `changes` follows from naming one."""
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)
    settable = {
        Incident.CauseAnswer.NO_CHANGE,
        Incident.CauseAnswer.NOT_DETERMINED,
        Incident.CauseAnswer.OPEN,
    }
    if answer not in settable:
        raise Refused("Name the change instead.", field="answer", code="answer_follows_from_causes")
    if answer == Incident.CauseAnswer.NO_CHANGE and incident.causes.filter(status__in=NAMED).exists():
        raise Refused("A change is named: rule it out first.", field="answer", code="change_is_named")
    if (
        answer == Incident.CauseAnswer.NOT_DETERMINED
        and incident.causes.filter(status=Cause.Status.CONFIRMED).exists()
    ):
        raise Refused("A change is confirmed: rule it out first.", field="answer", code="change_is_confirmed")
    incident.cause_answer = answer
    incident.save(update_fields=["cause_answer"])
    ledger.touch(Kind.INCIDENT, incident.pk, verb="causes_answered", actor_id=by.pk)
    return incident


@transaction.atomic
def forget_cause(*, cause_id: int, by: User) -> None:
    """Take a mistaken pick back; its history stays."""
    cause = Cause.objects.select_related("incident").get(pk=cause_id)
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=cause.incident_id)
    stands_for = _surviving(cause.change_id).pk if cause.change_id else None
    for said in _said_of_the_same(cause):
        said.delete()
    _follow_answer(incident)
    _altered(incident, [stands_for], "cause_forgotten", by)


def _said_of_the_same(cause: Cause) -> list[Cause]:
    """This one, and what was said in its incident of a double that has not followed yet."""
    if cause.change_id is None:
        return [cause]
    same = Cause.objects.filter(incident=cause.incident_id).annotate(stands_for=STANDS_FOR)
    return list(same.filter(stands_for=_surviving(cause.change_id).pk))


@transaction.atomic
def name_fix(*, incident_id: int, change_id: int, by: User, now: datetime) -> Fix:
    incident = Incident.objects.get(pk=incident_id)
    follow_doubles_of(incident_id=incident.pk)
    fix, _ = Fix.objects.get_or_create(
        incident=incident, change=_surviving(change_id), defaults={"said_by": by, "said_at": now}
    )
    _altered(incident, [fix.change_id], "fix_named", by)
    return fix


@transaction.atomic
def forget_fix(*, fix_id: int, by: User) -> None:
    fix = Fix.objects.select_related("incident").get(pk=fix_id)
    fix.delete()
    _altered(fix.incident, [fix.change_id], "fix_forgotten", by)


@transaction.atomic
def add_factor(
    *, incident_id: int, text: str, by: User, kind: FactorKind | None = None, evidence_url: str = ""
) -> ContributingFactor:
    if not text.strip():
        raise Refused("Say what made it possible.", field="text", code="text_missing")
    factor = ContributingFactor.objects.create(
        incident_id=incident_id,
        kind=kind,
        text=text.strip(),
        evidence_url=evidence_url,
        position=ContributingFactor.objects.filter(incident_id=incident_id).count(),
    )
    ledger.touch(Kind.INCIDENT, incident_id, verb="factor_added", actor_id=by.pk)
    return factor


@transaction.atomic
def edit_factor(*, factor_id: int, text: str, by: User, kind: FactorKind | None = None) -> ContributingFactor:
    if not text.strip():
        raise Refused("Say what made it possible.", field="text", code="text_missing")
    factor = ContributingFactor.objects.select_for_update(of=("self",)).get(pk=factor_id)
    factor.text, factor.kind = text.strip(), kind
    factor.save(update_fields=["text", "kind"])
    ledger.touch(Kind.INCIDENT, factor.incident_id, verb="factor_edited", actor_id=by.pk)
    return factor


@transaction.atomic
def remove_factor(*, factor_id: int, by: User) -> None:
    factor = ContributingFactor.objects.get(pk=factor_id)
    factor.delete()
    ledger.touch(Kind.INCIDENT, factor.incident_id, verb="factor_removed", actor_id=by.pk)


@transaction.atomic
def refresh_first_incidents(*, incident_id: int) -> None:
    """Tell the changes named in this incident when they first met one, after anything that may alter that."""
    named = standing_causes().filter(incident_id=incident_id, change__isnull=False)
    tell_first_incidents(set(named.values_list("stands_for", flat=True)))


def _altered(incident: Incident, change_ids: list[int | None], verb: str, by: User) -> None:
    known = {_surviving(pk).pk for pk in change_ids if pk is not None}
    tell_first_incidents(known)
    ledger.touch(Kind.INCIDENT, incident.pk, verb=verb, actor_id=by.pk)
    ledger.touch(Kind.CHANGE, *sorted(known), verb=verb, actor_id=by.pk)
