"""Reading load

Lines for each minute that reviewers had for them: higher means less time for each line, neither good nor bad.

Value: Of each change merged in the week, its changed lines (without generated and lock files) by the active
review minutes of all people who reviewed it, its author not among them. A reviewer's minutes run from one
review or remark to the next; a pause of more than 30 minutes ends a sitting. The figure is the median over
changes, with the values between which it lies by order statistics (95 %; none below 6 changes). Lines and
minutes stand beside it as sums; one is never divided by the other.

A proxy: Nobody's clock is read. Reading before the first remark leaves no trace, so that a minute here is
at least one minute in truth, and the measure is of use for its course over weeks, not for its height.

Not measurable: A change reviewed in one moment only has no minutes, and a change of unknown size no lines.
They are in no median; their share is shown, as a rise in it would hide quick reading.

Gaps: Under 5 measured changes in a week there is no median.

Test: Mann-Kendall over the medians of 26 weeks, with Theil-Sen's slope of their logarithms; at least 13 of
the weeks must have one. An arrow where p is below 0.005, looked at every four weeks: 6 to 8 % of series show
a false one in a year, and a doubling over 26 weeks is found in three of four cases at 20 reviewed changes a
week, in one of three at 6. Without an arrow there is "no clear trend", which is not the same as steady.

Exclusions: Changes of automations are a row of their own and in no other. No figure is of a person.

Source: Reviews and remarks as forges tell them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import exp, log

from analytics.flow_weeks import WEEK, Span
from analytics.metrics.trend import CLEAR_BELOW, NO_CLEAR_TREND, WEEKS_TESTED
from analytics.spans import BLOCK_DAYS
from analytics.stats.trends import load_trend

FEWEST_WEEKS = 13


@dataclass(frozen=True)
class LoadVerdict:
    """`direction` is up, down or empty; `factor`: so many times as high at the end as at the beginning."""

    span: Span
    weeks: int
    direction: str = ""
    p: float | None = None
    slope: float | None = None
    factor: float | None = None

    @property
    def is_tested(self) -> bool:
        return self.p is not None

    @property
    def name(self) -> str:
        names = {"up": "Going up", "down": "Going down"}
        return names.get(self.direction, "No clear trend" if self.is_tested else "Too few weeks")

    @property
    def words(self) -> str:
        window = f"{self.span.weeks} weeks to {self.span.last_day:%-d %b %Y}"
        if not self.is_tested:
            return (
                f"Too few weeks: {self.weeks} of the {window} have a median, the test needs {FEWEST_WEEKS}."
            )
        if not self.direction:
            return f"No clear trend over the {window}: {NO_CLEAR_TREND}."
        times = f", about {self.factor:.2g} times as high at the end" if self.factor else ""
        return (
            f"Going {self.direction} over the {window}{times}, beyond what chance gives (p = {self.p:.1g})."
        )


def tested(last: Span) -> Span:
    """The 26 weeks that are tested when these are the last: they move on every four weeks, for everybody."""
    end = last.ends_on.toordinal() - 1
    ends_on = date.fromordinal(end - end % BLOCK_DAYS + 1)
    return Span(ends_on - WEEKS_TESTED * WEEK, WEEKS_TESTED)


def verdict(span: Span, medians: Mapping[date, float | None], *, of_ratios: bool) -> LoadVerdict:
    """`medians` by the Monday of their week; a gap is None or left out. `of_ratios`: by their logarithms."""
    values, places = [], []
    for place, week in enumerate(span.each()):
        value = medians.get(week)
        if value is not None and (value > 0 or not of_ratios):
            values.append(log(value) if of_ratios else value)
            places.append(place)
    if len(values) < FEWEST_WEEKS:
        return LoadVerdict(span, len(values))
    found = load_trend(values, places)
    direction = ("up" if found.s > 0 else "down") if found.p < CLEAR_BELOW else ""
    factor = exp(found.slope * (span.weeks - 1)) if of_ratios else None
    return LoadVerdict(span, len(values), direction, found.p, found.slope, factor)
