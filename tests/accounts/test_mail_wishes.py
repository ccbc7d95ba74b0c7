"""Asking for mail, stopping it by one click without signing in, and saying where it goes."""

from __future__ import annotations

import re
import smtplib
from datetime import timedelta

import pytest
from django.core import mail as outgoing
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from accounts import calendar_keys
from accounts.mail import stop_url
from accounts.models import AuditEntry, Mail, Role, Subscription, Team, Topic, User
from tests import make
from tests.accounts.mailing import SET_UP, mail, reader

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client(enforce_csrf_checks=False)
    client.force_login(user)
    return client


def wish(client: Client, topic: str, want: str) -> str:
    return client.post(
        reverse("accounts:mail_wish", args=[topic]), {"want": want}, follow=True
    ).content.decode()


def wanted(user: User) -> set[str]:
    return set(user.subscriptions.filter(stopped_at=None).values_list("topic", flat=True))


def path(user: User, topic: str = Topic.NOTICES) -> str:
    return stop_url(user, topic).removeprefix("http://127.0.0.1:8000")


def test_nothing_is_wanted_until_it_is_asked_for() -> None:
    user = make.user()
    assert wanted(user) == set()
    client = signed_in(user)
    wish(client, "decisions", "1")
    wish(client, "decisions", "1")
    assert wanted(user) == {"decisions"}
    wish(client, "decisions", "0")
    wish(client, "decisions", "0")
    assert wanted(user) == set()
    wish(client, "decisions", "1")
    assert Subscription.objects.count() == 1
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "subscribe",
        "stop_mail",
        "subscribe",
    ]


def test_decisions_are_refused_to_who_may_not_decide() -> None:
    viewer = make.user(Role.VIEWER)
    assert "author role" in wish(signed_in(viewer), "decisions", "1")
    assert wanted(viewer) == set()
    wish(signed_in(viewer), "notices", "1")
    assert wanted(viewer) == {"notices"}


def test_unknown_topic_is_not_found() -> None:
    assert signed_in(make.user()).post(reverse("accounts:mail_wish", args=["spam"])).status_code == 404


def test_page_says_when_mail_is_not_set_up_and_admins_how() -> None:
    address = reverse("accounts:mail")
    page = signed_in(make.user()).get(address).content.decode()
    assert "Mail is not set up" in page
    assert "MAIL_HOST" not in page
    assert "MAIL_HOST" in signed_in(make.user(Role.ADMIN)).get(address).content.decode()
    with override_settings(**SET_UP, MAIL_WEEKDAY=3, MAIL_HOUR=9, ORGANISATION_TIME_ZONE="Europe/Lisbon"):
        page = signed_in(make.user()).get(address).content.decode()
        assert "Mail is not set up" not in page
        assert "On Thursdays at 09:00 (Europe/Lisbon)" in page


def test_only_admins_read_what_went_wrong_with_others_mail() -> None:
    mail(reader(), timezone.now(), error="SMTPDataError: 554 rejected")
    address = reverse("accounts:mail")
    assert "554 rejected" in signed_in(make.user(Role.ADMIN, is_staff=True)).get(address).content.decode()
    assert "554 rejected" not in signed_in(make.user()).get(address).content.decode()


# ------------------------------------------------------------------ one click


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_link_stops_nothing(method: str) -> None:
    user = reader()
    response = getattr(Client(), method)(path(user))
    assert response.status_code == 200
    assert wanted(user) == {"notices"}


def test_one_click_stops_without_signing_in_or_a_cookie() -> None:
    user = reader()
    Subscription.objects.create(user=user, topic=Topic.DECISIONS)
    stranger = Client(enforce_csrf_checks=True)
    for _ in range(2):  # RFC 8058, section 3.1: what mail programs send
        response = stranger.post(path(user), {"List-Unsubscribe": "One-Click"})
        assert response.status_code == 200
        assert "Stopped" in response.content.decode()
    assert wanted(user) == {"decisions"}
    assert AuditEntry.objects.get(verb="stop_mail").detail == {"topic": "notices", "by_link": True}


def test_button_of_the_page_stops_what_its_link_names() -> None:
    user = reader()
    other = reader()
    stranger = Client(enforce_csrf_checks=True)
    assert "Stop this mail?" in stranger.get(path(user)).content.decode()
    stranger.post(path(user))
    assert (wanted(user), wanted(other)) == (set(), {"notices"})


