"""Controls: two similar changes that did not fail, drawn by lot, and what people say of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from changes.models import AssistanceKind, Decision, Origin, Prompt
from changes.services.origin import say_kind, say_origin, withdraw_decision
from incidents.models import Cause, Control, Incident
from incidents.queries.controls import (
    WANTED,
    controls_of,
    in_lot_order,
    of_stratum,
    stands,
    stratum_of,
    unfailed,
    why_none,
)
from incidents.services.refusals import Refused
from intake import ledger
from intake.ledger import Kind

ASSISTED = {Origin.ASSISTED, Origin.AUTONOMOUS}
# Shown at the change, to everybody: it never names the incident, which may be restricted.
REASON = "Asked as a control in a postmortem."


@transaction.atomic
def draw(*, cause_id: int, by: User | None, now: datetime) -> list[Control]:
    """Draw until two stand, as far as the stratum has them; says which are new. Repeating it draws nothing.

    Raises: Refused, in words, where no control is asked for.
    """
    cause = _locked(cause_id)
    reason = _why_none(cause)
    if reason:
        raise Refused(reason, code="no_controls")
    return _draw(cause, by, now)


@transaction.atomic
def draw_where_due(*, incident_id: int, by: User | None, now: datetime) -> int:
    """For every confirmed change of an incident whose origin is answered; says how many were drawn."""
    confirmed = Cause.objects.filter(
        incident=incident_id, status=Cause.Status.CONFIRMED, change__isnull=False
    )
    drawn = 0
    for pk in confirmed.order_by("pk").values_list("pk", flat=True):
        cause = _locked(pk)
        if not _why_none(cause):
            drawn += len(_draw(cause, by, now))
    return drawn


def _why_none(cause: Cause) -> str:
    change = cause.change
    said = Decision.objects.filter(change=change, withdrawn_at=None).exclude(origin="")
    is_answered = change is not None and (change.origin != Origin.UNKNOWN or said.exists())
    return why_none(cause.incident, cause, change, is_answered=is_answered)


def _locked(cause_id: int) -> Cause:
    cause = Cause.objects.select_related("incident", "change__area").get(pk=cause_id)
    Incident.objects.select_for_update(of=("self",)).get(pk=cause.incident_id)
    return cause


def _draw(cause: Cause, by: User | None, now: datetime) -> list[Control]:
    assert cause.change is not None  # noqa: S101 -- why_none says so
    stratum = stratum_of(cause.change)
    assert stratum is not None  # noqa: S101 -- shipped, said why_none
    mine = [one for one in controls_of(cause.incident) if one.cause_id == cause.pk]
    missing = WANTED - sum(stands(one) for one in mine)
    if missing <= 0:
        return []
    pool = unfailed(demo=cause.incident.is_demo, now=now).filter(of_stratum(stratum))
    fresh = pool.exclude(pk__in=[one.change_id for one in mine])
    changes = list(in_lot_order(fresh, cause.pk)[:missing])
    if not changes:
        return []
    size = pool.count()
    drawn = [
        Control(
            cause=cause,
            change=change,
            area_id=stratum.area,
            size_band=stratum.size_band,
            quarter_begins_on=stratum.quarter_begins_on,
            pool=size,
            drawn_at=now,
        )
        for change in changes
    ]
    Control.objects.bulk_create(drawn)
    _tell(cause.incident_id, "controls_drawn", by)
    return drawn


@transaction.atomic
def answer(
    *, control_id: int, origin: str, kinds: Sequence[AssistanceKind] = (), by: User, now: datetime
) -> Control:
    """The same two questions. `unknown` is "cannot say": kept here, and says nothing of the change itself.

    Everything else is a decision too, prompted by a control: shown at the change, and in no rate.
    """
    control = _open(control_id)
    kinds = sorted(set(kinds), key=lambda kind: kind.pk)
    if origin not in Origin.values:
        raise Refused("Say manual, assisted, autonomous, or unknown.", field="origin", code="origin_unknown")
    if kinds and origin not in ASSISTED:
        raise Refused("A kind of help needs AI help.", field="kinds", code="kinds_without_help")
    if _says(control) == (origin, [kind.pk for kind in kinds]):
        return control
    _withdraw(control, by, now)
    control.origin, control.answered_at, control.answered_by = origin, now, by
    control.save(update_fields=["origin", "answered_at", "answered_by"])
    control.kinds.set(kinds)
    if origin != Origin.UNKNOWN:
        _decide(control, kinds, by, now)
    _tell(control.cause.incident_id, "control_answered", by)
    return control


def _decide(control: Control, kinds: Sequence[AssistanceKind], by: User, now: datetime) -> None:
    said = {"by": by, "prompted_by": Prompt.CONTROL, "now": now, "reason": REASON}
    say_origin(change_id=control.change_id, origin=control.origin, **said)  # type: ignore[arg-type]
    for kind in kinds:
        say_kind(change_id=control.change_id, kind=kind, **said)  # type: ignore[arg-type]


def _says(control: Control) -> tuple[str, list[int]] | None:
    if control.answered_at is None:
        return None
    return control.origin, sorted(control.kinds.values_list("pk", flat=True))


@transaction.atomic
def take_back(*, control_id: int, by: User, now: datetime) -> Control:
    """As if it had not been answered; what was said of the change through it is withdrawn."""
    control = _open(control_id)
    if control.answered_at is not None:
        _forget(control, by, now)
        _tell(control.cause.incident_id, "control_taken_back", by)
    return control


@transaction.atomic
def pass_over(*, control_id: int, by: User, now: datetime) -> list[Control]:
    """Not a change to ask about: it counts as asked in vain, and another is drawn while there is one."""
    control = _open(control_id)
    _forget(control, by, now)
    control.passed_over_at = now
    control.save(update_fields=["passed_over_at"])
    _tell(control.cause.incident_id, "control_passed_over", by)
    cause = _locked(control.cause_id)
    return [] if _why_none(cause) else _draw(cause, by, now)


def _open(control_id: int) -> Control:
    """Raises: Refused for one that was passed over."""
    control = Control.objects.select_related("cause").get(pk=control_id)
    Incident.objects.select_for_update(of=("self",)).get(pk=control.cause.incident_id)
    control = Control.objects.select_related("cause").get(pk=control_id)
    if control.passed_over_at is not None:
        raise Refused("It was passed over: another was drawn in its place.", code="passed_over")
    return control


def _forget(control: Control, by: User, now: datetime) -> None:
    _withdraw(control, by, now)
    control.origin, control.answered_at, control.answered_by = "", None, None
    control.save(update_fields=["origin", "answered_at", "answered_by"])
    control.kinds.clear()


def _withdraw(control: Control, by: User, now: datetime) -> None:
    """The decisions that its last answer made, and no others."""
    if control.answered_at is None:
        return
    made = Decision.objects.filter(
        change=control.change_id,
        prompted_by=Prompt.CONTROL,
        said_at=control.answered_at,
        said_by=control.answered_by,
        withdrawn_at=None,
    )
    for pk in made.values_list("pk", flat=True):
        withdraw_decision(decision_id=pk, by=by, now=now)


def _tell(incident_id: int, verb: str, by: User | None) -> None:
    ledger.touch(Kind.INCIDENT, incident_id, verb=verb, actor_id=by.pk if by else None)
