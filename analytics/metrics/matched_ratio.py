"""Matched ratio

How many times as often changes of one kind failed as manual ones, where both were asked about alike.

Why: Kinds get said because a change failed. The matrix counts only what was said before, which leaves out
most of the failed; a rate that counted what was said afterwards would be too high, since nobody labels the
changes that went well. Here the same two questions are asked, in the same sitting, about a failed change and
about two like it that did not fail: whoever answers labels both sides alike.

Cases: Code changes shipped in the window and at least 30 days ago, with a confirmed share of an incident that
began within 30 days, whose origin was asked for in the postmortem. Each counts with its share of incidents,
at most 1.

Controls: For each case two changes of the same area, size band and quarter, drawn by lot from all that
shipped at least 30 days ago and had no hand in an incident, were not reverted and are named by no fix. Fewer
where fewer exist. One that fails later, or is moved to another area or size, is left out from then on, and so
are those of a cause that is ruled out; those of a case that is moved stay with the stratum they are of.

Method: Inverse probability weighting. In each stratum the share of the kind among the answered controls,
times the number that could have been drawn, estimates how many of those that did not fail are of the kind;
with the cases, how many of all. Mantel and Haenszel's ratio over area x size x quarter of these is what the
adjusted ratio would be if everybody had been asked. The 95 % interval counts the chance of who failed and of
who was drawn.

Not said: "Cannot say", "passed over", and "AI helped" without a kind are on neither side; the bounds are the
extremes that the ratio could reach if each of them were the one or the other.

Refusals: No ratio under 5 cases or 5 answered controls of the kind or of manual work, nor where more than
30 % of the answers on one side do not say. No one number for all areas where they disagree (score test, p
below 0.10).

Measured: In 2,000 simulated organisations of each sort, half of the AI help and 70 % of the manual work was
said before anything failed, and 90 % and 40 % of the rest because it had. For true ratios of 0.5, 1 and 2,
cells that count such words gave 0.79, 1.5 and 2.8 (medians). With 34 to 56 cases the matched ratio gave 0.53,
1.01 and 1.99, and its 95 % interval held the true one in 95.2, 95.3 and 95.2 % of them; with 104 to 178
cases 0.50, 1.00 and 2.01, and 94.5, 94.8 and 94.9 %.
Small organisations are refused more often when the ratio is low: 19 % at 0.5, which leaves the given ones a
little high. The command simulate_matched measures it anew.

Limits: A failed change is remembered better than one that went well, so that more "cannot say" falls on the
controls. Which postmortems are written must not hang on the kind of help. It is an association, never a proof
of a cause, and enters no cell, signal or safeguard.

Source: Answers in postmortems; failures and strata from the counts of the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

from analytics.metrics.sentences import number
from analytics.privacy import FEWEST_BESIDE_A_RESTRICTED_ONE
from analytics.stats.decision import MANUAL_BASELINE
from analytics.stats.matched import Counted, Matched

HIDDEN = "hidden for privacy"
DISAGREE = "the areas disagree: no one number stands for them"


@dataclass(frozen=True)
class MatchedRatio:
    """One kind beside manual changes. Counts of what is hidden are None; a bound of None is no limit.

    `crude` is the adjusted ratio of what was said before anything failed: the picture draws it hollow.
    """

    cases: Counted | None
    controls: Counted | None
    alone: int | None
    unasked: int | None
    strata: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    bound_low: float | None = None
    bound_high: float | None = None
    refused: str = ""
    crude: float | None = None
    baseline: str = MANUAL_BASELINE
    is_manual: bool = True

    @property
    def counts(self) -> str:
        """For the picture: of the kind, and manual."""
        if self.cases is None or self.controls is None:
            return "counts hidden"
        return (
            f"{self.cases.kind}:{self.cases.manual} failed, {self.controls.kind}:{self.controls.manual} drawn"
        )

    @property
    def counts_in_words(self) -> str:
        if self.cases is None or self.controls is None:
            return self.counts
        return (
            f"{self.cases.kind} of the kind and {self.cases.manual} manual ones failed;"
            f" of their controls {self.controls.kind} are of the kind and {self.controls.manual} manual"
        )

    @property
    def range(self) -> str:
        return f"{number(self.low)} to {number(self.high)}" if self.ratio is not None else ""

    @property
    def bounds(self) -> str:
        if self.ratio is None or self.bound_low is None:
            return ""
        high = "no limit" if self.bound_high is None else number(self.bound_high)
        return f"{number(self.bound_low)} to {high}"

    @property
    def is_hidden(self) -> bool:
        return self.cases is None


def shown(found: Matched, *, crude: float | None, disagree: bool, is_hidden: bool) -> MatchedRatio:
    if is_hidden:
        return MatchedRatio(None, None, None, None, found.strata, refused=HIDDEN)
    counts = MatchedRatio(found.cases, found.controls, found.alone, found.unasked, found.strata, crude=crude)
    if found.ratio is None or disagree:
        return MatchedRatio(**{**vars(counts), "refused": found.refused or DISAGREE})
    told = {name: getattr(found, name) for name in ("ratio", "low", "high", "bound_low")}
    high = found.bound_high if found.bound_high != float("inf") else None
    return MatchedRatio(**{**vars(counts), **told, "bound_high": high})


def sentence(found: MatchedRatio, subject: str) -> str:
    """`subject` begins the sentence: "In payments, changes with AI help in tests"."""
    if found.is_hidden:
        return (
            f"{subject}: hidden, since fewer than {FEWEST_BESIDE_A_RESTRICTED_ONE} incidents stand behind it "
            "and one of them is restricted."
        )
    if found.ratio is None:
        reason = f"there are {found.refused}" if found.refused.startswith("under") else found.refused
        return (
            f"{subject}, asked beside similar manual ones: {found.counts_in_words}; no ratio, since {reason}."
        )
    return (
        f"{subject} failed {number(found.ratio)} times as often as similar manual ones, asked alike "
        f"({found.range}; {found.counts_in_words})."
    )
