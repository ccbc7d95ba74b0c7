"""The whole history in memory, a function of a seed and a day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from analytics.demo.outages import Outage, break_things, revert
from analytics.demo.reviewing import review
from analytics.demo.rollouts import Rollout, ship, urgent
from analytics.demo.sittings import Sitting, hold
from analytics.demo.work import Work, draft

REVERTS = 0.008  # of the changes: taken back without an incident


@dataclass(frozen=True)
class History:
    as_of: datetime
    works: list[Work]
    rollouts: list[Rollout]
    outages: list[Outage]
    sittings: list[Sitting]


def play(*, as_of: datetime, seed: int, changes: int, incidents: int) -> History:
    random = Random(seed)  # noqa: S311  a plot, not a secret
    works = draft(random, as_of, changes)
    rollouts = ship(random, as_of, works)
    outages, repairs, hot = break_things(random, as_of, works, incidents)
    taken_back, back = _take_back(random, works)
    works += [*repairs, *taken_back]
    rollouts += [*hot, *back]
    _number(random, works, rollouts)
    for outage in outages:
        for work in outage.causes:
            work.was_suspected = True
    # Plots of their own, so that the rest is the same with them and without.
    sittings = hold(Random(seed + 2), as_of, works, outages)  # noqa: S311
    review(Random(seed + 3), as_of, works)  # noqa: S311
    return History(as_of, works, rollouts, outages, sittings)


def _take_back(random: Random, works: list[Work]) -> tuple[list[Work], list[Rollout]]:
    settled = [work for work in works if work.shipped_at and not work.failed_at and not work.is_bot]
    reverts, rollouts = [], []
    for undone in random.sample(settled[: int(len(settled) * 0.97)], round(len(works) * REVERTS)):
        at = (undone.shipped_at or undone.opened_at) + timedelta(hours=random.uniform(0.5, 30))
        reverts.append(revert(at, undone))
        rollouts.append(urgent(random, reverts[-1], "rollback"))
    return reverts, rollouts


def _number(random: Random, works: list[Work], rollouts: list[Rollout]) -> None:
    """Request numbers in the order of opening, by repository; commits; deployment numbers."""
    numbers: dict[str, int] = defaultdict(int)
    works.sort(key=lambda work: work.opened_at)
    for work in works:
        numbers[work.part.repository] += random.choice([1, 1, 1, 2])
        work.number = numbers[work.part.repository]
        work.shas = (f"{random.getrandbits(160):040x}", f"{random.getrandbits(160):040x}")
    rollouts.sort(key=lambda rollout: rollout.started_at)
    for number, rollout in enumerate(rollouts, start=1):
        rollout.number = number
        newest = max(rollout.works, key=lambda work: work.merged_at or work.opened_at)
        rollout.sha = newest.shas[1]
