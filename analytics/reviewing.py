"""What reviewing asks of people, over time: page, CSV, JSON and API show the same frozen object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from analytics.delivery import of_words
from analytics.flow_weeks import QUARTER, WEEK, Span, label, monday
from analytics.metrics import (
    definition,
    large_assisted_days,
    reading_load,
    review_care,
    review_remarks,
    reviewable_size,
    reviewing_sentences,
    senior_review,
    without_review,
)
from analytics.metrics.delivery_sentences import BEING_RECKONED, Place
from analytics.metrics.reading_load import LoadVerdict, tested, verdict
from analytics.metrics.reviewing_words import ALL, NAMES, ORIGINS, SIZES, Care, Days, Group, Middle, Share
from analytics.queries import spans
from analytics.review_form import ReviewForm
from analytics.services import flow

PAGE = "reviewing"
MODULES = {
    "reading": reading_load,
    "remarks": review_remarks,
    "large": reviewable_size,
    "days": large_assisted_days,
    "senior": senior_review,
    "alone": without_review,
    "care": review_care,
}


@dataclass(frozen=True)
class Period:
    """The figures of one span; `is_reckoned`: else they are still on their way."""

    span: Span
    is_reckoned: bool
    is_partial: bool
    limit: int
    groups: Mapping[str, Group]
    days: Days
    care: Care

    @property
    def label(self) -> str:
        return label(self.span.begins_on)

    @property
    def whole(self) -> Group:
        return self.groups[ALL]


def period(
    span: Span, figures: Mapping[str, Any] | None, *, is_reckoned: bool = True, is_partial: bool = False
) -> Period:
    found = figures or {}
    groups = found.get("groups", {})
    return Period(
        span=span,
        is_reckoned=is_reckoned,
        is_partial=is_partial,
        limit=found.get("limit", 0),
        groups={key: Group.read(key, groups.get(key)) for key in NAMES},
        days=Days.read(found.get("days")),
        care=Care.read(found.get("care")),
    )


@dataclass(frozen=True)
class Line:
    """One origin or size band: these 13 weeks beside the 13 before, and the course of its weekly medians."""

    now: Group
    before: Group
    reading: LoadVerdict
    remarks: LoadVerdict

    @property
    def name(self) -> str:
        return self.now.name


@dataclass(frozen=True)
class ReviewingReport:
    """`now` is the 13 weeks that end with the week shown, `before` the 13 before them."""

    scope: str
    scope_name: str
    demo: bool
    now: Period
    before: Period
    # The oldest first; the last may be under way.
    weeks: tuple[Period, ...]
    # All whole weeks from the first that is tested on.
    past: tuple[Period, ...]
    is_latest: bool
    waiting: int
    reckoned_at: datetime | None
    rules: int | None
    # These 13 weeks were not kept, and are on their way.
    is_asked: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing merged, was reviewed or answered in all these weeks."""
        return not any(
            one.whole.merged
            or one.groups["origin:automation"].merged
            or one.days.state != "empty"
            or one.care.state != "empty"
            for one in (self.now, self.before, *self.weeks)
        )

    @property
    def limit(self) -> int:
        return self.now.limit or next((one.limit for one in reversed(self.weeks) if one.limit), 0)

    @property
    def place(self) -> Place:
        last = self.now.span.last_day
        opening = "In the last 13 weeks" if self.is_latest else f"In the 13 weeks to {last:%-d %b %Y}"
        return Place(of_words(self.scope, self.scope_name), opening, self.now.span.weeks)

    @cached_property
    def lines(self) -> dict[str, Line]:
        return {key: self._line(key) for key in NAMES}

    def _line(self, key: str) -> Line:
        span = tested(self.now.span)
        paces = {one.span.begins_on: one.groups[key].pace.shown for one in self.past}
        remarks = {one.span.begins_on: one.groups[key].remarked.shown for one in self.past}
        return Line(
            self.now.groups[key],
            self.before.groups[key],
            verdict(span, paces, of_ratios=True),
            verdict(span, remarks, of_ratios=False),
        )

    @property
    def all(self) -> Line:
        return self.lines[ALL]

    @property
    def by_origin(self) -> list[Line]:
        return self._known(ORIGINS)

    @property
    def by_size(self) -> list[Line]:
        return self._known(SIZES)

    def _known(self, keys: Mapping[str, str]) -> list[Line]:
        return [line for key in keys if (line := self.lines[key]).now.merged or line.before.merged]

    @property
    def sentences(self) -> dict[str, str]:
        now, before, place, words = self.now, self.before, self.place, reviewing_sentences
        if self.is_asked:
            return dict.fromkeys((key for key in MODULES if key != "remarks"), BEING_RECKONED)
        return {
            "reading": words.reading(now.whole, before.whole, self.all.reading, place),
            "large": words.large(now.whole, before.whole, self.limit, place),
            "care": words.care(now.care, before.care, place),
            "days": words.days(now.days, before.days, place),
            "senior": words.senior(now.whole, before.whole, place),
            "alone": words.alone(now.whole, before.whole, place),
        }


