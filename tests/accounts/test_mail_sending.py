"""Sending: the row is the truth, attempts are counted and bounded, one mail stops no other."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import reverse

from accounts import mail_notices, mail_sending, notices, tasks
from accounts.mail import stop_url
from accounts.mail_sending import MOST_ATTEMPTS, WAITS, claim, send_due
from accounts.models import Mail, Notification, Role, Subscription, User
from changes.models import Repository
from intake.models import Setup
from tests import make
from tests.accounts.mailing import SET_UP, mail, parts, reader, server

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def set_up() -> Iterator[None]:
    with override_settings(**SET_UP):
        yield


def told(user: User, key: str = "one", text: str = "You are asked to review it") -> Notification:
    notices.tell(users=[user], kind="review", key=key, text=text, path="/incidents/7/", now=NOW)
    return Notification.objects.get(user=user, key=key)


def of_notice(user: User, now: datetime = NOW) -> Mail:
    return mail(user, now, content={"notifications": [told(user).pk]})


def send(now: datetime = NOW) -> int:
    return send_due(now=lambda: now)


def failing(raised: Callable[[list[str]], Exception | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend raises for whom it is told to."""
    take = EmailBackend.send_messages

    def send_messages(self: EmailBackend, messages: list[Any]) -> int:
        if error := raised(messages[0].to):
            raise error
        return take(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)


def test_due_mail_goes_once() -> None:
    row = of_notice(reader())
    assert (send(), send()) == (1, 0)
    row.refresh_from_db()
    assert (row.sent_at, row.attempts, row.error) == (NOW, 1, "")
    assert [one.subject for one in outgoing.outbox] == ["You are asked to review it"]
    assert Notification.objects.get().mailed_at == NOW


def test_mail_says_who_sent_it_and_how_to_stop_it() -> None:
    user = reader()
    with override_settings(SITE_URL="https://hindcast.example.org"):
        of_notice(user)
        send()
        (sent,) = outgoing.outbox
        assert sent.from_email == "Hindcast <hindcast@example.org>"
        assert sent.extra_headers["List-Unsubscribe"] == f"<{stop_url(user, 'notices')}>"
        assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        html = parts(sent)[1]
        for text in parts(sent):
            assert stop_url(user, "notices") in text
            assert "https://hindcast.example.org/incidents/7/" in text
        assert "http://" not in html.replace("https://", "")
        assert "<img" not in html


def test_one_click_is_not_promised_without_https() -> None:
    of_notice(reader())
    send()
    assert "List-Unsubscribe" in outgoing.outbox[0].extra_headers
    assert "List-Unsubscribe-Post" not in outgoing.outbox[0].extra_headers


def test_nothing_is_sent_when_no_server_is_named() -> None:
    of_notice(reader())
    with override_settings(MAIL_HOST=""):
        assert send() == 0
        tasks.make_mail()
        tasks.ring_for_mail()
    assert outgoing.outbox == []
    assert Mail.objects.get().attempts == 0


def test_nothing_is_made_or_sent_while_demonstration_data_is_shown() -> None:
    of_notice(reader())
    told(reader(), "two")
    Setup.objects.update(first_real_fact_at=None)
    make.change(repository=make.repository(is_demo=True))
    Repository.objects.filter(is_demo=False).delete()
    tasks.make_mail()
    assert send() == 0
    assert Mail.objects.get().attempts == 0


def test_one_broken_address_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, fine, also = (of_notice(reader()) for _ in range(3))
    refused = smtplib.SMTPRecipientsRefused({broken.user.email: (550, b"5.1.1 No such mailbox")})
    failing(lambda to: refused if to == [broken.user.email] else None, monkeypatch)
    assert send() == 2
    assert {one.to[0] for one in outgoing.outbox} == {fine.user.email, also.user.email}
    broken.refresh_from_db()
    assert broken.closed_at == NOW
    assert broken.error == "SMTPRecipientsRefused: 550 5.1.1 No such mailbox"


def test_mail_that_cannot_be_written_stops_no_other() -> None:
    broken, fine = mail(reader(), NOW, content={}), of_notice(reader())
    assert send() == 1
    broken.refresh_from_db()
    fine.refresh_from_db()
    assert fine.sent_at == NOW
    assert broken.error == "KeyError: 'notifications'"
    assert (broken.sent_at, broken.next_attempt_at) == (None, NOW + WAITS[0])


def test_failed_mail_is_tried_again_ever_later_and_given_up_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = of_notice(reader())
    failing(lambda to: smtplib.SMTPDataError(451, b"greylisted"), monkeypatch)
    now = NOW
    for attempt, wait in enumerate(WAITS, start=1):
        send(now)
        row.refresh_from_db()
        assert (row.attempts, row.next_attempt_at, row.closed_at) == (attempt, now + wait, None)
        assert row.error == "SMTPDataError: 451 greylisted"
        send(now + wait - timedelta(seconds=1))
        now += wait
    send(now)
    send(now + timedelta(days=9))
    row.refresh_from_db()
    assert (row.attempts, row.closed_at, row.sent_at) == (MOST_ATTEMPTS, now, None)
    assert Notification.objects.get().mailed_at is None


def test_later_attempt_succeeds_and_forgets_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    row = of_notice(reader())
    with monkeypatch.context() as patch:
        failing(lambda to: smtplib.SMTPDataError(451, b"greylisted"), patch)
        send()
    assert send(NOW + WAITS[0]) == 1
    row.refresh_from_db()
    assert (row.attempts, row.error) == (2, "")


def test_server_that_is_away_costs_one_attempt_of_one_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        of_notice(reader())
    failing(lambda to: ConnectionRefusedError(111, "Connection refused"), monkeypatch)
    send()
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert Mail.objects.get(attempts=1).error == "ConnectionRefusedError: Connection refused"


