"""Four months worked out by hand (four_months.py): every figure of the weekly review, with its working.

The last 13 weeks are weeks 4 to 16 (30 March to 28 June), the 13 before hold weeks 0 to 3 (2 to 29 March).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine

from accounts.days import midnight
from analytics import delivery, reviewing
from analytics.flow_weeks import Span
from analytics.metrics import work
from analytics.metrics.time_spent import read as read_time
from analytics.models import SpanFigures
from analytics.services import flow
from intake.services import note_first_real_fact
from tests.analytics.four_months import NOW, Months, make_four_months

pytestmark = pytest.mark.django_db

NOW_SPAN = Span(date(2026, 3, 30), 13)
BEFORE = NOW_SPAN.before()
HOUR = 3600


@pytest.fixture
def months() -> Months:
    with time_machine.travel(NOW, tick=False):
        note_first_real_fact(at=NOW)
        made = make_four_months()
        flow.settle(now=NOW)
        return made


def figures(page: str, span: Span, scope: str = "") -> dict[str, Any]:
    row = SpanFigures.objects.get(page=page, scope=scope, begins_on=span.begins_on, weeks=span.weeks)
    found: dict[str, Any] = row.figures
    return found


def periods(scope: str = "") -> tuple[delivery.Period, delivery.Period]:
    now, before = (delivery.period(one, figures("delivery", one, scope)) for one in (NOW_SPAN, BEFORE))
    return now, before


def test_deployment_frequency(months: Months) -> None:
    now, before = periods()
    # 13 Tuesdays, 13 Thursdays, the rollback and the hotfix, each on a day of its own; one attempt failed.
    assert (now.frequency.number, now.frequency.active_days, now.frequency.attempts) == (28, 28, 1)
    # 3 to 26 March: 4 Tuesdays and 4 Thursdays.
    assert (before.frequency.number, before.frequency.active_days) == (8, 8)


def test_change_lead_time(months: Months) -> None:
    now, before = periods()
    # 13 times 48 h (Sunday to Tuesday), 13 times 24 h (Wednesday to Thursday), once 4 h (8:00 to 12:00). In
    # order: 4, 13 x 24, 13 x 48; of 27 the 14th is 24 h. The ranks for 27 are 8 and 20: 24 h and 48 h.
    # 0.9 x 27 = 24.3: the 25th is 48 h.
    assert (now.lead.n, now.lead.median) == (27, 24 * HOUR)
    assert (now.lead.low, now.lead.high, now.lead.p90) == (24 * HOUR, 48 * HOUR, 48 * HOUR)
    assert (now.lead.from_commit, now.lead.from_opening, now.lead.first_known) == (14, 13, 0)
    # Without 3 March, the first deployment that is known: 4 x 24 h, 3 x 48 h; the 4th of 7 is 24 h.
    assert (before.lead.n, before.lead.median, before.lead.first_known) == (7, 24 * HOUR, 1)


def test_change_fail_rate(months: Months) -> None:
    now, before = periods()
    # Older than 14 days on 1 July, 12:00: all but 18, 19, 23 and 25 June. 28 - 4 = 24. Failed: 9 April and
    # 14 May (once, though two incidents name it). Wilson for 2 of 24: centre (0.08333 + 3.8415 / 48) /
    # (1 + 3.8415 / 24) = 0.14082, half 0.11767.
    fail = now.fail
    assert (fail.judged, fail.failed, fail.suspected) == (24, 2, 1)
    assert fail.share.rate == pytest.approx(2 / 24)
    assert (fail.share.low, fail.share.high) == pytest.approx((0.0231, 0.2585), abs=1e-4)
    assert (fail.pending, fail.pending_failed) == (4, 1)
    # Two incidents of unknown cause (D and G) could each have had a deployment of their own: at most 4.
    assert (fail.unknown, fail.most.k) == (2, 4)
    # 12 March of 8: too few for a percentage.
    assert (before.fail.judged, before.fail.failed, before.fail.share.rate) == (8, 1, None)


def test_recovery_and_time_to_restore(months: Months) -> None:
    now, before = periods()
    # By a change: B 1 h, A 2 h, B2 4 h, C not over, ranked last: the middle two of four are 2 h and 4 h. No
    # ranks bound a median of four.
    recovery = now.recovery
    assert (recovery.n, recovery.open, recovery.median) == (4, 1, 3 * HOUR)
    assert (recovery.low, recovery.high) == (None, None)
    # All: G 0.5, B 1, A 2, D 2, E 3, B2 4, C not over: the 4th of 7 is 2 h. The ranks are 1 and 7: 0.5 h, and
    # C, of which no end is known.
    restore = now.restore
    assert (restore.n, restore.open, restore.median) == (7, 1, 2 * HOUR)
    assert (restore.low, restore.high) == (HOUR / 2, None)
    assert (before.recovery.n, before.recovery.median, before.recovery.open) == (1, 6 * HOUR, 0)


def test_deployment_rework_rate(months: Months) -> None:
    now, before = periods()
    # The rollback and the hotfix of 28; the hotfix counts once, though it names a repair as well.
    assert (now.rework.k, now.rework.n) == (2, 28)
    assert now.rework.share.rate == pytest.approx(2 / 28)
    assert (before.rework.k, before.rework.n) == (0, 8)


def test_the_service_its_area_and_everything_say_the_same(months: Months) -> None:
    whole = [figures("delivery", one) for one in (NOW_SPAN, BEFORE)]
    for scope in (f"service:{months.service.pk}", f"area:{months.area.pk}"):
        assert [figures("delivery", one, scope) for one in (NOW_SPAN, BEFORE)] == whole


def test_a_single_week(months: Months) -> None:
    week = Span(date(2026, 6, 15))  # Tuesday 16, Thursday 18, the hotfix on Friday 19 June
    one = delivery.period(week, figures("delivery", week))
    assert (one.frequency.number, one.fail.judged, one.fail.pending, one.fail.pending_failed) == (3, 1, 2, 1)
    assert (one.rework.k, one.rework.n, one.recovery.open) == (1, 3, 1)
    # 4 h, 24 h and 48 h.
    assert (one.lead.n, one.lead.median) == (3, 24 * HOUR)


def test_where_the_time_went(months: Months) -> None:
    now, before = figures("time", NOW_SPAN), figures("time", BEFORE)
    # 13 x 2 h and 13 x 4 h, the hotfix was not reviewed: the middle two of 26 are 2 h and 4 h. Ranks 8, 19.
    review = read_time(now, "review")
    assert (review.n, review.median, review.low, review.high) == (26, 3 * HOUR, 2 * HOUR, 4 * HOUR)
    # 13 x 50 minutes (what ran side by side counts once) and 13 x 60.
    tests = read_time(now, "tests")
    assert (tests.n, tests.median) == (26, 55 * 60)
    # 14 x 1 h (Thursdays and the hotfix), 13 x 2 h: the 14th of 27 is 1 h.
    queued = read_time(now, "deployment")
    assert (queued.n, queued.median) == (27, HOUR)
    # Each was reviewed on one commit.
    assert read_time(now, "rounds").median == 1
    assert now["groups"]["all"]["merged"] == 27
    assert before["groups"]["all"]["merged"] == 8
    # By origin: the assisted waited 4 h, the manual 2 h.
    assert read_time(now, "review", "origin:assisted").median == 4 * HOUR
    assert read_time(now, "review", "origin:manual").median == 2 * HOUR
    # 13 x 300 and 13 x 100 and 10.
    assert now["activity"]["lines"] == 5210


def test_reviewing(months: Months) -> None:
    now, before = (reviewing.period(one, figures("reviewing", one)) for one in (NOW_SPAN, BEFORE))
    # Tuesday's have over 200 lines; one has a reason.
    assert (now.whole.large.k, now.whole.large.n, now.whole.excused) == (13, 27, 1)
    assert (before.whole.large.k, before.whole.large.n) == (4, 8)
    # The hotfix alone.
    assert (now.whole.alone.k, now.whole.alone.n) == (1, 27)
    # All are in an area of high risk; a senior reviewed Tuesday's.
    assert (now.whole.senior.k, now.whole.senior.n) == (13, 27)
    voices = now.care.total
    assert voices is not None
    assert (voices.share.k, voices.share.n, voices.not_really, voices.no) == (4, 6, 1, 1)


def test_work_in_progress(months: Months) -> None:
    found = figures("work", NOW_SPAN)
    whole = 13 * 7 * 24
    # Open: 13 x 22 h (Monday 12:00 to Tuesday 10:00), 13 x 23 h, once 2 h.
    changes = work.shown(found, "changes", midnight(NOW_SPAN.ends_on))
    assert changes is not None
    assert changes.average == pytest.approx((13 * 22 + 13 * 23 + 2) / whole)
    # 2 + 3 + 1 + 4 + 2 + 0.5 h, and C from 18 June, 13:00, to the end of 28 June: 251 h.
    incidents = work.shown(found, "incidents", midnight(NOW_SPAN.ends_on))
    assert incidents is not None
    assert incidents.average == pytest.approx((12.5 + 251) / whole)
    assert incidents.under_way == 1