def over_time(
    *, scope: str, scope_name: str, demo: bool, now: Span, series: Span, current: date
) -> ReviewingReport:
    """`now` and `series` as of `ReviewForm`; `current`: the Monday of the week that is under way."""
    before = now.before()
    is_latest = now.ends_on == current
    until = current + WEEK if is_latest else series.ends_on
    since = min(series.begins_on, before.begins_on, tested(now).begins_on)
    shown = spans.read_pages(pages=[PAGE], scope=scope, demo=demo, since=since, until=until)
    weekly, quarterly = shown[PAGE, 1], shown[PAGE, QUARTER]
    begins = list(Span(since, (until - since).days // 7).each())
    read = [_read(weekly, Span(begin), current) for begin in begins]
    return ReviewingReport(
        scope=scope,
        scope_name=scope_name,
        demo=demo,
        now=_read(quarterly, now, current),
        before=_read(quarterly, before, current),
        weeks=tuple(one for one in read if one.span.begins_on >= series.begins_on),
        past=tuple(one for one in read if one.span.ends_on <= now.ends_on),
        is_latest=is_latest,
        waiting=weekly.waiting + quarterly.waiting,
        reckoned_at=quarterly.reckoned_at or weekly.reckoned_at,
        rules=quarterly.rules or weekly.rules,
    )


def report_of(form: ReviewForm) -> ReviewingReport:
    """13 weeks that are not kept are asked for, and come a moment later. Raises: KeyError on a bad form."""
    report = over_time(
        scope=form.scope,
        scope_name=form.scope_name,
        demo=form.demo,
        now=form.quarter,
        series=form.series,
        current=monday(form.today),
    )
    missing = [one.span for one in (report.now, report.before) if not one.is_reckoned]
    if not missing or not any(week.is_reckoned for week in report.weeks):
        return report
    flow.ask_all(spans=[(PAGE, span) for span in missing], demo=form.demo, now=timezone.now())
    return replace(report, is_asked=report.now.span in missing, waiting=max(report.waiting, len(missing)))


def _read(shown: spans.Shown, span: Span, current: date) -> Period:
    begin = span.begins_on
    return period(
        span,
        shown.at(begin),
        is_reckoned=begin in shown.known,
        is_partial=span.weeks == 1 and begin == current,
    )


HEADER = (
    "span", "from", "to", "state", "group", "merged", "size_known", "larger", "larger_without_exception",
    "larger_rate", "larger_low", "larger_high", "reviews_told", "without_review", "without_review_rate",
    "without_review_low", "without_review_high", "reviewed", "one_moment", "pace_n", "pace_median",
    "pace_low", "pace_high", "lines", "reviewer_minutes", "remarks_n", "remarks_median_per_100_lines",
    "remarks_low", "remarks_high", "remarks", "remarked_lines", "high_risk", "high_risk_with_seniors",
    "by_senior", "reviewer_days", "reviewer_days_over_limit", "answers", "yes", "not_really", "no",
)  # fmt: skip


def as_table(report: ReviewingReport) -> Iterator[tuple[Any, ...]]:
    """Each span, all together first and then each origin and size that merged in it."""
    yield from _lines("13 weeks", report.now)
    yield from _lines("13 weeks before", report.before)
    for one in reversed(report.weeks):
        yield from _lines(one.label, one)


def _lines(name: str, one: Period) -> Iterator[tuple[Any, ...]]:
    state = "partial" if one.is_partial else "complete" if one.is_reckoned else "waiting"
    for key in NAMES:
        group = one.groups[key]
        if key == ALL or group.merged:
            yield (
                name,
                one.span.begins_on,
                one.span.last_day,
                state,
                group.name,
                *_counts(group),
                *_people(key, one),
            )


def _counts(group: Group) -> tuple[Any, ...]:
    large, alone, pace, remarked = group.large, group.alone, group.pace, group.remarked
    known = bool(group.told)
    return (
        group.merged, group.sized, group.too_large, group.too_large - group.excused, large.rate, large.low,
        large.high, group.told, alone.k, alone.rate, alone.low, alone.high,
        group.reviewed if known else None, group.one_moment if known else None,
        pace.n, pace.shown, *_range(pace), group.lines, group.minutes,
        remarked.n, remarked.shown, *_range(remarked), group.remarks if known else None, group.remarked_lines,
        group.high_risk, group.with_seniors, group.senior.k,
    )  # fmt: skip


def _range(middle: Middle) -> tuple[float | None, float | None]:
    return (None, None) if middle.shown is None else (middle.low, middle.high)


def _people(key: str, one: Period) -> tuple[Any, ...]:
    """Of all changes together only: of one origin a reviewer-day or a voice would be a part of itself."""
    if key != ALL:
        return None, None, None, None, None, None
    total = one.care.total
    voices = (total.n, total.yes, total.not_really, total.no) if total else (None, None, None, None)
    return one.days.reviewers, one.days.over, *voices


def _share(share: Share) -> dict[str, Any]:
    return {"k": share.k, "n": share.n, "rate": share.rate, "low": share.low, "high": share.high}


def _middle(middle: Middle) -> dict[str, Any]:
    low, high = _range(middle)
    return {"n": middle.n, "median": middle.shown, "low": low, "high": high, "state": middle.state}


def _group(group: Group) -> dict[str, Any]:
    return {
        "key": group.key,
        "name": group.name,
        "merged": group.merged,
        "size_known": group.sized,
        "larger": _share(group.large),
        "larger_without_exception": _share(group.unexcused),
        "without_review": _share(group.alone),
        "reviewed": group.reviewed if group.told else None,
        "one_moment": group.one_moment if group.told else None,
        "lines_per_reviewer_minute": _middle(group.pace) | {"lines": group.lines, "minutes": group.minutes},
        "remarks_per_100_lines": _middle(group.remarked)
        | {"remarks": group.remarks if group.told else None, "lines": group.remarked_lines},
        "high_risk": group.high_risk,
        "senior": _share(group.senior) | {"state": group.senior_state},
    }


def _figures(one: Period) -> dict[str, Any]:
    return {
        "from": one.span.begins_on,
        "to": one.span.last_day,
        "weeks": one.span.weeks,
        "partial": one.is_partial,
        "reckoned": one.is_reckoned,
        "groups": [_group(group) for key, group in one.groups.items() if key == ALL or group.merged],
        "reviewer_days": {
            "limit": one.days.limit or None,
            "state": one.days.state,
            "over": _share(one.days.share),
            "spread": [
                {"large_changes": large, "reviewer_days": people} for large, people in one.days.spread
            ],
            "days": [{"day": day.on, "reviewers": day.reviewers, "over": day.over} for day in one.days.each],
        },
        "care": {
            "state": one.care.state,
            "all": _voices([one.care.total] if one.care.total else []),
            "by_origin": _voices(one.care.by_origin),
            "by_size": _voices(one.care.by_size),
        },
    }


def _voices(voices: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "groups": list(one.keys),
            "name": one.name,
            "yes": one.yes,
            "not_really": one.not_really,
            "no": one.no,
            "said_yes": _share(one.share),
        }
        for one in voices
    ]


def _course(found: LoadVerdict) -> dict[str, Any]:
    return {
        "from": found.span.begins_on,
        "to": found.span.last_day,
        "weeks_with_a_median": found.weeks,
        "direction": found.direction or None,
        "p": found.p,
        "slope": found.slope,
        "words": found.words,
    }


def as_json(report: ReviewingReport) -> dict[str, Any]:
    return {
        "definitions": {name: asdict(definition(module)) for name, module in MODULES.items()},
        "scope": report.scope,
        "scope_name": report.scope_name,
        "demonstration_data": report.demo,
        "rules": report.rules,
        "reviewable_lines": report.limit or None,
        "reckoned_at": report.reckoned_at,
        "waiting": report.waiting,
        "sentences": report.sentences,
        "trends": [
            {
                "key": key,
                "name": line.name,
                "lines_per_reviewer_minute": _course(line.reading),
                "remarks_per_100_lines": _course(line.remarks),
            }
            for key, line in report.lines.items()
            if key == ALL or line.now.merged or line.before.merged
        ],
        "now": _figures(report.now),
        "before": _figures(report.before),
        "weeks": [{"week": one.label, **_figures(one)} for one in report.weeks],
    }
