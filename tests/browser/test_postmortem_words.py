"""No word of a postmortem is lost: two editors, a lost connection, an expired sign-in, a closed laptop."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from accounts.models import Role, User
from incidents.models import Incident, PostmortemDraft, PostmortemSection
from tests import make
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
WORDS = "Checkout waited for the tax service, which answered after 20 s."
OTHER = "The tax service was slow, and nothing stopped the wait."
KEPT = (
    "Object.keys(localStorage).concat(Object.keys(sessionStorage))"
    ".filter(k => k.startsWith('hindcast:draft:'))"
)


@pytest.fixture
def author() -> User:
    return make.user(username="robin", role=Role.AUTHOR, role_title="on-call engineer, payments")


@pytest.fixture
def other() -> User:
    return make.user(username="kim", role=Role.AUTHOR, role_title="on-call engineer, search")


@pytest.fixture
def incident(db: None) -> Incident:
    return make.incident(
        title="Checkout answers slowly", impact_started_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    )


def at(visitor: Visitor, incident: Incident, step: str = "facts") -> Page:
    page = visitor.page()
    page.goto(visitor.url(f"/incidents/{incident.number}/postmortem/{step}/"))
    return page


def what_happened(page: Page) -> None:
    page.get_by_label("What happened", exact=True).fill(WORDS)


def save(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator("#draft-state")).to_contain_text("Saved")


def saved() -> dict[str, str]:
    return dict(PostmortemSection.objects.values_list("key", "text"))


def test_words_are_on_the_server_and_no_longer_in_the_browser_when_autosave_answered(
    author: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    page = at(visit(author), incident)
    what_happened(page)
    expect(page.locator("#draft-state")).to_have_text(re.compile(r"Saved \d\d:\d\d"))
    assert PostmortemDraft.objects.get().data["fields"]["section_what_happened"] == [WORDS]
    assert page.evaluate(KEPT) == []
    page.reload()
    expect(page.get_by_label("What happened", exact=True)).to_have_value(WORDS)
    expect(page.locator("#kept-here")).to_contain_text("not saved yet")


def test_second_editor_is_told_by_role_when_somebody_writes(
    author: User, other: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    first = at(visit(author), incident)
    what_happened(first)
    expect(first.locator("#draft-state")).to_contain_text("Saved")
    second = at(visit(other), incident)
    expect(second.locator("#others")).to_contain_text("on-call engineer, payments")
    assert "robin" not in second.locator("#others").inner_text()
    second.get_by_label("What happened", exact=True).fill(OTHER)
    expect(second.locator("#draft-state")).to_contain_text("Saved")
    first.get_by_label("What happened", exact=True).press("End")
    first.keyboard.type(" It")
    expect(first.locator("#others")).to_contain_text("on-call engineer, search")


@pytest.mark.parametrize(
    ("choice", "stands"),
    [("Theirs", WORDS), ("Mine", OTHER), ("Both, one below the other", f"{WORDS}\n\n{OTHER}")],
)
def test_both_texts_are_shown_and_one_is_chosen_when_two_wrote_the_same(
    author: User, other: User, incident: Incident, visit: Callable[..., Visitor], choice: str, stands: str
) -> None:
    theirs = visit(other)
    first, second = at(visit(author), incident), at(theirs, incident)
    what_happened(first)
    save(first)
    second.get_by_label("What happened", exact=True).fill(OTHER)
    second.get_by_label("Impact in one sentence").fill("Shoppers waited.")
    second.get_by_role("button", name="Save and go on").click()
    expect(second.get_by_role("heading", name="Somebody else wrote here too")).to_be_visible()
    expect(second.locator("#conflict-form")).to_contain_text(WORDS)
    expect(second.locator("#conflict-form")).to_contain_text(OTHER)
    assert saved()["what_happened"] == WORDS
    second.get_by_label(choice, exact=True).check()
    second.get_by_role("button", name="Save it so").click()
    expect(second.get_by_role("heading", name="What happened when")).to_be_visible()
    assert saved()["what_happened"] == stands
    incident.refresh_from_db()
    assert incident.impact == "Shoppers waited.", "what nobody disputed went along"
    theirs.said = [line for line in theirs.said if "409" not in line]  # the console tells of the answer


def test_own_words_are_still_in_the_form_when_one_turns_back_from_a_conflict(
    author: User, other: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    theirs = visit(other)
    first, second = at(visit(author), incident), at(theirs, incident)
    what_happened(first)
    save(first)
    second.get_by_label("What happened", exact=True).fill(OTHER)
    second.get_by_role("button", name="Save and go on").click()
    second.get_by_role("link", name="Back to the form").click()
    expect(second.get_by_label("What happened", exact=True)).to_have_value(OTHER)
    theirs.said = [line for line in theirs.said if "409" not in line]


def test_words_are_kept_in_the_browser_when_the_connection_is_lost(
    author: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    visitor = visit(author)
    page = at(visitor, incident)
    visitor.context.set_offline(True)
    what_happened(page)
    expect(page.locator("#draft-state")).to_contain_text("Not saved: no connection, kept in this browser.")
    assert not PostmortemDraft.objects.exists()
    # The laptop is closed: the page is gone, and opened again with a connection.
    page.close()
    visitor.context.set_offline(False)
    again = at(visitor, incident)
    expect(again.get_by_label("What happened", exact=True)).to_have_value(WORDS)
    expect(again.locator("#kept-here")).to_be_visible()
    expect(again.locator("#draft-state")).to_contain_text("Saved")
    assert PostmortemDraft.objects.get().data["fields"]["section_what_happened"] == [WORDS]
    visitor.said = [line for line in visitor.said if "ERR_INTERNET_DISCONNECTED" not in line]


def test_words_are_saved_by_themselves_when_the_connection_comes_back(
    author: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    visitor = visit(author)
    page = at(visitor, incident)
    visitor.context.set_offline(True)
    what_happened(page)
    expect(page.locator("#draft-state")).to_contain_text("Not saved")
    visitor.context.set_offline(False)
    expect(page.locator("#draft-state")).to_contain_text("Saved")
    assert page.evaluate(KEPT) == []
    visitor.said = [line for line in visitor.said if "ERR_INTERNET_DISCONNECTED" not in line]


def test_words_come_back_when_the_sign_in_expired_and_one_signs_in_again(
    author: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    author.set_password("a long enough secret")
    author.save()
    visitor = visit(author)
    page = at(visitor, incident)
    Session.objects.all().delete()
    what_happened(page)
    expect(page.locator("#draft-state")).to_contain_text("Signed out: sign in again, your words are kept.")
    page.locator("#draft-state").get_by_role("link", name="Sign in").click()
    sign_in(page)
    expect(page.get_by_role("heading", name="Confirm the facts")).to_be_visible()
    expect(page.get_by_label("What happened", exact=True)).to_have_value(WORDS)
    expect(page.locator("#draft-state")).to_contain_text("Saved")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", name="What happened when")).to_be_visible()
    assert saved()["what_happened"] == WORDS
    assert page.evaluate(KEPT) == [], "the page that follows a save says so, and the copy goes"


def test_words_come_back_when_save_was_pressed_after_the_sign_in_expired(
    author: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    author.set_password("a long enough secret")
    author.save()
    page = at(visit(author), incident)
    Session.objects.all().delete()
    what_happened(page)
    page.get_by_role("button", name="Save and go on").click()
    sign_in(page)
    expect(page.get_by_label("What happened", exact=True)).to_have_value(WORDS)


def sign_in(page: Page) -> None:
    page.get_by_label("User name").fill("robin")
    page.get_by_label("Password").fill("a long enough secret")
    page.get_by_role("button", name="Sign in").click()


def test_nothing_stays_in_the_browser_when_one_signs_out_of_a_restricted_incident(
    author: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    Incident.objects.update(is_restricted=True)
    incident.people.add(author)
    visitor = visit(author)
    page = at(visitor, incident)
    visitor.context.set_offline(True)
    what_happened(page)
    expect(page.locator("#draft-state")).to_contain_text("Not saved")
    assert len(page.evaluate(KEPT)) == 1
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('hindcast:draft:'))") == []
    visitor.context.set_offline(False)
    expect(page.locator("#draft-state")).to_contain_text("Saved")
    what_happened(page)
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(KEPT) == []
    visitor.said = [line for line in visitor.said if "ERR_INTERNET_DISCONNECTED" not in line]


def slowly(page: Page) -> list[Route]:
    """Answers to buttons that swap rows wait until somebody lets them go."""
    held: list[Route] = []
    page.route(
        re.compile(r"/postmortem/lessons/$"),
        lambda route: (
            held.append(route)
            if route.request.method == "POST" and route.request.headers.get("hx-request")
            else route.continue_()
        ),
    )
    return held


def test_words_typed_meanwhile_stay_when_a_row_is_added_slowly(
    author: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    page = at(visit(author), incident, "lessons")
    held = slowly(page)
    page.get_by_label("From now on").fill("Give every call to the tax service a limit.")
    with page.expect_request(lambda request: request.method == "POST" and "lessons" in request.url):
        page.get_by_role("button", name="Add the lesson").click()
    page.get_by_label("What will be different").fill("Calls have a limit")
    page.get_by_label("Priority").select_option(label="High")
    held.pop().continue_()
    expect(page.get_by_role("link", name="Give every call")).to_be_visible()
    expect(page.get_by_label("From now on")).to_have_value("")
    expect(page.get_by_label("What will be different")).to_have_value("Calls have a limit")
    expect(page.get_by_label("Priority").locator("option:checked")).to_have_text("High")


def test_a_row_is_added_once_when_the_step_is_left_before_the_answer_came(
    author: User, incident: Incident, visit: Callable[..., Visitor]
) -> None:
    page = at(visit(author), incident, "lessons")
    held = slowly(page)
    page.get_by_label("What will be different").fill("Calls have a limit")
    with page.expect_request(lambda request: request.method == "POST" and "lessons" in request.url):
        page.get_by_role("button", name="Add the action").click()
    page.keyboard.press("Control+Enter")
    held.pop().continue_()
    page.wait_for_url("**/publish/")
    assert [action.title for action in incident.actions.all()] == ["Calls have a limit"]
