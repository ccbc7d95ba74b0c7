"""A kind of help beside its baseline: crude, and adjusted by area x size x quarter, or a refusal in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from analytics.metrics.sentences import Compared
from analytics.stats.comparison import Fourfold, adjusted_ratio, homogeneity
from analytics.stats.decision import BASELINE_GROUPS, Spot

# Changes and failures by spot, and that of every group.
Group = Mapping[Spot, tuple[int, float]]
Measured = Mapping[str, Group]
Strata = Mapping[Spot, Fourfold]
FEWEST_FAILURES = 3
NOTHING = (0, 0.0)
NOBODY = (*NOTHING, *NOTHING)
FEWEST_COMPARABLE = 0.5
DISAGREE_BELOW = 0.1


def compare(measured: Measured, kind: str, area: str | None, baseline: str) -> Compared:
    """The ratio adjusted by stratum, unless too little can be compared or the areas disagree."""
    other = in_groups(measured, BASELINE_GROUPS[baseline], area)
    return compare_strata(beside(in_groups(measured, [kind], area), other), is_whole=area is None)


def compare_strata(strata: Strata, *, is_whole: bool) -> Compared:
    """`is_whole`: the strata may lie in several areas."""
    n1, x1, n0, x0 = (sum(column) for column in zip(*strata.values(), strict=True)) if strata else NOBODY
    shared = {spot: table for spot, table in strata.items() if table[0] and table[2]}
    comparable_share = sum([table[0] for table in shared.values()]) / n1 if n1 else 0.0
    plain = Compared(x1, n1, x0, n0, comparable_share=comparable_share)
    found = adjusted_ratio(list(shared.values()))
    if reason := _refusal(shared, comparable_share, found.ratio if is_whole else None):
        return Compared(**{**vars(plain), "refused": reason})
    ratio, low, high = found
    return Compared(**{**vars(plain), "ratio": ratio, "low": low, "high": high})


def beside(own: Group, other: Group) -> Strata:
    """A kind beside its baseline wherever there is either, in one order: sums of fractions come out alike."""
    found = {spot: (*own.get(spot, NOTHING), *other[spot]) for spot in sorted(other)}
    for spot in sorted(own.keys() - other.keys()):
        found[spot] = (*own[spot], *NOTHING)
    return found


def in_groups(measured: Measured, groups: Iterable[str], area: str | None) -> Group:
    """Changes and failures of these groups added up; `area` None: in all areas."""
    found: dict[Spot, tuple[int, float]] = {}
    for group in sorted(groups):
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


def added_up(group: Group) -> tuple[int, float]:
    """Changes and failures of a group in all its strata."""
    n, failed = zip(*group.values(), strict=True) if group else ((), ())
    return sum(n), sum(failed)


def _refusal(shared: Strata, comparable_share: float, pooled: float | None) -> str:
    """Why no one number may stand; empty where it may. `pooled` is the ratio of several areas together."""
    fewest = min(sum([table[failed] for table in shared.values()]) for failed in (1, 3))
    if fewest < FEWEST_FAILURES:
        return "there are not enough failures to compare"
    if comparable_share < FEWEST_COMPARABLE:
        return f"only {comparable_share:.0%} of this work had similar changes to be compared with"
    if pooled is not None and homogeneity(_by_area(shared), pooled).p < DISAGREE_BELOW:
        return "areas disagree: one number for all of them would mislead"
    return ""


def _by_area(strata: Strata) -> list[list[Fourfold]]:
    found: defaultdict[str, list[Fourfold]] = defaultdict(list)
    for spot, table in strata.items():
        found[spot.area].append(table)
    return list(found.values())
