"""What a person has by mail and in the calendar: chosen on a phone without JavaScript, fit for everyone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar
from playwright.sync_api import expect

from accounts.models import Role, Subscription, Team, User
from tests import make
from tests.browser.conftest import Visitor
from tests.browser.test_by_mail import PHONE, fits
from tests.browser.test_every_page import Walk, walk
from tests.intake.receiving import hook

__all__ = ["walk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_a_phone_narrows_the_digest_and_makes_and_revokes_a_calendar(visit: Callable[..., Visitor]) -> None:
    team = Team.objects.create(name="Payments", slug="payments")
    page = visit(make.user(Role.VIEWER), viewport=PHONE, java_script_enabled=False).page()
    page.goto(reverse("accounts:mail"))
    page.get_by_label("About").select_option(label="Payments")
    page.get_by_role("button", name=re.compile("Ask for it.*weekly review")).click()
    assert Subscription.objects.get().scope == f"team:{team.pk}"
    page.get_by_label("About").select_option(label="Everything")
    page.get_by_role("button", name=re.compile("Save.*about")).click()
    assert Subscription.objects.get().scope == ""
    page.get_by_role("button", name="Make an address").click()
    address = page.locator("#calendar-address").inner_text()
    assert fits(page)
    path = address.removeprefix("http://127.0.0.1:8000")
    assert Calendar.from_ical(Client().get(path).content).walk("VEVENT")
    page.goto(reverse("accounts:mail"))
    assert page.locator("#calendar-address").count() == 0
    page.get_by_role("button", name=re.compile("Revoke.*calendar")).click()
    expect(page.get_by_text("opens nothing any more")).to_be_visible()
    assert Client().get(path).status_code == 404


def test_pages_of_mail_and_hooks_are_fit_for_everyone(walk: Callable[[User | None], Walk]) -> None:
    Team.objects.create(name="Payments", slug="payments")
    made = hook("https://chat.example.org/secret")
    admin = walk(make.user(Role.ADMIN, is_staff=True))
    admin.see(reverse("accounts:mail"))
    for topic in ("digest", "notices"):
        admin.see(f"{reverse('analytics:mail_preview')}?topic={topic}")
    for name in ("outgoinghook_changelist", "outgoinghook_add", "outgoingmessage_changelist"):
        admin.see(reverse(f"admin:intake_{name}"), is_admin=True)
    admin.see(reverse("admin:intake_outgoinghook_change", args=[made.pk]), is_admin=True)
    for name in ("changelist", "add"):
        admin.see(reverse(f"admin:incidents_reminderpolicy_{name}"), is_admin=True)
    assert admin.wrong == [], "\n".join(["", *admin.wrong])
