"""A kind of help beside its baseline: crude, and adjusted by area x size x quarter, or a refusal in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from analytics.metrics.sentences import Compared
from analytics.stats import adjusted_rate_ratio, ratio_homogeneity
from analytics.stats.decision import BASELINE_GROUPS, Spot
from analytics.stats.shapes import Stratum

# Changes and failures by group and spot; quickest in the order of the spots.
Measured = Mapping[str, Mapping[Spot, tuple[int, float]]]
FEWEST_FAILURES = 3
NOTHING = (0, 0.0)
FEWEST_COMPARABLE = 0.5
DISAGREE_BELOW = 0.1


def compare(measured: Measured, kind: str, area: str | None, baseline: str) -> Compared:
    """The ratio adjusted by stratum, unless too little can be compared or the areas disagree."""
    return compare_strata(strata_of(measured, kind, area, baseline), is_whole=area is None)


def compare_strata(strata: Mapping[Spot, Stratum], *, is_whole: bool) -> Compared:
    """`is_whole`: the strata may lie in several areas."""
    changes = baseline_changes = 0
    failures = baseline_failures = 0.0
    shared = []
    for one in strata.values():
        n1, n0 = one["changes_ai"], one["changes_manual"]
        changes, baseline_changes = changes + n1, baseline_changes + n0
        failures, baseline_failures = (
            failures + one["failures_ai"],
            baseline_failures + one["failures_manual"],
        )
        if n1 and n0:
            shared.append(one)
    comparable = sum(one["changes_ai"] for one in shared) / changes if changes else 0.0
    plain = Compared(failures, changes, baseline_failures, baseline_changes, comparable_share=comparable)
    if reason := _refusal(strata, shared, comparable, is_whole=is_whole):
        return Compared(**{**vars(plain), "refused": reason})
    ratio, low, high = adjusted_rate_ratio(shared)
    return Compared(**{**vars(plain), "ratio": ratio, "low": low, "high": high})


def strata_of(measured: Measured, kind: str, area: str | None, baseline: str) -> dict[Spot, Stratum]:
    """A kind ("ai") beside its baseline ("manual") wherever there is either."""
    own = _of(measured, [kind], area)
    other = _of(measured, sorted(BASELINE_GROUPS[baseline]), area)
    found: dict[Spot, Stratum] = {}
    for spot in sorted({**own, **other}):
        changes_ai, failures_ai = own.get(spot, NOTHING)
        changes_manual, failures_manual = other.get(spot, NOTHING)
        found[spot] = {
            "failures_ai": failures_ai,
            "changes_ai": changes_ai,
            "failures_manual": failures_manual,
            "changes_manual": changes_manual,
        }
    return found


def added_up(measured: Measured, group: str, area: str | None) -> tuple[int, float]:
    """Changes and failures of one group in all its strata."""
    found = _of(measured, [group], area).values()
    return sum(n for n, _ in found), sum(failed for _, failed in found)


def _of(measured: Measured, groups: Iterable[str], area: str | None) -> dict[Spot, tuple[int, float]]:
    found: dict[Spot, tuple[int, float]] = {}
    for group in groups:
        of_group = measured.get(group, {})
        if area is not None:
            of_group = {spot: counts for spot, counts in of_group.items() if spot.area == area}
        if not found:
            found = dict(of_group)
            continue
        for spot, (n, failed) in of_group.items():
            before = found.get(spot)
            found[spot] = (before[0] + n, before[1] + failed) if before else (n, failed)
    return found


def _refusal(
    strata: Mapping[Spot, Stratum], shared: list[Stratum], comparable: float, *, is_whole: bool
) -> str:
    """Why no one number may stand; empty where it may."""
    fewest = min(sum(one["failures_ai"] for one in shared), sum(one["failures_manual"] for one in shared))
    if fewest < FEWEST_FAILURES:
        return "there are not enough failures to compare"
    if comparable < FEWEST_COMPARABLE:
        return f"only {comparable:.0%} of this work had similar changes to be compared with"
    by_area = _areas(strata) if is_whole else {}
    if len(by_area) > 1 and ratio_homogeneity(by_area).p < DISAGREE_BELOW:
        return "areas disagree: one number for all of them would mislead"
    return ""


def _areas(strata: Mapping[Spot, Stratum]) -> dict[str, list[Stratum]]:
    found: defaultdict[str, list[Stratum]] = defaultdict(list)
    for spot, stratum in strata.items():
        found[spot.area].append(stratum)
    return found