@pytest.mark.parametrize("case", ["stopped", "inactive", "no address", "read", "taken back"])
def test_mail_that_is_no_longer_wanted_is_closed_without_an_error(case: str) -> None:
    user = reader()
    row = of_notice(user)
    if case == "stopped":
        Subscription.objects.update(stopped_at=NOW)
    elif case == "inactive":
        User.objects.filter(pk=user.pk).update(is_active=False)
    elif case == "no address":
        User.objects.filter(pk=user.pk).update(email="")
    elif case == "read":
        notices.mark_read(user=user, now=NOW)
    else:
        Notification.objects.all().delete()
    assert send() == 0
    row.refresh_from_db()
    assert (row.closed_at, row.sent_at, row.error) == (NOW, None, "")
    assert outgoing.outbox == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_mail_that_another_holds_is_passed_over() -> None:
    first, second = of_notice(reader()), of_notice(reader(), NOW + timedelta(seconds=1))
    found: list[Mail | None] = []

    def other() -> None:
        found.append(claim(now=NOW + timedelta(minutes=1)))
        connection.close()

    with transaction.atomic():
        Mail.objects.select_for_update().get(pk=first.pk)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=20)
    assert [one.pk for one in found if one] == [second.pk]


def test_admin_tries_again_what_was_given_up_and_nothing_else() -> None:
    given_up = mail(reader(), NOW, error="SMTPDataError: 451", closed_at=NOW, attempts=MOST_ATTEMPTS)
    nothing_to_say = mail(reader(), NOW, closed_at=NOW)
    client = Client()
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    page = client.get(reverse("admin:accounts_mail_changelist")).content.decode()
    assert "SMTPDataError: 451" in page
    assert "nothing to say" in page
    data = {"action": "try_again", "_selected_action": [given_up.pk, nothing_to_say.pk]}
    client.post(reverse("admin:accounts_mail_changelist"), data)
    assert set(mail_sending.due(datetime(2030, 1, 1, tzinfo=UTC))) == {given_up}


# ------------------------------------------------------------------ the daily mail on notifications


def test_what_is_unread_comes_in_one_mail_a_day() -> None:
    user = reader()
    told(user)
    told(user, "two", "You own an action that is due")
    later = NOW + timedelta(minutes=11)
    assert mail_notices.make_due(now=later) == 1
    assert mail_notices.make_due(now=later) == 0
    send(later)
    assert outgoing.outbox[0].subject == "2 things wait for you"
    told(user, "three")
    assert mail_notices.make_due(now=NOW + timedelta(hours=5)) == 0
    assert mail_notices.make_due(now=NOW + timedelta(days=1)) == 1
    send(NOW + timedelta(days=1))
    assert outgoing.outbox[1].subject == "You are asked to review it"


def test_what_was_just_told_waits_a_while() -> None:
    told(reader())
    assert mail_notices.make_due(now=NOW + timedelta(minutes=9)) == 0


def test_nobody_is_written_to_before_the_hour_of_the_organisation() -> None:
    told(reader())
    with override_settings(ORGANISATION_TIME_ZONE="America/New_York", MAIL_HOUR=8):
        assert mail_notices.make_due(now=NOW + timedelta(minutes=59)) == 0  # 07:59 there
        assert mail_notices.make_due(now=NOW + timedelta(hours=1)) == 1


def test_nobody_is_written_to_who_did_not_ask() -> None:
    told(make.user(email="quiet@example.org"))
    stopped = reader()
    told(stopped)
    Subscription.objects.filter(user=stopped).update(stopped_at=NOW)
    assert mail_notices.make_due(now=NOW + timedelta(hours=1)) == 0


def test_tick_makes_and_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[bool] = []
    monkeypatch.setattr(tasks.send_mail, "delay", lambda: rung.append(True))
    tasks.ring_for_mail()
    assert rung == []
    of_notice(reader())
    tasks.ring_for_mail()
    assert rung == [True]


# ------------------------------------------------------------------ a real conversation


def test_server_is_spoken_to_and_takes_what_it_can(capsys: pytest.CaptureFixture[str]) -> None:
    fine, broken, last = (of_notice(reader()) for _ in range(3))
    backend = "django.core.mail.backends.smtp.EmailBackend"
    with (
        server(unknown=(broken.user.email,)) as heard,
        override_settings(
            EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=heard.port, EMAIL_USE_TLS=False
        ),
    ):
        assert send() == 2
        call_command("mail_test", "ada@example.org")
    assert [to for _, to, _ in heard.letters] == [[fine.user.email], [last.user.email], ["ada@example.org"]]
    assert heard.letters[0][0] == "<hindcast@example.org>"
    broken.refresh_from_db()
    assert "550 5.1.1 No such mailbox" in broken.error
    parsed = message_from_string(heard.letters[0][2], policy=default)
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert parsed["Message-ID"] == f"<mail.{fine.pk}.20260302120000@example.org>"
    assert parsed["List-Unsubscribe"].strip() == f"<{stop_url(fine.user, 'notices')}>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert "took it" in capsys.readouterr().out


def test_command_says_what_is_missing_or_went_wrong() -> None:
    with override_settings(MAIL_HOST=""), pytest.raises(CommandError, match="MAIL_HOST"):
        call_command("mail_test", "ada@example.org")
    with pytest.raises(CommandError, match="no mail address"):
        call_command("mail_test", "ada")
    with server() as heard:
        closed = heard.port
    backend = "django.core.mail.backends.smtp.EmailBackend"
    with (
        override_settings(EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=closed),
        pytest.raises(CommandError, match="Connection refused"),
    ):
        call_command("mail_test", "ada@example.org")
