"""Which changes may be drawn as controls of a causal one, and what the form shows of those that were.

The stratum of a change is its area (merges resolved), size band and quarter of shipping; no area and an
unknown size are strata of their own, as in every comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast, Coalesce, Concat, JSONObject

from accounts.days import day_of, midnight
from changes.models import (
    Assistance,
    Change,
    ChangeLink,
    ChangeQuerySet,
    DomainArea,
    Origin,
    OriginEvidence,
    SizeBand,
)
from incidents.models import Cause, Control, Incident

WANTED = 2
# Old enough to have failed: the window of the failure rate.
MATURITY_DAYS = 30
SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)
_NAMED = (Cause.Status.SUSPECTED, Cause.Status.CONFIRMED)
_LANDED = (Change.State.MERGED, Change.State.SHIPPED)


@dataclass(frozen=True)
class Stratum:
    area: int | None
    size_band: str
    quarter_begins_on: date


def quarter_of(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _after(quarter: date) -> date:
    return quarter_of(quarter + timedelta(days=100))


def standing_area(area: DomainArea | None) -> int | None:
    """The area that a merged one is counted under."""
    found: Any = area
    while found is not None and found.merged_into is not None:
        found = found.merged_into
    return found.pk if found else None


def _of_area(area: int | None) -> Q:
    if area is None:
        return Q(area=None)
    same = DomainArea.objects.filter(
        Q(pk=area)
        | Q(merged_into=area)
        | Q(merged_into__merged_into=area)
        | Q(merged_into__merged_into__merged_into=area)
    )
    return Q(area__in=same.values("pk"))


def stratum_of(change: Change) -> Stratum | None:
    """None for what has not shipped: it belongs to no quarter."""
    if change.shipped_at is None:
        return None
    return Stratum(standing_area(change.area), change.size_band, quarter_of(day_of(change.shipped_at)))


def of_stratum(stratum: Stratum) -> Q:
    begins = stratum.quarter_begins_on
    return _of_area(stratum.area) & Q(
        size_band=stratum.size_band,
        shipped_at__gte=midnight(begins),
        shipped_at__lt=midnight(_after(begins)),
    )


def failed() -> Q:
    """Linked to an incident that counts, suspected or confirmed, whoever may see it; reverted; or repaired.

    A suspected one may be confirmed yet: it serves on neither side.
    """
    causes = Cause.objects.filter(status__in=_NAMED, incident__in=Incident.objects.counted())
    named = Exists(causes.filter(change=OuterRef("pk"))) | Exists(
        causes.filter(change__merged_into=OuterRef("pk"))
    )
    repaired = ChangeLink.objects.filter(
        target=OuterRef("pk"), kind=ChangeLink.Kind.FIXES, change__state__in=_LANDED
    )
    return Q(undone_at__isnull=False) | Q(named) | Q(Exists(repaired))


def unfailed(*, demo: bool, now: datetime) -> ChangeQuerySet:
    """Shipped code changes by people that were old enough to fail and did not."""
    mature_until = day_of(now) - timedelta(days=MATURITY_DAYS)
    return (
        Change.objects.shipped()
        .filter(type=Change.Type.CODE, automation=False, repository__is_demo=demo)
        .filter(shipped_at__lt=midnight(mature_until + timedelta(days=1)))
        .exclude(failed())
    )


def in_lot_order(changes: ChangeQuerySet, cause_id: int) -> ChangeQuerySet:
    """A fixed order by lot for each cause: the next draw goes on where the last one stopped."""
    text = Concat(Value(f"{cause_id}:"), Cast("pk", TextField()), output_field=TextField())
    return changes.annotate(lot=MD5(text)).order_by("lot", "pk")


def why_none(incident: Incident, cause: Cause, change: Change | None, *, is_answered: bool) -> str:
    """Why nobody is asked about similar changes, in words; empty where somebody is.

    `is_answered`: its origin is known by any basis, or somebody was asked and said unknown.
    """
    if change is None:
        return "A whole roll-out has no size and no area: no similar change can be drawn for it."
    if cause.status != Cause.Status.CONFIRMED:
        return "Two similar changes are drawn once this one is confirmed."
    if incident.duplicate_of_id or incident.closing_reason in Incident.NEVER_COUNTED:
        return "This incident does not count, so that nothing is compared."
    return _why_not_of(change) or _why_not_now(incident, change, is_answered)


def _why_not_of(change: Change) -> str:
    if change.type != Change.Type.CODE:
        return f"Rates are over code changes; this one is of type {change.get_type_display().lower()}."
    if change.automation:
        return "An automation made it; those are in no comparison."
    if change.shipped_at is None:
        return "It has not shipped as far as we know, so that its quarter is unknown: none is drawn."
    return ""


def _why_not_now(incident: Incident, change: Change, is_answered: bool) -> str:
    shipped = change.shipped_at or incident.began_at
    if not 0 <= (day_of(incident.began_at) - day_of(shipped)).days <= MATURITY_DAYS:
        return f"It failed outside its first {MATURITY_DAYS} days, which is in no rate: none is drawn."
    if not is_answered:
        return "Say first where this change came from; then two similar ones are drawn."
    if change.origin == Origin.UNKNOWN:
        return "Nobody can say where this change came from, so that nothing could be compared."
    return ""


def stands(control: Control) -> bool:
    """Whether it is still asked about, or its answer used. Reads `has_failed` where that was annotated.

    Passed over is not; neither is one that has failed since, or whose place or the cause's was corrected.
    """
    cause_change = control.cause.change
    drawn_as = Stratum(standing_area(control.area), control.size_band, control.quarter_begins_on or date.min)
    return (
        control.passed_over_at is None
        and not getattr(control, "has_failed", False)
        and cause_change is not None
        and stratum_of(control.change) == drawn_as == stratum_of(cause_change)
    )


def controls_of(incident: Incident) -> QuerySet[Control]:
    """All that the form shows of them, in one query: `evidence`, `said` (names), `kind_ids`, `has_failed`."""
    change = OuterRef("change")
    through = Control.kinds.through.objects.filter(control=OuterRef("pk"))
    evidence = OriginEvidence.objects.filter(change=change).order_by("id")
    said = Assistance.objects.filter(change=change, status__in=SAID).order_by("kind__position", "kind__name")
    has_failed = Change.objects.filter(failed(), pk=change)
    return (
        Control.objects.filter(cause__incident=incident)
        .select_related("cause__change__area", "change__repository", "change__area", "area", "answered_by")
        .annotate(
            has_failed=Exists(has_failed),
            kind_ids=ArraySubquery(through.order_by("assistancekind").values("assistancekind")),
            said=ArraySubquery(said.values("kind__name")),
            evidence=ArraySubquery(
                evidence.values(
                    json=JSONObject(
                        excerpt="excerpt", place="place", assistant=Coalesce("assistant__name", Value(""))
                    )
                )
            ),
        )
        .order_by("cause", "drawn_at", "pk")
    )


def in_words(area: DomainArea | None, size_band: str, quarter_begins_on: date) -> str:
    """payments, up to 50 lines, January to March 2026"""
    last = _after(quarter_begins_on) - timedelta(days=1)
    size = str(SizeBand(size_band).label).lower()
    return f"{area.name if area else 'no area'}, {size}, {quarter_begins_on:%B} to {last:%B %Y}"
