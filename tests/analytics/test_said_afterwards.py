"""Where nothing differs, but origin and kind of failed changes are asked for: no rate may rise by that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from analytics import reports
from analytics.models import SignalShown
from analytics.queries.figures import Filters
from analytics.services.judging import run_signals
from analytics.tasks import catch_up
from changes.models import Assistance, Decision
from changes.services.origin import withdraw_decision
from tests import make
from tests.analytics.known_truth import KINDS, Year, evenings

pytestmark = pytest.mark.django_db
RATE = 0.08
LAST = list(evenings(30))[-1]


def matrix() -> reports.MatrixReport:
    day = LAST.date()
    return reports.matrix(Filters(day - timedelta(days=364), day, day, demo=False), catch_up())


def counted(report: reports.MatrixReport) -> list[tuple[Any, ...]]:
    """All that a rate is made of, without what is only shown beside it."""
    return [
        (row.key, area.slug, cell.n, cell.failures, cell.rate, cell.low, cell.high, cell.pending)
        for row, area, cell in report.lines()
    ]


def kind_rows(report: reports.MatrixReport) -> list[reports.MatrixRow]:
    return [row for row in report.rows if row.is_kind and row.speaks]


@pytest.fixture
def year() -> Iterator[Year]:
    """Of any change a quarter is said in time; of failed ones three quarters, most of it afterwards."""
    found = Year(seed=5, a_week=40, rate=RATE, planted={}, declares=0.0, says_more=True)
    for evening in evenings(30):
        with time_machine.travel(evening, tick=False):
            found.week(evening)
            stands = catch_up()
            run_signals(on=evening.date(), demo=False, generation=stands.last_entry, now=evening)
    with time_machine.travel(LAST, tick=False):
        yield found


def test_no_rate_rises_and_nothing_is_signalled_when_failed_changes_are_asked_about(
    year: Year, client: Client
) -> None:
    report = matrix()
    check_failed_changes_were_asked_about(year)
    check_rates_hold_the_truth(report)
    assert not SignalShown.objects.filter(state__in=["stronger_safeguard", "early_sign"]).exists()
    assert sum(row.total.afterwards for row in kind_rows(report)) > 20
    client.force_login(make.user())
    assert b"said afterwards" in client.get(reverse("analytics:matrix")).content
    with_words = counted(report)
    for decision in Decision.objects.filter(prompted_by="postmortem"):
        withdraw_decision(decision_id=decision.pk, by=year.by, now=LAST)
    without = matrix()
    assert sum(row.total.afterwards for row in kind_rows(without)) == 0
    assert counted(without) == with_words


def check_failed_changes_were_asked_about(year: Year) -> None:
    """Else the test would show nothing: counted by all that is said, failure would look twice as likely."""
    said = set(Assistance.objects.filter(status="confirmed").values_list("change", flat=True))
    helped = [one for one in year.facts if one.help in KINDS and one.row and one.shipped_at < LAST]
    of_said = [one for one in helped if one.row and one.row.pk in said]
    naive = sum(one.fails_at is not None for one in of_said) / len(of_said)
    truth = sum(one.fails_at is not None for one in helped) / len(helped)
    assert naive > 1.5 * truth


def check_rates_hold_the_truth(report: reports.MatrixReport) -> None:
    for row in kind_rows(report):
        assert row.total.low is not None
        assert row.total.high is not None
        assert row.total.low <= RATE <= row.total.high, (row.key, row.total)
