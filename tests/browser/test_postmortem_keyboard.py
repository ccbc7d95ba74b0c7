"""From the pager's event to a published SEV3 postmortem, with the keyboard alone. Every press is counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from incidents.models import Cause, ContributingFactor, Incident, Lesson, Postmortem
from tests.browser.conftest import Visitor
from tests.browser.test_loop import forge_tells, owner, pager_tells, work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
MOST = 60
DOCS = Path(__file__).parents[2] / "docs" / "postmortems.md"
__all__ = ["owner"]


@dataclass
class Keyboard:
    """Presses count, each key of a chord for itself; prose does not."""

    page: Page
    presses: int = 0

    def press(self, keys: str, times: int = 1) -> None:
        for _ in range(times):
            self.presses += len(keys.split("+"))
            self.page.keyboard.press(keys)

    def write(self, prose: str) -> None:
        self.page.keyboard.type(prose)

    def go_on(self, title: str) -> None:
        self.press("Control+Enter")
        expect(self.page).to_have_title(re.compile(f"^{re.escape(title)} "))

    def at(self, label: str) -> None:
        """Where the next words go: else a test would type into nothing."""
        expect(self.page.locator(":focus")).to_have_accessible_name(re.compile(f"^{re.escape(label)}"))


def test_postmortem_is_published_when_only_the_keyboard_is_used(
    owner: User, visit: Callable[..., Visitor]
) -> None:
    merged_at = timezone.now().replace(microsecond=0) - timedelta(days=40)
    forge_tells(merged_at)
    pager_tells(began_at=merged_at + timedelta(minutes=35))
    work_off()
    incident = Incident.objects.get()
    assert str(incident.severity) == "SEV3"

    visitor = visit(owner, viewport={"width": 1280, "height": 900})
    page = visitor.page()
    page.goto(visitor.url(f"/incidents/{incident.number}/"))
    keys = Keyboard(page)
    keys.press("w")
    expect(page).to_have_title(re.compile("^Facts "))
    _facts(keys)
    _timeline(keys)
    _causes(keys)
    _lessons(keys)
    expect(page.get_by_role("heading", name="Ready to publish")).to_be_visible()
    keys.press("Control+Enter")
    expect(page).to_have_title(re.compile("^Postmortem of INC"))

    postmortem = Postmortem.objects.get(incident=incident)
    assert postmortem.state == Postmortem.State.PUBLISHED
    cause = Cause.objects.get()
    assert (cause.status, cause.role, bool(cause.rationale)) == ("confirmed", "trigger", True)
    assert ContributingFactor.objects.count() == 1
    assert Lesson.objects.count() == 1
    assert keys.presses <= MOST
    assert f"{keys.presses} key presses" in DOCS.read_text(), f"docs/postmortems.md: it took {keys.presses}"


def _facts(keys: Keyboard) -> None:
    keys.at("Impact in one sentence")
    keys.write("Some customers saw two charges for one order.")
    keys.press("Control+.")
    keys.at("Impact began when it was detected")
    keys.press("Space")
    keys.press("Control+.")
    keys.at("What happened")
    keys.write("The retry sent the charge again without its key, and the bank took it for a new one.")
    keys.go_on("Timeline")


def _timeline(keys: Keyboard) -> None:
    expect(keys.page.locator("textarea[name=section_resolution]")).to_be_focused()
    keys.write("Rolled back; the double charges were paid back the same day.")
    keys.go_on("What made it possible")


def _causes(keys: Keyboard) -> None:
    part = keys.page.get_by_role("radiogroup", name="Part of Retry declined charges")
    expect(part.get_by_label("Not judged")).to_be_focused()
    keys.press("ArrowRight")
    expect(part.get_by_label("Confirmed")).to_be_checked()
    keys.press("Tab", 2)
    keys.write("The second charges began with its roll-out and ended with the rollback.")
    keys.press("Control+.")
    keys.press("Tab")
    keys.at("What made it possible")
    keys.write("No test sends the same charge twice.")
    keys.go_on("What we learned")


def _lessons(keys: Keyboard) -> None:
    expect(keys.page.get_by_label("From now on")).to_be_focused()
    keys.write("Reuse the idempotency key on every retry of a charge.")
    keys.go_on("Check and publish")
