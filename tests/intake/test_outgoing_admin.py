"""Outgoing hooks in the administration: secrets go in and do not come out, a test message, trying again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.models import AuditEntry, Role
from intake.models import OutgoingHook, OutgoingMessage
from intake.outgoing import hooks, sending
from tests import make
from tests.intake.receiving import SECRET, Receiver, Said, hook, receiver

pytestmark = pytest.mark.django_db
LIST, ADD = "admin:intake_outgoinghook_changelist", "admin:intake_outgoinghook_add"
MESSAGES = "admin:intake_outgoingmessage_changelist"


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as running, override_settings(OUTGOING_ALLOWED=["127.0.0.1"]):
        yield running


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make.user(Role.ADMIN, is_staff=True))
    return client


def values(**over: Any) -> dict[str, Any]:
    given = {
        "name": "Team chat",
        "format": "standard",
        "topics": ["weekly_review"],
        "scope": "",
        "is_active": "on",
    }
    return given | {"new_secret": "", "url": ""} | over


def change(made: OutgoingHook) -> str:
    return reverse("admin:intake_outgoinghook_change", args=[made.pk])


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", [LIST, ADD, MESSAGES])
def test_only_admins_open_them(client: Client, role: Role, name: str) -> None:
    is_staff = role in {Role.CURATOR, Role.ADMIN}
    client.force_login(make.user(role, is_staff=is_staff))
    assert (client.get(reverse(name)).status_code == 200) == (role == Role.ADMIN)


def test_a_secret_is_shown_once_and_the_address_never(admin: Client, there: Receiver) -> None:
    page = admin.post(reverse(ADD), values(url=there.url()), follow=True).content.decode()
    shown = re.search(r"shown this once: (whsec_[A-Za-z0-9+/=]+)", page)
    assert shown
    made = OutgoingHook.objects.get()
    hooks.put_test(hook=made, by=None, now=timezone.now())
    sending.send_due(now=timezone.now)
    Webhook(shown[1]).verify(there.heard[0].body, there.heard[0].headers)
    for name in (reverse(LIST), change(made), reverse(MESSAGES)):
        later = admin.get(name).content.decode()
        assert shown[1] not in later
        assert "T0SECRET" not in later
        assert "127.0.0.1" in later or name == reverse(MESSAGES)
    told = str(list(LogEntry.objects.values())) + str(list(AuditEntry.objects.values()))
    assert shown[1] not in told
    assert "T0SECRET" not in told


def test_an_empty_address_leaves_it_as_it_is(admin: Client, there: Receiver) -> None:
    made = hook(there.url())
    admin.post(change(made), values(name="New name", format="chat", secret_change="keep"))
    made.refresh_from_db()
    assert (made.name, made.format) == ("New name", "chat")
    assert hooks.target_of(made).path == "/services/T0SECRET/hook"
    assert hooks.secrets_of(made, timezone.now()) == [SECRET]


def test_rotating_shows_the_new_secret_and_keeps_the_present_one_a_day(
    admin: Client, there: Receiver
) -> None:
    made = hook(there.url())
    page = admin.post(change(made), values(secret_change="rotate"), follow=True).content.decode()
    made.refresh_from_db()
    fresh, former = hooks.secrets_of(made, timezone.now())
    assert former == SECRET
    assert fresh in page
    assert "with the one before as well" in admin.get(change(made)).content.decode()


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"url": ""}, "Where is it to be sent?"),
        ({"url": "http://10.0.0.7/x"}, "OUTGOING_ALLOWED"),
        ({"url": "ftp://chat.example.org/"}, "begins with https"),
        ({"url": "http://127.0.0.1:9/", "new_secret": "whsec_c2hvcnQ="}, "24 to 64 bytes"),
        ({"url": "http://127.0.0.1:9/", "scope": "team:99999"}, "Select a valid choice"),
        ({"url": "http://127.0.0.1:9/", "topics": ["spam"]}, "Select a valid choice"),
        ({"url": "http://127.0.0.1:9/", "topics": []}, "This field is required"),
    ],
)
def test_what_cannot_be_kept_is_said_and_changes_nothing(
    admin: Client, there: Receiver, over: dict[str, Any], words: str
) -> None:
    page = admin.post(reverse(ADD), values(**over)).content.decode()
    assert words in page
    assert not OutgoingHook.objects.exists()


def test_a_test_message_is_put_from_the_form_and_from_the_list(admin: Client, there: Receiver) -> None:
    admin.post(reverse(ADD), values(url=there.url(), _test="Save and send a test message"))
    made = OutgoingHook.objects.get()
    page = admin.post(reverse(LIST), {"action": "send_test", "_selected_action": [made.pk]}, follow=True)
    assert "A test is on its way to Team chat" in page.content.decode()
    assert sending.send_due(now=timezone.now) == 2
    assert [message.topic for message in OutgoingMessage.objects.all()] == ["test", "test"]


def test_messages_say_why_they_were_not_sent_and_are_tried_again(admin: Client, there: Receiver) -> None:
    there.says = Said(500)
    made = hook(there.url())
    hooks.put_test(hook=made, by=None, now=timezone.now())
    sending.send_due(now=timezone.now)
    page = admin.get(reverse(MESSAGES), {"hook__id__exact": made.pk}).content.decode()
    assert "500 Internal Server Error" in page
    assert "given up" in page
    there.says = Said(200)
    chosen = {"action": "try_again", "_selected_action": [OutgoingMessage.objects.get().pk]}
    assert "1 will be tried again" in admin.post(reverse(MESSAGES), chosen, follow=True).content.decode()
    assert sending.send_due(now=timezone.now) == 1
    assert "sent 20" in admin.get(reverse(MESSAGES)).content.decode()


def test_a_hook_that_was_stopped_says_why_until_it_is_switched_on(admin: Client, there: Receiver) -> None:
    there.says = Said(410)
    made = hook(there.url())
    hooks.put_test(hook=made, by=None, now=timezone.now())
    sending.send_due(now=timezone.now)
    assert "410 Gone" in admin.get(change(made)).content.decode()
    admin.post(change(made), values(secret_change="keep"))
    made.refresh_from_db()
    assert (made.is_active, made.stopped_reason) == (True, "")
