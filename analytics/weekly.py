"""The week at a glance: what page, closed week, comparison and digest say, from the same figures.

Each page of the weekly review adds its own lines; a line is a sentence, true of the figures it was made
from, over the 13 weeks that end with the week, beside the 13 before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from accounts.days import midnight
from analytics import delivery, reviewing
from analytics.delivery import of_words
from analytics.flow_weeks import QUARTER, WEEK, Span, last_full
from analytics.metrics import (
    definition,
    load_words,
    reviewing_sentences,
    work,
    work_words,
)
from analytics.metrics.delivery_sentences import Place, share_words
from analytics.metrics.delivery_words import Share, Spread, whole
from analytics.metrics.load import Load
from analytics.metrics.time_spent import read as read_time
from analytics.metrics.time_words import stage_sentence
from analytics.queries import spans
from analytics.services import flow
from analytics.times import compared
from design.spans import short_span

Figures = dict[str, Any]
# Fewer than this are in no mail, hook or shared file.
FEWEST_OUTSIDE = 10
Week = Mapping[str, Figures | None]


@dataclass(frozen=True)
class Line:
    """One sentence and where more of it stands; `key` names it in files and comparisons.

    `counts`: how many changes, deployments or incidents each of its shares and medians rests on.
    """

    key: str
    title: str
    words: str
    url_name: str
    definition: str
    counts: tuple[int | None, ...] = ()

    @property
    def leaves(self) -> bool:
        """Whether it may leave the sign-in: what rests on a few, but not on none, stays."""
        return not any(count is not None and 0 < count < FEWEST_OUTSIDE for count in self.counts)


@dataclass(frozen=True)
class Cell:
    """One figure of one week: its words, and the number for whoever reckons with it; None is not known."""

    key: str
    title: str
    words: str
    value: float | None
    definition: str


@dataclass(frozen=True)
class Glance:
    """Figures of one week and scope, live or as they were frozen. By page: None is not reckoned."""

    span: Span
    scope: str
    scope_name: str
    demo: bool
    week: Mapping[str, Figures | None]
    past: Mapping[str, Figures | None]
    now: Mapping[str, Figures | None]
    before: Mapping[str, Figures | None]
    is_latest: bool
    waiting: int = 0
    is_partial: bool = False
    reckoned_at: datetime | None = None

    @property
    def quarter(self) -> Span:
        last = self.span.begins_on - WEEK if self.is_partial else self.span.begins_on
        return Span(last - (QUARTER - 1) * WEEK, QUARTER)

    @property
    def place(self) -> Place:
        last = self.quarter.last_day
        opening = "In the last 13 weeks" if self.is_latest else f"In the 13 weeks to {last:%-d %b %Y},"
        return Place(of_words(self.scope, self.scope_name), opening, QUARTER)

    @property
    def lines(self) -> list[Line]:
        return [line for page in LINES if self.now.get(page) is not None for line in LINES[page](self)]

    @property
    def rows(self) -> list[tuple[Cell, Cell]]:
        """Each figure of the week with that of the week before."""
        return list(zip(cells(self.week, self.span), cells(self.past, self.span.before()), strict=True))


def live(*, span: Span, scope: str, scope_name: str, demo: bool, today: date) -> Glance:
    """Two statements: the week, and the two times 13 weeks."""
    latest = last_full(today)
    is_partial = span.begins_on > latest.begins_on
    end = span.begins_on - WEEK if is_partial else span.begins_on
    quarter = Span(end - (QUARTER - 1) * WEEK, QUARTER)
    pages = list(flow.PAGES)
    weeks = spans.read_pages(
        pages=pages, scope=scope, demo=demo, since=span.begins_on - WEEK, until=span.ends_on, weeks=(1,)
    )
    quarters = spans.read_pages(
        pages=pages, scope=scope, demo=demo, since=quarter.before().begins_on,
        until=quarter.begins_on + WEEK, weeks=(QUARTER,),
    )  # fmt: skip
    asked = [shown for found in (weeks, quarters) for shown in found.values()]
    return Glance(
        span=span, scope=scope, scope_name=scope_name, demo=demo,
        week=_at(weeks, 1, span),
        past=_at(weeks, 1, span.before()),
        now=_at(quarters, QUARTER, quarter),
        before=_at(quarters, QUARTER, quarter.before()),
        is_latest=end == latest.begins_on, is_partial=is_partial,
        waiting=sum(shown.waiting for shown in asked),
        reckoned_at=min((shown.reckoned_at for shown in asked if shown.reckoned_at), default=None),
    )  # fmt: skip


def _at(found: Mapping[tuple[str, int], spans.Shown], weeks: int, span: Span) -> dict[str, Figures | None]:
    """A scope in which nothing happened has figures of nothing where the span itself is known."""
    return {
        page: shown.rows.get(span.begins_on, {}) if span.begins_on in shown.known else None
        for (page, count), shown in found.items()
        if count == weeks
    }


def frozen(content: Figures, *, span: Span, scope: str, demo: bool) -> Glance:
    """As it was when the week was closed; a scope that had nothing then has nothing."""
    pages = content["pages"]
    return Glance(
        span=span, scope=scope, scope_name=content["names"].get(scope, ""), demo=demo,
        week={page: found["week"].get(scope, {}) for page, found in pages.items()},
        past={page: found["past"].get(scope, {}) for page, found in pages.items()},
        now={page: found["now"].get(scope, {}) for page, found in pages.items()},
        before={page: found["before"].get(scope, {}) for page, found in pages.items()},
        is_latest=False,
    )  # fmt: skip


def content(*, span: Span, demo: bool, names: Mapping[str, str], counts: Mapping[str, Any]) -> dict[str, Any]:
    """What a closed week keeps: every figure of every scope, with the names that they had."""
    quarter = Span(span.begins_on - (QUARTER - 1) * WEEK, QUARTER)
    kept = {
        page: {
            part: spans.read_all(page=page, span=one, demo=demo)
            for part, one in (
                ("week", span),
                ("past", span.before()),
                ("now", quarter),
                ("before", quarter.before()),
            )
        }
        for page in flow.PAGES
    }
    told = {scope for found in kept.values() for part in found.values() for scope in part}
    return {
        "pages": kept,
        "names": {scope: names[scope] for scope in sorted(told) if scope in names},
        "counts": dict(counts),
    }


def ask_for_missing(glance: Glance, *, now: datetime) -> Glance:
    """13 weeks of long ago are not kept: they are asked for, and come a moment later."""
    both = ((glance.quarter, glance.now), (glance.quarter.before(), glance.before))
    missing = [(page, span) for span, found in both for page in found if found[page] is None]
    if not missing or all(one is None for one in glance.week.values()):
        return glance
    flow.ask_all(spans=missing, demo=glance.demo, now=now)
    return replace(glance, waiting=max(glance.waiting, len(missing)))


# ------------------------------------------------------------------ what each page says


def _periods(glance: Glance) -> tuple[delivery.Period, delivery.Period]:
    quarter = glance.quarter
    return (
        delivery.period(quarter, glance.now["delivery"] or None),
        delivery.period(quarter.before(), glance.before["delivery"] or None),
    )


def _of_delivery(glance: Glance) -> Iterator[Line]:
    now, before = _periods(glance)
    words = delivery.sentences_of(now, before, glance.place, knows_past=glance.before["delivery"] is not None)
    said: tuple[tuple[str, str, tuple[int | None, ...]], ...] = (
        ("frequency", "Deployments", ()),
        ("lead", "Change lead time", (now.lead.n, before.lead.n)),
        ("fail", "Change fail rate", (now.fail.judged, before.fail.judged)),
        ("recovery", "Recovery", (now.recovery.n, before.recovery.n)),
        ("rework", "Rework", (now.rework.n, before.rework.n)),
    )
    for key, title, counts in said:
        slug = definition(delivery.MODULES[key]).slug
        yield Line(key, title, words[key], "analytics:review_delivery", slug, counts)


# Of the stages of `metrics.time_spent` those that are times, as a table of a week names them.
STAGES = {
    "review": "Waiting for review, median",
    "tests": "Waiting for tests, median",
    "deployment": "Queued for deployment, median",
}


def _of_time(glance: Glance) -> Iterator[Line]:
    """A stage of which nothing is measured is not spoken of: its page says why."""
    for stage, title in STAGES.items():
        now, before = (read_time(one["time"], stage) for one in (glance.now, glance.before))
        said = stage_sentence(stage, now, before, compared(now, before))
        if said:
            yield Line(stage, title, said, "analytics:review_time", "time-spent", (now.n, before.n))


def _of_reviewing(glance: Glance) -> Iterator[Line]:
    quarter, words, place = glance.quarter, reviewing_sentences, glance.place
    now = reviewing.period(quarter, glance.now["reviewing"])
    before = reviewing.period(quarter.before(), glance.before["reviewing"])
    said = (
        ("alone", "Merged without review", words.alone(now.whole, before.whole, place)),
        ("large", "Larger than reviewable", words.large(now.whole, before.whole, now.limit, place)),
        ("care", "Reviewed with care", words.care(now.care, before.care, place)),
    )
    for key, title, sentence in said:
        slug = definition(reviewing.MODULES[key]).slug
        counts = (now.whole.merged, before.whole.merged)
        yield Line(key, title, sentence, "analytics:review_reviewing", slug, counts)


def _of_work(glance: Glance) -> Iterator[Line]:
    quarter = glance.quarter
    for sort in ("changes", "incidents", "actions"):
        now = work.shown(glance.now["work"], sort, midnight(quarter.ends_on))
        before = work.shown(glance.before["work"], sort, midnight(quarter.begins_on))
        for sentence in work_words.sentences(sort, None, now, before, None, False).past:
            yield Line(sort, work_words.NAMES[sort], sentence, "analytics:review_work", "work")


def _of_load(glance: Glance) -> Iterator[Line]:
    now, before = (Load(found) if found else None for found in (glance.now["load"], glance.before["load"]))
    said = load_words.sentences(now, before)
    for key, title in (("alerts", "Alerts"), ("dependencies", "Dependencies")):
        if said[key] and not said[key].startswith(load_words.NOT_MEASURED):
            yield Line(key, title, said[key], "analytics:review_load", "load")


def _cells_of_delivery(week: Week, span: Span) -> Iterator[Cell]:
    one = delivery.period(span, week["delivery"] or None)
    number = one.frequency.number
    deployed = "not known" if number is None else whole(number)
    yield Cell("deployments", "Deployments that reached users", deployed, number, "deployment-frequency")
    yield Cell("lead", "Change lead time, median", *_middle(one.lead), "change-lead-time")
    untold = one.fail.state == "not_measured"
    failed = UNMEASURED if untold else UNKNOWN if number is None else _share(one.fail.share)
    yield Cell("failed", "Failed deployments of those judged", *failed, "change-fail-rate")
    young = None if number is None or untold else one.fail.pending
    pending = UNMEASURED[0] if untold else "not known" if young is None else whole(young)
    yield Cell("pending", "Deployments too young to be judged", pending, young, "change-fail-rate")
    middle = UNMEASURED if untold and not one.is_measured else _middle(one.recovery)
    middle = HIDDEN if one.recovery.hidden else middle
    yield Cell("recovery", "Recovery from failed deployments, median", *middle, "failed-deployment-recovery")
    unseen = one.rework.state == "not_measured"
    rework = UNMEASURED if unseen else UNKNOWN if number is None else _share(one.rework.share)
    yield Cell("rework", "Deployments that were rework", *rework, "deployment-rework-rate")


# Nobody tells of it here: neither hidden, nor none.
UNMEASURED = ("not measured", None)
UNKNOWN = ("not known", None)
HIDDEN = ("hidden", None)


def _middle(spread: Spread) -> tuple[str, float | None]:
    if spread.median is None:
        return ("nothing to measure" if not spread.n else f"{whole(spread.n)}, half of them not over"), None
    return f"{short_span(spread.median)} (of {whole(spread.n)})", spread.median


def _share(share: Share) -> tuple[str, float | None]:
    """A week's share is counts for almost everybody: its number is the count."""
    return (share_words(share) if share.n else "none to count"), share.k if share.n else None


