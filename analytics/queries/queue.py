"""The confirm queue: which changes wait for a person's word, and whose word would tell most.

The order looks at what is missing, never at what failed: asking for the kind of failed changes first would
get kinds said because a change failed, and every rate would be inflated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import BooleanField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from accounts.models import User
from analytics.queries.figures import ASSISTED, NO_AREA, SAID
from changes.models import (
    Assistance,
    AssistanceKind,
    Change,
    ChangeQuerySet,
    Decision,
    DetectionRule,
    Origin,
    OriginEvidence,
    Service,
    Strength,
)
from changes.queries.together import MARK, Marked, Prepared, read
from incidents.queries.causes import met_incidents

# From how many changes on a cell shows a rate, and from how many it is no longer a thin one.
THRESHOLDS = (10, 20)
WINDOW = timedelta(days=365)
# The newest that are put in order, and how many of these a plan keeps.
MOST_RANKED = 2000
MOST_PLANNED = 300
MOST_BULK = 200
NONE = "none"

_suggested = Assistance.objects.filter(change=OuterRef("pk"), status=Assistance.Status.SUGGESTED)
_said = Assistance.objects.filter(change=OuterRef("pk"), status__in=SAID)
_weak = OriginEvidence.objects.filter(
    change=OuterRef("pk"), strength=Strength.WEAK, origin__in=ASSISTED, is_automation=False
)
_decided = Decision.objects.filter(change=OuterRef("pk"), withdrawn_at=None).exclude(origin="")


@dataclass(frozen=True)
class Asked:
    """What the queue is narrowed to, as it stands in the address."""

    repository: str = ""
    area: str = ""
    assistant: str = ""
    kind: str = ""
    size: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Asked:
        """What no slug can hold is left out: the database takes no NUL."""
        texts = {name: str(given.get(name, "")).replace("\0", "") for name in cls.__dataclass_fields__}
        return cls(**{name: text[:80] for name, text in texts.items()})

    def query(self, **more: object) -> str:
        values = asdict(self) | more
        return urlencode({name: value for name, value in values.items() if value})

    def condition(self) -> Q:
        found = Q()
        if self.repository:
            found &= Q(repository=int(self.repository)) if self.repository.isdecimal() else Q(pk=None)
        if self.area:
            found &= Q(area=None) if self.area == NONE else Q(area__slug=self.area)
        if self.assistant:
            marked = OriginEvidence.objects.filter(change=OuterRef("pk"), assistant__slug=self.assistant)
            found &= Q(assistant__slug=self.assistant) | Q(Exists(marked))
        if self.kind == NONE:
            found &= ~Q(Exists(_suggested))
        elif self.kind:
            found &= Q(Exists(_suggested.filter(kind__slug=self.kind)))
        if self.size:
            found &= Q(size_band=self.size)
        return found


def _landed(demo: bool | None) -> ChangeQuerySet:
    found = Change.objects.current().filter(state__in=(Change.State.MERGED, Change.State.SHIPPED))
    return found if demo is None else found.filter(repository__is_demo=demo)


KIND_OPEN = Q(origin__in=ASSISTED) & ~Q(Exists(_said))
SUGGESTS_KIND = Q(Exists(_suggested))
ORIGIN_OPEN = Q(origin=Origin.UNKNOWN) & Q(Exists(_weak)) & ~Q(Exists(_decided))


def waiting(demo: bool | None) -> ChangeQuerySet:
    """AI helped and nobody said how; or something hints at AI and nobody said whether. None: of any data."""
    return _landed(demo).filter(KIND_OPEN | ORIGIN_OPEN)


@dataclass(frozen=True, slots=True)
class Entry:
    """All that the order may look at."""

    pk: int
    area: str
    kind: str
    # Code that shipped within the window of the matrix: saying it alters a cell now.
    in_matrix: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How the matrix stands: changes by kind and area, and by area the share of which too little is known."""

    counted: Mapping[tuple[str, str], int]
    open_share: Mapping[str, float]


def lacking(count: int) -> int | None:
    """How many changes a cell lacks to its next threshold; None beyond the last."""
    return next((least - count for least in THRESHOLDS if count < least), None)


def ranked(entries: Iterable[Entry], standing: Standing) -> list[tuple[Entry, int | None]]:
    """What would alter the matrix most first; beside each what its cell lacks, if what waits can fill it.

    1. Code shipped in the last 12 months, then the rest. 2. Cells (suggested kind, area) that lack fewest
    changes to 10, or to 20, where as many wait. 3. Areas with the largest open share. 4. The most recent.
    """
    entries = list(entries)
    waits = Counter((one.kind, one.area) for one in entries if one.kind and one.in_matrix)

    def lack(one: Entry) -> int | None:
        cell = (one.kind, one.area)
        needed = lacking(standing.counted.get(cell, 0))
        return needed if one.in_matrix and needed is not None and waits[cell] >= needed else None

    lines = [(one, lack(one)) for one in entries]
    return sorted(
        lines,
        key=lambda line: (
            not line[0].in_matrix,
            line[1] or THRESHOLDS[-1],
            -standing.open_share.get(line[0].area, 0.0),
            -line[0].at.timestamp(),
            -line[0].pk,
        ),
    )


@dataclass(frozen=True)
class Plan:
    """The first entries in order, what the cell of each lacks, and how many wait in all.

    `is_over`: more than `total`, which of very many are not counted to the end.
    """

    ids: tuple[int, ...]
    lacks: Mapping[int, int]
    total: int
    made_at: datetime
    is_over: bool = False


