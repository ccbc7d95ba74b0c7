"""Made-up organisations in which failed changes get labelled: cells that count it, and the matched estimate.

Pure and seeded. Run it long with `manage.py simulate_matched`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from random import Random
from statistics import fmean, median
from typing import NamedTuple

from analytics.stats.comparison import adjusted_rate_ratio
from analytics.stats.matched import Case, Drawn, Exposure, Matched, matched_ratio
from analytics.stats.shapes import Stratum
from analytics.stats.simulation import SIZES

QUARTERS = 4
AREA_SPREAD = 0.6
# AI help in other ways than the kind that is asked about.
OTHER_HELP = 0.15
CONTROLS = 2


@dataclass(frozen=True)
class Design:
    """`said_before`, `said_manual`: shares of AI help and of manual work said before anything failed;
    `said_after_*`: of what was not, said because it failed. `asked`: failed changes whose postmortem asks.
    """

    changes: int = 2_500
    ratio: float = 1.0
    failure_rate: float = 0.058
    areas: int = 6
    said_before: float = 0.5
    said_manual: float = 0.7
    said_after_kind: float = 0.9
    said_after_manual: float = 0.4
    asked: float = 0.9
    case_unsaid: float = 0.05
    control_unsaid: float = 0.15


class Shipped(NamedTuple):
    exposure: Exposure
    failed: bool
    # Whether its origin and kind stand in the product: said before, or because it failed.
    before: bool
    said: bool


Strata = Mapping[tuple[int, str, int], list[Shipped]]


def organisation(design: Design, random: Random) -> Strata:
    """AI help is commoner in safe areas, in large changes and towards the end of the year."""
    risks = [exp(random.gauss(0, AREA_SPREAD)) for _ in range(design.areas)]
    habits = [min(0.8, max(0.1, 0.4 - 0.15 * log(risk) + random.gauss(0, 0.08))) for risk in risks]
    strata: dict[tuple[int, str, int], list[Shipped]] = defaultdict(list)
    sizes, shares = list(SIZES), [share for share, _ in SIZES.values()]
    for _ in range(design.changes):
        place = random.randrange(design.areas), random.choices(sizes, shares)[0], random.randrange(QUARTERS)
        area, size, quarter = place
        helped = habits[area] + 0.04 * quarter + (0.1 if size == "large" else 0.0)
        exposure = _exposure(random, helped)
        risk = _base_rate(design) * risks[area] * SIZES[size][1]
        times = design.ratio if exposure == Exposure.KIND else 1.0
        failed = random.random() < min(0.9, risk * times)
        strata[place].append(_said(design, random, exposure, failed))
    return strata


def _base_rate(design: Design) -> float:
    """Of a manual change of usual risk, so that about `failure_rate` of all fail when the ratio is 1."""
    sizes = sum(share * risk for share, risk in SIZES.values())
    return design.failure_rate / sizes / exp(AREA_SPREAD**2 / 2)


def _exposure(random: Random, helped: float) -> Exposure:
    drawn = random.random()
    if drawn < OTHER_HELP:
        return Exposure.OTHER
    return Exposure.KIND if drawn < OTHER_HELP + helped * (1 - OTHER_HELP) else Exposure.MANUAL


def _said(design: Design, random: Random, exposure: Exposure, failed: bool) -> Shipped:
    is_manual = exposure == Exposure.MANUAL
    before = random.random() < (design.said_manual if is_manual else design.said_before)
    after = random.random() < (design.said_after_manual if is_manual else design.said_after_kind)
    return Shipped(exposure, failed, before, before or (failed and after))


class Trial(NamedTuple):
    """`cells`: with words said after failures counted; `frozen`: with those said before alone."""

    cells: float | None
    frozen: float | None
    matched: Matched


def trial(design: Design, random: Random) -> Trial:
    strata = organisation(design, random)
    said = {place: [one for one in found if one.said] for place, found in strata.items()}
    before = {place: [one for one in found if one.before] for place, found in strata.items()}
    return Trial(_cells(said), _cells(before), matched_ratio(*_asked(design, strata, random)))


def _cells(strata: Strata) -> float | None:
    return adjusted_rate_ratio([_counts(found) for found in strata.values()]).ratio


def _counts(found: list[Shipped]) -> Stratum:
    kind = [one.failed for one in found if one.exposure == Exposure.KIND]
    manual = [one.failed for one in found if one.exposure == Exposure.MANUAL]
    return Stratum(
        failures_ai=sum(kind), changes_ai=len(kind), failures_manual=sum(manual), changes_manual=len(manual)
    )


def _asked(design: Design, strata: Strata, random: Random) -> tuple[list[Case], list[Drawn]]:
    cases, controls = [], []
    for place, found in strata.items():
        failed = [one.exposure for one in found if one.failed]
        pool = [one.exposure for one in found if not one.failed]
        for exposure in failed:
            if random.random() >= design.asked:
                cases.append(Case(place, Exposure.UNASKED))
                continue
            cases.append(Case(place, _answer(random, exposure, design.case_unsaid)))
            for drawn in random.sample(pool, min(CONTROLS, len(pool))):
                controls.append(Drawn(place, _answer(random, drawn, design.control_unsaid), len(pool)))
    return cases, controls


def _answer(random: Random, exposure: Exposure, unsaid: float) -> Exposure:
    return Exposure.UNSAID if random.random() < unsaid else exposure


@dataclass(frozen=True)
class Measured:
    """Over organisations of one design. Ratios are medians; `lean` is the mean of the logarithm's error."""

    ratio: float
    changes: int
    organisations: int
    given: float
    cases: float
    cells: float
    frozen: float
    matched: float
    lean: float
    covered: float
    too_high: float
    too_low: float


def measure(design: Design, organisations: int, seed: int = 1) -> Measured:
    random = Random(f"{seed}:{design}")  # noqa: S311 -- a simulation
    trials = [trial(design, random) for _ in range(organisations)]
    found = [one.matched for one in trials if one.matched.ratio is not None]
    ratios = [one.ratio for one in found if one.ratio is not None]
    low = [one.low for one in found if one.low is not None]
    high = [one.high for one in found if one.high is not None]
    too_high = sum(value > design.ratio for value in low) / len(found)
    too_low = sum(value < design.ratio for value in high) / len(found)
    return Measured(
        ratio=design.ratio,
        changes=design.changes,
        organisations=organisations,
        given=len(found) / organisations,
        cases=fmean(one.cases.asked for one in found),
        cells=median(one.cells for one in trials if one.cells is not None),
        frozen=median(one.frozen for one in trials if one.frozen is not None),
        matched=median(ratios),
        lean=fmean(log(value / design.ratio) for value in ratios),
        covered=1 - too_high - too_low,
        too_high=too_high,
        too_low=too_low,
    )
