"""The decision rule in words: what is said of a kind in an area, and what could have been noticed.

Words follow research: "associated", "were linked to"; never "because of AI".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from analytics.stats.decision import MANUAL_BASELINE
from design.spans import grouped

# State -> (short name, what it means, how urgent: the higher comes first).
STATES: Mapping[str, tuple[str, str, int]] = {
    "stronger_safeguard": (
        "Worth a stronger safeguard",
        "A pattern strong enough that looking every week at every cell would rarely produce it by luck.",
        7,
    ),
    "early_sign": (
        "Early sign",
        "Worth reading the incidents behind it; some early signs are luck, as the error rates below say.",
        6,
    ),
    "does_better": (
        "AI help does better here",
        "These changes were linked to incidents clearly less often than similar ones.",
        5,
    ),
    "holds_up": (
        "Holds up as well as manual",
        "That they fail one and a half times as often can be ruled out.",
        4,
    ),
    "no_clear_difference": (
        "No clear difference",
        "A difference of the size named would probably have been noticed, and was not.",
        3,
    ),
    "not_enough_data": (
        "Not enough data",
        "Too few changes or failures to say anything; this is not good news or bad news.",
        2,
    ),
    "origin_unknown": (
        "Origin mostly unknown",
        "More than 30 % of the area's changes have no known origin, so nothing is compared.",
        1,
    ),
    "hidden": ("Too few changes", "Under 10 changes of this kind in the last four quarters.", 0),
}
# What is worth a person's review; everything else is shown and asks for nothing.
REVIEWED = ("stronger_safeguard", "early_sign")


def state_name(state: str) -> str:
    return STATES[state][0]


def state_words(state: str) -> str:
    return STATES[state][1]


def urgency(state: str) -> int:
    return STATES[state][2]


@dataclass(frozen=True)
class Compared:
    """One kind beside its baseline, adjusted by area x size x quarter; a ratio is None where refused."""

    failures: float
    changes: int
    baseline_failures: float
    baseline_changes: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    comparable_share: float | None = None
    refused: str = ""


def sentence(state: str, kind: str, area: str | None, baseline: str, compared: Compared) -> str:
    """What is said of one kind in one area (None: in all of them)."""
    place = f"In {area}, changes" if area else "Changes"
    subject = f"{place} with AI help in {lower(kind)}"
    counts = (
        f"{amount(compared.failures)} of {grouped(compared.changes)} against "
        f"{amount(compared.baseline_failures)} of {grouped(compared.baseline_changes)}"
    )
    like = similar(baseline)
    if compared.ratio is None:
        reason = compared.refused or "too few failures to compare"
        return f"{subject} beside {like}: {counts}; no ratio, since {reason}."
    times = f"{number(compared.ratio)} times as often"
    span = f"({number(compared.low)} to {number(compared.high)}; {counts})"
    if state == "holds_up":
        return f"{subject} were linked to incidents about as often as {like}: {times} {span}."
    return f"{subject} were linked to incidents {times} as {like} {span}."


def similar(baseline: str) -> str:
    return "similar manual ones" if baseline == MANUAL_BASELINE else "similar unmarked changes"


def noticed(ratio: float | None, baseline: str) -> str:
    """What these numbers would probably have shown by now."""
    if baseline != MANUAL_BASELINE:
        return (
            "Unmarked changes contain hidden AI work, so that a difference shrinks towards none: nothing "
            "reassuring is claimed from this comparison."
        )
    if ratio is None:
        return "Not even a tenfold difference would surely have been noticed yet."
    return f"A {number(ratio)}-fold difference, or a larger one, would probably have been noticed by now."


def amount(failures: float) -> str:
    """Shares of incidents may be broken: 14, 2.5."""
    return f"{failures:.1f}".removesuffix(".0")


def number(value: float | None) -> str:
    if value is None:
        return "?"
    if not isfinite(value):
        return "no limit"
    return f"{value:.2f}" if value < 0.95 else f"{value:.1f}".removesuffix(".0")


def lower(name: str) -> str:
    """A kind's name inside a sentence; what begins with an abbreviation keeps it."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]
