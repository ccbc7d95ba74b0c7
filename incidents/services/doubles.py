"""What was named on a change that turned out to be a double goes to the change that stands for it."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction

from incidents.models import Cause, Control, Fix, Incident
from incidents.queries.causes import STANDS_FOR, STRONGEST_FIRST
from incidents.services.first_incidents import tell_first_incidents
from intake import ledger
from intake.ledger import Kind


def follow_doubles() -> int:
    """Every incident with something named on a double; says how many there were."""
    named: set[int] = set()
    for rows in (Cause.objects.all(), Fix.objects.all()):
        doubles = rows.filter(change__merged_into__isnull=False)
        named |= set(doubles.values_list("incident_id", flat=True))
    controls = Control.objects.filter(change__merged_into__isnull=False)
    named |= set(controls.values_list("cause__incident_id", flat=True))
    for incident_id in sorted(named):
        follow_doubles_of(incident_id=incident_id)
    return len(named)


@transaction.atomic
def follow_doubles_of(*, incident_id: int) -> bool:
    """Where both were judged the later word is the one that stands; history keeps the other."""
    Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)
    moved = _causes(incident_id) | _fixes(incident_id) | _controls(incident_id)
    if moved:
        tell_first_incidents(moved)
        ledger.touch(Kind.INCIDENT, incident_id, verb="doubles_followed")
        ledger.touch(Kind.CHANGE, *sorted(moved), verb="doubles_followed")
    return bool(moved)


def _causes(incident_id: int) -> set[int]:
    rows = Cause.objects.filter(incident=incident_id, change__isnull=False).annotate(stands_for=STANDS_FOR)
    by_change: defaultdict[int, list[Cause]] = defaultdict(list)
    for cause in rows.order_by(*STRONGEST_FIRST):
        by_change[cause.stands_for].append(cause)
    moved = {pk for pk, causes in by_change.items() if any(one.change_id != pk for one in causes)}
    for pk in moved:
        standing, *weaker = by_change[pk]
        for one in weaker:
            drawn = set(standing.controls.values_list("change_id", flat=True))
            one.controls.exclude(change__in=drawn).update(cause=standing)
            one.delete()
        standing.rationale = next((one.rationale for one in [standing, *weaker] if one.rationale), "")
        standing.change_id = pk
        standing.save(update_fields=["change", "rationale"])
    return moved


def _fixes(incident_id: int) -> set[int]:
    moved = set()
    rows = Fix.objects.filter(incident=incident_id).annotate(stands_for=STANDS_FOR)
    for fix in rows.filter(change__merged_into__isnull=False).order_by("pk"):
        if Fix.objects.filter(incident=incident_id, change=fix.stands_for).exists():
            fix.delete()
        else:
            fix.change_id = fix.stands_for
            fix.save(update_fields=["change"])
        moved.add(fix.stands_for)
    return moved


def _controls(incident_id: int) -> set[int]:
    moved = set()
    rows = Control.objects.filter(cause__incident=incident_id).annotate(stands_for=STANDS_FOR)
    for control in rows.filter(change__merged_into__isnull=False).order_by("pk"):
        if Control.objects.filter(cause=control.cause_id, change=control.stands_for).exists():
            control.delete()
        else:
            control.change_id = control.stands_for
            control.save(update_fields=["change"])
        moved.add(control.stands_for)
    return moved