def plan(asked: Asked, demo: bool, standing: Standing, now: datetime) -> Plan:
    found = [_newest(_landed(demo).filter(open_, asked.condition())) for open_ in (KIND_OPEN, ORIGIN_OPEN)]
    entries = [_entry(row, now) for rows, _ in found for row in rows]
    order = ranked(entries, standing)[:MOST_PLANNED]
    return Plan(
        ids=tuple(entry.pk for entry, _ in order),
        lacks={entry.pk: lack for entry, lack in order if lack},
        total=sum(len(rows) for rows, _ in found),
        made_at=now,
        is_over=any(is_over for _, is_over in found),
    )


def _newest(changes: ChangeQuerySet) -> tuple[list[dict[str, Any]], bool]:
    """Up to as many as are ranked, and whether there are more."""
    first = _suggested.order_by("kind__position", "kind__name").values("kind__slug")[:1]
    rows = changes.annotate(suggested=Subquery(first)).order_by(F("shipped_at").desc(nulls_last=True), "-pk")
    names = ("pk", "area__slug", "suggested", "type", "shipped_at", "merged_at", "recorded_at")
    listed = list(rows.values(*names)[: MOST_RANKED + 1])
    return listed[:MOST_RANKED], len(listed) > MOST_RANKED


def _entry(row: Mapping[str, Any], now: datetime) -> Entry:
    shipped: datetime | None = row["shipped_at"]
    return Entry(
        pk=row["pk"],
        area=row["area__slug"] or NO_AREA,
        kind=row["suggested"] or "",
        in_matrix=row["type"] == Change.Type.CODE and shipped is not None and shipped > now - WINDOW,
        at=shipped or row["merged_at"] or row["recorded_at"],
    )


def still_waiting(ids: Iterable[int], demo: bool | None = None) -> set[int]:
    return {pk for (pk,) in read(_still_waiting(demo), {MARK: list(ids)})}


@lru_cache(maxsize=3)
def _still_waiting(demo: bool | None) -> Marked:
    named = RawSQL("changes_change.id = ANY(%s::bigint[])", [MARK], output_field=BooleanField())
    statement, given = waiting(demo).filter(named).order_by().values("pk").query.sql_with_params()
    return statement, given


def offered_kinds() -> list[AssistanceKind]:
    [found] = KINDS_OFFERED()
    return found


KINDS_OFFERED = Prepared(lambda: [AssistanceKind.objects.offered()], 0)


@dataclass(frozen=True)
class Shown:
    """One entry as the page shows it; `evidence` with its rule as it stands now, if there still is one."""

    change: Change
    services: list[Service]
    evidence: list[tuple[OriginEvidence, DetectionRule | None]]
    suggested: list[Assistance]
    lacks: int | None
    # As far as the reader may know: a restricted incident is none for those who are not named on it.
    has_failed: bool

    @property
    def asks_origin(self) -> bool:
        return not self.change.is_assisted

    @cached_property
    def suggested_slugs(self) -> frozenset[str]:
        return frozenset(one.kind.slug for one in self.suggested)


def failed(changes: Iterable[Change], user: User | None) -> set[int]:
    """The ids of those that were undone, or met an incident that the reader may see."""
    rows = list(changes)
    found = {change.pk for change in rows if change.undone_at is not None}
    asked = {change.pk for change in rows if change.first_incident_at is not None} - found
    if asked and user is not None:
        found |= met_incidents(asked, user)
    return found


def shown(ids: Sequence[int], lacks: Mapping[int, int], user: User | None = None) -> list[Shown]:
    """In the order of `ids`, in one statement and one on incidents; without a user nothing of these."""
    if not ids:
        return []
    changes, services, assistances, evidence, rules = SHOWN(list(ids))
    late = failed(changes, user)
    found = {
        change.pk: Shown(
            change=change,
            services=[one.service for one in services if one.change_id == change.pk],
            evidence=[],
            suggested=[one for one in assistances if one.change_id == change.pk],
            lacks=lacks.get(change.pk),
            has_failed=change.pk in late,
        )
        for change in changes
    }
    known = {rule.key: rule for rule in rules}
    for piece in evidence:
        found[piece.change_id].evidence.append((piece, known.get(piece.rule_key)))
    return [found[pk] for pk in ids if pk in found]


def _shown(mark: int) -> Sequence[QuerySet[Any]]:
    def of(text: str) -> RawSQL:
        return RawSQL(text, [mark], output_field=BooleanField())  # noqa: S611 -- the texts stand below

    suggested = Assistance.objects.filter(of("changes_assistance.change_id = ANY(%s::bigint[])"))
    keys = RawSQL("SELECT rule_key FROM changes_originevidence WHERE change_id = ANY(%s::bigint[])", [mark])
    services = Change.services.through.objects.select_related("service").order_by("service__name")
    return (
        Change.objects.filter(of("changes_change.id = ANY(%s::bigint[])"))
        .select_related("repository", "area", "assistant")
        .only(*OF_CHANGE),
        services.filter(of("changes_change_services.change_id = ANY(%s::bigint[])")),
        suggested.filter(status=Assistance.Status.SUGGESTED).select_related("kind"),
        OriginEvidence.objects.filter(of("changes_originevidence.change_id = ANY(%s::bigint[])")),
        DetectionRule.objects.filter(key__in=keys).only("key", "proves", "source_url"),
    )


# What an entry shows; half of a change is not read for it.
OF_CHANGE = (
    "title", "message", "paths", "url", "origin", "automation", "additions", "deletions", "size_band",
    "merged_at", "shipped_at", "first_incident_at", "undone_at", "repository__name", "area__name",
    "assistant__name",
)  # fmt: skip
SHOWN = Prepared(_shown, 1)
