"""The decision rule over every kind and every cell: what may be said of each, and on what evidence.

Pure. Counts and links go in as they were known on the day; the same input gives the same words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from analytics.stats.cells import cell_state
from analytics.stats.evidence import (
    Bet,
    BetLink,
    Sorted,
    e_benjamini_hochberg,
    evidence_by_start,
    evidence_of,
    noticeable_ratio,
)

# Rises with anything that may alter what is said of the same records.
RULE_VERSION = 1
FALSE_DISCOVERY_RATE = 0.1
FEWEST_CHANGES = 20
MOST_UNKNOWN = 0.3
# Groups beside the kinds. ASSISTED holds each change with AI help once, whatever was said of the kind.
MANUAL, UNKNOWN, ASSISTED = "manual", "unknown", "assisted"
MANUAL_BASELINE, UNMARKED_BASELINE = "manual", "unmarked"
BASELINE_GROUPS = {
    MANUAL_BASELINE: frozenset({MANUAL}),
    UNMARKED_BASELINE: frozenset({MANUAL, UNKNOWN}),
}


class Spot(NamedTuple):
    """Where changes are compared with their like; `quarter` as `quarter_index` gives it."""

    area: str
    size: str
    quarter: int


class PlacedLink(NamedTuple):
    """A counted share of an incident at one change, which stands in `groups`: kinds, manual, unknown…"""

    spot: Spot
    groups: frozenset[str]
    weight: float
    is_confirmed: bool


# All counted links of one incident, weights scaled to sum 1 and capped at 1 for each change.
Incident = tuple[PlacedLink, ...]


@dataclass(frozen=True)
class Records:
    """Changes by group and spot, and how many incidents had just these links."""

    changes: Mapping[str, Mapping[Spot, int]]
    incidents: Mapping[Incident, int]
    quarter: int

    def of(self, group: str, area: str | None) -> Iterator[tuple[Spot, int]]:
        """The last four quarters."""
        for spot, n in self.changes.get(group, {}).items():
            if area in (None, spot.area) and spot.quarter > self.quarter - 4:
                yield spot, n


@dataclass(frozen=True)
class Judged:
    """What the rule says of one kind in one area (None: in all), with the figures that it rests on."""

    kind: str
    area: str | None
    state: str
    baseline: str
    unknown_share: float
    changes: int
    baseline_changes: int
    incidents: int
    harm_e: float = 1.0
    harm_e_confirmed: float = 1.0
    benefit_e: float = 1.0
    holds_e: float = 0.0
    harm_selected: bool = False
    benefit_selected: bool = False
    noticeable_ratio: float | None = None


@dataclass
class _Case:
    kind: str
    area: str | None
    baseline: str
    unknown_share: float
    own: Counter[Spot]
    other: Counter[Spot]
    bets: Counter[Bet] = field(default_factory=Counter)
    confirmed: Counter[Bet] = field(default_factory=Counter)
    incidents: int = 0
    baseline_failures: defaultdict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))

    @property
    def is_watched(self) -> bool:
        return min(self.own.total(), self.other.total()) >= FEWEST_CHANGES


def judge(records: Records, kinds: Sequence[str], areas: Sequence[str]) -> list[Judged]:
    """Every kind as a whole, then every kind in every area where it has changes."""
    by_area = _by_area(records)
    wholes = [_case(records, kind, None, by_area[None]) for kind in kinds]
    cells = [_case(records, kind, area, by_area[area]) for kind in kinds for area in areas]
    return [*_family(records, wholes), *_family(records, [one for one in cells if one.own])]


def _by_area(records: Records) -> Mapping[str | None, Counter[Incident]]:
    """Incidents by what they say in an area (None: anywhere), by links of the last four quarters alone."""
    found: defaultdict[str | None, Counter[Incident]] = defaultdict(Counter)
    for incident, times in records.incidents.items():
        recent = tuple(link for link in incident if link.spot.quarter > records.quarter - 4)
        if not recent:
            continue
        found[None][recent] += times
        for area in {link.spot.area for link in recent}:
            found[area][tuple(link for link in recent if link.spot.area == area)] += times
    return found


def unknown_share(records: Records, area: str | None) -> float:
    """Share of the last four quarters' changes without a known origin; automations are in no baseline."""
    counts = {g: sum(n for _, n in records.of(g, area)) for g in (ASSISTED, MANUAL, UNKNOWN)}
    whole = sum(counts.values())
    return counts[UNKNOWN] / whole if whole else 0.0


def baseline_for(share: float | None) -> str:
    """What is compared with, by the share of unknown origin; None where there is no change at all."""
    return MANUAL_BASELINE if (share or 0.0) <= MOST_UNKNOWN else UNMARKED_BASELINE


