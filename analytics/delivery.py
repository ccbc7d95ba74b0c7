"""Delivery over time: page, CSV, JSON and API show the same frozen object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from analytics.flow_weeks import QUARTER, WEEK, Span, label, monday
from analytics.metrics import (
    change_fail_rate,
    change_lead_time,
    definition,
    delivery_sentences,
    deployment_frequency,
    deployment_rework_rate,
    failed_deployment_recovery,
)
from analytics.metrics.delivery_sentences import Place
from analytics.metrics.delivery_words import Count, Failures, Lead, Recovery, Rework, plain
from analytics.queries import delivery_services, spans
from analytics.review_form import ReviewForm
from analytics.services import flow

PAGE = "delivery"
MODULES = {
    "frequency": deployment_frequency,
    "lead": change_lead_time,
    "fail": change_fail_rate,
    "recovery": failed_deployment_recovery,
    "rework": deployment_rework_rate,
}


@dataclass(frozen=True)
class Period:
    """The five figures of one span; `is_reckoned`: else they are still on their way."""

    span: Span
    is_reckoned: bool
    frequency: Count
    lead: Lead
    fail: Failures
    recovery: Recovery
    restore: Recovery
    rework: Rework
    is_partial: bool = False

    @property
    def label(self) -> str:
        return label(self.span.begins_on)

    @property
    def is_measured(self) -> bool:
        """Whether incidents of any service that deployed are known here."""
        return bool(self.restore.state != "empty" or self.fail.judged or self.fail.pending)


def period(span: Span, figures: Mapping[str, Any] | None, *, is_reckoned: bool = True) -> Period:
    return Period(
        span=span,
        is_reckoned=is_reckoned,
        frequency=deployment_frequency.read(figures, span),
        lead=change_lead_time.read(figures),
        fail=change_fail_rate.read(figures),
        recovery=failed_deployment_recovery.read(figures, "recovery"),
        restore=failed_deployment_recovery.read(figures, "restore"),
        rework=deployment_rework_rate.read(figures),
    )


@dataclass(frozen=True)
class OfService:
    """One service of the scope beside its own past."""

    pk: int
    name: str
    now: Period
    before: Period

    @property
    def scope(self) -> str:
        return f"service:{self.pk}"


@dataclass(frozen=True)
class DeliveryReport:
    """`now` is the 13 weeks that end with the week shown, `before` the 13 before them."""

    scope: str
    scope_name: str
    demo: bool
    now: Period
    before: Period
    # The oldest first; the last may be under way.
    weeks: tuple[Period, ...]
    services: tuple[OfService, ...]
    is_latest: bool
    waiting: int
    reckoned_at: datetime | None
    rules: int | None
    # Where the 13 weeks begin that were not kept, and are on their way.
    asked: frozenset[date] = frozenset()

    @property
    def now_waits(self) -> bool:
        return self.now.span.begins_on in self.asked

    @property
    def is_measured(self) -> bool:
        return are_measured(self.now, self.before)

    @property
    def before_waits(self) -> bool:
        return self.before.span.begins_on in self.asked

    @property
    def is_empty(self) -> bool:
        """Nothing was ever known in these weeks."""
        return not any(
            one.frequency.number is not None
            or one.restore.state != "empty"
            or one.lead.n
            or one.lead.left_out
            for one in (self.now, self.before, *self.weeks)
        )

    @property
    def place(self) -> Place:
        last = self.now.span.last_day
        opening = "In the last 13 weeks" if self.is_latest else f"In the 13 weeks to {last:%-d %b %Y},"
        return Place(of_words(self.scope, self.scope_name), opening, self.now.span.weeks)

    @property
    def sentences(self) -> dict[str, str]:
        if self.now_waits:
            return dict.fromkeys(FIGURES, delivery_sentences.BEING_RECKONED)
        return sentences_of(self.now, self.before, self.place, knows_past=not self.before_waits)


def sentences_of(now: Period, before: Period, place: Place, *, knows_past: bool = True) -> dict[str, str]:
    """By figure; `knows_past`: else the figures of the weeks before are on their way."""
    words = delivery_sentences
    frequency = words.frequency(now.frequency, before.frequency, place, knows_past=knows_past)
    is_known = now.frequency.number is not None
    return {
        "frequency": frequency,
        "lead": words.lead(now.lead, before.lead, place),
        "fail": words.failures(now.fail, before.fail, place) if is_known else frequency,
        "rework": words.rework(now.rework, before.rework, place) if is_known else frequency,
        **_of_incidents(now, before, place),
    }


def are_measured(now: Period, before: Period) -> bool:
    """Where nothing was deployed and nothing broke, the weeks before tell whether incidents are known."""
    return now.is_measured or (now.fail.state == "empty" and before.is_measured)


def _of_incidents(now: Period, before: Period, place: Place) -> dict[str, str]:
    words = delivery_sentences
    if not are_measured(now, before):
        return dict.fromkeys(("recovery", "restore"), words.NO_INCIDENTS_KNOWN)
    return {
        "recovery": words.recovery(now.recovery, before.recovery, place),
        "restore": words.recovery(now.restore, before.restore, place, all_incidents=True),
    }


def of_words(scope: str, name: str) -> str:
    kind = scope.partition(":")[0]
    return {"": "", "area": f" in {name}", "team": f" of team {name}"}.get(kind, f" of {name}")


def over_time(
    *, scope: str, scope_name: str, demo: bool, now: Span, series: Span, current: date
) -> DeliveryReport:
    """`now` and `series` as of `ReviewForm`; `current`: the Monday of the week that is under way."""
    before = now.before()
    is_latest = now.ends_on == current
    until = max(series.ends_on, current + WEEK if is_latest else series.ends_on)
    shown = spans.read_pages(
        pages=[PAGE], scope=scope, demo=demo, since=min(series, before).begins_on, until=until
    )
    weekly, quarterly = shown[PAGE, 1], shown[PAGE, QUARTER]
    begins = Span(series.begins_on, (until - series.begins_on).days // 7).each()
    weeks = [_read(weekly, Span(begin)) for begin in begins]
    weeks = [replace(one, is_partial=one.span.begins_on == current) for one in weeks]
    return DeliveryReport(
        scope=scope,
        scope_name=scope_name,
        demo=demo,
        now=_read(quarterly, now),
        before=_read(quarterly, before),
        weeks=tuple(weeks),
        services=tuple(_services(scope, demo, now, before)),
        is_latest=is_latest,
        waiting=weekly.waiting + quarterly.waiting,
        reckoned_at=quarterly.reckoned_at or weekly.reckoned_at,
        rules=quarterly.rules or weekly.rules,
    )


def report_of(form: ReviewForm) -> DeliveryReport:
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
    asked = frozenset(span.begins_on for span in missing)
    return replace(report, asked=asked, waiting=max(report.waiting, len(asked)))


def _read(shown: spans.Shown, span: Span) -> Period:
    return period(span, shown.at(span.begins_on), is_reckoned=span.begins_on in shown.known)


def _services(scope: str, demo: bool, now: Span, before: Span) -> Iterator[OfService]:
    """In alphabetical order, each with its own past; none beside a service itself."""
    if scope.startswith("service:"):
        return
    own = spans.read_all(page=PAGE, span=now, demo=demo, prefix="service:")
    past = spans.read_all(page=PAGE, span=before, demo=demo, prefix="service:")
    for pk, name in delivery_services.of_scope(scope, demo):
        key = f"service:{pk}"
        if key in own or key in past:
            yield OfService(pk, name, period(now, own.get(key)), period(before, past.get(key)))


HEADER = (
    "span", "from", "to", "state", "deployments", "active_days", "attempts", "lead_n", "lead_median_seconds",
    "lead_low", "lead_high", "lead_p90", "lead_left_out", "judged", "failed", "fail_rate", "fail_low",
    "fail_high", "failed_at_most", "suspected", "pending", "pending_failed", "not_measured", "recovery_n",
    "recovery_median_seconds", "recovery_low", "recovery_high", "recovery_open", "recovery_missing",
    "recovery_invalid", "restore_n", "restore_median_seconds", "restore_open", "rework", "rework_of",
    "rework_rate", "rework_low", "rework_high",
)  # fmt: skip


def as_table(report: DeliveryReport) -> Iterator[tuple[Any, ...]]:
    yield _line("13 weeks", report.now)
    yield _line("13 weeks before", report.before)
    for one in reversed(report.weeks):
        yield _line(one.label, one)


def _line(name: str, one: Period) -> tuple[Any, ...]:
    state = "partial" if one.is_partial else "complete" if one.is_reckoned else "waiting"
    known = one.frequency.number is not None
    fail, rework = one.fail, one.rework
    return (
        name, one.span.begins_on, one.span.last_day, state, one.frequency.number,
        one.frequency.active_days if known else None, one.frequency.attempts if known else None,
        one.lead.n, one.lead.median, one.lead.low, one.lead.high, one.lead.p90, one.lead.left_out,
        fail.judged, fail.failed, fail.share.rate, fail.share.low, fail.share.high, fail.most.k,
        fail.suspected, fail.pending, fail.pending_failed, fail.unmeasured,
        _told(one.recovery), one.recovery.median, one.recovery.low, one.recovery.high, one.recovery.open,
        one.recovery.missing, one.recovery.invalid, _told(one.restore), one.restore.median, one.restore.open,
        rework.shown, rework.n, rework.share.rate if rework.shown is not None else None,
        rework.share.low if rework.shown is not None else None,
        rework.share.high if rework.shown is not None else None,
    )  # fmt: skip


def _told(times: Recovery) -> int | None:
    return None if times.hidden else times.n


FIGURES = ("frequency", "lead", "fail", "recovery", "restore", "rework")


def _figures(one: Period) -> dict[str, Any]:
    return {
        "from": one.span.begins_on,
        "to": one.span.last_day,
        "weeks": one.span.weeks,
        "partial": one.is_partial,
        "reckoned": one.is_reckoned,
        **{name: plain(getattr(one, name)) for name in FIGURES},
    }


def as_json(report: DeliveryReport) -> dict[str, Any]:
    return {
        "definitions": {name: asdict(definition(module)) for name, module in MODULES.items()},
        "scope": report.scope,
        "scope_name": report.scope_name,
        "demonstration_data": report.demo,
        "rules": report.rules,
        "reckoned_at": report.reckoned_at.replace(microsecond=0) if report.reckoned_at else None,
        "waiting": report.waiting,
        "now": _figures(report.now),
        "before": _figures(report.before),
        "sentences": report.sentences,
        "weeks": [{"week": one.label, **_figures(one)} for one in report.weeks],
        "services": [
            {"id": one.pk, "name": one.name, "now": _figures(one.now), "before": _figures(one.before)}
            for one in report.services
        ],
    }
