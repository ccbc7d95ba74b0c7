"""Deployments: what landed since the one before, at the hours at which people dare to."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from analytics.demo.cast import Part
from analytics.demo.work import Work


@dataclass(eq=False)
class Rollout:
    part: Part
    started_at: datetime
    finished_at: datetime
    works: list[Work]
    sha: str = ""
    status: str = "succeeded"
    kind: str = "planned"
    environment: str = "production"
    number: int = field(default=0)


def ship(random: Random, as_of: datetime, works: list[Work]) -> list[Rollout]:
    """Roll out everything merged that is not urgent; changes learn when they shipped."""
    found: list[Rollout] = []
    by_part: dict[str, list[Work]] = defaultdict(list)
    parts = {work.part.slug: work.part for work in works}
    for work in works:
        if work.merged_at and not work.is_urgent:
            by_part[work.part.slug].append(work)
    for slug, waiting in by_part.items():
        found += _of_part(random, as_of, parts[slug], sorted(waiting, key=lambda work: _merged(work)))
    return found


def _of_part(random: Random, as_of: datetime, part: Part, waiting: list[Work]) -> list[Rollout]:
    found: list[Rollout] = []
    while waiting:
        at = _next_hour(random, _merged(waiting[0]))
        if at > as_of - timedelta(hours=1):
            break
        held = waiting[: bisect_left(waiting, at, key=_merged)]
        waiting = waiting[len(held) :]
        if random.random() < 0.15:
            found.append(_rollout(random, part, at - timedelta(minutes=40), held, environment="staging"))
        if random.random() < 0.04:
            found.append(_rollout(random, part, at, held, status="failed"))
            at += timedelta(minutes=random.randint(25, 90))
        found.append(_rollout(random, part, at, held))
        for work in held:
            work.shipped_at, work.state = found[-1].finished_at, "shipped"
    return found


def _rollout(
    random: Random,
    part: Part,
    at: datetime,
    works: list[Work],
    *,
    status: str = "succeeded",
    kind: str = "planned",
    environment: str = "production",
) -> Rollout:
    finished = at + timedelta(seconds=random.randint(150, 900))
    return Rollout(part, at, finished, list(works), "", status, kind, environment)


def urgent(random: Random, work: Work, kind: str) -> Rollout:
    """A roll-out of this one change, because of an incident."""
    rollout = _rollout(random, work.part, _merged(work) + timedelta(minutes=4), [work], kind=kind)
    work.shipped_at, work.state = rollout.finished_at, "shipped"
    return rollout


def _next_hour(random: Random, merged: datetime) -> datetime:
    """At least half an hour later, in working hours, on a working day where it can wait."""
    at = merged + timedelta(minutes=30 + random.expovariate(1 / 300))
    if at.hour >= 18 or at.hour < 8:
        at = (at + timedelta(hours=10)).replace(hour=9, minute=random.randint(5, 55))
    if at.weekday() >= 5:
        at += timedelta(days=7 - at.weekday())
    return at


def _merged(work: Work) -> datetime:
    return work.merged_at or work.opened_at
