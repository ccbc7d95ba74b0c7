"""Operating load, as page, CSV, JSON and API show it: one frozen object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from analytics.flow_weeks import QUARTER, WEEK, Span, label, monday
from analytics.metrics.load import KINDS, Growth, Load, growth
from analytics.metrics.load_words import sentences
from analytics.queries import spans
from analytics.queries.load import STANDS_DAYS
from analytics.review_form import ReviewForm
from analytics.services import flow
from changes.models import Repository

PAGE = "load"


@dataclass(frozen=True)
class Area:
    """One area over 13 weeks, beside its own past."""

    scope: str
    name: str
    now: Load
    before: Load | None

    @property
    def dependencies(self) -> Growth | None:
        return growth(self.now, self.before, "dependencies")

    @property
    def settings(self) -> Growth | None:
        return growth(self.now, self.before, "settings")

    @property
    def was_measured(self) -> bool:
        return any(self.now.total(kind) is not None for kind in KINDS)


@dataclass(frozen=True)
class Report:
    scope: str
    scope_name: str
    span: Span
    quarter: Span
    now: Load | None
    before: Load | None
    # (span, figures, is it not over yet), the newest last.
    weeks: tuple[tuple[Span, Load | None, bool], ...]
    # Else the 13 weeks are still on their way.
    is_reckoned: bool
    areas: tuple[Area, ...]
    # Of how many repositories no reading is known at all, and the name of one.
    unmeasured: int
    repositories: int
    example: str
    waiting: int
    rules: int | None
    reckoned_at: datetime | None

    @property
    def is_empty(self) -> bool:
        own = self.now
        if own is None:
            return self.is_reckoned or not any(one for _, one, _ in self.weeks)
        return own.services is None and own.alerts is None and not any(map(own.repositories, KINDS))

    @property
    def dependencies(self) -> Growth | None:
        return growth(self.now, self.before, "dependencies")

    @property
    def indirect(self) -> Growth | None:
        return growth(self.now, self.before, "indirect")

    @property
    def settings(self) -> Growth | None:
        return growth(self.now, self.before, "settings")

    @property
    def sentences(self) -> dict[str, str]:
        return sentences(self.now, self.before)

    @property
    def never_measured(self) -> list[str]:
        return [area.name for area in self.areas if not area.was_measured]


def report_of(form: ReviewForm) -> Report:
    """13 weeks that are not kept are asked for, and come a moment later."""
    this = monday(form.today)
    shows_this = form.is_latest or form.is_partial
    until = this + WEEK if shows_this else form.week + WEEK
    quarter = form.quarter
    found = spans.read_pages(
        pages=[PAGE], scope=form.scope, demo=form.demo, since=quarter.before().begins_on, until=until
    )
    weekly, quarterly = found[PAGE, 1], found[PAGE, QUARTER]
    weeks = [*form.series.each(), *([this] if form.is_latest else [])]
    repositories = Repository.objects.filter(is_demo=form.demo)
    measured = repositories.filter(load_readings__on__gte=form.week - STANDS_DAYS * WEEK / 7)
    known = set(measured.values_list("pk", flat=True))
    names = dict(repositories.order_by("name").values_list("pk", "name"))
    lacking = [name for pk, name in names.items() if pk not in known]
    missing = [span for span in (quarter, quarter.before()) if span.begins_on not in quarterly.known]
    if missing and weekly.rows:
        flow.ask_all(spans=[(PAGE, span) for span in missing], demo=form.demo, now=timezone.now())
    return Report(
        scope=form.scope,
        scope_name=form.scope_name,
        span=form.span,
        quarter=quarter,
        now=_load(quarterly.at(quarter.begins_on)),
        before=_load(quarterly.at(quarter.before().begins_on)),
        weeks=tuple((Span(week), _load(weekly.at(week)), week == this) for week in weeks),
        is_reckoned=quarter.begins_on in quarterly.known,
        areas=() if form.scope else tuple(_areas(form)),
        unmeasured=len(lacking),
        repositories=len(names),
        example=(lacking or list(names.values()) or [""])[0],
        waiting=max(weekly.waiting + quarterly.waiting, len(missing) if weekly.rows else 0),
        rules=weekly.rules,
        reckoned_at=weekly.reckoned_at,
    )


def _load(figures: dict[str, Any] | None) -> Load | None:
    return Load(figures) if figures else None


def _areas(form: ReviewForm) -> Iterator[Area]:
    """In the order of the form: by name, none before another."""
    now = spans.read_all(page=PAGE, span=form.quarter, demo=form.demo, prefix="area:")
    before = spans.read_all(page=PAGE, span=form.quarter.before(), demo=form.demo, prefix="area:")
    for scope, name in form.names.items():
        if scope in now:
            yield Area(scope, name, Load(now[scope]), _load(before.get(scope)))


HEADER = (
    "scope", "begins", "ends", "weeks", "services", "alerts", "noise", "open alerts", "dependencies",
    "further that come with them", "settings", "services told", "repositories measured", "oldest reading",
)  # fmt: skip


def as_table(report: Report) -> Iterator[tuple[Any, ...]]:
    """13 weeks, the 13 before, week by week, then each area over the 13 weeks."""
    places = [(report.quarter, report.now), (report.quarter.before(), report.before)]
    for span, one in [*places, *((span, one) for span, one, _ in report.weeks)]:
        yield (report.scope_name or "Everything", *_span(span), *_figures(one).values())
    for area in report.areas:
        yield (area.name, *_span(report.quarter), *_figures(area.now).values())


def _span(span: Span) -> tuple[Any, ...]:
    return span.begins_on, span.last_day, span.weeks


def _figures(one: Load | None) -> dict[str, Any]:
    """None is not measured."""
    noise = one.noise if one else None
    return {
        "services": one.services if one else None,
        "alerts": one.alerts if one else None,
        "noise": noise.k if noise else None,
        "open_alerts": one.open_alerts if one else None,
        "dependencies": one.total("dependencies") if one else None,
        "indirect": one.total("indirect") if one else None,
        "settings": one.total("settings") if one else None,
        "services_told": one.total("services") if one else None,
        "repositories_measured": max(map(one.repositories, KINDS)) if one else None,
        "oldest_reading": min(filter(None, map(one.oldest, KINDS)), default=None) if one else None,
    }


def as_json(report: Report) -> dict[str, Any]:
    return {
        "scope": report.scope,
        "week": label(report.span.begins_on),
        "rules_version": report.rules,
        "reckoned_at": report.reckoned_at,
        "waiting": report.waiting,
        "weeks_13": _with_growth(report.now, report.before),
        "weeks_13_before": _figures(report.before),
        "weeks": [{"week": label(span.begins_on), **_figures(one)} for span, one, _ in report.weeks],
        "areas": [
            {"scope": area.scope, "name": area.name, **_with_growth(area.now, area.before)}
            for area in report.areas
        ],
        "words": [words for words in report.sentences.values() if words],
    }


def _with_growth(now: Load | None, before: Load | None) -> dict[str, Any]:
    grown = {kind: growth(now, before, kind) for kind in KINDS}
    return {
        **_figures(now),
        "growth": {kind: asdict(one) if one else None for kind, one in grown.items()},
    }