def _cells_of_time(week: Week, span: Span) -> Iterator[Cell]:
    figures = week["time"]
    merged = None if figures is None else figures.get("groups", {}).get("all", {}).get("merged", 0)
    yield Cell(
        "merged", "Changes merged", "not known" if merged is None else whole(merged), merged, "time-spent"
    )
    missing = (figures or {}).get("missing", {})
    for stage, title in STAGES.items():
        found = read_time(figures, stage)
        untold = bool(merged) and missing.get(f"{stage}_untold") == merged
        words, value = UNKNOWN if untold else ("nothing to measure", None)
        if found.median is not None:
            words, value = f"{short_span(found.median)} (of {whole(found.n)})", found.median
        yield Cell(stage, title, words, value, "time-spent")


def _cells_of_reviewing(week: Week, span: Span) -> Iterator[Cell]:
    one = reviewing.period(span, week["reviewing"])
    alone = UNKNOWN if one.whole.merged and not one.whole.told else _share(one.whole.alone)
    yield Cell("alone", "Merged without a review", *alone, "without-review")
    yield Cell("large", "Changes larger than reviewable", *_share(one.whole.large), "reviewable-size")


def _cells_of_load(week: Week, span: Span) -> Iterator[Cell]:
    figures = week["load"]
    alerts = Load(figures).alerts if figures else None
    yield Cell("alerts", "Alerts", "not known" if alerts is None else whole(alerts), alerts, "load")


LINES: dict[str, Callable[[Glance], Iterator[Line]]] = {
    "delivery": _of_delivery,
    "time": _of_time,
    "reviewing": _of_reviewing,
    "work": _of_work,
    "load": _of_load,
}
CELLS: dict[str, Callable[[Week, Span], Iterator[Cell]]] = {
    "delivery": _cells_of_delivery,
    "time": _cells_of_time,
    "reviewing": _cells_of_reviewing,
    "load": _cells_of_load,
}


def cells(week: Week, span: Span) -> list[Cell]:
    """The figures of one week, of every page that is reckoned."""
    return [cell for page in CELLS if page in week for cell in CELLS[page](week, span)]


def side_by_side(ones: list[Cell], others: list[Cell]) -> list[tuple[Cell, Cell]]:
    """By key: a week that was closed long ago lacks what was not reckoned then."""
    found = {cell.key: cell for cell in others}
    known = {cell.key for cell in ones}

    def nothing(cell: Cell) -> Cell:
        return replace(cell, words="not kept", value=None)

    return [(cell, found.get(cell.key, nothing(cell))) for cell in ones] + [
        (nothing(cell), cell) for cell in others if cell.key not in known
    ]
