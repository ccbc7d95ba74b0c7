"""Where the time goes, over 26 weeks: page, CSV, JSON and API show the same frozen object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from analytics.flow_weeks import QUARTER, WEEK, Span, monday
from analytics.metrics.time_spent import ALL, NO_AREA, Spread, nothing, read
from analytics.metrics.time_words import GROUP_NAMES, MEASURES, ORIGINS, SIZES, STAGES
from analytics.queries import spans
from analytics.review_form import ReviewForm
from analytics.services import flow
from analytics.stats.halves import Altered, Bounded, counts_compared, medians_compared
from changes.models import DomainArea

PAGE = "time"
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """Counts of each week, the oldest first, and of the two spans of 13; None is not known or hidden."""

    key: str
    name: str
    weeks: tuple[int | None, ...]
    now: int | None
    before: int | None
    altered: Altered | None
    # Why `now` or `before` is not there.
    why: str = ""

    @property
    def more(self) -> int | None:
        return None if self.now is None or self.before is None else self.now - self.before


@dataclass(frozen=True)
class Waited:
    """One stage: the median of each week, and of the two spans."""

    key: str
    name: str
    weeks: tuple[Spread | None, ...]
    now: Spread
    before: Spread
    altered: Altered | None

    @property
    def unit(self) -> str:
        return unit_of(self.key)


def unit_of(stage: str) -> str:
    return "rounds" if stage == "rounds" else "seconds"


@dataclass(frozen=True)
class Group:
    """Changes of one origin, area or size in the 13 weeks, and in those before; stages as `STAGES`."""

    key: str
    name: str
    merged: int
    stages: tuple[tuple[Spread, Spread], ...]

    @property
    def cells(self) -> list[dict[str, Any]]:
        """For a table: each stage with its name and unit."""
        return [
            {"name": name, "now": now, "before": before, "unit": unit_of(key)}
            for (key, name), (now, before) in zip(STAGES.items(), self.stages, strict=True)
        ]


@dataclass(frozen=True)
class TimeReport:
    scope: str
    scope_name: str
    demo: bool
    quarter: Span
    weeks: tuple[date, ...]
    # The last of `weeks` is under way.
    is_partial: bool
    # The 13 weeks are the last that are over.
    is_latest: bool
    origins: Mapping[str, tuple[int | None, ...]]
    measures: tuple[Measure, ...]
    # By week: deployments that are too young to have shown whether they failed; changes without lines.
    pending: tuple[int | None, ...]
    lines_unknown: int
    unmeasured: int
    suspected: int | None
    stages: tuple[Waited, ...]
    steps: tuple[tuple[str, Spread], ...]
    missing: Mapping[str, int]
    merged: int
    shipped: int
    groups: Mapping[str, tuple[Group, ...]]
    longest: Mapping[str, tuple[int, ...]]
    # Anything of these weeks; and both spans of 13.
    is_known: bool
    is_reckoned: bool
    waiting: int
    reckoned_at: datetime | None
    rules: int | None

    @property
    def is_empty(self) -> bool:
        return not any(any(one.weeks) for one in self.measures)

    def measure(self, key: str) -> Measure:
        return next(one for one in self.measures if one.key == key)

    def stage(self, key: str) -> Waited:
        return next(one for one in self.stages if one.key == key)

    @property
    def lead(self) -> Spread:
        return self.stage("lead").now

    @property
    def young(self) -> int:
        return sum(one or 0 for one in self.pending[: 2 * QUARTER])

    @property
    def last_day(self) -> date:
        return self.quarter.last_day


def over_time(
    *,
    scope: str,
    scope_name: str,
    demo: bool,
    quarter: Span,
    week: date,
    current: date,
    area_names: Mapping[str, str],
) -> TimeReport:
    """`quarter`: 13 whole weeks; `week`: the last that is shown; `current`: the one that is under way."""
    before = quarter.before()
    until = max(week + WEEK, quarter.ends_on)
    shown = spans.read_pages(pages=[PAGE], scope=scope, demo=demo, since=before.begins_on - WEEK, until=until)
    weekly, quarterly = shown[PAGE, 1], shown[PAGE, QUARTER]
    build = _Builder(weekly, quarterly, quarter, week)
    now = build.span(quarter)
    return TimeReport(
        scope=scope,
        scope_name=scope_name,
        demo=demo,
        quarter=quarter,
        weeks=build.weeks,
        is_partial=week >= quarter.ends_on,
        is_latest=quarter.ends_on == current,
        origins={key: build.counted(_of_origins(keys))[0] for key, _, keys in ORIGINS},
        measures=tuple(build.measure(key, name) for key, name in MEASURES.items()),
        pending=build.counted(_of("flow", "pending"))[0],
        lines_unknown=now["activity"]["lines_unknown"],
        unmeasured=now["flow"]["unmeasured"],
        suspected=now["flow"]["suspected"],
        stages=tuple(build.stage(key, name) for key, name in STAGES.items()),
        steps=tuple((key, read(now, key)) for key in ("made", "review", "reviewed", "deployment")),
        missing=now["missing"],
        merged=now["groups"][ALL]["merged"],
        shipped=now["flow"]["shipped"],
        groups=build.groups(area_names),
        longest={key: tuple(ids) for key, ids in now["longest"].items()},
        is_known=bool(weekly.known),
        is_reckoned=quarter.begins_on in quarterly.known and before.begins_on in quarterly.known,
        waiting=weekly.waiting + quarterly.waiting,
        reckoned_at=quarterly.reckoned_at or weekly.reckoned_at,
        rules=quarterly.rules or weekly.rules,
    )


Pick = Callable[[Figures], "int | None"]


def _of(part: str, key: str) -> Pick:
    return lambda figures: figures[part][key]


def _of_origins(keys: Sequence[str]) -> Pick:
    return lambda figures: sum(figures["groups"].get(f"origin:{key}", {}).get("merged", 0) for key in keys)


def _merged(figures: Figures) -> int:
    found: int = figures["groups"][ALL]["merged"]
    return found


PICKS: Mapping[str, Pick] = {
    "merged": _merged,
    "lines": _of("activity", "lines"),
    "shipped": _of("flow", "shipped"),
    "deployments": _of("flow", "deployments"),
    "failed": _of("flow", "failed"),
    "rework": _of("flow", "rework"),
}
# Known only since the first deployment is.
OF_DEPLOYMENTS = ("shipped", "deployments", "failed", "rework")


NO_SOURCE = "no incident source is connected"


class _Builder:
    def __init__(self, weekly: spans.Shown, quarterly: spans.Shown, quarter: Span, week: date) -> None:
        self.weekly, self.quarterly, self.quarter = weekly, quarterly, quarter
        self.before = quarter.before()
        count = 2 * QUARTER + (week >= quarter.ends_on)
        self.weeks = tuple(Span(self.before.begins_on, count).each())
        since = [
            figures["flow"]["since"]
            for figures in (*weekly.rows.values(), *quarterly.rows.values())
            if figures["flow"]["since"]
        ]
        self.since = min(map(date.fromisoformat, since), default=None)

    def span(self, span: Span) -> Figures:
        found = self.quarterly.rows.get(span.begins_on)
        return {**nothing(), **found} if found else nothing()

    def week(self, week: date) -> Figures | None:
        """None: nothing is known of that week at all."""
        return self.weekly.rows.get(week, nothing()) if week in self.weekly.known else None

    def counted(self, pick: Pick, *, of_deployments: bool = False) -> tuple[tuple[int | None, ...], bool]:
        """With whether any is hidden; deployments are not known before the first one is."""
        found: list[int | None] = []
        hides = False
        for week in self.weeks:
            figures = self.week(week)
            unknown = of_deployments and (self.since is None or week + WEEK <= self.since)
            if figures is None or unknown:
                found.append(None)
                continue
            found.append(pick(figures))
            hides |= found[-1] is None
        return tuple(found), hides

    def measure(self, key: str, name: str) -> Measure:
        of_deployments = key in OF_DEPLOYMENTS
        weeks, hides = self.counted(PICKS[key], of_deployments=of_deployments)
        why = self._why(of_deployments)
        if key == "failed" and not why and self._is_unmeasured(self.weeks):
            why = NO_SOURCE
        if hides:
            found = self._hidden(key, name, self._covered(weeks, of_deployments), why)
        else:
            found = _summed(key, name, weeks, why)
        return self._without_unmeasured(found) if key == "failed" else found

    def _hidden(self, key: str, name: str, weeks: tuple[int | None, ...], why: str) -> Measure:
        """The sums do not follow from the weeks that are shown: they are those of the spans of 13."""
        totals = [
            PICKS[key](self.span(one)) if one.begins_on in self.quarterly.known else None
            for one in (self.quarter, self.before)
        ]
        now, before = totals
        why = why or ("hidden for privacy" if None in totals else "")
        if why or now is None or before is None:
            return Measure(key, name, weeks, now, None, None, why)
        return Measure(key, name, weeks, now, before, counts_compared([now], [before]))

    def _is_unmeasured(self, weeks: Sequence[date]) -> bool:
        """Deployments reached users, and of none of them would a failure be known here."""
        flows = [figures["flow"] for week in weeks if (figures := self.week(week)) is not None]
        judged = sum(flow["judged"] + flow["pending"] for flow in flows)
        return not judged and any(flow["deployments"] for flow in flows)

    def _without_unmeasured(self, found: Measure) -> Measure:
        if found.why == NO_SOURCE:
            return replace(found, weeks=(None,) * len(found.weeks), now=None, before=None, altered=None)
        weeks = zip(self.weeks, found.weeks, strict=True)
        return replace(
            found, weeks=tuple(None if self._is_unmeasured([week]) else value for week, value in weeks)
        )

    def _why(self, of_deployments: bool) -> str:
        """Why the two spans cannot be compared: what is known begins within them."""
        if of_deployments and self.since is None:
            return "no deployment is known"
        if of_deployments and self.since and self.since > self.before.begins_on:
            return f"deployments are known since {self.since:%-d %b %Y}"
        if self.before.begins_on - WEEK not in self.weekly.known:
            return "not known so far back"
        return ""

    def _covered(self, weeks: tuple[int | None, ...], of_deployments: bool) -> tuple[int | None, ...]:
        """In no half is exactly one week hidden: the total would tell it."""
        found = list(weeks)
        for half in (range(QUARTER), range(QUARTER, 2 * QUARTER)):
            hidden = [n for n in half if found[n] is None and self._is_known(n, of_deployments)]
            left = [n for n in half if found[n] is not None]
            if len(hidden) == 1 and left:
                found[min(left, key=lambda n: (found[n] or 0, n))] = None
        return tuple(found)

    def _is_known(self, number: int, of_deployments: bool) -> bool:
        week = self.weeks[number]
        before_any = of_deployments and (self.since is None or week + WEEK <= self.since)
        return week in self.weekly.known and not before_any

    def stage(self, key: str, name: str) -> Waited:
        weeks = tuple(
            read(figures, key) if (figures := self.week(week)) is not None else None for week in self.weeks
        )
        now, before = read(self.span(self.quarter), key), read(self.span(self.before), key)
        return Waited(key, name, weeks, now, before, compared(now, before))

    def groups(self, area_names: Mapping[str, str]) -> dict[str, tuple[Group, ...]]:
        now, before = self.span(self.quarter), self.span(self.before)
        there = {**before["groups"], **now["groups"]}
        areas = sorted(
            (key == NO_AREA, area_names.get(key, "No area"), key) for key in there if key.startswith("area:")
        )
        wanted = {
            "origin": [
                (ALL, GROUP_NAMES[ALL]),
                *((key, GROUP_NAMES[key]) for key in GROUP_NAMES if ":" in key),
            ],
            "area": [(key, name) for _, name, key in areas],
            "size": list(SIZES.items()),
        }
        return {
            sort: tuple(
                Group(
                    key,
                    name,
                    now["groups"].get(key, {}).get("merged", 0),
                    tuple((read(now, stage, key), read(before, stage, key)) for stage in STAGES),
                )
                for key, name in rows
                if key in there
            )
            for sort, rows in wanted.items()
        }


def _summed(key: str, name: str, weeks: tuple[int | None, ...], why: str) -> Measure:
    now = [one for one in weeks[QUARTER : 2 * QUARTER] if one is not None]
    before = [one for one in weeks[:QUARTER] if one is not None]
    total = sum(now) if len(now) == QUARTER else None
    if why or total is None or len(before) < QUARTER:
        return Measure(key, name, weeks, total, None, None, why or "not known so far back")
    return Measure(key, name, weeks, total, sum(before), counts_compared(now, before))


def compared(now: Spread, before: Spread) -> Altered | None:
    """None where one of the two has no range."""
    ends = []
    for one in (now, before):
        if one.median is None or one.low is None or one.high is None:
            return None
        ends.append(Bounded(one.median, one.low, one.high))
    return medians_compared(*ends)


def report_of(form: ReviewForm) -> TimeReport:
    """13 weeks that are not kept are asked for, and come a moment later. Raises: KeyError on a bad form."""
    report = over_time(
        scope=form.scope,
        scope_name=form.scope_name,
        demo=form.demo,
        quarter=form.quarter,
        week=form.week,
        current=monday(form.today),
        # Retired ones have a past too.
        area_names={f"area:{pk}": name for pk, name in DomainArea.objects.values_list("pk", "name")},
    )
    if not report.is_reckoned and report.is_known:
        both = [(PAGE, span) for span in (form.quarter, form.quarter.before())]
        flow.ask_all(spans=both, demo=form.demo, now=timezone.now())
    return report
