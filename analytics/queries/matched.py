"""Failed changes and their drawn controls, with what was said of both, as the matched estimate reads them.

Call `analytics.tasks.catch_up` first: who failed, and in which stratum, is read from what is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, DateField, Max, Min, OuterRef, QuerySet
from django.db.models.functions import TruncQuarter

from analytics.models import WHOLE, CountedChange, CountedLink, RowCode
from analytics.models.counted import CURRENT
from analytics.privacy import FEWEST_BESIDE_A_RESTRICTED_ONE
from analytics.queries.figures import ASSISTED, NO_AREA, SAID, Filters, Taxonomy
from analytics.stats.evidence import quarter_index
from analytics.stats.matched import Case, Drawn, Exposure
from changes.models import Assistance, Change, Decision, Origin, Prompt
from incidents.models import Cause, Control, Incident

# So many changes of an area are asked for their incidents before all are.
ENOUGH = 12


class Place(NamedTuple):
    """A stratum. `area` is an id with merges resolved, 0 for none; `quarter` is year * 4 + quarter."""

    area: int
    size: str
    quarter: int


@dataclass(frozen=True)
class Said:
    """An answer on origin and kinds; `kinds` are ids with merges resolved."""

    origin: str
    kinds: frozenset[int]

    def exposure(self, kind: int | None) -> Exposure:
        """For one kind of help, or for any (None)."""
        if self.origin == Origin.MANUAL:
            return Exposure.MANUAL
        if self.origin not in ASSISTED:
            return Exposure.UNSAID
        if kind is None or kind in self.kinds:
            return Exposure.KIND
        # That AI helped and nobody says how may mean this kind or another.
        return Exposure.OTHER if self.kinds else Exposure.UNSAID


@dataclass(frozen=True)
class Failed:
    """A failed change that was asked about: in a postmortem, where its controls are."""

    change: int
    place: Place
    said: Said
    weight: float
    incidents: frozenset[int]
    restricted: frozenset[int]

    def case(self, kind: int | None) -> Case:
        return Case(self.place, self.said.exposure(kind), self.weight)


class Unasked(NamedTuple):
    """Failed changes of a stratum that nobody was asked about, each of this weight."""

    place: Place
    weight: float
    n: int

    def case(self) -> Case:
        return Case(self.place, Exposure.UNASKED, self.weight, self.n)


class Behind(NamedTuple):
    """Incidents behind changes, and the restricted ones: all of them, or as many as give nothing away."""

    incidents: frozenset[int]
    restricted: frozenset[int]


@dataclass(frozen=True)
class Like:
    """A control that stands. Passed over is asked in vain."""

    control: int
    change: int
    cause: int
    incident: int
    place: Place
    said: Said
    pool: int
    was_passed_over: bool

    def drawn(self, kind: int | None) -> Drawn:
        return Drawn(self.place, self.said.exposure(kind), self.pool)


@dataclass(frozen=True)
class Asked:
    """`failed`: those asked about. `waiting`: drawn and not answered yet. `left_out`: failed since, corrected
    since, or ruled out.
    """

    failed: tuple[Failed, ...]
    unasked: tuple[Unasked, ...]
    # Of `unasked`, by area.
    behind: Mapping[int, Behind]
    like: tuple[Like, ...]
    waiting: int
    left_out: int

    @property
    def all_failed(self) -> int:
        return len(self.failed) + sum(one.n for one in self.unasked)

    def cases(self, kind: int | None, area: int | None = None) -> list[Case]:
        told = [one.case(kind) for one in self.failed if area is None or one.place.area == area]
        return told + [one.case() for one in self.unasked if area is None or one.place.area == area]

    def controls(self, kind: int | None, area: int | None = None) -> list[Drawn]:
        return [one.drawn(kind) for one in self.like if area is None or one.place.area == area]


def asked(filters: Filters, areas: Taxonomy, kinds: Taxonomy, *, is_whole: bool = True) -> Asked:
    """Of code changes shipped in the window that are old enough; controls are read for whole strata.

    Not `is_whole`: without the failed changes that nobody was asked about, and the strata of these alone.
    """
    found = _all_failed(filters, areas)
    failed = tuple(_failed(found, kinds))
    others = found.exclude(change__in=[one.change for one in failed])
    unasked, behind = _unasked(others) if is_whole else ((), {})
    places = {one.place for one in failed} | {one.place for one in unasked}
    rows = _controls(filters, areas, kinds, places)
    facts = _facts(row["change_id"] for row in rows)
    like, waiting, left_out = [], 0, 0
    for row in rows:
        if not _stands(row, facts.get(row["change_id"])):
            left_out += 1
        elif row["answered_at"] is None and row["passed_over_at"] is None:
            waiting += 1
        else:
            like.append(_like(row, kinds))
    return Asked(failed, unasked, behind, tuple(like), waiting, left_out)


def _all_failed(filters: Filters, areas: Taxonomy) -> QuerySet[CountedChange]:
    rows = (
        CountedChange.objects.filter(CURRENT, is_demo=filters.demo, type=filters.type, sure__gt=0)
        .filter(shipped_on__range=(filters.start, min(filters.end, filters.mature_until)))
        .exclude(rows__contains=[RowCode.AUTOMATION.value])
    )
    if filters.size:
        rows = rows.filter(size_band=filters.size)
    if filters.area:
        rows = rows.filter(area__in=[0] if filters.area == NO_AREA else areas.group(filters.area))
    return rows


def _failed(found: QuerySet[CountedChange], kinds: Taxonomy) -> Iterable[Failed]:
    """Those that were asked about: few beside all that failed."""
    change = OuterRef("change")
    links = CountedLink.objects.filter(CURRENT, change=change, confirmed=True)
    answered = Decision.objects.filter(prompted_by=Prompt.POSTMORTEM, withdrawn_at=None).exclude(origin="")
    drawn = Control.objects.filter(cause__change__isnull=False, cause__status=Cause.Status.CONFIRMED)
    was_asked = answered.order_by().values("change").union(drawn.order_by().values("cause__change"))
    rows = found.filter(change__in=was_asked).annotate(
        kinds=ArraySubquery(_said_kinds(change)),
        incidents=ArraySubquery(links.values("incident")),
        hidden=ArraySubquery(links.filter(incident__is_restricted=True).values("incident")),
    )
    columns = "change", "area", "size_band", "shipped_on", "sure", "change__origin"
    for row in rows.order_by("change").values(*columns, "kinds", "incidents", "hidden"):
        yield Failed(
            change=row["change"],
            place=Place(row["area"], row["size_band"], quarter_index(row["shipped_on"])),
            said=_said(row["change__origin"], row["kinds"], kinds),
            weight=min(1.0, row["sure"] / WHOLE),
            incidents=frozenset(row["incidents"]),
            restricted=frozenset(row["hidden"]),
        )


def _unasked(found: QuerySet[CountedChange]) -> tuple[tuple[Unasked, ...], dict[int, Behind]]:
    """Counted where they lie: nobody looks at one of them."""
    quarter = TruncQuarter("shipped_on", output_field=DateField())
    rows = list(
        found.order_by().values("area", "size_band", "sure", quarter=quarter)
        .annotate(n=Count("*"), first=Min("change"), last=Max("change"))
        .order_by("area", "size_band", "quarter", "sure")
    )  # fmt: skip
    counts: defaultdict[int, int] = defaultdict(int)
    some: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        counts[row["area"]] += row["n"]
        if len(some[row["area"]]) < ENOUGH:
            some[row["area"]] |= {row["first"], row["last"]}
    behind = _behind(pk for changes in some.values() for pk in changes)
    # A few of an area's changes tell of enough incidents; where they do not, all of them are looked at.
    sparse = [
        area for area, n in counts.items()
        if n > len(some[area]) and len(_of(some[area], behind).incidents) < FEWEST_BESIDE_A_RESTRICTED_ONE
    ]  # fmt: skip
    for area, change in found.filter(area__in=sparse).values_list("area", "change") if sparse else ():
        some[area].add(change)
    behind |= _behind(pk for area in sparse for pk in some[area]) if sparse else {}
    lines = tuple(
        Unasked(
            Place(row["area"], row["size_band"], quarter_index(row["quarter"])),
            min(1.0, row["sure"] / WHOLE),
            row["n"],
        )
        for row in rows
    )
    return lines, {area: _of(changes, behind) for area, changes in some.items()}


def _behind(changes: Iterable[int]) -> dict[int, list[tuple[int, bool]]]:
    """Incidents that a change had a confirmed hand in, and whether each is restricted."""
    links = CountedLink.objects.filter(CURRENT, change__in=set(changes), confirmed=True)
    found: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)
    for change, incident, restricted in links.values_list("change", "incident", "incident__is_restricted"):
        found[change].append((incident, bool(restricted)))
    return dict(found)


def _of(changes: Iterable[int], behind: Mapping[int, list[tuple[int, bool]]]) -> Behind:
    found = [one for change in changes for one in behind.get(change, ())]
    return Behind(
        frozenset(pk for pk, _ in found), frozenset(pk for pk, is_restricted in found if is_restricted)
    )


def _said_kinds(change: OuterRef) -> Any:
    return Assistance.objects.filter(change=change, status__in=SAID).order_by("kind").values("kind")


def _said(origin: str, ids: Sequence[int], kinds: Taxonomy) -> Said:
    return Said(origin, frozenset(kinds.resolved.get(pk, pk) for pk in ids))


def _controls(
    filters: Filters, areas: Taxonomy, kinds: Taxonomy, places: Collection[Place]
) -> list[dict[str, Any]]:
    """Of confirmed causes in counted incidents, drawn in one of these strata."""
    counted = Incident.objects.counted().filter(is_demo=filters.demo)
    through = Control.kinds.through.objects.filter(control=OuterRef("pk"))
    rows: Iterable[Any] = (
        Control.objects.filter(
            cause__status=Cause.Status.CONFIRMED, cause__incident__in=counted, quarter_begins_on__isnull=False
        )
        .annotate(kind_ids=ArraySubquery(through.order_by("assistancekind").values("assistancekind")))
        .order_by("pk")
        .values(
            "pk", "change_id", "cause_id", "cause__incident_id", "area_id", "size_band", "quarter_begins_on",
            "pool", "origin", "kind_ids", "answered_at", "passed_over_at",
        )
    )  # fmt: skip
    found = []
    for row in rows:
        area = areas.resolved.get(row["area_id"], 0)
        row["place"] = Place(area, row["size_band"], quarter_index(row["quarter_begins_on"]))
        if row["place"] in places:
            found.append(row)
    return found


class _Fact(NamedTuple):
    place: Place
    has_failed: bool


def _facts(changes: Iterable[int]) -> dict[int, _Fact]:
    rows = CountedChange.objects.filter(
        CURRENT, change__in=set(changes), type=Change.Type.CODE
    ).order_by().values(
        "change", "area", "size_band", "shipped_on", "sure", "perhaps", "late_on", "undone_on",
        "undone_late_on",
    )  # fmt: skip
    return {
        row["change"]: _Fact(
            Place(row["area"], row["size_band"], quarter_index(row["shipped_on"])),
            bool(
                row["sure"] or row["perhaps"] or row["late_on"] or row["undone_on"] or row["undone_late_on"]
            ),
        )
        for row in rows
    }


def _stands(row: dict[str, Any], fact: _Fact | None) -> bool:
    """Still of the stratum that it was drawn for, and still without a failure."""
    return fact is not None and fact.place == row["place"] and not fact.has_failed


def _like(row: dict[str, Any], kinds: Taxonomy) -> Like:
    passed = row["passed_over_at"] is not None
    return Like(
        control=row["pk"],
        change=row["change_id"],
        cause=row["cause_id"],
        incident=row["cause__incident_id"],
        place=row["place"],
        said=_said("" if passed else row["origin"], row["kind_ids"], kinds),
        pool=row["pool"] or 0,
        was_passed_over=passed,
    )


def day_of(quarter: int) -> date:
    return date(quarter // 4, quarter % 4 * 3 + 1, 1)
