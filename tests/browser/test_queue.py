"""The confirm queue worked through with the keyboard alone. `QUEUE_ENTRIES=500` makes it the long one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Role, User
from changes.models import (
    Assistance,
    AssistanceKind,
    Assistant,
    Change,
    Decision,
    DomainArea,
    Origin,
    OriginEvidence,
    Repository,
)
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

ENTRIES = int(os.environ.get("QUEUE_ENTRIES", "60"))
# Ten keys in turn; every fifth entry is a hint whose origin is open.
KEYS = ("1", "2", "3", "m", "5", "6", "7", "8", "9", "4")


@pytest.fixture
def author() -> User:
    return User.objects.create(username="robin", role=Role.AUTHOR)


@pytest.fixture
def entries(db: None) -> list[Change]:
    """Each shipped a minute before the one in front of it, so that the order is theirs."""
    repository = Repository.objects.create(name="shop/checkout", origin_address="github.com/shop/checkout")
    payments = DomainArea.objects.get(slug="payments")
    now = timezone.now()
    changes = Change.objects.bulk_create(
        Change(
            repository=repository,
            title=f"Change number {place}",
            message="Tries a declined card once more.",
            state=Change.State.SHIPPED,
            shipped_at=now - timedelta(days=40, minutes=place),
            merged_at=now - timedelta(days=40, minutes=place),
            shipped_basis=Change.ShippedBasis.MERGE,
            origin=Origin.UNKNOWN if place % 5 == 4 else Origin.ASSISTED,
            origin_counted=Origin.UNKNOWN if place % 5 == 4 else Origin.ASSISTED,
            area=payments,
            paths=[f"checkout/retry_{place}.py"],
        )
        for place in range(ENTRIES)
    )
    claude = Assistant.objects.get_or_create(slug="claude-code", defaults={"name": "Claude Code"})[0]
    OriginEvidence.objects.bulk_create(
        OriginEvidence(
            change=change,
            rule_key="tests",
            rule_version=1,
            place="branch" if change.origin == Origin.UNKNOWN else "trailer",
            strength="weak" if change.origin == Origin.UNKNOWN else "strong",
            origin=Origin.ASSISTED,
            assistant=claude,
            excerpt="Co-Authored-By: Claude",
        )
        for change in changes
    )
    return changes


def at_entry(page: Page, change: Change) -> None:
    expect(page.locator(f'#queue-entry[data-pk="{change.pk}"]:not([aria-busy])')).to_be_visible()


def left(page: Page, count: int) -> None:
    expect(page.locator(".queue-count dd").first).to_have_text(f"{count}")


def test_all_entries_are_said_when_only_the_keyboard_is_used(
    author: User, entries: list[Change], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(author, viewport={"width": 1280, "height": 900})
    page = visitor.page()
    page.goto(visitor.url("/queue/"))
    left(page, ENTRIES)
    for place, change in enumerate(entries):
        at_entry(page, change)
        page.keyboard.press(KEYS[place % len(KEYS)])
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("0 left")
    decisions = list(Decision.objects.order_by("said_at").select_related("kind"))
    assert [one.change_id for one in decisions] == [one.pk for one in entries]
    kinds = list(AssistanceKind.objects.offered())
    for place, one in enumerate(decisions):
        key = KEYS[place % len(KEYS)]
        said = (Origin.MANUAL, None) if key == "m" else ("", kinds[int(key) - 1])
        assert (one.origin, one.kind) == said
    assert {one.prompted_by for one in decisions} == {"queue"}
    counted = Assistance.objects.filter(status="confirmed", counted=True).count()
    assert counted == sum(KEYS[place % len(KEYS)] != "m" for place in range(ENTRIES))


def test_keys_move_set_aside_undo_and_stay_when_pressed(
    author: User, entries: list[Change], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(author, viewport={"width": 390, "height": 800})
    page = visitor.page()
    page.goto(visitor.url("/queue/"))
    at_entry(page, entries[0])
    page.keyboard.press("j")
    at_entry(page, entries[1])
    page.keyboard.press("k")
    at_entry(page, entries[0])
    page.keyboard.press("u")
    at_entry(page, entries[1])
    expect(page.locator("#queue-side")).to_contain_text("1 set aside")
    page.keyboard.press("z")
    at_entry(page, entries[0])
    page.keyboard.press("2")
    at_entry(page, entries[1])
    left(page, ENTRIES - 1)
    page.keyboard.press("z")
    at_entry(page, entries[0])
    left(page, ENTRIES)
    assert page.evaluate("document.activeElement.id") == "queue-title"
    page.goto(visitor.url(f"/queue/?at={entries[4].pk}"))
    page.keyboard.press("a")
    expect(page.locator("#queue-entry legend")).to_have_text("AI helped. With what?")
    at_entry(page, entries[4])
    page.keyboard.press("1")
    at_entry(page, entries[5])
    left(page, ENTRIES - 1)
    page.keyboard.press("?")
    expect(page.locator("#shortcut-help")).to_contain_text("Undecided, set aside")


def test_entry_is_shown_again_when_its_answer_could_not_be_kept(
    author: User, entries: list[Change], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(author)
    page = visitor.page()
    page.goto(visitor.url("/queue/"))
    at_entry(page, entries[0])
    page.route("**/queue/*/", lambda route: route.fulfill(status=200, body="<p>A page of a proxy</p>"))
    page.keyboard.press("1")
    expect(page.get_by_role("status")).to_contain_text("Not kept")
    at_entry(page, entries[0])
    assert not Decision.objects.exists()
    page.unroute("**/queue/*/")
    page.keyboard.press("1")
    at_entry(page, entries[1])
    left(page, ENTRIES - 1)


def test_queue_works_as_plain_forms_when_there_is_no_script(
    author: User, entries: list[Change], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(author, java_script_enabled=False)
    page = visitor.page()
    page.goto(visitor.url("/queue/"))
    page.get_by_role("button", name=re.compile("Refactoring")).click()
    at_entry(page, entries[1])
    page.get_by_role("button", name=re.compile("Undo the last")).click()
    at_entry(page, entries[0])
    page.get_by_role("link", name=re.compile("Next")).click()
    at_entry(page, entries[1])
    page.get_by_label("Area", exact=True).select_option("payments")
    page.get_by_label("To say of all of them").select_option("kind:refactoring")
    page.get_by_role("button", name="Preview for all of these…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"for {min(ENTRIES, 200)} changes?")
    assert Decision.objects.exclude(withdrawn_at=None).count() == Decision.objects.count()
