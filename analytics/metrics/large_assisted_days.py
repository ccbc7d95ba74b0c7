"""Large AI-assisted changes a day

On how many reviewer-days one person had more large AI-assisted changes to read than the rules hold for right.

Numerator: Reviewer-days with more changes that are AI-assisted, or of an autonomous agent, and larger than
one can review than the rules of the review say, 3 at first. A change counts once on each day it was reviewed.

Denominator: Reviewer-days: one person who reviewed anything on one day of the organisation, bots and authors
of the change not among them.

No persons: A reviewer is a pseudonym of that day alone, made with a key that is thrown away with the raw
deliveries. Nothing links one day to another, so that no row follows anybody. Days with fewer than 3 reviewers
are pooled into their week, and a span of fewer than 3 reviewer-days is not shown. There is no list behind it.

In a scope: Only the changes of that scope are counted, so that somebody who reviews for two teams may be
within the limit in each.

Range: Wilson's 95 % interval, by reviewer-days. Below 20 there are counts and no percentage.

Source: Reviews as forges tell them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from analytics.metrics.reviewing_words import FEWEST_REVIEWERS
from analytics.queries.reviewing import DayOfReviewers

# What is more stands with it.
MOST_SHOWN = 10


def part(lines: Iterable[DayOfReviewers], *, limit: int, by_day: bool) -> dict[str, Any]:
    """`by_day`: with the days of the span, those of few reviewers pooled."""
    spread: Counter[int] = Counter()
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        spread[min(line.large, MOST_SHOWN)] += line.reviewers
        days[line.day][0] += line.reviewers
        days[line.day][1] += line.reviewers * (line.large > limit)
    reviewers = spread.total()
    if 0 < reviewers < FEWEST_REVIEWERS:
        return {"limit": limit, "reviewers": None, "over": None, "spread": [], "each": []}
    return {
        "limit": limit,
        "reviewers": reviewers,
        "over": sum(over for _, over in days.values()),
        "spread": sorted(spread.items()),
        "each": pooled({day: (people, over) for day, (people, over) in days.items()}) if by_day else [],
    }


def pooled(days: dict[date, tuple[int, int]]) -> list[tuple[str, int, int]]:
    """(day, reviewers, over); those without enough reviewers together as "", last.

    So few may be left together that the rest of the week gives them away: then the next smallest join them.
    """
    found = sorted(days, key=lambda day: (days[day][0], day))
    apart = [day for day in found if days[day][0] < FEWEST_REVIEWERS]
    others = found[len(apart) :]
    while apart and others and sum(days[day][0] for day in apart) < FEWEST_REVIEWERS:
        apart.append(others.pop(0))
    lines = [(day.isoformat(), *days[day]) for day in sorted(others)]
    if apart:
        lines.append(("", sum(days[day][0] for day in apart), sum(days[day][1] for day in apart)))
    return lines
