"""The evidence number: a fair bet against "the kind makes no difference".

Under no effect its expected value is 1 at every look, so it may be looked at every week
(safe logrank idea: ter Schure, Perez-Ortiz, Ly, Grunwald 2020; e-BH: Wang and Ramdas 2022).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import log, prod
from typing import NamedTuple

from analytics.stats.shapes import DatedIncident, DeployedChange, StratumLink

WINDOW_DAYS = 30
GRIDS: dict[str, tuple[float, tuple[float, ...]]] = {
    "harm": (1.0, (1.5, 2.0, 3.0, 5.0)),
    "benefit": (1.0, (2 / 3, 1 / 2, 1 / 3, 1 / 5)),
    "holds_up": (1.5, (1.0, 0.7, 0.5)),
}
NOTICEABLE_RATIOS = (1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0)


class BetLink(NamedTuple):
    """A link as a bet sees it: hashable, so that equal bets are counted and worked out once."""

    weight: float
    is_kind: bool
    changes_kind: int
    changes_manual: int
    quarter: int


Bet = tuple[BetLink, ...]


def evidence(direction: str, current_quarter: int, incidents: Sequence[Sequence[StratumLink]]) -> float:
    """Mean over the last four quarterly starts; a start ignores what was deployed before it."""
    bets = Counter(tuple(BetLink(**link) for link in links) for links in incidents)
    return evidence_of(direction, current_quarter, bets)


def evidence_of(direction: str, current_quarter: int, bets: Mapping[Bet, int]) -> float:
    """The same for bets with how often each was made."""
    return evidence_by_start(direction, Sorted.of(bets, current_quarter))


@dataclass(frozen=True)
class Sorted:
    """Bets by the quarters that they rest on; sorted once, weighed in every direction."""

    last: int
    # By the one quarter that all links of a bet lie in.
    alone: Mapping[int, frozenset[tuple[Bet, int]]]
    across: Sequence[tuple[Bet, int]]

    @classmethod
    def of(cls, bets: Mapping[Bet, int], last: int) -> Sorted:
        first = last - 3
        alone: defaultdict[int, Counter[Bet]] = defaultdict(Counter)
        across = []
        for bet, times in bets.items():
            if len(bet) > 1:
                bet = tuple(link for link in bet if link.quarter >= first)
            quarters = {min(link.quarter, last) for link in bet if link.quarter >= first}
            if len(quarters) == 1:
                alone[quarters.pop()][bet] += times
            elif quarters:
                across.append((bet, times))
        return cls(last, {quarter: frozenset(those.items()) for quarter, those in alone.items()}, across)


def evidence_by_start(direction: str, bets: Sorted) -> float:
    """Mean over the last four quarterly starts.

    Worked out from the latest start to the earliest: each bet only adds what its older links alter. Of a
    quarter that is over nothing alters from week to week, so what it comes to is remembered.
    """
    grid = GRIDS[direction][1]
    first, last = bets.last - 3, bets.last
    steps = {start: [1.0] * len(grid) for start in range(first, last + 1)}
    for bet, times in bets.across:
        _multiply(steps, bet, times, direction)
    for quarter, those in bets.alone.items():
        for at, factor in enumerate(_together(direction, those)):
            steps[quarter][at] *= factor
    total, product = 0.0, [1.0] * len(grid)
    for start in range(last, first - 1, -1):
        product = [before * step for before, step in zip(product, steps[start], strict=True)]
        total += sum(product) / len(grid)
    return total / 4


@lru_cache(maxsize=1024)
def _together(direction: str, bets: frozenset[tuple[Bet, int]]) -> tuple[float, ...]:
    """The product over bets of one quarter, for each ratio of the grid. Sorted: the same sum on every day."""
    reference, grid = GRIDS[direction]
    ordered = sorted(bets)
    return tuple(prod(_factor(bet, ratio, reference) ** times for bet, times in ordered) for ratio in grid)


def _multiply(steps: Mapping[int, list[float]], bet: Bet, times: int, direction: str) -> None:
    reference, grid = GRIDS[direction]
    first, last = min(steps), max(steps)
    before = [1.0] * len(grid)
    quarters = {min(link.quarter, last) for link in bet if link.quarter >= first}
    for quarter in sorted(quarters, reverse=True):
        counted = tuple(link for link in bet if link.quarter >= quarter)
        for at, ratio in enumerate(grid):
            factor = _factor(counted, ratio, reference)
            steps[quarter][at] *= (factor / before[at]) ** times
            before[at] = factor


def _factor(links: Bet, ratio: float, reference: float) -> float:
    if len(links) == 1:
        return 1 + links[0].weight * (_gain(links[0], ratio, reference) - 1)
    return 1 + sum(link.weight * (_gain(link, ratio, reference) - 1) for link in links)


def _gain(link: BetLink, ratio: float, reference: float) -> float:
    kind, manual = link.changes_kind, link.changes_manual
    if kind == 0 or manual == 0:
        return 1.0
    share = kind / (kind + manual)
    own = ratio / reference if link.is_kind else 1.0
    return own * (share * reference + 1 - share) / (share * ratio + 1 - share)


def evidence_expectation(direction: str, changes_kind: int, changes_manual: int) -> float:
    """The bet's expected value when the kind makes no difference: 1 (holds_up: when the ratio is 1.5)."""
    reference = GRIDS[direction][0]
    chance = reference * changes_kind / (reference * changes_kind + changes_manual)

    def after(is_kind: bool) -> float:
        link = StratumLink(
            weight=1.0, is_kind=is_kind, changes_kind=changes_kind, changes_manual=changes_manual, quarter=0
        )
        return evidence(direction, 0, [[link]])

    return chance * after(True) + (1 - chance) * after(False)


