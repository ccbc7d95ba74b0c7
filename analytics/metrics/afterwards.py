"""Did it help

Whether incidents like the one that an action came from grew fewer once the action was done.

Numerator: Counted incidents like it since the day it was done, beside those of the year before.

Denominator: The days of both spans. The first is shorter where the records begin later.

Like it: The same domain area and, where both name services, one service in common; without an area, one
service in common. The incident itself is left out of both spans: it is why there is an action.

Rule: Judged once 90 days have passed. Fewer or more: the 95 % range of the ratio of both rates over time
leaves out 1. No clear difference: it does not. Nothing to fall from: none like it in the year before.

Hiding: Restricted incidents count for everyone; under 3 of which one is restricted no number is shown.

Exclusions: Duplicates, false alarms, tests and cancelled incidents. Safeguards are judged by rates of
changes, on their own pages.

Does not say: That the action did it. Actions follow bad spells, and after a bad spell things calm down by
themselves; other things changed on the same days.

Source: Incidents as they stand now; the day is the first on which the action was marked done.
"""

from __future__ import annotations

from dataclasses import dataclass

from analytics.metrics.sentences import number
from analytics.queries.afterwards import Around
from analytics.stats import chance_of_so_few, time_ratio_interval
from analytics.stats.shapes import RatioInterval

WINDOW_DAYS = 90


@dataclass(frozen=True)
class Afterwards:
    around: Around
    state: str
    ratio: RatioInterval | None
    chance: float | None

    @property
    def days(self) -> int:
        return (self.around.as_of - self.around.done_on).days + 1

    @property
    def days_before(self) -> int:
        return (self.around.done_on - self.around.since).days

    @property
    def sentence(self) -> str:
        """What can be said, and no more."""
        before, after = self.around.before, self.around.after
        if self.state == "hidden":
            return "Hidden for privacy: few incidents like it are known, and one of them is restricted."
        spans = _span(self.days_before), _span(self.days)
        counts = f"{before} like it in the {spans[0]} before, {after} in the {spans[1]} since"
        if self.state == "early":
            return f"Too early: judged after {WINDOW_DAYS} days. So far {counts}."
        if self.state == "nothing":
            return f"Nothing to fall from: {counts}."
        assert self.ratio is not None  # noqa: S101 -- for the type checker
        ratio = f"{number(self.ratio.low)} to {number(self.ratio.high)} times the rate before"
        if self.state == "fewer":
            return f"Fewer: {counts} ({ratio}). Chance alone does this {_one_in(self.chance)}."
        if self.state == "more":
            return f"More: {counts} ({ratio})."
        return f"No clear difference: {counts} ({ratio})."


def afterwards(around: Around) -> Afterwards:
    days = (around.as_of - around.done_on).days + 1
    before = (around.done_on - around.since).days
    if around.before is None or around.after is None:
        return Afterwards(around, "hidden", None, None)
    if days < WINDOW_DAYS:
        return Afterwards(around, "early", None, None)
    if not around.before or before <= 0:
        return Afterwards(around, "nothing", None, None)
    ratio = time_ratio_interval(around.after, days, around.before, before)
    chance = chance_of_so_few(around.after, days, around.before, before)
    state = "fewer" if ratio.high < 1 else "more" if ratio.low > 1 else "unclear"
    return Afterwards(around, state, ratio, chance)


def _span(days: int) -> str:
    if days < 60:
        return f"{days} days"
    if days < 360:
        return f"{round(days / 30.4)} months"
    return "year" if days < 380 else f"{days / 365:.1f} years"


def _one_in(chance: float | None) -> str:
    times = round(1 / chance) if chance else 1000
    return "less than once in 1000 times" if times >= 1000 else f"once in about {times} times"
