"""Work in progress, as page, CSV, JSON and API show it: one frozen object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from accounts.days import midnight
from accounts.models import User
from analytics.flow_weeks import QUARTER, WEEK, Span, label, monday
from analytics.metrics.work import NOBODY_TELLS, SORTS, Work, hides, shown
from analytics.metrics.work_words import NAMES, Sentences, sentences
from analytics.models import WorkLimit
from analytics.queries import spans
from analytics.queries.work_oldest import Listed, oldest
from analytics.review_form import ReviewForm
from analytics.services import flow

PAGE = "work"


@dataclass(frozen=True)
class Line:
    """One sort: as it stands, over 13 weeks and the 13 before, week by week. None: not measured."""

    sort: str
    name: str
    state: Work | None
    now: Work | None
    before: Work | None
    weeks: tuple[tuple[Span, Work | None], ...]
    # Mondays of the weeks that are hidden; `hides`: what stands now is.
    hidden: frozenset[date]
    hides: bool
    limit: WorkLimit | None
    listed: Listed
    reason: str
    sentences: Sentences

    @property
    def is_measured(self) -> bool:
        return self.state is not None or self.now is not None or self.hides or bool(self.hidden)

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.limit.crossed_since is not None


@dataclass(frozen=True)
class Report:
    scope: str
    scope_name: str
    span: Span
    quarter: Span
    # What `state` and the ages are as of; `is_now`: else the end of a week that is over.
    at: datetime
    is_now: bool
    lines: tuple[Line, ...]
    waiting: int
    rules: int | None
    reckoned_at: datetime | None

    @property
    def is_empty(self) -> bool:
        return not any(line.is_measured for line in self.lines)

    @property
    def measured(self) -> list[Line]:
        return [line for line in self.lines if line.is_measured]

    @property
    def unmeasured(self) -> list[Line]:
        return [line for line in self.lines if not line.is_measured]

    @property
    def first_words(self) -> list[str]:
        """For somebody who reads only this: what is over a limit, and what the data gets wrong."""
        over = [words for line in self.measured for words in line.sentences.over]
        alarms = [words for line in self.measured for words in line.sentences.alarm]
        return [*over, *alarms]


def report_of(form: ReviewForm, user: User) -> Report:
    """13 weeks that are not kept are asked for, and come a moment later."""
    now = timezone.now()
    this = monday(form.today)
    is_now = form.is_latest or form.is_partial
    until = this + WEEK if is_now else form.week + WEEK
    since = form.quarter.before().begins_on
    found = spans.read_pages(pages=[PAGE], scope=form.scope, demo=form.demo, since=since, until=until)
    weekly, quarterly = found[PAGE, 1], found[PAGE, QUARTER]
    quarters = (form.quarter, form.quarter.before())
    missing = [span for span in quarters if span.begins_on not in quarterly.known]
    if missing and weekly.rows:
        flow.ask_all(spans=[(PAGE, span) for span in missing], demo=form.demo, now=now)
    state = weekly.at(this if is_now else form.week)
    at = now if is_now else midnight(form.week + WEEK)
    limits = {one.sort: one for one in WorkLimit.objects.filter(scope=form.scope, is_demo=form.demo)}
    listed = oldest(demo=form.demo, scope=form.scope, user=user, now=now) if is_now else {}
    shown_weeks = [*form.series.each(), *([this] if form.is_latest else [])]
    series = [(Span(week), weekly.at(week)) for week in shown_weeks]
    ends = {span.begins_on: min(now, midnight(span.ends_on)) for span, _ in series}
    lines = tuple(
        _line(
            sort,
            shown(state, sort, at),
            shown(quarterly.at(form.quarter.begins_on), sort, midnight(form.quarter.ends_on)),
            shown(quarterly.at(form.quarter.before().begins_on), sort, midnight(form.quarter.begins_on)),
            tuple((span, shown(one, sort, ends[span.begins_on])) for span, one in series),
            frozenset(span.begins_on for span, one in series if hides(one, sort)),
            hides(state, sort),
            limits.get(sort) if is_now else None,
            listed.get(sort, Listed([])),
            is_now,
        )
        for sort in SORTS
    )
    return Report(
        scope=form.scope, scope_name=form.scope_name, span=form.span, quarter=form.quarter, at=at,
        is_now=is_now, lines=lines, rules=weekly.rules, reckoned_at=weekly.reckoned_at,
        waiting=max(weekly.waiting + quarterly.waiting, len(missing) if weekly.rows else 0),
    )  # fmt: skip


def _line(
    sort: str,
    state: Work | None,
    now: Work | None,
    before: Work | None,
    weeks: tuple[tuple[Span, Work | None], ...],
    hidden: frozenset[date],
    is_hidden: bool,
    limit: WorkLimit | None,
    listed: Listed,
    is_now: bool,
) -> Line:
    words = sentences(sort, state, now, before, limit, is_now)
    if is_hidden:
        listed = Listed(listed.rows)
    return Line(
        sort, NAMES[sort], state, now, before, weeks, hidden, is_hidden, limit, listed,
        NOBODY_TELLS[sort], words,
    )  # fmt: skip


HEADER = (
    "sort", "begins", "ends", "weeks", "average", "at the end", "begun", "finished", "days on average",
    "median age in days", "85 % age in days", "oldest in days", "over 30 days", "by throughput", "edges",
    "unexplained", "limit",
)  # fmt: skip


def as_table(report: Report) -> Iterator[tuple[Any, ...]]:
    """13 weeks, the 13 before, then week by week; a sort that is not measured has empty fields."""
    for line in report.lines:
        spans_of = [(report.quarter, line.now), (report.quarter.before(), line.before), *line.weeks]
        for span, one in spans_of:
            yield (line.sort, span.begins_on, span.last_day, span.weeks, *_figures(one).values(), _most(line))


def _most(line: Line) -> int | None:
    return line.limit.most if line.limit else None


def _figures(one: Work | None) -> dict[str, Any]:
    names = ("average", "at_end", "begun", "finished", "mean_days", "median_age_days", "p85_age_days",
             "oldest_days", "over_30_days", "by_throughput", "edges", "unexplained")  # fmt: skip
    if one is None:
        return dict.fromkeys(names)
    even = one.balance
    values = (
        _round(one.average), one.under_way, one.figures["begun"], one.figures["finished"],
        _round(even.mean_days), _round(one.median_days), _round(one.p85_days), _round(one.oldest_days),
        one.stale, _round(even.by_throughput), _round(even.edges), _round(even.left),
    )  # fmt: skip
    hidden = AT_THE_END if one.hides_end else ()
    return dict(zip(names, values, strict=True)) | dict.fromkeys(hidden)


# What would tell of the few that stand at the end of 13 weeks.
AT_THE_END = ("at_end", "over_30_days", "by_throughput", "edges", "unexplained")


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def as_json(report: Report) -> dict[str, Any]:
    return {
        "scope": report.scope,
        "week": label(report.span.begins_on),
        "as_of": report.at,
        "is_now": report.is_now,
        "rules_version": report.rules,
        "reckoned_at": report.reckoned_at,
        "waiting": report.waiting,
        "sorts": [_line_json(line, report) for line in report.lines],
    }


def _line_json(line: Line, report: Report) -> dict[str, Any]:
    limit = line.limit
    return {
        "sort": line.sort,
        "is_measured": line.is_measured,
        "is_hidden": line.hides,
        "reason": "" if line.is_measured else line.reason,
        "state": _figures(line.state),
        "weeks_13": _figures(line.now),
        "weeks_13_before": _figures(line.before),
        "weeks": [_week_json(span, one) for span, one in line.weeks],
        "limit": _limit_json(limit) if limit else None,
        "words": list(line.sentences.every),
    }


def _week_json(span: Span, one: Work | None) -> Mapping[str, Any]:
    return {"week": label(span.begins_on), **_figures(one)}


def _limit_json(limit: WorkLimit) -> Mapping[str, Any]:
    return {
        "most": limit.most,
        "oldest_days": limit.oldest_days,
        "crossed_since": limit.crossed_since,
    }
