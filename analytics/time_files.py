"""Where the time goes as a table and as JSON: the object that the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from analytics.flow_weeks import Span, label
from analytics.metrics import definition, time_spent
from analytics.metrics.time_spent import ALL, Spread
from analytics.metrics.time_words import STAGES
from analytics.stats.halves import Altered
from analytics.times import TimeReport, Waited

HEADER = (
    "part", "name", "from", "to", "group", "state", "value", "n", "median", "low", "high", "p85",
)  # fmt: skip


def as_table(report: TimeReport) -> Iterator[tuple[Any, ...]]:
    for number, week in enumerate(report.weeks):
        end = Span(week).last_day
        state = "not over" if report.is_partial and week == report.weeks[-1] else ""
        for measure in report.measures:
            yield (measure.key, measure.name, week, end, ALL, state, measure.weeks[number], *[None] * 5)
        for origin, weeks in report.origins.items():
            yield ("merged", "Changes merged", week, end, origin, state, weeks[number], *[None] * 5)
        for stage in report.stages:
            yield _line(stage, stage.weeks[number], week, end, ALL, state)
    for span, which in ((report.quarter, 0), (report.quarter.before(), 1)):
        for sort in report.groups.values():
            for group in sort:
                for stage, pair in zip(report.stages, group.stages, strict=True):
                    yield _line(stage, pair[which], span.begins_on, span.last_day, group.key, "13 weeks")


def _line(
    stage: Waited, found: Spread | None, begin: date, end: date, group: str, state: str
) -> tuple[Any, ...]:
    one = found or Spread()
    return (
        stage.key, stage.name, begin, end, group, state, None, one.n if found else None, one.median, one.low,
        one.high, one.p85,
    )  # fmt: skip


def as_json(report: TimeReport) -> dict[str, Any]:
    return {
        "definition": asdict(definition(time_spent)),
        "scope": report.scope,
        "scope_name": report.scope_name,
        "demonstration_data": report.demo,
        "from": report.quarter.begins_on,
        "to": report.last_day,
        "weeks": [
            {
                "week": label(week),
                "begins_on": week,
                "is_partial": report.is_partial and week == report.weeks[-1],
            }
            for week in report.weeks
        ],
        "measures": [{**_plain(asdict(one)), "altered": _altered(one.altered)} for one in report.measures],
        "merged_by_origin": {key: list(weeks) for key, weeks in report.origins.items()},
        "pending_deployments": list(report.pending),
        "stages": [
            {**asdict(one), "unit": one.unit, "altered": _altered(one.altered)} for one in report.stages
        ],
        "steps": {key: asdict(one) for key, one in report.steps},
        "merged": report.merged,
        "shipped": report.shipped,
        "not_measured": dict(report.missing),
        "groups": {
            sort: [
                {
                    "key": one.key,
                    "name": one.name,
                    "merged": one.merged,
                    "stages": {
                        stage: {"now": asdict(now), "before": asdict(before)}
                        for stage, (now, before) in zip(STAGES, one.stages, strict=True)
                    },
                }
                for one in groups
            ]
            for sort, groups in report.groups.items()
        },
        "is_reckoned": report.is_reckoned,
        "waiting": report.waiting,
        "reckoned_at": report.reckoned_at,
        "rules": report.rules,
    }


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "weeks": list(found["weeks"])}


def _altered(altered: Altered | None) -> dict[str, Any] | None:
    """Without end is None: JSON has no infinity."""
    if altered is None:
        return None
    high = altered.high if altered.high < float("inf") else None
    return {"low": altered.low, "high": high, "direction": altered.direction}
