"""Did a safeguard help: the same methods before its first day and from it on. Nothing here says "because"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from analytics.metrics.comparison import compare
from analytics.metrics.sentences import Compared, number, similar
from analytics.models import Safeguard
from analytics.queries.safeguards import SCOPE, Found, Window, found_in, windows
from analytics.stats import rate_ratio_interval, wilson_interval
from analytics.stats.decision import ASSISTED, BASELINE_GROUPS, MANUAL, UNKNOWN, baseline_for
from analytics.stats.shapes import Interval, RatioInterval

FEWEST = 10
HIDDEN = "hidden for privacy"


@dataclass(frozen=True)
class Side:
    """One of the two windows: the scope's own rate, and the scope beside what is like it."""

    window: Window
    compared: Compared
    interval: Interval | None
    # Its failures are nobody's: a restricted incident is one of few behind them.
    is_hidden: bool = False

    @property
    def rate(self) -> float | None:
        return self.compared.failures / self.compared.changes if self.interval else None


@dataclass(frozen=True)
class Effect:
    before: Side
    after: Side
    baseline: str
    change: RatioInterval | None

    @property
    def sides(self) -> tuple[tuple[str, Side], ...]:
        return (("The year before", self.before), ("Since it began", self.after))

    @property
    def sentence(self) -> str:
        """What can be said, and no more."""
        if self.before.is_hidden or self.after.is_hidden:
            return "Hidden for privacy: too few incidents stand behind it and one of them is restricted."
        if self.after.compared.changes < FEWEST:
            return (
                f"{self.after.compared.changes} changes in its scope have shipped since it began and are old "
                "enough to have failed: too few to say anything."
            )
        if self.change is None or self.change.ratio is None:
            return "There was nothing to fall from: too few failures or changes in the year before it."
        direction = _direction(self.change)
        return (
            f"Since it began the rate was {number(self.change.ratio)} times what it was in the year before "
            f"({number(self.change.low)} to {number(self.change.high)}): {direction}."
        )

    @property
    def beside(self) -> str:
        """The same compared with similar work, which may have moved as well."""
        then, now = self.before.compared, self.after.compared
        if then.ratio is None or now.ratio is None:
            return f"Beside {similar(self.baseline)} no ratio can be given for both times."
        return (
            f"Beside {similar(self.baseline)}: {number(then.ratio)} times as often before "
            f"({number(then.low)} to {number(then.high)}), {number(now.ratio)} times as often since "
            f"({number(now.low)} to {number(now.high)})."
        )


def _direction(change: RatioInterval) -> str:
    if change.high < 1:
        return "lower, beyond what chance gives"
    if change.low > 1:
        return "higher, beyond what chance gives"
    return "no clear difference yet"


def effect(safeguard: Safeguard, as_of: date) -> Effect:
    first, second = windows(safeguard, as_of)
    found = [found_in(safeguard, window) for window in (first, second)]
    totals = {
        group: sum(n for one in found for n, _ in one.measured.get(group, {}).values())
        for group in (ASSISTED, MANUAL, UNKNOWN)
    }
    whole = sum(totals.values())
    baseline = baseline_for(totals[UNKNOWN] / whole if whole else None)
    before, after = (_side(window, one, baseline) for window, one in zip((first, second), found, strict=True))
    is_hidden = before.is_hidden or after.is_hidden
    return Effect(before, after, baseline, None if is_hidden else _change(before.compared, after.compared))


def _side(window: Window, found: Found, baseline: str) -> Side:
    compared = compare(found.measured, SCOPE, None, baseline)
    if found.gives_away([SCOPE]) or found.gives_away(BASELINE_GROUPS[baseline]):
        nothing = Compared(0, compared.changes, 0, compared.baseline_changes, refused=HIDDEN)
        return Side(window, nothing, None, is_hidden=True)
    enough = compared.changes >= FEWEST
    return Side(window, compared, wilson_interval(compared.failures, compared.changes) if enough else None)


def _change(before: Compared, after: Compared) -> RatioInterval | None:
    if min(before.changes, after.changes) < FEWEST:
        return None
    return rate_ratio_interval(after.failures, after.changes, before.failures, before.changes)
