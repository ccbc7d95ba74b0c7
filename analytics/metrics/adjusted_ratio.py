"""Adjusted ratio

How many times as often changes of one kind failed as similar changes without it: 1 means no difference.

Numerator: The failure rate of the kind, on the chosen basis, among changes that have a similar change to be
compared with: one of the same domain area, size band and quarter of shipping.

Denominator: The failure rate of those similar changes. They are manual ones where at most 30 % of the area's
changes have no known origin; else all unmarked ones, manual and unknown together. Unmarked changes contain
hidden AI work (in two projects with a ground truth only 16 % and 49 % of the AI-assisted changes carried any
mark), so that a difference shrinks towards none there.

Method: Mantel and Haenszel's ratio over area x size x quarter, with Greenland and Robins' 95 % interval. The
comparable share says how much of the kind's work had similar changes. The crude ratio beside it is one rate
divided by the other without any adjusting: where the two point in different directions, the groups work in
different places (Simpson's paradox).

Refusals: No ratio, crude or adjusted, under 10 changes or 3 failures on either side, nor where less than half
of the kind's work is comparable. No one number for all areas where they disagree (conditional score test, p
below 0.10).

Unknown origins: The bounds are the extremes that the crude ratio could reach if every origin were known. The
adjusted ratio "if x % of the unknown were assisted" counts that share of the unknown, failing like the rest
of them, with the kind, and the others as manual.

Exclusions: Those of the failure rate; automations are in no comparison. With an assistant chosen, only the
kind's side is narrowed to it. One look at an interval is fine to read and not to decide on: signals decide.

Source: The counts of the matrix in the same window, with their hiding of restricted incidents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

from analytics.metrics.comparison import (
    NOTHING,
    Group,
    Measured,
    Strata,
    added_up,
    beside,
    compare_strata,
    in_groups,
)
from analytics.metrics.sentences import Compared, amount, number, similar
from analytics.stats.comparison import crude_beside, ratios_if_assisted, unknown_origin_bounds
from analytics.stats.decision import (
    BASELINE_GROUPS,
    MANUAL,
    MANUAL_BASELINE,
    UNKNOWN,
    UNMARKED_BASELINE,
    baseline_for,
)
from design.spans import grouped

FEWEST = 10
COULD_REVERSE = 0.1
WHAT_IF = (0.1, 0.25, 0.5)
FAILED: Mapping[str, str] = {
    "incident": "were linked to incidents",
    "undone": "were reverted or named by a fix",
    "follow_up": "were followed up by a fix (estimated)",
    "any": "failed in any of the three ways",
}
HIDDEN = "hidden for privacy"


@dataclass(frozen=True)
class Ratio:
    """One kind beside its baseline. What is hidden is None; a bound of None is no limit."""

    baseline: str
    unknown_share: float | None
    changes: int
    baseline_changes: int
    failures: float | None = None
    baseline_failures: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    comparable_share: float | None = None
    refused: str = ""
    crude: float | None = None
    direction_differs: bool = False
    bound_low: float | None = None
    bound_high: float | None = None
    # (share of the unknown, adjusted ratio), where there are unknown changes.
    what_if: tuple[tuple[float, float | None], ...] = ()

    @property
    def is_hidden(self) -> bool:
        return self.failures is None

    @property
    def is_manual(self) -> bool:
        return self.baseline == MANUAL_BASELINE

    @property
    def counts(self) -> str:
        """14 of 210 against 9 of 320"""
        if self.failures is None or self.baseline_failures is None:
            return f"{grouped(self.changes)} changes against {grouped(self.baseline_changes)}"
        own = f"{amount(self.failures)} of {grouped(self.changes)}"
        other = f"{amount(self.baseline_failures)} of {grouped(self.baseline_changes)}"
        return f"{own} against {other}"

    @property
    def range(self) -> str:
        return f"{number(self.low)} to {number(self.high)}" if self.ratio is not None else ""

    @property
    def may_be_reversed(self) -> bool:
        """Whether more than a tenth has no known origin, and those could turn the ratio round."""
        if self.ratio is None or not self.has_bounds or (self.unknown_share or 0.0) <= COULD_REVERSE:
            return False
        if self.ratio > 1:
            return (self.bound_low or 0.0) < 1
        return self.bound_high is None or self.bound_high > 1

    @property
    def has_bounds(self) -> bool:
        return bool(self.what_if)


class Sides:
    """What kinds are compared with, in all areas or one: the same for many kinds, so added up once."""

    def __init__(self, measured: Measured) -> None:
        self.measured = measured
        self._groups: dict[tuple[frozenset[str], str | None], Group] = {}
        self._sums: dict[tuple[str, str | None], tuple[int, float]] = {}

    def of(self, groups: frozenset[str], area: str | None) -> Group:
        if (groups, area) not in self._groups:
            found = in_groups(self.measured, groups, area)
            self._groups[groups, area] = {spot: found[spot] for spot in sorted(found)}
        return self._groups[groups, area]

    def added_up(self, group: str, area: str | None) -> tuple[int, float]:
        if (group, area) not in self._sums:
            self._sums[group, area] = added_up(self.of(frozenset({group}), area))
        return self._sums[group, area]


def ratio_of(
    sides: Sides, kind: str, area: str | None, unknown_share: float | None, *, is_hidden: bool
) -> Ratio:
    """`area` None: all that was measured, in one number where the areas agree."""
    baseline = baseline_for(unknown_share)
    own = in_groups(sides.measured, [kind], area)
    strata = beside(own, sides.of(BASELINE_GROUPS[baseline], area))
    compared = compare_strata(strata, is_whole=area is None)
    plain = Ratio(baseline, unknown_share, compared.changes, compared.baseline_changes)
    if is_hidden:
        return Ratio(**{**vars(plain), "refused": HIDDEN})
    counts = {name: getattr(compared, name) for name in ("failures", "baseline_failures", "comparable_share")}
    if min(compared.changes, compared.baseline_changes) < FEWEST:
        return Ratio(**{**vars(plain), **counts, "refused": _too_few(compared)})
    if compared.ratio is None:
        return Ratio(**{**vars(plain), **counts, "refused": compared.refused})
    found = {name: getattr(compared, name) for name in ("ratio", "low", "high")}
    both = crude_beside(
        compared.ratio, compared.failures, compared.changes, compared.baseline_failures,
        compared.baseline_changes,
    )  # fmt: skip
    return Ratio(
        **{
            **vars(plain),
            **counts,
            **found,
            "crude": both.crude_ratio,
            "direction_differs": both.direction_differs,
            **_unknown(sides, compared, area, own, strata if baseline == UNMARKED_BASELINE else None),
        }
    )


def _too_few(compared: Compared) -> str:
    if compared.changes < FEWEST:
        return f"under {FEWEST} changes of this kind"
    return f"under {FEWEST} changes to compare with"


def _unknown(
    sides: Sides, compared: Compared, area: str | None, own: Group, unmarked: Strata | None
) -> dict[str, object]:
    """What the changes without a known origin could do; nothing where there are none."""
    manual, manual_failed = sides.added_up(MANUAL, area)
    without, unknown_failed = sides.added_up(UNKNOWN, area)
    if not (compared.changes and manual and without):
        return {}
    bounds = unknown_origin_bounds(
        compared.failures, compared.changes, manual_failed, manual, unknown_failed, without
    )
    unmarked = unmarked or beside(own, sides.of(BASELINE_GROUPS[UNMARKED_BASELINE], area))
    return {
        "bound_low": _finite(bounds.ratio_low),
        "bound_high": _finite(bounds.ratio_high),
        "what_if": tuple(_what_if(unmarked, sides.of(frozenset({UNKNOWN}), area))),
    }


def _what_if(unmarked: Strata, unknown: Group) -> Iterator[tuple[float, float | None]]:
    lines = [(*table, *unknown.get(spot, NOTHING)) for spot, table in unmarked.items() if table[2]]
    yield from zip(WHAT_IF, map(_finite, ratios_if_assisted(lines, WHAT_IF)), strict=True)


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def sentence(found: Ratio, subject: str, basis: str) -> str:
    """What is said; `subject` begins the sentence: "In payments, changes with AI help in tests"."""
    like = similar(found.baseline)
    if found.is_hidden:
        return (
            f"{subject}: hidden, since fewer than 3 incidents stand behind it and one of them is restricted."
        )
    if found.ratio is None:
        return f"{subject} beside {like}: {found.counts}; no ratio, since {_reason(found.refused)}."
    often = f"{FAILED[basis]} {number(found.ratio)} times as often as {like}"
    return f"{subject} {often} ({found.range}; {found.counts})."


def _reason(refused: str) -> str:
    return f"there are {refused}" if refused.startswith("under") else refused


def simpson(found: Ratio) -> str:
    """Why the two numbers point in different directions; empty where they do not."""
    if not found.direction_differs or found.crude is None or found.ratio is None:
        return ""
    if "1" in {number(found.crude), number(found.ratio)}:
        return ""
    looks, are = ("fewer", "more") if found.crude < 1 else ("more", "fewer")
    doubt = ""
    if found.low is not None and found.high is not None and found.low <= 1 <= found.high:
        doubt = ", though its range includes no difference"
    return (
        f"taken together these changes show {looks} failures ({number(found.crude)} times as often), but "
        f"among similar changes {are} ({number(found.ratio)} times){doubt}. The two groups work in different "
        "areas, sizes or quarters: Simpson's paradox."
    )


def unknown_words(found: Ratio) -> str:
    """What the unknown could do to the ratio, in words."""
    if not found.has_bounds or found.unknown_share is None:
        return ""
    share = f"{100 * found.unknown_share:.0f} %"
    high = "no limit" if found.bound_high is None else number(found.bound_high)
    bounds = f"{number(found.bound_low or 0.0)} to {high}"
    if found.may_be_reversed:
        return f"could be reversed by the {share} without an origin: {bounds} times at the extremes"
    if found.unknown_share > COULD_REVERSE:
        return f"not even the {share} without an origin could reverse it: {bounds} times at the extremes"
    return f"{bounds} times at the extremes, if the {share} without an origin were known"
