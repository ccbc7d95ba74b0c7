"""A sampled check answered with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Role, User
from analytics.models import Sample, SampledChange
from analytics.queries.samples import Scope
from analytics.services import samples
from changes.models import Decision
from tests import make
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

DRAWN = 12
KEYS = ("a", "b", "m", "u")
SAID = {"a": "assisted", "b": "autonomous", "m": "manual"}


@pytest.fixture
def author() -> User:
    return User.objects.create(username="robin", role=Role.AUTHOR)


@pytest.fixture
def sample(db: None) -> Sample:
    now = timezone.now()
    repository = make.repository()
    for place in range(DRAWN * 2):
        make.change(
            repository=repository, title=f"Change number {place}", shipped_at=now - timedelta(days=20)
        )
    day = now.date()
    scope = Scope(day - timedelta(days=30), day, demo=False)
    return samples.draw(scope=scope, size=DRAWN, by=None, now=now, seed=5)


def lots(sample: Sample) -> list[SampledChange]:
    return list(sample.drawn.select_related("change").order_by("position"))


def at_lot(page: Page, row: SampledChange) -> None:
    expect(page.locator(f'#queue-entry[data-pk="{row.pk}"]:not([aria-busy])')).to_be_visible()
    expect(page.locator("#queue-title")).to_have_text(row.change.title)


def answered(page: Page, count: int) -> None:
    expect(page.locator("#so-far-title + .count")).to_have_text(f"{count} of {DRAWN}")


def test_all_drawn_are_answered_when_only_the_keyboard_is_used(
    author: User, sample: Sample, visit: Callable[..., Visitor]
) -> None:
    page = visit(author, viewport={"width": 1280, "height": 900}).page()
    page.goto(f"/samples/{sample.pk}/")
    answered(page, 0)
    for place, row in enumerate(lots(sample)):
        at_lot(page, row)
        page.keyboard.press(KEYS[place % len(KEYS)])
    expect(page.get_by_role("heading", name="All are answered")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("0 left")
    answered(page, DRAWN)
    expect(page.locator(".sample-facts")).to_contain_text("of 24")
    said = {one.change_id: one for one in Decision.objects.all()}
    for place, row in enumerate(lots(sample)):
        key = KEYS[place % len(KEYS)]
        assert row.cannot_say == (key == "u")
        assert (said[row.change_id].origin if row.change_id in said else None) == SAID.get(key)
    assert {one.prompted_by for one in said.values()} == {"sample"}


def test_keys_move_undo_and_keep_the_focus(
    author: User, sample: Sample, visit: Callable[..., Visitor]
) -> None:
    page = visit(author, viewport={"width": 390, "height": 800}).page()
    page.goto(f"/samples/{sample.pk}/")
    first, second, third, *_ = lots(sample)
    at_lot(page, first)
    page.keyboard.press("j")
    at_lot(page, second)
    page.keyboard.press("k")
    at_lot(page, first)
    page.keyboard.press("a")
    at_lot(page, second)
    page.keyboard.press("u")
    at_lot(page, third)
    answered(page, 2)
    page.keyboard.press("z")
    at_lot(page, second)
    answered(page, 1)
    page.keyboard.press("z")
    at_lot(page, first)
    answered(page, 0)
    assert page.evaluate("document.activeElement.id") == "queue-title"
    assert not Decision.objects.filter(withdrawn_at=None).exists()
    page.keyboard.press("?")
    expect(page.locator("#shortcut-help")).to_contain_text("Cannot say")


def test_check_is_answered_with_plain_forms_when_there_is_no_script(
    author: User, sample: Sample, visit: Callable[..., Visitor]
) -> None:
    page = visit(author, java_script_enabled=False).page()
    page.goto(f"/samples/{sample.pk}/")
    first, second, *_ = lots(sample)
    page.get_by_role("button", name="An agent made it").click()
    at_lot(page, second)
    answered(page, 1)
    page.get_by_role("button", name="Undo the last").click()
    at_lot(page, first)
    answered(page, 0)


def test_reader_sees_the_check_and_no_key_answers(sample: Sample, visit: Callable[..., Visitor]) -> None:
    viewer = User.objects.create(username="vera", role=Role.VIEWER)
    page = visit(viewer).page()
    page.goto(f"/samples/{sample.pk}/")
    first, second, *_ = lots(sample)
    at_lot(page, first)
    expect(page.locator("#queue-entry")).to_contain_text("needs the author role")
    page.keyboard.press("a")
    page.keyboard.press("j")
    at_lot(page, second)
    answered(page, 0)
    assert not Decision.objects.exists()
