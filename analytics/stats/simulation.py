"""Made-up organisations whose truth is known: how often the decision rule is wrong, and what it finds.

Pure and seeded: the same design and seed give the same answer. Nothing here looks at real data.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp
from random import Random

from analytics.stats.decision import (
    ASSISTED,
    MANUAL,
    UNKNOWN,
    Incident,
    Judged,
    PlacedLink,
    Records,
    Spot,
    judge,
)
from analytics.stats.evidence import quarter_index

SIZES: Mapping[str, tuple[float, float]] = {"small": (0.5, 0.6), "medium": (0.33, 1.2), "large": (0.17, 2.4)}
FIRST_DAY = date(2024, 1, 1)
WARM_UP_WEEKS = 52
WEEKS = 52
LATENCY_DAYS = 6.0
SEVERAL_CONTRIBUTORS = 0.4


@dataclass(frozen=True)
class Design:
    """An organisation. `effects`: (kind, area) -> how many times as often such a change fails.

    `changes_a_year` counts all; `assisted` is the share with AI help, `recall` the share of those whose help
    was said or marked (the rest hides among the unknown), `said_manual` the share of manual work said to be.
    """

    areas: int = 12
    kinds: int = 5
    changes_a_year: int = 10_000
    failure_rate: float = 0.058
    assisted: float = 0.45
    recall: float = 1.0
    said_manual: float = 1.0
    effects: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @property
    def kind_names(self) -> list[str]:
        return [f"kind-{number}" for number in range(self.kinds)]

    @property
    def area_names(self) -> list[str]:
        return [f"area-{number}" for number in range(self.areas)]


@dataclass
class YearSeen:
    """What the weekly runs of one year said, and of which cells (area None: a whole kind)."""

    last: dict[tuple[str, str | None], str] = field(default_factory=dict)
    ever: defaultdict[str, set[tuple[str, str | None]]] = field(default_factory=lambda: defaultdict(set))

    def take(self, judged: Judged) -> None:
        place = (judged.kind, judged.area)
        self.last[place] = judged.state
        self.ever[judged.state].add(place)


def simulate_year(design: Design, seed: int) -> YearSeen:
    """The second year of an organisation, looked at every week."""
    world = _World(design, Random(seed))  # noqa: S311 -- a simulation
    seen = YearSeen()
    for week in range(WARM_UP_WEEKS + WEEKS):
        world.live(week)
        if week >= WARM_UP_WEEKS:
            for judged in judge(world.records(week), design.kind_names, design.area_names):
                seen.take(judged)
    return seen


class _World:
    def __init__(self, design: Design, rng: Random) -> None:
        self.design, self.rng = design, rng
        self.changes: defaultdict[str, Counter[Spot]] = defaultdict(Counter)
        self.waiting: defaultdict[int, list[Incident]] = defaultdict(list)
        self.known: Counter[Incident] = Counter()
        self.risk = {area: exp(rng.gauss(0, 0.7)) for area in design.area_names}
        popularity = {area: exp(rng.gauss(0, 0.6)) for area in design.area_names}
        whole = sum(popularity.values())
        self.share = {area: one / whole for area, one in popularity.items()}
        mean_risk = sum(self.share[area] * self.risk[area] for area in self.risk)
        mean_size = sum(share * risk for share, risk in SIZES.values())
        self.base = design.failure_rate / (mean_risk * mean_size)
        self.innocent: defaultdict[str, list[tuple[Spot, frozenset[str]]]] = defaultdict(list)

    def live(self, week: int) -> None:
        """A week's changes, and the incidents that some of them will have."""
        day = FIRST_DAY + timedelta(weeks=week)
        quarter = quarter_index(day)
        for area, share in self.share.items():
            for size, (part, _) in SIZES.items():
                for _ in range(self._poisson(self.design.changes_a_year / 52 * share * part)):
                    self._change(Spot(area, size, quarter), week)
        self.known.update(self.waiting.pop(week, []))

    def _change(self, spot: Spot, week: int) -> None:
        kind = self.rng.choice(self.design.kind_names) if self.rng.random() < self.design.assisted else ""
        groups = self._said(kind)
        for group in groups:
            self.changes[group][spot] += 1
        chance = self.base * self.risk[spot.area] * SIZES[spot.size][1]
        chance *= self.design.effects.get((kind, spot.area), 1.0)
        if self.rng.random() < min(chance, 0.9):
            self._fail(spot, groups, week)
        else:
            recent = self.innocent[spot.area]
            recent.append((spot, groups))
            del recent[:-40]

    def _said(self, kind: str) -> frozenset[str]:
        """The groups that the records put it in: AI help that nobody marked is of unknown origin."""
        if kind:
            is_said = self.rng.random() < self.design.recall
            return frozenset({kind, ASSISTED}) if is_said else frozenset({UNKNOWN})
        return frozenset({MANUAL if self.rng.random() < self.design.said_manual else UNKNOWN})

    def _fail(self, spot: Spot, groups: frozenset[str], week: int) -> None:
        """Its incident comes days later; some have bystanders of the same area named beside the culprit."""
        named = [(spot, groups)]
        if self.innocent[spot.area] and self.rng.random() < SEVERAL_CONTRIBUTORS:
            named += self.rng.sample(
                self.innocent[spot.area], k=min(len(self.innocent[spot.area]), self.rng.choice((1, 1, 2)))
            )
        is_confirmed = self.rng.random() < 0.85
        incident = tuple(
            PlacedLink(place, which, 1 / len(named), is_confirmed) for place, which in sorted(named, key=str)
        )
        days = min(self.rng.expovariate(1 / LATENCY_DAYS), 30)
        self.waiting[week + int(days // 7)].append(incident)

    def records(self, week: int) -> Records:
        return Records(self.changes, self.known, quarter_index(FIRST_DAY + timedelta(weeks=week)))

    def _poisson(self, mean: float) -> int:
        limit, count, product = exp(-mean), 0, self.rng.random()
        while product > limit:
            count += 1
            product *= self.rng.random()
        return count


@dataclass(frozen=True)
class ErrorRates:
    """Of so many simulated years without any difference: shares of years; early signs are a mean a year."""

    years: int
    false_safeguard_cells: float
    false_safeguard_kinds: float
    false_early_signs: float
    false_better_cells: float
    false_better_kinds: float


def error_rates(design: Design, years: int, seed: int = 1) -> ErrorRates:
    """What the rule says where nothing is different: shares of years with any such claim, signs a year."""
    seen = [simulate_year(design, seed * 100_000 + year) for year in range(years)]

    def share(state: str, whole_kind: bool) -> float:
        hits = (any((area is None) == whole_kind for _, area in one.ever[state]) for one in seen)
        return sum(hits) / years

    return ErrorRates(
        years=years,
        false_safeguard_cells=share("stronger_safeguard", False),
        false_safeguard_kinds=share("stronger_safeguard", True),
        false_early_signs=sum(len(_cells(one, "early_sign")) for one in seen) / years,
        false_better_cells=share("does_better", False),
        false_better_kinds=share("does_better", True),
    )


def _cells(seen: YearSeen, state: str) -> set[tuple[str, str | None]]:
    return {place for place in seen.ever[state] if place[1] is not None}


def power(design: Design, years: int, seed: int = 1) -> dict[str, float]:
    """Of the cells with a planted effect, the share that each state was shown for at some week."""
    found: Counter[str] = Counter()
    planted = list(design.effects)
    for year in range(years):
        seen = simulate_year(design, seed * 100_000 + year)
        for state, places in seen.ever.items():
            found[state] += sum(place in places for place in planted)
    return {state: times / (years * len(planted)) for state, times in sorted(found.items())}
