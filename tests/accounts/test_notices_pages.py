"""A person's list of what they were told, and the bell above every page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import notices
from accounts.models import Notification, User
from tests import make

pytestmark = pytest.mark.django_db


def tell(user: User, number: int = 1, text: str = "") -> Notification:
    notices.tell(
        users=[user],
        kind="review",
        key=f"review:{number}",
        text=text or f"You are asked for review {number}",
        path="/actions/",
        now=timezone.now() + timedelta(seconds=number),
    )
    return Notification.objects.get(user=user, key=f"review:{number}")


@pytest.fixture
def user() -> User:
    return make.user()


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(client: Client, address: str = "") -> str:
    return client.get(address or reverse("notices:list")).content.decode()


def test_empty_list_says_what_would_come(client: Client) -> None:
    assert "Nothing yet" in shown(client)


def test_unread_ones_come_first_then_the_newest(client: Client, user: User) -> None:
    for number in (1, 2, 3):
        tell(user, number)
    notices.mark_read(user=user, ids=[Notification.objects.get(key="review:3").pk], now=timezone.now())
    page = shown(client)
    places = [page.index(f"asked for review {number}") for number in (2, 1, 3)]
    assert places == sorted(places)


def test_others_notifications_are_neither_shown_nor_opened_nor_read(client: Client) -> None:
    other = tell(make.user(), text="Only for them")
    assert "Only for them" not in shown(client)
    for name in ("notices:follow", "notices:read"):
        assert client.post(reverse(name, args=[other.pk])).status_code == 404
    client.post(reverse("notices:read_all"))
    other.refresh_from_db()
    assert other.read_at is None


def test_following_one_reads_it_and_leads_there(client: Client, user: User) -> None:
    notice = tell(user)
    assert client.get(reverse("notices:follow", args=[notice.pk])).status_code == 405
    response = client.post(reverse("notices:follow", args=[notice.pk]))
    assert (response.status_code, response["Location"]) == (303, "/actions/")
    notice.refresh_from_db()
    assert notice.read_at


def test_one_or_all_are_marked_as_read(client: Client, user: User) -> None:
    first = tell(user)
    tell(user, 2)
    tell(user, 3)
    client.post(reverse("notices:read", args=[first.pk]))
    assert Notification.objects.filter(read_at=None).count() == 2
    page = client.post(reverse("notices:read_all"), follow=True).content.decode()
    assert "2 marked as read" in page
    assert "Mark all as read" not in page


def test_long_list_has_pages(client: Client, user: User) -> None:
    for number in range(55):
        tell(user, number)
    assert "1 to 50 of 55" in shown(client)
    assert "51 to 55 of 55" in shown(client, reverse("notices:list") + "?page=2")
    assert client.get(reverse("notices:list") + "?page=x").status_code == 200


def test_text_is_never_markup(client: Client, user: User) -> None:
    tell(user, text="<script>alert(1)</script>")
    assert "<script>alert" not in shown(client)


def test_bell_counts_what_is_unread_without_a_query_of_its_own(client: Client, user: User) -> None:
    address = reverse("accounts:tokens")
    with CaptureQueriesContext(
        connection,
    ) as before:
        assert "unread-count" not in shown(client, address)
    for number in range(101):
        tell(user, number)
    with CaptureQueriesContext(connection) as after:
        assert "99+" in shown(client, address)
    assert len(after) == len(before)
    alone = [query["sql"] for query in after if "accounts_notification" in query["sql"]]
    assert len(alone) == 1
    assert 'FROM "accounts_user"' in alone[0]


def test_nobody_comes_in_whose_account_ended_meanwhile(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(reverse("notices:list")).status_code == 302
