"""The weekly mail: when it is made and for whom, what it says, and what it never says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as outgoing
from django.test import Client, override_settings
from django.urls import reverse
from time_machine import travel

from accounts.mail_sending import send_due
from accounts.models import Mail, Role, Subscription, Topic, User
from analytics.mails import weekly as mails
from changes.models import Change, Prompt, Repository
from changes.services.origin import say_origin
from intake.models import Setup
from tests import make
from tests.accounts.mailing import SET_UP, parts, reader
from tests.analytics.mailed import MONDAY, assisted, hinted, weekly

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up() -> Iterator[None]:
    with override_settings(**SET_UP), travel(MONDAY, tick=False):
        yield


def author() -> User:
    return reader(Topic.DECISIONS)


def send(now: datetime = MONDAY) -> list[str]:
    before = len(outgoing.outbox)
    send_due(now=lambda: now)
    return [str(one.subject) for one in outgoing.outbox[before:]]


def test_ten_that_tell_most_are_chosen_in_the_order_of_the_queue() -> None:
    older = [assisted("refactoring", shipped_at=MONDAY - timedelta(days=9 + day)) for day in range(11)]
    user = author()
    assert mails.make_due(now=MONDAY) == 1
    row = Mail.objects.get()
    assert (row.user, row.key) == (user, "2026-W23")
    assert row.content == {"changes": [change.pk for change in older[:10]], "waiting": 11}
    assert send() == ["10 decisions: where did AI help?"]


def test_it_is_made_once_a_week() -> None:
    assisted()
    author()
    assert mails.make_due(now=MONDAY) == 1
    assert mails.make_due(now=MONDAY + timedelta(hours=1)) == 0
    assert mails.make_due(now=MONDAY + timedelta(days=7)) == 1


@pytest.mark.parametrize(
    ("late", "made"),
    [
        (timedelta(seconds=-1), 0),
        (timedelta(0), 1),
        (timedelta(days=2), 1),
        (timedelta(days=2, seconds=1), 0),
    ],
)
def test_day_and_hour_are_those_of_the_organisation(late: timedelta, made: int) -> None:
    assisted()
    author()
    with override_settings(ORGANISATION_TIME_ZONE="Europe/Lisbon", MAIL_WEEKDAY=3, MAIL_HOUR=9):
        thursday = datetime(2026, 6, 4, 8, tzinfo=UTC)  # 09:00 in Lisbon
        assert mails.make_due(now=thursday + late) == made


def test_week_is_that_of_the_day_it_fell_due_when_made_late_over_its_end() -> None:
    with override_settings(MAIL_WEEKDAY=6):
        moment = mails.moment_before(MONDAY + timedelta(hours=1))
    assert moment == MONDAY - timedelta(days=1)
    assert mails.key_of(moment) == "2026-W22"


def test_nothing_comes_when_nothing_waits_and_the_week_is_dealt_with() -> None:
    author()
    assert mails.make_due(now=MONDAY) == 0
    assert Mail.objects.get().closed_at == MONDAY
    assisted()
    assert mails.make_due(now=MONDAY + timedelta(hours=1)) == 0
    assert send() == []


def test_it_goes_only_to_those_who_asked_and_may_decide() -> None:
    assisted()
    make.user(email="quiet@example.org")
    reader(Topic.NOTICES)
    reader(Topic.DECISIONS, Role.VIEWER)
    reader(Topic.DECISIONS, email="")
    reader(Topic.DECISIONS, is_active=False)
    stopped = author()
    Subscription.objects.filter(user=stopped).update(stopped_at=MONDAY)
    late = author()
    Subscription.objects.filter(user=late).update(since=MONDAY + timedelta(minutes=1))
    assert mails.make_due(now=MONDAY + timedelta(hours=1)) == 0
    assert not Mail.objects.exists()


def test_who_may_no_longer_decide_gets_none_though_it_was_made() -> None:
    row = weekly(author(), assisted())
    User.objects.filter(pk=row.user_id).update(role=Role.VIEWER)
    assert send() == []
    row.refresh_from_db()
    assert row.closed_at == MONDAY


def test_letter_says_only_what_still_waits_when_it_is_sent() -> None:
    first, second = assisted(title="First"), assisted(title="Second")
    row = weekly(author(), first, second)
    say_origin(change_id=first.pk, origin="manual", by=make.user(), prompted_by=Prompt.QUEUE, now=MONDAY)
    assert send() == ["1 decision: where did AI help?"]
    assert "First" not in outgoing.outbox[0].body
    assert row.user.email in outgoing.outbox[0].to


def test_letter_is_not_sent_when_all_was_decided_meanwhile() -> None:
    change = assisted()
    weekly(author(), change)
    say_origin(change_id=change.pk, origin="manual", by=make.user(), prompted_by=Prompt.QUEUE, now=MONDAY)
    assert send() == []


def test_letter_shows_title_evidence_paths_and_what_is_suggested_in_both_parts() -> None:
    paths = [f"shop/pay/{number}.py" for number in range(5)]
    weekly(author(), assisted("refactoring", title="Retry <all> charges", paths=paths), hinted(title="Other"))
    send()
    text, html = parts(outgoing.outbox[0])
    for part in (text, html):
        for words in (
            "Co-Authored-By: Claude",
            "shop/pay/2.py",
            "and 2 more",
            "Refactoring",
            "claude/retries",
            "Did AI help?",
            "until Tuesday 9 June",
        ):
            assert words in part
        assert "shop/pay/3.py" not in part
    assert "Retry <all> charges" in text
    assert "Retry &lt;all&gt; charges" in html


def test_letter_says_nothing_of_what_failed() -> None:
    incident = make.incident(title="Checkout down")
    change = assisted(title="Quick fix")
    Change.objects.filter(pk=change.pk).update(first_incident_at=MONDAY - timedelta(days=1))
    weekly(author(), change)
    send()
    for part in parts(outgoing.outbox[0]):
        assert change.title in part
        assert incident.title not in part
        assert "incident" not in part.lower()


def test_html_loads_nothing_and_knows_the_dark() -> None:
    weekly(author(), assisted(url="https://forge.example/1"))
    send()
    html = parts(outgoing.outbox[0])[1]
    for word in ("<img", "<script", "<link", "url(", "@import", "background="):
        assert word not in html
    assert "prefers-color-scheme: dark" in html
    assert 'name="color-scheme" content="light dark"' in html


# ------------------------------------------------------------------ how it would look


def look(user: User, name: str = "mail_preview") -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse(f"analytics:{name}")).content.decode()


def test_preview_shows_the_mail_and_sends_nothing() -> None:
    change = assisted(title="Retry charges")
    user = make.user()
    page = look(user)
    assert "1 decision: where did AI help?" in page
    assert f"/queue/?at={change.pk}" in page
    assert "Retry charges" in look(user, "mail_preview_html")
    assert (outgoing.outbox, Mail.objects.count()) == ([], 0)


def test_preview_says_so_when_nothing_waits() -> None:
    assert "Nothing would be sent" in look(make.user())
    assert "Nothing waits" in look(make.user(), "mail_preview_html")


def test_preview_works_on_demonstration_data_and_says_that_nothing_is_sent() -> None:
    Setup.objects.update(first_real_fact_at=None)
    assisted(title="Made up", repository=make.repository(is_demo=True))
    Repository.objects.filter(is_demo=False).delete()
    author()
    assert "nothing is sent" in look(make.user())
    assert "Made up" in look(make.user(), "mail_preview_html")


def test_preview_of_the_mail_may_hold_its_style_and_nothing_else() -> None:
    assisted()
    client = Client()
    client.force_login(make.user())
    policy = client.get(reverse("analytics:mail_preview_html"))["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'unsafe-inline'" in policy
    assert "img-src data:" in policy  # the pictures of a mail stand in it
    for word in ("script-src", "connect-src"):
        assert word not in policy
    page = client.get(reverse("analytics:mail_preview"))["Content-Security-Policy"]
    assert "unsafe-inline" not in page


def test_letter_says_over_when_more_wait_than_are_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.queries.queue.MOST_RANKED", 11)
    for _ in range(12):
        assisted("refactoring")
    assert "Of over 11 changes" in look(make.user(), "mail_preview_html")
    author()
    mails.make_due(now=MONDAY)
    send()
    assert "Of over 11 changes" in outgoing.outbox[-1].body
