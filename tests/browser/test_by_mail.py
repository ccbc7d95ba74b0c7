"""The page behind a weekly mail on a phone, without JavaScript or a session; and the mail in a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Topic
from analytics.mails.links import token
from changes.models import Decision
from intake.models import Setup
from tests.accounts.mailing import reader
from tests.analytics.mailed import assisted, weekly
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
PHONE = {"width": 360, "height": 740}


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_phone_decides_and_takes_back_without_script_or_session(visit: Callable[..., Visitor]) -> None:
    long = "src/main/java/org/example/shop/payments/gateway/retry/RetryOfDeclinedChargesPolicyFactory.java"
    first, second = assisted("refactoring", title="Retry charges", paths=[long]), assisted(title="Other")
    row = weekly(reader(Topic.DECISIONS), first, second, now=timezone.now())
    page = visit(None, viewport=PHONE, java_script_enabled=False).page()
    page.goto(reverse("analytics:by_mail", args=[token(row)]))
    expect(page.get_by_role("heading", level=1)).to_have_text("2 decisions wait")
    page.get_by_role("button", name="Refactoring", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 decision waits")
    expect(page.get_by_text("You said: Refactoring")).to_be_visible()
    assert Decision.objects.get().said_by == row.user
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 decisions wait")
    assert Decision.objects.get().withdrawn_at


def test_pages_of_mail_fit_a_phone_and_the_mail_is_drawn_in_its_frame(
    visit: Callable[..., Visitor], settings: Any
) -> None:
    Setup.objects.update_or_create(pk=1, defaults={"first_real_fact_at": timezone.now()})
    change = assisted("refactoring", title="Retry charges")
    row = weekly(reader(Topic.DECISIONS), change, now=timezone.now())
    visitor = visit(row.user, viewport=PHONE)
    settings.SITE_URL = visitor.base
    page = visitor.page()
    for name in ("accounts:mail", "notices:list", "analytics:mail_preview"):
        page.goto(reverse(name))
        assert fits(page), name
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="Decide this one")).to_be_visible()
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.frames[1].evaluate(colour) == "rgb(246, 246, 243)"
    page.emulate_media(color_scheme="dark")
    assert page.frames[1].evaluate(colour) == "rgb(19, 23, 26)"
    page.goto(reverse("analytics:by_mail", args=[token(row)]))
    assert fits(page)
    with page.expect_popup() as popup:
        page.goto(reverse("analytics:mail_preview"))
        page.frame_locator("iframe").get_by_role("link", name="Decide this one").click()
    assert popup.value.url == visitor.url(f"/queue/?at={change.pk}")
