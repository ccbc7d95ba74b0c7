"""The page behind a weekly mail: what its link may do, for whom, how long, and what it may never do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import travel

from accounts.models import AuditEntry, Mail, Role, Topic, User
from analytics.mails.links import LIFETIME, seal, token
from changes.models import Assistance, Change, Decision, Prompt
from changes.services.origin import say_kind, say_origin
from intake.models import LedgerEntry
from tests import make
from tests.accounts.mailing import mail, reader
from tests.analytics.mailed import MONDAY, assisted, hinted, weekly

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[None]:
    with travel(MONDAY + timedelta(hours=1), tick=False):
        yield


@pytest.fixture
def change() -> Change:
    return assisted("refactoring", title="Retry charges")


@pytest.fixture
def row(change: Change) -> Mail:
    return weekly(reader(Topic.DECISIONS), change)


def stranger() -> Client:
    """A browser that is signed in nowhere and holds no cookie."""
    return Client(enforce_csrf_checks=True)


def address(row: Mail, *, given: str = "") -> str:
    return reverse("analytics:by_mail", args=[given or token(row)])


def press(
    row: Mail, change: Change, say: str = "suggested", client: Client | None = None, **over: str
) -> Any:
    data = {"say": say, "seal": seal(row, "decide", change.pk), **over}
    url = reverse("analytics:by_mail_decide", args=[token(row), change.pk])
    return (client or stranger()).post(url, data)


def take_back(row: Mail, change: Change, **over: str) -> Any:
    url = reverse("analytics:by_mail_undo", args=[token(row), change.pk])
    return stranger().post(url, {"seal": seal(row, "undo", change.pk), **over})


def page(row: Mail, client: Client | None = None) -> str:
    return (client or stranger()).get(address(row)).content.decode()


def said() -> list[tuple[str, str]]:
    rows = Decision.objects.filter(withdrawn_at=None).order_by("pk")
    return [(one.kind.slug if one.kind else one.origin, one.verdict) for one in rows]


def plain(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# ------------------------------------------------------------------ what it does


def test_one_button_decides_without_signing_in(row: Mail, change: Change) -> None:
    response = press(row, change)
    assert response.status_code == 303
    assert response["Location"] == f"{address(row)}#change-{change.pk}"
    decision = Decision.objects.get()
    assert (decision.said_by, decision.prompted_by) == (row.user, Prompt.MAIL)
    assert Assistance.objects.get().status == "confirmed"
    assert LedgerEntry.objects.filter(verb="kind said").exists()
    assert "You said: <strong>Refactoring</strong>" in page(row)


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        ("suggested", [("refactoring", "confirmed")]),
        ("not", [("refactoring", "dismissed")]),
        ("manual", [("manual", "confirmed")]),
        ("kind:debugging", [("debugging", "confirmed")]),
    ],
)
def test_each_answer_is_kept_as_in_the_queue(
    row: Mail, change: Change, say: str, expected: list[tuple[str, str]]
) -> None:
    assert press(row, change, say).status_code == 303
    assert said() == expected


def test_hint_is_answered_and_the_kind_asked_next() -> None:
    change = hinted()
    row = weekly(reader(Topic.DECISIONS), change)
    assert "Did AI help, and how?" in page(row)
    press(row, change, "assisted")
    shown = page(row)
    assert "You said: <strong>AI-assisted</strong>" in shown
    assert "AI helped. With what?" in shown


def test_decision_is_taken_back_on_the_page(row: Mail, change: Change) -> None:
    press(row, change)
    assert take_back(row, change).status_code == 303
    assert take_back(row, change).status_code == 303
    assert said() == []
    assert "You said" not in page(row)
    assert press(row, change, "manual").status_code == 303


def test_page_shows_only_what_the_mail_asked(row: Mail, change: Change) -> None:
    Change.objects.filter(pk=change.pk).update(
        message="A long text for colleagues", first_incident_at=MONDAY, url="https://forge.example/7"
    )
    assisted(title="Not in this mail")
    shown = page(row)
    assert "Retry charges" in shown
    assert "Co-Authored-By: Claude" in shown
    for words in ("A long text", "Not in this mail", "its incident or revert", "forge.example", "Sign out"):
        assert words not in shown


def test_ten_are_shown_with_as_many_queries_as_two() -> None:
    changes = [assisted("refactoring") for _ in range(10)]
    user = reader(Topic.DECISIONS)
    two = weekly(user, *changes[:2])
    with CaptureQueriesContext(connection) as few:
        page(two)
    Mail.objects.all().delete()
    ten = weekly(user, *changes)
    with CaptureQueriesContext(connection) as many:
        page(ten)
    assert len(many) == len(few)
    assert len(many) <= 12


# ------------------------------------------------------------------ what it must not do


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_scanner_that_follows_every_link_alters_nothing(row: Mail, change: Change, method: str) -> None:
    for name, arguments in (
        ("by_mail", [token(row)]),
        ("by_mail_decide", [token(row), change.pk]),
        ("by_mail_undo", [token(row), change.pk]),
    ):
        url = reverse(f"analytics:{name}", args=arguments)
        response = getattr(stranger(), method)(url, {"say": "suggested", "seal": "x"})
        assert response.status_code in ({200} if name == "by_mail" and method != "options" else {405})
    assert said() == []
    assert not AuditEntry.objects.exists()


def test_link_signs_nobody_in(row: Mail, change: Change) -> None:
    client = stranger()
    client.get(address(row))
    press(row, change, client=client)
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("analytics:queue")).status_code == 302


def test_page_is_neither_kept_nor_indexed(row: Mail) -> None:
    response = stranger().get(address(row))
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("wrong", ["", "x", "other change", "other verb", "other mail"])
def test_post_that_the_page_did_not_make_does_nothing(row: Mail, change: Change, wrong: str) -> None:
    other = mail(row.user, MONDAY, topic=Topic.DECISIONS, key="2026-W22", content=row.content)
    seals = {
        "other change": seal(row, "decide", change.pk + 1),
        "other verb": seal(row, "undo", change.pk),
        "other mail": seal(other, "decide", change.pk),
    }
    response = press(row, change, seal=seals.get(wrong, wrong))
    assert response.status_code == 400
    assert said() == []


def test_change_that_the_mail_did_not_ask_about_is_not_found(row: Mail) -> None:
    assert press(row, assisted("refactoring")).status_code == 404
    assert said() == []


@pytest.mark.parametrize("case", ["cut", "longer", "other number", "unsigned", "no number", "huge"])
def test_tampered_link_opens_nothing(row: Mail, change: Change, case: str) -> None:
    other = weekly(reader(Topic.DECISIONS), change)
    number, _, signature = token(row).partition("~")
    forged = {
        "cut": f"{number}~{signature[:-1]}",
        "longer": f"{number}~{signature}x",
        "other number": f"{other.pk}~{signature}",
        "unsigned": number,
        "no number": f"x~{signature}",
        "huge": f"{'9' * 40}~{signature}",
    }[case]
    assert stranger().get(address(row, given=forged)).status_code == 404
    url = reverse("analytics:by_mail_decide", args=[forged, change.pk])
    assert (
        stranger().post(url, {"say": "suggested", "seal": seal(row, "decide", change.pk)}).status_code == 404
    )
    assert said() == []


def test_link_of_another_kind_of_mail_opens_nothing(row: Mail) -> None:
    Mail.objects.filter(pk=row.pk).update(topic=Topic.NOTICES)
    assert stranger().get(address(row)).status_code == 404


def test_link_ends_after_eight_days_and_says_so(row: Mail, change: Change) -> None:
    with travel(MONDAY + LIFETIME - timedelta(seconds=1), tick=False):
        assert press(row, change).status_code == 303
    with travel(MONDAY + LIFETIME, tick=False):
        for response in (stranger().get(address(row)), press(row, change), take_back(row, change)):
            assert response.status_code == 410
            assert "that is over" in plain(response)
    assert said() == [("refactoring", "confirmed")]


@pytest.mark.parametrize("over", [{"is_active": False}, {"role": Role.VIEWER}])
def test_link_dies_with_the_right_to_decide(row: Mail, change: Change, over: dict[str, Any]) -> None:
    User.objects.filter(pk=row.user_id).update(**over)
    for response in (stranger().get(address(row)), press(row, change)):
        assert response.status_code == 410
        assert "Retry charges" not in plain(response)
    assert said() == []


def test_link_dies_when_mail_goes_to_another_address(row: Mail, change: Change) -> None:
    old = token(row)
    User.objects.filter(pk=row.user_id).update(email="elsewhere@example.org")
    assert stranger().get(address(row, given=old)).status_code == 404
    url = reverse("analytics:by_mail_decide", args=[old, change.pk])
    assert (
        stranger().post(url, {"say": "suggested", "seal": seal(row, "decide", change.pk)}).status_code == 404
    )


def test_somebody_else_who_is_signed_in_decides_in_nobodys_name(row: Mail, change: Change) -> None:
    client = stranger()
    client.force_login(make.user(Role.ADMIN))
    assert "sent to somebody else" in page(row, client)
    assert press(row, change, client=client).status_code == 403
    assert said() == []
    client.force_login(row.user)
    assert press(row, change, client=client).status_code == 303


def test_second_press_of_the_same_button_adds_nothing(row: Mail, change: Change) -> None:
    press(row, change)
    response = press(row, change)
    assert response.status_code == 409
    assert "It waits no more" in plain(response)
    assert len(said()) == 1


def test_page_says_what_was_decided_elsewhere(row: Mail, change: Change) -> None:
    other = make.user()
    kind = Assistance.objects.get().kind
    say_kind(change_id=change.pk, kind=kind, by=other, prompted_by=Prompt.QUEUE, now=MONDAY)
    shown = page(row)
    assert "It waits no more, and not because of this mail" in shown
    assert "Refactoring" in shown
    response = press(row, change, "manual")
    assert (response.status_code, len(said())) == (409, 1)
    assert "decided meanwhile" in plain(response)


def test_undo_touches_nothing_that_was_said_elsewhere(row: Mail, change: Change) -> None:
    say_origin(change_id=change.pk, origin="manual", by=row.user, prompted_by=Prompt.QUEUE, now=MONDAY)
    take_back(row, change)
    assert said() == [("manual", "confirmed")]


def test_undo_of_one_mail_leaves_what_an_earlier_one_said(change: Change) -> None:
    user = reader(Topic.DECISIONS)
    early = mail(
        user,
        MONDAY - timedelta(days=7),
        topic=Topic.DECISIONS,
        key="2026-W22",
        content={"changes": [change.pk]},
    )
    with travel(MONDAY - timedelta(days=6), tick=False):
        press(early, change)
    row = weekly(user, change)
    take_back(row, change)
    assert said() == [("refactoring", "confirmed")]


def test_change_that_is_gone_is_said_to_be() -> None:
    change, left = assisted(), assisted(title="Still here")
    row = weekly(reader(Topic.DECISIONS), change, left)
    gone = change.pk
    change.delete()
    shown = page(row)
    assert "No longer here" in shown
    assert "Still here" in shown
    url = reverse("analytics:by_mail_decide", args=[token(row), gone])
    assert stranger().post(url, {"say": "manual", "seal": seal(row, "decide", gone)}).status_code == 409


@pytest.mark.parametrize("say", ["", "kind:", "kind:made-up", "skip", "drop table"])
def test_answer_that_is_not_on_offer_is_refused(row: Mail, change: Change, say: str) -> None:
    assert press(row, change, say).status_code == 400
    assert said() == []
