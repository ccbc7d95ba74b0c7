"""Telling people: once, to those who may come in, taken back when it must not be known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts import notices
from accounts.models import Notification, User
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def tell(
    *users: User, key: str = "review:1", about: str = "", path: str = "/actions/", text: str = ""
) -> int:
    return notices.tell(
        users=users,
        kind="review",
        key=key,
        text=text or "You are asked to review it",
        path=path,
        about=about,
        now=NOW,
    )


def test_each_person_is_told_once_when_it_is_told_again() -> None:
    one, other = make.user(), make.user()
    assert tell(one, one) == 1
    assert tell(one, other) == 1
    assert tell(one, other) == 0
    assert Notification.objects.count() == 2


def test_it_stays_read_when_told_again() -> None:
    user = make.user()
    tell(user)
    assert notices.mark_read(user=user, now=NOW) == 1
    tell(user)
    assert Notification.objects.get().read_at == NOW


def test_nobody_is_told_who_may_not_come_in() -> None:
    assert tell(make.user(is_active=False)) == 0
    assert not Notification.objects.exists()


def test_long_text_is_cut_and_said_to_be() -> None:
    tell(make.user(), text="x" * 500)
    assert Notification.objects.get().text == "x" * 299 + "…"


@pytest.mark.parametrize("path", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere", ""])
def test_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no page"):
        tell(make.user(), path=path)


def test_key_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="121"):
        tell(make.user(), key="x" * 121)


def test_what_was_told_is_taken_back_from_all_but_those_named() -> None:
    named, other = make.user(), make.user()
    tell(named, other, about="incident:12")
    tell(other, key="review:2", about="incident:123")
    assert notices.take_back(about="incident:12", except_users=[named]) == 1
    left = set(Notification.objects.values_list("user", "about"))
    assert left == {(named.pk, "incident:12"), (other.pk, "incident:123")}


def test_what_was_told_about_rows_that_are_gone_is_forgotten() -> None:
    user = make.user()
    gone, stays = make.area(), make.area()
    tell(user, about=notices.about(gone))
    tell(user, key="review:2", about=notices.about(stays))
    assert notices.forget(model=type(gone), ids=[]) == 0
    assert notices.forget(model=type(gone), ids=[gone.pk]) == 1
    assert Notification.objects.get().about == f"domainarea:{stays.pk}"


def test_taking_back_nothing_in_particular_is_refused() -> None:
    tell(make.user())
    with pytest.raises(ValueError, match="about"):
        notices.take_back(about="")
    assert Notification.objects.exists()


def test_reading_touches_only_ones_own_and_keeps_the_first_time() -> None:
    one, other = make.user(), make.user()
    tell(one, other)
    tell(one, key="review:2")
    first = Notification.objects.get(user=one, key="review:1")
    foreign = Notification.objects.get(user=other)
    assert notices.mark_read(user=one, ids=[first.pk, foreign.pk], now=NOW) == 1
    assert notices.mark_read(user=one, now=NOW + timedelta(hours=1)) == 1
    first.refresh_from_db()
    foreign.refresh_from_db()
    assert (first.read_at, foreign.read_at) == (NOW, None)