def quarter_index(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def cell_evidence(
    changes: Sequence[DeployedChange],
    incidents: Sequence[DatedIncident],
    kind: str,
    area: str | None,
    as_of: date,
    direction: str,
) -> float:
    """Evidence for a kind in an area (None: in all), assembled from the records known at `as_of`."""
    known = {c["id"]: c for c in changes if c["deployed"] <= as_of}
    counts: Counter[tuple[str, str, int, str]] = Counter((*_stratum(c), c["kind"]) for c in known.values())
    spent: defaultdict[str, float] = defaultdict(float)
    bets: list[list[StratumLink]] = []
    happened = [i for i in incidents if i["started"] <= as_of]
    for incident in sorted(happened, key=lambda i: (i["started"], i["id"])):
        standing = [link for link in incident["links"] if link["confidence"] != "ruled_out"]
        whole = sum(link["weight"] for link in standing)
        bet: list[StratumLink] = []
        for link in standing:
            change = known.get(link["change"])
            if change is None or not 0 <= (incident["started"] - change["deployed"]).days <= WINDOW_DAYS:
                continue
            weight = min(link["weight"] / whole, 1 - spent[change["id"]])
            spent[change["id"]] += weight
            if change["kind"] in (kind, "manual") and area in (None, change["area"]):
                stratum = _stratum(change)
                bet.append(
                    StratumLink(
                        weight=weight,
                        is_kind=change["kind"] == kind,
                        changes_kind=counts[*stratum, kind],
                        changes_manual=counts[*stratum, "manual"],
                        quarter=stratum[2],
                    )
                )
        bets.append(bet)
    return evidence(direction, quarter_index(as_of), bets)


def _stratum(change: DeployedChange) -> tuple[str, str, int]:
    return change["area"], change["size"], quarter_index(change["deployed"])


def e_benjamini_hochberg(evidence: Sequence[float], fdr: float) -> list[int]:
    """Which of the evidence numbers may be called findings with at most `fdr` false ones expected.

    Shape: indices from 0, rising.
    """
    order = sorted(range(len(evidence)), key=lambda i: -evidence[i])
    chosen = 0
    for k, index in enumerate(order, 1):
        # Exact comparison would miss m / (fdr * k) by a rounding error, as with 600 = 60 / 0.1.
        if evidence[index] * fdr * k >= len(evidence) * (1 - 1e-12):
            chosen = k
    return sorted(order[:chosen])


def noticeable_ratio(expected_ai_failures: float, manual_failures: float) -> float | None:
    """The smallest ratio that these numbers would probably have shown by now; None: not even tenfold."""
    total = expected_ai_failures + manual_failures
    if total <= 0:
        return None
    share = expected_ai_failures / total
    for ratio in NOTICEABLE_RATIOS:
        best = max(
            ratio * expected_ai_failures * log(t / (share * t + 1 - share))
            - manual_failures * log(share * t + 1 - share)
            for t in GRIDS["harm"][1]
        )
        if best >= 6:
            return ratio
    return None
