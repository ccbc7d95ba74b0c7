"""The matched estimate: failed changes and drawn ones that did not fail, asked the same questions alike.

What is said of a change because it failed inflates a rate by kind: the failed are labelled and the others
are not. Here both are asked in one sitting, so that whoever answers labels both sides alike. The estimand is
what Mantel and Haenszel's ratio of failure rates over the strata would be if every change had been asked.

With A1 failed changes of the kind and A0 manual ones in a stratum of N, that ratio is the sum of A1 x N0 / N
over the sum of A0 x N1 / N. The failed are known; of the P that did not fail c are drawn and answered, b1 of
the kind and b0 manual, so that N0 is estimated without bias by A0 + P x b0 / c, and N1 alike: inverse
probability weighting. Both sums are unbiased for those of everybody asked, however thin the strata are and
however common failing is. The odds ratio of the matched sets, tried beside it, came out at 2.8 for a true
ratio of 2 where one change in seven failed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import exp, inf, sqrt
from typing import NamedTuple

from analytics.stats.comparison import chi_square_tail
from analytics.stats.intervals import normal_quantile

# Below these the interval would cover, and the estimate would lean: measured by `matched_simulation`.
FEWEST_CASES = 5
FEWEST_CONTROLS = 5
# Answers that say nothing, of all that were asked for on one side.
MOST_UNSAID = 0.3
AREAS_DISAGREE = 0.1


class Exposure(StrEnum):
    """What an answer makes of a change, for one kind of help. OTHER: AI helped, but not in this way.

    UNASKED is for failed changes alone: they count in their stratum and are on neither side.
    """

    KIND = "kind"
    MANUAL = "manual"
    OTHER = "other"
    UNSAID = "unsaid"
    UNASKED = "unasked"


ASKED = (Exposure.KIND, Exposure.MANUAL, Exposure.OTHER, Exposure.UNSAID)
SILENT = (Exposure.UNSAID, Exposure.UNASKED)


class Case(NamedTuple):
    """A failed change; `weight` is its share of incidents, at most 1. `times`: how many alike."""

    stratum: Hashable
    exposure: Exposure
    weight: float = 1.0
    times: int = 1


class Drawn(NamedTuple):
    """A control; `pool` is how many changes of its stratum could have been drawn then."""

    stratum: Hashable
    exposure: Exposure
    pool: int


@dataclass
class Tally:
    """Answers of one stratum. `squares` are sums of squared weights, by exposure."""

    cases: dict[Exposure, int] = field(default_factory=lambda: defaultdict(int))
    failures: dict[Exposure, float] = field(default_factory=lambda: defaultdict(float))
    squares: dict[Exposure, float] = field(default_factory=lambda: defaultdict(float))
    controls: dict[Exposure, int] = field(default_factory=lambda: defaultdict(int))
    pool: int = 0

    def answered(self) -> int:
        return sum(n for exposure, n in self.controls.items() if exposure != Exposure.UNSAID)

    @property
    def is_matched(self) -> bool:
        return self.answered() > 0 and any(n for exposure, n in self.cases.items() if exposure not in SILENT)


@dataclass(frozen=True)
class Counted:
    """How many answered what, in strata where both sides did."""

    kind: int
    manual: int
    other: int
    unsaid: int

    @property
    def asked(self) -> int:
        return self.kind + self.manual + self.other + self.unsaid

    @property
    def unsaid_share(self) -> float:
        return self.unsaid / self.asked if self.asked else 0.0


@dataclass(frozen=True)
class Matched:
    """`alone`: failed changes asked about in strata without a control that was answered; `unasked`: those
    that nobody was asked of. `bound_low`, `bound_high`: the extremes, whatever was not said.
    """

    cases: Counted
    controls: Counted
    alone: int
    unasked: int
    strata: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    refused: str = ""
    bound_low: float | None = None
    bound_high: float | None = None


class Sums(NamedTuple):
    """Numerator and denominator of the ratio, and the variance of `kind - ratio * manual` as a polynomial."""

    kind: float = 0.0
    manual: float = 0.0
    constant: float = 0.0
    linear: float = 0.0
    square: float = 0.0

    def plus(self, other: Sums) -> Sums:
        return Sums(*(one + more for one, more in zip(self, other, strict=True)))

    def variance(self, ratio: float) -> float:
        return self.constant + self.linear * ratio + self.square * ratio**2


def tallies(cases: Iterable[Case], controls: Iterable[Drawn]) -> dict[Hashable, Tally]:
    found: dict[Hashable, Tally] = defaultdict(Tally)
    for case in cases:
        one = found[case.stratum]
        one.cases[case.exposure] += case.times
        one.failures[case.exposure] += case.times * case.weight
        one.squares[case.exposure] += case.times * case.weight**2
    for control in controls:
        one = found[control.stratum]
        one.controls[control.exposure] += 1
        # The stratum grows while its quarter lasts: the latest draw knew it best.
        one.pool = max(one.pool, control.pool)
    return dict(found)


def sums_of(one: Tally) -> Sums:
    """One stratum's part. Its variance adds up what each failed change and each control moves the difference
    by; without the noise of the other side, which would else be counted twice.
    """
    a1, a0 = one.failures.get(Exposure.KIND, 0.0), one.failures.get(Exposure.MANUAL, 0.0)
    s1, s0 = one.squares.get(Exposure.KIND, 0.0), one.squares.get(Exposure.MANUAL, 0.0)
    b1, b0 = one.controls.get(Exposure.KIND, 0), one.controls.get(Exposure.MANUAL, 0)
    total = one.pool + sum(one.failures.values())
    scale = one.pool / one.answered() / total
    # The failed who said nothing, or were not asked, are taken to be like those who did.
    heard = sum(n for exposure, n in one.cases.items() if exposure not in SILENT)
    like = sum(one.cases.values()) / heard / total
    failed1, failed0 = like * a1, like * a0
    all1, all0 = scale * b1 + failed1, scale * b0 + failed0
    return Sums(
        a1 * all0,
        a0 * all1,
        scale**2 * b0 * (a1**2 - s1) + s1 * all0**2 + s0 * failed1**2,
        -2 * (s1 * all0 * failed0 + s0 * all1 * failed1),
        scale**2 * b1 * (a0**2 - s0) + s0 * all1**2 + s1 * failed0**2,
    )


def matched_ratio(cases: Sequence[Case], controls: Sequence[Drawn], confidence: float = 0.95) -> Matched:
    """How many times as often changes of the kind failed as manual ones, with the log-normal interval."""
    strata = tallies(cases, controls)
    plain = _counted(strata)
    refused = why_refused(plain)
    if refused:
        return replace(plain, refused=refused)
    sums = _total(strata.values())
    if not sums.kind or not sums.manual:
        return replace(plain, refused="no failed change and drawn one of the two sorts meet in any stratum")
    ratio = sums.kind / sums.manual
    half = normal_quantile(confidence) * sqrt(sums.variance(ratio)) / sums.kind
    low, high = _bounds(cases, controls)
    return replace(
        plain, ratio=ratio, low=ratio * exp(-half), high=ratio * exp(half), bound_low=low, bound_high=high
    )


def _total(strata: Iterable[Tally]) -> Sums:
    found = Sums()
    for one in strata:
        if one.is_matched:
            found = found.plus(sums_of(one))
    return found


def _counted(strata: Mapping[Hashable, Tally]) -> Matched:
    matched = [one for one in strata.values() if one.is_matched]
    apart = [one for one in strata.values() if not one.is_matched]
    unasked = sum(one.cases.get(Exposure.UNASKED, 0) for one in strata.values())
    asked_apart = sum(n for one in apart for sort, n in one.cases.items() if sort != Exposure.UNASKED)
    return Matched(
        cases=Counted(*(sum(one.cases.get(sort, 0) for one in matched) for sort in ASKED)),
        controls=Counted(*(sum(one.controls.get(sort, 0) for one in matched) for sort in ASKED)),
        alone=asked_apart,
        unasked=unasked,
        strata=len(matched),
    )


def why_refused(found: Matched) -> str:
    """In words; empty where a ratio may be given."""
    cases, controls = found.cases, found.controls
    reasons = (
        (cases.kind < FEWEST_CASES, f"under {FEWEST_CASES} failed changes of this kind with controls"),
        (cases.manual < FEWEST_CASES, f"under {FEWEST_CASES} failed manual changes with controls"),
        (controls.kind < FEWEST_CONTROLS, f"under {FEWEST_CONTROLS} controls of this kind"),
        (controls.manual < FEWEST_CONTROLS, f"under {FEWEST_CONTROLS} manual controls"),
        (
            max(cases.unsaid_share, controls.unsaid_share) > MOST_UNSAID,
            f"more than {100 * MOST_UNSAID:.0f} % of the answers do not say",
        ),
    )
    return next((words for holds, words in reasons if holds), "")


def _bounds(cases: Sequence[Case], controls: Sequence[Drawn]) -> tuple[float, float]:
    """Everything that was not said, said against the ratio, and for it."""
    low = _if_said(cases, controls, Exposure.MANUAL, Exposure.KIND)
    return low, _if_said(cases, controls, Exposure.KIND, Exposure.MANUAL)


def _if_said(cases: Sequence[Case], controls: Sequence[Drawn], case: Exposure, control: Exposure) -> float:
    filled = tallies(
        [one._replace(exposure=case) if one.exposure == Exposure.UNSAID else one for one in cases],
        [one._replace(exposure=control) if one.exposure == Exposure.UNSAID else one for one in controls],
    )
    sums = _total(filled.values())
    return sums.kind / sums.manual if sums.manual else inf


def areas_disagree(
    cases: Sequence[Case], controls: Sequence[Drawn], area_of: Callable[[Hashable], Hashable]
) -> bool:
    """A score test of each area's part against the ratio of them all; p below 0.10."""
    by_area: dict[Hashable, list[Tally]] = defaultdict(list)
    for stratum, one in tallies(cases, controls).items():
        by_area[area_of(stratum)].append(one)
    sums = [_total(found) for found in by_area.values()]
    whole = _total(one for found in by_area.values() for one in found)
    if not whole.kind or not whole.manual:
        return False
    ratio = whole.kind / whole.manual
    parts = [(one.kind - ratio * one.manual, one.variance(ratio)) for one in sums]
    heard = [deviation**2 / variance for deviation, variance in parts if variance > 0]
    return chi_square_tail(sum(heard), len(heard) - 1) < AREAS_DISAGREE
