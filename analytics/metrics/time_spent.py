"""Where the time goes

How long changes waited for a review, for tests and for their deployment; what was made beside what shipped.

Waiting for review: From when a change was ready (opened, or no longer a draft) to the first review or remark
by a person other than its author.

Review rounds: How many commits of a change were reviewed; without commits told, requests for changes and the
last word. Only changes that were reviewed.

Waiting for tests: All the time in which a check of the change's commits was queued or running before it was
merged; what ran side by side counts once. It may lie within the wait for a review.

Queued for deployment: From the merge to the first production deployment that succeeded and held the change.

From first commit to production: From the first commit that was told (else the opening of its request) to that
deployment. Beside it stand the time up to the request being ready and the time from the first review to the
merge.

Weeks: Review and tests count in the week of the merge, deployment and the whole way in the week in which the
change reached users. What still waits is under Work in progress. Thirteen whole weeks stand beside the
thirteen before.

Middle and range: The median, with the two values that bound it by order statistics (95 %); under 6 changes
there is no range. 85 of 100 took no longer than the 85th percentile; it is shown from 20 changes on. Each
stage is the median of its own changes: stages do not add up to the whole.

Not measured: Nobody tells reviews or checks of the repository, or did not yet; merged without a review by
another person; no check ran; shipped by its merge; shipped with the first deployment that is known, which
may hold years; not deployed yet. How many, for each reason, is shown. None of them is 0.

Groups: By origin as it stands now (unknown is a row of its own), by area and by size. Automation stands in a
row of its own and is in no other figure.

Activity and value: Changes merged and their lines (without generated and lock files where that is known),
beside changes that a deployment brought to users, deployments that reached users, those of them that failed
and those that were rework, as under Delivery. Failed so far: a young deployment may fail yet, and how many
are young is shown.

Beyond chance: Counts of two spans differ beyond chance when the 99.5 % range of their ratio leaves out 1. It
is exact for single events and widened by how much the weeks of each span differ among themselves. Medians
do when the range of their difference, from both intervals, leaves out 0. Looked at every week, one in 200
comparisons of nothing says so all the same.

Exclusions: Changes that were dropped. Where fewer than 3 deployments failed and a restricted incident alone
says so of one, that number is hidden, and that of a second week with it.

Source: Requests, reviews and checks from forges, deployments from deploy tools, incidents from pagers and
people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from analytics.flow_weeks import Span
from analytics.metrics.change_fail_rate import shown
from analytics.models.flow import ReviewRules
from analytics.queries import delivery
from analytics.queries import time_spent as facts
from analytics.queries.time_spent import AUTOMATION, COUNTS, STAGES, STEPS, Alike
from analytics.stats.ranks import low_rank

VERSION = 2
ALL = "all"
NO_AREA = "area:none"
# The most that the list of the longest waits holds.
LONGEST = 50
FEWEST_FOR_P85 = 20

Key = tuple[str, str]
Figures = dict[str, Any]


def reckon(span: Span, demo: bool, rules: ReviewRules, now: datetime) -> dict[str, Figures]:
    asked = delivery.Asked(span, demo, rules, now)
    is_long = span.weeks > 1
    found = _counts(asked, is_long)
    for scope, deployed in delivery.deployed(asked).items():
        found[scope]["flow"] |= _flow(deployed.counts)
    for scope, since in delivery.known_since(asked).items():
        found[scope]["flow"]["since"] = since.isoformat()
    for name, stage in ({**STAGES, **STEPS} if is_long else STAGES).items():
        by_group = _gathered(facts.values(asked, stage), is_long and name in STAGES)
        for (scope, group), packed in by_group.items():
            packed.sort()
            found[scope]["groups"].setdefault(group, {"merged": 0})[name] = spread(packed)
            if is_long and group == ALL and name in STAGES:
                found[scope]["longest"][name] = [
                    facts.unpacked(one)[1] for one in packed[: -LONGEST - 1 : -1]
                ]
    return dict(found)


def nothing() -> Figures:
    """Of a scope in which nothing happened."""
    return {
        "activity": {"lines": 0, "lines_unknown": 0, "largest": 0},
        "flow": {**dict.fromkeys(FLOW, 0), "shipped": 0, "since": None},
        "missing": dict.fromkeys(MISSING, 0),
        "groups": {ALL: {"merged": 0}},
        "longest": {},
    }


FLOW = ("deployments", "attempts", "failed", "suspected", "pending", "unmeasured", "rework", "judged")
MISSING = tuple(name for name in COUNTS if name not in ("merged", "shipped", "lines_unknown"))


def _flow(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Of deployments whose incidents are known here; young ones that failed already among them."""
    return {
        "deployments": counts["deployments"],
        "attempts": counts["attempts"],
        "failed": _both(counts, "failed"),
        "suspected": _both(counts, "suspected"),
        "pending": counts["pending"],
        "judged": counts["judged"],
        "unmeasured": counts["unmeasured"],
        "rework": shown(counts, "rework"),
    }


