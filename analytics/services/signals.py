"""What the decision rule said, kept as it was shown; what people make of it; safeguards they adopt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models, transaction

from accounts.models import AuditEntry, Role, User
from analytics.metrics.sentences import REVIEWED, urgency
from analytics.models import Safeguard, Signal, SignalShown
from analytics.stats.decision import RULE_VERSION, Judged
from changes.models import AssistanceKind, DomainArea
from incidents.services.refusals import Refused

Review = Signal.Review
# A reviewed pattern comes back when it is shown more strongly than at the review, or on far more evidence.
FAR_MORE_EVIDENCE = 10


@dataclass(frozen=True)
class Said:
    """One line of a run: what the rule said, of what, and the figures and words that were shown with it."""

    kind: AssistanceKind
    area: DomainArea | None
    judged: Judged
    figures: Mapping[str, Any]


@transaction.atomic
def record_run(*, said: Sequence[Said], on: date, demo: bool, generation: int, now: datetime) -> list[Signal]:
    """Keep what was shown on a day; a second run of the same day alters nothing. Returns the signals opened.

    Runs are taken one after another, by a lock on the table of what was shown.
    """
    SignalShown.objects.bulk_create(
        [
            SignalShown(
                kind=one.kind, area=one.area, on=on, state=one.judged.state, figures=dict(one.figures),
                rule_version=RULE_VERSION, generation=generation, is_demo=demo, recorded_at=now,
            )
            for one in said
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    latest = _latest_signals(demo)
    opened = []
    for one in said:
        if one.judged.state not in REVIEWED:
            continue
        before = latest.get((one.kind.pk, one.area.pk if one.area else None))
        if before is not None and before.review == Review.OPEN:
            _show_again(before, one, on)
        elif before is None or _is_news(before, one.judged):
            opened.append(_open(one, on, demo))
    return opened


def _latest_signals(demo: bool) -> dict[tuple[int, int | None], Signal]:
    rows = Signal.objects.select_for_update(no_key=True).filter(is_demo=demo).order_by("id")
    return {(row.kind_id, row.area_id): row for row in rows}


def _show_again(signal: Signal, said: Said, on: date) -> None:
    if on < signal.last_shown_on:
        return
    signal.last_shown_on = on
    signal.evidence = max(signal.evidence, said.judged.harm_e)
    if urgency(said.judged.state) > urgency(signal.state):
        signal.state = said.judged.state
    signal.save(update_fields=["last_shown_on", "evidence", "state"])


def _is_news(before: Signal, judged: Judged) -> bool:
    return (
        urgency(judged.state) > urgency(before.state) or judged.harm_e >= FAR_MORE_EVIDENCE * before.evidence
    )


def _open(said: Said, on: date, demo: bool) -> Signal:
    return Signal.objects.create(
        kind=said.kind, area=said.area, state=said.judged.state, evidence=said.judged.harm_e,
        first_shown_on=on, last_shown_on=on, is_demo=demo,
    )  # fmt: skip


@transaction.atomic
def review_signal(*, signal_id: int, review: str, by: User, now: datetime, reason: str = "") -> Signal:
    """Acknowledge it, or dismiss it with a reason; it is listed no longer, and its record stays.

    Raises: Refused for readers, without a reason to dismiss, and for a signal that somebody reviewed.
    """
    _refuse_reader(by)
    verdict = Review(review)
    if verdict not in {Review.ACKNOWLEDGED, Review.DISMISSED}:
        raise Refused("A signal is acknowledged or dismissed; a safeguard is adopted.", code="unknown_review")
    if verdict == Review.DISMISSED and not reason.strip():
        raise Refused("Say why it is dismissed.", code="reason_missing", field="reason")
    signal = Signal.objects.select_for_update(no_key=True).get(pk=signal_id)
    if signal.review not in {Review.OPEN, Review.ACKNOWLEDGED}:
        raise Refused(f"This signal is {signal.get_review_display().lower()} already.", code="reviewed")
    _reviewed(signal, verdict, by, now, reason.strip())
    return signal


def _reviewed(signal: Signal, verdict: Review, by: User, now: datetime, reason: str) -> None:
    signal.review, signal.review_reason = verdict, reason
    signal.reviewed_by, signal.reviewed_at = by, now
    signal.save(update_fields=["review", "review_reason", "reviewed_by", "reviewed_at"])
    _note(f"signal {verdict.value}", signal, by, now)


@transaction.atomic
def adopt_safeguard(
    *,
    title: str,
    starts_on: date,
    by: User,
    now: datetime,
    signal: Signal | None = None,
    description: str = "",
    kind: AssistanceKind | None = None,
    area: DomainArea | None = None,
    size_bands: Iterable[str] = (),
    path_globs: Iterable[str] = (),
    is_demo: bool = False,
) -> Safeguard:
    """What a team does from a day on, for the changes in its scope; the signal behind it is answered by that.

    Raises: Refused for readers, without a title, and without any scope.
    """
    _refuse_reader(by)
    if not title.strip():
        raise Refused("Say what the safeguard is.", code="title_missing", field="title")
    bands, globs = sorted(set(size_bands)), [one.strip() for one in path_globs if one.strip()]
    if not (kind or area or bands or globs):
        raise Refused(
            "Say for which changes it is: a kind of help, an area, sizes or paths.", code="scope_missing"
        )
    safeguard = Safeguard.objects.create(
        signal=signal, title=title.strip(), description=description.strip(), kind=kind, area=area,
        size_bands=bands, path_globs=globs, starts_on=starts_on, adopted_by=by,
        is_demo=signal.is_demo if signal else is_demo,
    )  # fmt: skip
    if signal is not None:
        locked = Signal.objects.select_for_update(no_key=True).get(pk=signal.pk)
        _reviewed(locked, Review.SAFEGUARDED, by, now, "")
    _note("safeguard adopted", safeguard, by, now)
    return safeguard


@transaction.atomic
def end_safeguard(*, safeguard_id: int, ends_on: date, reason: str, by: User, now: datetime) -> Safeguard:
    """Its last day, and why it ended.

    Raises: Refused for readers, for a day before its first, and without a reason.
    """
    _refuse_reader(by)
    safeguard = Safeguard.objects.select_for_update(no_key=True).get(pk=safeguard_id)
    if ends_on < safeguard.starts_on:
        raise Refused("It cannot end before it began.", code="ends_before_start", field="ends_on")
    if not reason.strip():
        raise Refused("Say why it ends.", code="reason_missing", field="reason")
    safeguard.ends_on, safeguard.end_reason = ends_on, reason.strip()
    safeguard.save(update_fields=["ends_on", "end_reason"])
    _note("safeguard ended", safeguard, by, now)
    return safeguard


def _note(verb: str, target: Signal | Safeguard, by: User, now: datetime) -> None:
    AuditEntry.objects.create(
        at=now, actor=by, verb=verb, target_kind=type(target).__name__.lower(), target_id=target.pk
    )


def _refuse_reader(by: User) -> None:
    if not by.at_least(Role.AUTHOR):
        raise Refused("Readers cannot do this.", code="role")


def shown_last(demo: bool) -> list[SignalShown]:
    """All lines of the latest run."""
    days = SignalShown.objects.filter(is_demo=demo).order_by("-on").values("on")[:1]
    return list(SignalShown.objects.filter(is_demo=demo, on=days).select_related("kind", "area"))


def last_run(demo: bool) -> date | None:
    """The day of the latest run."""
    found: date | None = SignalShown.objects.filter(is_demo=demo).aggregate(models.Max("on"))["on__max"]
    return found