def _case(records: Records, kind: str, area: str | None, incidents: Mapping[Incident, int]) -> _Case:
    """A kind and what it is compared with: manual changes where enough origins are known, else unmarked."""
    share = unknown_share(records, area)
    baseline = baseline_for(share)
    other: Counter[Spot] = Counter()
    for group in BASELINE_GROUPS[baseline]:
        other.update(dict(records.of(group, area)))
    case = _Case(kind, area, baseline, share, Counter(dict(records.of(kind, area))), other)
    if case.is_watched:
        _bet(case, incidents)
    return case


def _bet(case: _Case, incidents: Mapping[Incident, int]) -> None:
    """What incidents say here, by their links to the kind or to the baseline."""
    groups = BASELINE_GROUPS[case.baseline]
    # The same few links come back in thousands of incidents.
    seen: dict[tuple[float, bool, Spot], BetLink] = {}
    for incident, times in incidents.items():
        bet: list[BetLink] = []
        confirmed: list[BetLink] = []
        with_kind = False
        for spot, of_link, weight, is_confirmed in incident:
            is_kind = case.kind in of_link
            if not is_kind and groups.isdisjoint(of_link):
                continue
            key = weight, is_kind, spot
            one = seen.get(key)
            if one is None:
                one = seen[key] = BetLink(weight, is_kind, case.own[spot], case.other[spot], spot.quarter)
            bet.append(one)
            if is_confirmed:
                confirmed.append(one)
            if is_kind:
                with_kind = True
            else:
                case.baseline_failures[spot.area, spot.size] += weight * times
        if bet:
            case.incidents += times * with_kind
            case.bets[tuple(bet)] += times
        if confirmed:
            case.confirmed[tuple(confirmed)] += times


def _family(records: Records, cases: Sequence[_Case]) -> Iterator[Judged]:
    """Kinds as a whole are one family, cells another: in each the false discoveries are held by e-BH."""
    watched = [case for case in cases if case.is_watched]
    bets = [Sorted.of(case.bets, records.quarter) for case in watched]
    harm = [evidence_by_start("harm", those) for those in bets]
    benefit = [evidence_by_start("benefit", those) for those in bets]
    harmful = set(e_benjamini_hochberg(harm, FALSE_DISCOVERY_RATE))
    better = set(e_benjamini_hochberg(benefit, FALSE_DISCOVERY_RATE))
    at = {id(case): index for index, case in enumerate(watched)}
    for case in cases:
        index = at.get(id(case))
        if index is None:
            yield _judged(case)
        else:
            selected = index in harmful, index in better
            yield _weighed(case, records.quarter, bets[index], harm[index], benefit[index], *selected)


def _weighed(
    case: _Case, quarter: int, bets: Sorted, harm: float, benefit: float, is_harmful: bool, is_better: bool
) -> Judged:
    is_manual = case.baseline == MANUAL_BASELINE
    return _judged(
        case,
        harm_e=harm,
        harm_e_confirmed=evidence_of("harm", quarter, case.confirmed),
        benefit_e=benefit,
        # Hidden AI work in an unmarked baseline would make "no worse" and "no difference" too easy to claim.
        holds_e=evidence_by_start("holds_up", bets) if is_manual else 0.0,
        harm_selected=is_harmful,
        benefit_selected=is_better,
        noticeable=_noticeable(case),
    )


def _noticeable(case: _Case) -> float | None:
    """Expected failures of the kind at its baseline's rate, by area and size, against the baseline's own."""
    changes: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for column, counts in enumerate((case.own, case.other)):
        for spot, n in counts.items():
            changes[(spot.area, spot.size)][column] += n
    expected = sum(
        own * case.baseline_failures[place] / other for place, (own, other) in changes.items() if other
    )
    return noticeable_ratio(expected, sum(case.baseline_failures.values()))


def _judged(
    case: _Case,
    *,
    harm_e: float = 1.0,
    harm_e_confirmed: float = 1.0,
    benefit_e: float = 1.0,
    holds_e: float = 0.0,
    harm_selected: bool = False,
    benefit_selected: bool = False,
    noticeable: float | None = None,
) -> Judged:
    is_manual = case.baseline == MANUAL_BASELINE
    changes, baseline_changes = case.own.total(), case.other.total()
    state = cell_state(
        changes=changes,
        manual_changes=baseline_changes,
        people=changes,
        incidents=case.incidents,
        # An area with too many unknown is compared with all that is unmarked: nothing is left unknown there.
        unknown_share=case.unknown_share if is_manual else 0.0,
        harm_e=harm_e,
        harm_selected=harm_selected,
        harm_e_confirmed=harm_e_confirmed,
        benefit_selected=benefit_selected,
        holds_e=holds_e,
        noticeable_ratio=noticeable if is_manual else None,
    )
    return Judged(
        kind=case.kind, area=case.area, state=state, baseline=case.baseline, unknown_share=case.unknown_share,
        changes=changes, baseline_changes=baseline_changes, incidents=case.incidents, harm_e=harm_e,
        harm_e_confirmed=harm_e_confirmed, benefit_e=benefit_e, holds_e=holds_e, harm_selected=harm_selected,
        benefit_selected=benefit_selected, noticeable_ratio=noticeable,
    )  # fmt: skip