def _both(counts: Mapping[str, int], name: str) -> int | None:
    """Old ones and young ones; hidden where either is, as the pages of delivery show the other."""
    old, young = shown(counts, name), shown(counts, f"pending_{name}")
    return None if old is None or young is None else old + young


def groups_of(alike: Alike, is_long: bool) -> Iterator[Key]:
    """Where changes of this sort count, as (scope, group); areas within an area would be that one again."""
    if alike.origin == AUTOMATION:
        groups = [f"origin:{AUTOMATION}"]
    else:
        groups = [ALL, f"origin:{alike.origin}"]
        if is_long:
            groups.append(f"size:{alike.size}")
    area = next((scope for scope in alike.scopes if scope.startswith("area:")), NO_AREA)
    for scope in alike.scopes:
        yield from ((scope, group) for group in groups)
        if is_long and alike.origin != AUTOMATION and not scope.startswith("area:"):
            yield scope, area


def _gathered(runs: Iterable[tuple[Alike, list[int]]], in_groups: bool) -> dict[Key, list[int]]:
    found: defaultdict[Key, list[int]] = defaultdict(list)
    for alike, packed in runs:
        for key in groups_of(alike, in_groups):
            found[key] += packed
    return found


def _counts(asked: delivery.Asked, is_long: bool) -> defaultdict[str, Figures]:
    found: defaultdict[str, Figures] = defaultdict(nothing)
    _ = found[""]
    for alike, counts in facts.counted(asked):
        numbers = dict(zip(COUNTS, counts.numbers, strict=True))
        for scope, group in groups_of(alike, is_long):
            found[scope]["groups"].setdefault(group, {"merged": 0})["merged"] += numbers["merged"]
        if alike.origin != AUTOMATION:
            for scope in alike.scopes:
                _add(found[scope], numbers, counts)
    return found


def _add(figures: Figures, numbers: Mapping[str, int], counts: facts.Counts) -> None:
    activity = figures["activity"]
    activity["lines"] += counts.lines
    activity["lines_unknown"] += numbers["lines_unknown"]
    activity["largest"] = max(activity["largest"], counts.largest)
    figures["flow"]["shipped"] += numbers["shipped"]
    for name in MISSING:
        figures["missing"][name] += numbers[name]


def spread(packed: list[int]) -> Figures:
    """Of sorted packed values: the median, what bounds it, and what 85 of 100 do not exceed."""
    n = len(packed)
    rank = low_rank(n)
    at = [packed[(n + 1) // 2 - 1], packed[n // 2]]
    return {
        "n": n,
        "median": sum(facts.unpacked(one)[0] for one in at) / 2,
        "low": facts.unpacked(packed[rank - 1])[0] if rank > 0 else None,
        "high": facts.unpacked(packed[n - rank])[0] if rank > 0 else None,
        "p85": facts.unpacked(packed[ceil(n * 0.85) - 1])[0] if n >= FEWEST_FOR_P85 else None,
    }


@dataclass(frozen=True)
class Spread:
    """Seconds, or rounds. Without a median there is nothing; without a range there are under 6."""

    n: int = 0
    median: float | None = None
    low: float | None = None
    high: float | None = None
    p85: float | None = None


def read(figures: Mapping[str, Any] | None, stage: str, group: str = ALL) -> Spread:
    found = (figures or {}).get("groups", {}).get(group, {}).get(stage)
    return Spread(**found) if found else Spread()