def test_link_still_stops_after_years_and_after_the_account_ended() -> None:
    user = reader(is_active=False)
    with travel(timezone.now() + timedelta(days=900)):
        assert Client().post(path(user)).status_code == 200
    assert wanted(user) == set()


def test_tampered_link_stops_nothing() -> None:
    user, other = reader(), reader()
    good = path(user)
    number, _, signature = good.rstrip("/").rpartition("/")[2].partition("~")
    forged = [
        f"{other.pk}.notices~{signature}",
        f"{user.pk}.decisions~{signature}",
        f"{number}~{signature[:-1]}",
        number,
        f"x.notices~{signature}",
    ]
    for token in forged:
        response = Client().post(reverse("accounts:mail_stop", args=[token]))
        assert response.status_code == 404
    assert (wanted(user), wanted(other)) == ({"notices"}, {"notices"})


# ------------------------------------------------------------------ where it goes


def ask(client: Client, address: str) -> str:
    return client.post(reverse("accounts:mail"), {"address": address}, follow=True).content.decode()


def link() -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/account/mail/address/\S+)", str(outgoing.outbox[-1].body))
    assert found
    return found[1]


@override_settings(**SET_UP)
def test_address_is_used_once_its_owner_followed_the_link() -> None:
    user = make.user(email="old@example.org")
    client = signed_in(user)
    assert "A link is on its way to new@example.org" in ask(client, "new@example.org")
    assert outgoing.outbox[0].to == ["new@example.org"]
    client.get(link())
    user.refresh_from_db()
    assert user.email == "old@example.org"
    client.post(link())
    user.refresh_from_db()
    assert user.email == "new@example.org"
    assert client.post(link()).status_code == 410


@override_settings(**SET_UP)
def test_link_for_an_address_is_nobody_elses_and_ends() -> None:
    user, other = make.user(), make.user()
    ask(signed_in(user), "new@example.org")
    assert Client().post(link()).status_code == 302
    assert signed_in(other).post(link()).status_code == 410
    with travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert signed_in(user).post(link()).status_code == 410
    assert set(User.objects.values_list("email", flat=True)) == {""}


def test_address_is_refused_in_words_when_no_link_can_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(make.user())
    assert "Mail is not set up here" in ask(client, "new@example.org")
    with override_settings(**SET_UP):
        assert "valid email address" in ask(client, "new@")

        def refuse(*_: object) -> int:
            raise smtplib.SMTPRecipientsRefused({"new@example.org": (550, b"No such mailbox")})

        monkeypatch.setattr(EmailBackend, "send_messages", refuse)
        assert "550 No such mailbox" in ask(client, "new@example.org")


@override_settings(**SET_UP)
def test_nobody_can_have_many_links_sent() -> None:
    client = signed_in(make.user())
    for number in range(5):
        ask(client, f"a{number}@example.org")
    assert "many links within an hour" in ask(client, "b@example.org")
    assert len(outgoing.outbox) == 5


def test_last_mail_of_a_topic_is_told_to_its_reader() -> None:
    user = reader()
    mail(user, timezone.now(), sent_at=timezone.now())
    mail(user, timezone.now() - timedelta(days=1), closed_at=timezone.now(), key="old")
    assert "The last one was sent" in signed_in(user).get(reverse("accounts:mail")).content.decode()
    Mail.objects.update(sent_at=None, closed_at=timezone.now(), error="SMTPDataError: 554")
    assert "every attempt failed" in signed_in(user).get(reverse("accounts:mail")).content.decode()


@pytest.mark.parametrize("name", ["accounts:mail", "analytics:mail_preview"])
def test_page_asks_few_statements_however_much_there_is(name: str) -> None:
    admin = make.user(Role.ADMIN, is_staff=True)
    for number in range(5):
        Team.objects.create(name=f"Team {number}", slug=f"team-{number}")
        make.service()
    mail(admin, timezone.now(), error="SMTPDataError: 554 rejected")
    calendar_keys.make(user=admin, now=timezone.now())
    client = signed_in(admin)
    client.get(reverse(name))
    with CaptureQueriesContext(connection) as statements:
        assert client.get(reverse(name), {"topic": "digest"}).status_code == 200
    assert len(statements) <= 12
