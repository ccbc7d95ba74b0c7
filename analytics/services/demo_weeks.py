"""What the demonstration data was told by the decision rule week after week, and what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.apps import apps
from django.db import connection
from django.db.models import OuterRef, Subquery

from accounts.models import User
from analytics.demo.cast import ANSWERED_AFTER, ANSWERS, Answer
from analytics.models import Signal
from analytics.queries.figures import end_of
from analytics.services.judging import run_signals
from analytics.services.rebuilding import rebuild
from analytics.services.signals import adopt_safeguard, review_signal
from changes.models import AssistanceKind, Change, DomainArea
from incidents.models import Incident
from intake import ledger
from intake.models import LedgerEntry


def replay(*, as_of: date, weeks: int, people: Sequence[User]) -> None:
    """Count it all, then judge each of the last weeks by what was known then, and answer what was shown."""
    _date_back()
    _gather_statistics()
    rebuild(say=lambda words: None, everything=False)
    generation = ledger.generation()
    waiting = ANSWERS
    for back in range(weeks - 1, -1, -1):
        on = as_of - timedelta(days=1, weeks=back)
        at = end_of(on)
        run_signals(on=on, demo=True, generation=generation, now=at, known_at=at)
        waiting = [one for one in waiting if one.weeks_before_end < back or not _answer(one, people[0], at)]


def _date_back() -> None:
    """The ledger says of each change and incident when it was recorded: from then on it is known."""
    for kind, model in ((ledger.Kind.CHANGE, Change), (ledger.Kind.INCIDENT, Incident)):
        then = model._default_manager.filter(pk=OuterRef("object_id")).values("recorded_at")
        LedgerEntry.objects.filter(kind=kind, verb="demo_made").update(at=Subquery(then))


def _gather_statistics() -> None:
    """Rows of this transaction are unknown to the planner, whose plans for empty tables take minutes."""
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label in {"changes", "incidents"} and model._meta.managed:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _answer(answer: Answer, by: User, at: datetime) -> bool:
    """False where the rule has not shown it yet, as with few changes it may never; safeguards do not wait."""
    at += ANSWERED_AFTER
    area = DomainArea.objects.get(slug=answer.area) if answer.area else None
    kind = AssistanceKind.objects.get(slug=answer.kind)
    open_ones = Signal.objects.filter(review__in=[Signal.Review.OPEN, Signal.Review.ACKNOWLEDGED])
    signal = open_ones.filter(kind=kind, area=area, is_demo=True).first()
    if answer.safeguard:
        adopt_safeguard(
            title=answer.safeguard, description=answer.text, starts_on=at.date(), by=by, now=at,
            signal=signal, kind=kind, area=area, is_demo=True,
        )  # fmt: skip
    elif signal is not None:
        review_signal(signal_id=signal.pk, review=answer.review, reason=answer.text, by=by, now=at)
    return bool(answer.safeguard or signal)
