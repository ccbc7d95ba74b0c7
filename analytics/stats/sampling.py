"""From some drawn changes to all of them: how many of a finite number had AI help, and what that leaves open.

Pure. The drawn are a simple random sample without replacement; what nobody could say widens every bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, lgamma

CONFIDENCE = 0.95
# What was said of a drawn change; None: nothing so far.
AI, NO_AI, CANNOT_SAY = "ai", "no_ai", "cannot_say"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A number with the interval around it; `value` is None where nobody could say anything."""

    value: float | None
    low: float
    high: float

    def over(self, whole: float) -> Bounds:
        """The same as a share of `whole`; of nothing, anything is possible."""
        if not whole:
            return Bounds(None, 0.0, 1.0)
        return Bounds(None if self.value is None else self.value / whole, self.low / whole, self.high / whole)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers in the order of the lots, up to the last that was given."""

    assisted: int
    manual: int
    cannot_say: int

    @property
    def drawn(self) -> int:
        return self.assisted + self.manual + self.cannot_say


def answers(in_order: Iterable[str | None]) -> Answers:
    """What is still open behind the last answer was not asked yet, and the rest is a smaller random sample.

    What was passed over before it could be anything: it counts as nobody being able to say.
    """
    said = list(in_order)
    while said and said[-1] is None:
        said.pop()
    assisted, manual = said.count(AI), said.count(NO_AI)
    return Answers(assisted, manual, len(said) - assisted - manual)


def log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def at_most(found: int, population: int, marked: int, drawn: int) -> float:
    """The chance that at most `found` of `drawn` are among the `marked` of `population`."""
    first, last = max(0, drawn - (population - marked)), min(drawn, marked)
    if found >= last:
        return 1.0
    whole = log_choose(population, drawn)
    return min(
        1.0,
        sum(
            exp(log_choose(marked, k) + log_choose(population - marked, drawn - k) - whole)
            for k in range(first, found + 1)
        ),
    )


@lru_cache(maxsize=4096)
def finite_interval(
    found: int, drawn: int, population: int, confidence: float = CONFIDENCE
) -> tuple[int, int]:
    """How many of `population` are such, when `found` of the `drawn` are: the exact tails, turned round.

    Covers at least as often as it says, whatever the truth; all drawn leaves no doubt.

    Source: Wright 1991, Exact Confidence Bounds when Sampling from Small Finite Universes (after
    Konijn 1973); Clopper and Pearson's interval for a population that ends.

    Raises: ValueError for numbers that no draw can have.
    """
    if not 0 <= found <= drawn <= population:
        raise ValueError("found, drawn and population must rise")
    tail = (1 - confidence) / 2
    least, most = found, population - (drawn - found)

    def too_few(marked: int) -> bool:
        return 1 - at_most(found - 1, population, marked, drawn) <= tail

    def still_fits(marked: int) -> bool:
        return at_most(found, population, marked, drawn) > tail

    low = least if found == 0 else _first_not(too_few, least, most)
    high = most if found == drawn else _first_not(still_fits, least, most) - 1
    return low, max(low, high)


def _first_not(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first number of [low, high] for which it no longer holds; one beyond where it always does."""
    high += 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            low = middle + 1
        else:
            high = middle
    return low


def assisted_of(population: int, said: Answers, confidence: float = CONFIDENCE) -> Bounds:
    """How many of the `population` that the lots were drawn from had AI help.

    The lower bound takes what nobody could say as manual, the upper one as assisted; the value leaves it out,
    as if it were like the rest.
    """
    if not said.drawn:
        return Bounds(None, 0, population)
    low, _ = finite_interval(said.assisted, said.drawn, population, confidence)
    _, high = finite_interval(said.assisted + said.cannot_say, said.drawn, population, confidence)
    known = said.assisted + said.manual
    return Bounds(population * said.assisted / known if known else None, low, high)


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of all changes when the lots were drawn.

    `marked`, `declared` and `said` are AI-assisted: by a marker, by a declaration alone, by a person's word
    alone. `manual`: a declaration or a person said so.
    """

    marked: int
    declared: int
    said: int
    manual: int
    population: int

    @property
    def assisted(self) -> int:
        return self.marked + self.declared + self.said

    @property
    def total(self) -> int:
        return self.assisted + self.manual + self.population


@dataclass(frozen=True, slots=True)
class Estimate:
    """`hidden`: of the population; `assisted`: of all changes; the rest are shares of 0..1.

    `recall`: of the AI-assisted those with a marker; `known`: those of which anything told it.
    `hidden_in_unmarked`: of manual and unknown together, what a comparison with unmarked changes meets.
    """

    answers: Answers
    hidden: Bounds
    assisted: Bounds
    assisted_share: Bounds
    recall: Bounds
    known: Bounds
    hidden_in_unmarked: Bounds


def estimate(known: Known, said: Answers, confidence: float = CONFIDENCE) -> Estimate:
    """The known part, which needs no estimate, and the drawn part together.

    Every interval is that of `hidden`, carried over: each is a rising or falling function of it.
    """
    hidden = assisted_of(known.population, said, confidence)
    assisted = Bounds(
        None if hidden.value is None else hidden.value + known.assisted,
        hidden.low + known.assisted,
        hidden.high + known.assisted,
    )
    return Estimate(
        answers=said,
        hidden=hidden,
        assisted=assisted,
        assisted_share=assisted.over(known.total),
        recall=part_of(known.marked, assisted),
        known=part_of(known.assisted, assisted),
        hidden_in_unmarked=hidden.over(known.population + known.manual),
    )


def part_of(part: int, whole: Bounds) -> Bounds:
    """A known part of an estimated whole; where there may be no whole at all, anything up to 1."""
    return Bounds(
        part / whole.value if whole.value else None,
        part / whole.high if whole.high else 0.0,
        min(1.0, part / whole.low) if whole.low else 1.0,
    )


def undiluted(ratio: float, hidden_share: float) -> float:
    """What a ratio against unmarked changes would be without the AI work hidden among them.

    With r the failure rate of AI work, m of manual work and h the hidden share, the unmarked fail at
    h·r + (1 − h)·m; so r/m = (1 − h)·R / (1 − h·R) for an observed ratio R. Infinite where h·R reaches 1:
    then the hidden work alone would account for all failures of the unmarked.

    Assumes that hidden AI work fails as often as the marked work of this line does.

    Source: misclassified exposure with specificity 1 (Copeland, Checkoway, McMichael and Holbrook 1977, Bias
    due to misclassification in the estimation of relative risk), solved for the true ratio.
    """
    if hidden_share >= 1:
        return inf
    left = 1 - hidden_share * ratio
    return (1 - hidden_share) * ratio / left if left > 0 else inf
