"""Hints at the wording in a real browser: while writing, by keyboard, taken back by the field's own undo."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role
from incidents.models import Incident, WordingRule
from tests import make
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
TEXT = "🙈 At nine\nthe AI broke it. It was human error."


@pytest.fixture
def incident(db: None) -> Incident:
    return make.incident(title="Checkout is slow", impact_started_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC))


@pytest.fixture
def page(visit: Callable[..., Visitor], incident: Incident) -> Page:
    visitor = visit(make.user(username="robin", role=Role.AUTHOR))
    page = visitor.page()
    page.goto(visitor.url(f"/incidents/{incident.number}/postmortem/facts/"))
    return page


def field(page: Page) -> Any:
    return page.get_by_label("What happened", exact=True)


def hints(page: Page) -> Any:
    return page.locator(".field-hints li")


def test_phrase_is_put_right_by_keyboard_and_taken_back(page: Page) -> None:
    field(page).fill(TEXT)
    expect(hints(page)).to_have_count(2)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Put “a change made with the AI's help broke” instead")
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(
        "🙈 At nine\na change made with the AI's help broke it. It was human error."
    )
    expect(field(page)).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Undo takes it back")).to_have_count(1)
    expect(hints(page)).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(field(page)).to_have_value(TEXT)
    expect(hints(page)).to_have_count(2)


def test_hint_that_is_let_stand_stays_away_from_this_text(page: Page) -> None:
    field(page).fill(TEXT)
    page.get_by_role("button", name="Let “human error” stand").click()
    expect(hints(page)).to_have_count(1)
    field(page).press_sequentially(" Human error it was.")
    expect(hints(page)).to_have_count(1)
    expect(hints(page).locator("mark")).to_have_text("the AI broke")


def test_phrase_is_left_out_with_its_space_and_the_next_word_has_the_capital(page: Page) -> None:
    field(page).fill("Of course, the cache was cold.")
    page.get_by_role("button", name="Leave it out").click()
    expect(field(page)).to_have_value("The cache was cold.")
    expect(hints(page)).to_have_count(0)


def test_hints_that_the_page_brings_along_are_taken_over_and_not_doubled(page: Page) -> None:
    field(page).fill(TEXT)
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).last.click()
    expect(hints(page)).to_have_count(2)
    page.get_by_role("button", name="Put “a change made").click()
    expect(field(page)).to_have_value(TEXT.replace("the AI broke", "a change made with the AI's help broke"))
    expect(hints(page)).to_have_count(1)


def test_markup_in_a_phrase_is_shown_as_it_is_written(page: Page) -> None:
    field(page).fill("It was human error <img src=x>")
    expect(hints(page)).to_have_count(1)
    assert page.locator(".field-hints img").count() == 0


def test_words_are_kept_when_no_hints_can_be_had(visit: Callable[..., Visitor], incident: Incident) -> None:
    visitor = visit(make.user(role=Role.AUTHOR))
    page = visitor.page()
    page.route("**/wording/hints/", lambda route: route.fulfill(status=500, body=""))
    page.goto(visitor.url(f"/incidents/{incident.number}/postmortem/facts/"))
    with page.expect_response("**/wording/hints/"):
        field(page).fill(TEXT)
    expect(field(page)).to_have_value(TEXT)
    expect(hints(page)).to_have_count(0)
    assert all("500" in line for line in visitor.said)
    visitor.said.clear()


def test_rule_is_tried_out_in_the_admin_and_saved_from_there(visit: Callable[..., Visitor]) -> None:
    visitor = visit(make.user(role=Role.CURATOR, is_staff=True))
    page = visitor.page()
    rule = WordingRule.objects.get(slug="bad-change")
    page.goto(visitor.url(f"/admin/incidents/wordingrule/{rule.pk}/change/"))
    page.get_by_label("Pattern").fill("bad (?:deploy|apples?)")
    page.get_by_label("Text to try").fill("A bad apple, and human error.")
    picture(page, "admin-form")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("mark")).to_have_text(["bad apple", "human error"])
    picture(page, "admin-try")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert WordingRule.objects.get(pk=rule.pk).pattern == "bad (?:deploy|apples?)"


@pytest.mark.parametrize("width", [360, 1280])
def test_fields_of_a_lesson_and_an_action_get_hints_as_well(
    visit: Callable[..., Visitor], incident: Incident, width: int
) -> None:
    visitor = visit(make.user(role=Role.AUTHOR), viewport={"width": width, "height": 1600})
    page = visitor.page()
    page.goto(visitor.url(f"/incidents/{incident.number}/postmortem/lessons/"))
    for name in ("From now on", "What will be different"):
        page.get_by_label(name).first.fill("Be more careful")
    expect(hints(page)).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"lessons-{width}")


def picture(page: Page, name: str) -> None:
    """On request, for whoever wants to look."""
    if folder := os.environ.get("PICTURES_DIR"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]
)
def test_hints_fit_the_page(
    visit: Callable[..., Visitor], incident: Incident, width: int, scheme: str
) -> None:
    visitor = visit(
        make.user(role=Role.AUTHOR), viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = visitor.page()
    page.goto(visitor.url(f"/incidents/{incident.number}/postmortem/facts/"))
    field(page).fill(TEXT + " Of course, we should have tested it.")
    expect(hints(page)).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"hints-{width}-{scheme}")
