"""What reviewing asks of people, for every scope at once: what is kept of it, for a week as for thirteen.

What each figure means stands in the modules that are named here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from analytics.flow_weeks import Span
from analytics.metrics import large_assisted_days, review_care
from analytics.metrics.reviewing_words import COUNTS, groups_of, middle
from analytics.models.flow import ReviewRules
from analytics.queries import reviewing as facts

VERSION = 1
Groups = dict[str, dict[str, Any]]


def reckon(span: Span, demo: bool, rules: ReviewRules, now: datetime) -> dict[str, dict[str, Any]]:
    asked = facts.Asked(span, demo, rules.reviewable_lines)
    groups = _groups(facts.merged(asked), facts.measured(asked))
    days, care = _by_scope(facts.reviewer_days(asked)), _by_scope(facts.care(asked))
    limit, by_day = rules.large_assisted_a_day, span.weeks == 1
    return {
        scope: {
            "limit": rules.reviewable_lines,
            "groups": groups.get(scope, {}),
            "days": large_assisted_days.part(days.get(scope, []), limit=limit, by_day=by_day),
            "care": review_care.part(care.get(scope, [])),
        }
        for scope in {"", *groups, *days, *care}
    }


def _groups(merged: Iterable[facts.Merged], measured: Iterable[facts.Measured]) -> dict[str, Groups]:
    found: defaultdict[str, Groups] = defaultdict(dict)
    for line in merged:
        numbers = line._asdict()
        for key in groups_of(line.stand, line.size):
            group = found[line.scope].setdefault(key, dict.fromkeys(COUNTS, 0))
            for name in COUNTS:
                group[name] += numbers[name]
    paces: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    remarked: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for one in measured:
        for scope in one.scopes:
            for key in groups_of(one.stand, one.size):
                paces[scope, key] += one.pace
                remarked[scope, key] += one.remarked
    for (scope, key), values in paces.items():
        found[scope][key]["pace"] = middle(values, of_ratios=True)
        found[scope][key]["remarked"] = middle(remarked[scope, key])
    return found


def _by_scope(lines: Iterable[Any]) -> dict[str, list[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for line in lines:
        found[line.scope].append(line)
    return found
