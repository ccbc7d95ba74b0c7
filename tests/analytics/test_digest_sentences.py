"""What the digest says of the 13 weeks, on the four months worked out by hand; it leaves the sign-in."""

from __future__ import annotations

import pytest
import time_machine

from accounts.models import Role
from analytics.mails import digest
from analytics.services import flow
from incidents.models import Cause
from intake.services import note_first_real_fact
from tests import make
from tests.analytics.four_months import NOW, make_four_months, on

pytestmark = pytest.mark.django_db


def test_the_digest_says_what_rests_on_enough_and_keeps_the_rest_behind_the_sign_in() -> None:
    with time_machine.travel(NOW, tick=False):
        note_first_real_fact(at=NOW)
        make_four_months()
        flow.settle(now=NOW)
        letter = digest.preview(user=make.user(Role.VIEWER, email="robin@example.org"), now=NOW)
    assert letter is not None
    for part in (letter.text, letter.html):
        assert "28 deployments reached users" in part
        # 2 of 24, beside 1 of 8 before: the 8 are too few to leave.
        assert "failed (8.3" not in part
        assert "shown after signing in only" in part
    assert letter.html.count("<img") == len(letter.pictures) == 1
    # 34 by plan, a rollback and a hotfix; 9 April, 14 May, 18 June and 12 March failed.
    assert "at most 3 in one" in letter.text
    assert "4 of all failed" in letter.text
    assert len(letter.html) + len(letter.text) + sum(len(one.png) for one in letter.pictures) < 100_000


def test_no_picture_is_sent_of_few_deployments() -> None:
    with time_machine.travel(NOW, tick=False):
        note_first_real_fact(at=NOW)
        months = make_four_months()
        Cause.objects.all().delete()
        for at, one in months.deployments.items():
            if at < on(6, 9):
                one.delete()
        flow.rebuild(now=lambda: NOW)
        letter = digest.preview(user=make.user(Role.VIEWER, email="robin@example.org"), now=NOW)
    assert letter is not None
    assert letter.pictures == ()
    assert "<img" not in letter.html
