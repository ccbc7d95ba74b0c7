"""Changes in a safeguard's scope, and what they are compared with, before its first day and from it on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from analytics.models import WHOLE, CountedChange, RowCode, Safeguard
from analytics.privacy import gives_away
from analytics.queries.figures import MATURITY_DAYS, Taxonomy
from analytics.stats.decision import ASSISTED, MANUAL, UNKNOWN, Spot
from analytics.stats.evidence import quarter_index
from changes.models import AssistanceKind, Change, DomainArea
from changes.paths import touches

SCOPE = "scope"
YEAR = timedelta(days=365)
BASELINES = {RowCode.MANUAL: MANUAL, RowCode.UNKNOWN: UNKNOWN}
CHUNK = 5000


@dataclass(frozen=True)
class Window:
    """Days, both within; only changes old enough to have failed are in it."""

    start: date
    end: date


def windows(safeguard: Safeguard, as_of: date) -> tuple[Window, Window]:
    """A year before its first day; from its first day up to its last or the last mature day."""
    mature = as_of - timedelta(days=MATURITY_DAYS)
    ends = min(mature, safeguard.ends_on or mature)
    return Window(safeguard.starts_on - YEAR, safeguard.starts_on - timedelta(days=1)), Window(
        safeguard.starts_on, ends
    )


@dataclass
class Behind:
    """No more than the incidents behind a group, and how many links of it lead to restricted ones."""

    incidents: float = 0.0
    restricted: int = 0


@dataclass(frozen=True)
class Found:
    """By group and spot changes and failures of the scope, of manual and of unmarked work like it."""

    measured: dict[str, dict[Spot, tuple[int, float]]]
    behind: dict[str, Behind]

    def gives_away(self, groups: Iterable[str]) -> bool:
        """Whether these groups together stand on so few incidents that a restricted one could be guessed."""
        behind = [self.behind[group] for group in groups if group in self.behind]
        return gives_away(sum(one.incidents for one in behind), sum(one.restricted for one in behind))


def found_in(safeguard: Safeguard, window: Window) -> Found:
    measured: dict[str, dict[Spot, tuple[int, float]]] = {}
    behind: dict[str, Behind] = {}
    kinds = _ids(AssistanceKind, safeguard.kind_id)
    for row in _facts(safeguard, window):
        spot = Spot(str(row.area), row.size_band, quarter_index(row.shipped_on))
        for group in _groups(row.rows, kinds):
            n, failed = measured.setdefault(group, {}).get(spot, (0, 0.0))
            measured[group][spot] = (n + 1, failed + row.sure / WHOLE)
            one = behind.setdefault(group, Behind())
            one.incidents += row.incident_parts / WHOLE
            one.restricted += row.restricted
    return Found(measured, behind)


def _ids(model: type[AssistanceKind] | type[DomainArea], pk: int | None) -> set[int]:
    """What is counted under this term now, merges resolved; empty for no term."""
    return {Taxonomy(model).resolved[pk]} if pk is not None else set()


def _groups(rows: Sequence[int], kinds: set[int]) -> Iterator[str]:
    """Where a change stands here; without a kind in the scope, all AI-assisted work is meant."""
    if kinds & set(rows) if kinds else RowCode.ASSISTED in rows:
        yield SCOPE
    if RowCode.ASSISTED in rows:
        yield ASSISTED
    for code, group in BASELINES.items():
        if code in rows:
            yield group


def _facts(safeguard: Safeguard, window: Window) -> Iterator[CountedChange]:
    chosen = Q(shipped_on__gte=window.start, shipped_on__lte=window.end, is_demo=safeguard.is_demo)
    chosen &= Q(known_until=None, type=Change.Type.CODE)
    if areas := _ids(DomainArea, safeguard.area_id):
        chosen &= Q(area__in=areas)
    if safeguard.size_bands:
        chosen &= Q(size_band__in=safeguard.size_bands)
    rows: QuerySet[CountedChange] = CountedChange.objects.filter(chosen).only(
        "change_id", "area", "size_band", "shipped_on", "rows", "sure", "incident_parts", "restricted"
    )
    if not safeguard.path_globs:
        yield from rows.iterator(chunk_size=CHUNK)
        return
    paths = Change.objects.filter(pk__in=rows.values("change_id")).values_list("pk", "paths")
    inside = {
        pk
        for pk, touched in paths.iterator(chunk_size=CHUNK)
        if touched and touches(touched, safeguard.path_globs)
    }
    yield from (row for row in rows.iterator(chunk_size=CHUNK) if row.change_id in inside)
