"""What goes out by hooks: signed, to the machine that was checked, until it is taken or given up."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError
from time_machine import travel

from accounts.models import AuditEntry
from intake import tasks
from intake.models import OutgoingHook, OutgoingMessage
from intake.outgoing import hooks, sending
from intake.outgoing.addresses import Refused
from intake.outgoing.writers import Document, writer
from intake.services import note_first_real_fact
from tests.intake.receiving import SECRET, Receiver, Said, hook, receiver

pytestmark = pytest.mark.django_db
WRITERS = {"weekly_review": "tests.intake.test_outgoing"}


# This module is the writer of the topic in these tests.
def make_due(*, now: Any) -> int:
    return hooks.put(
        hooks=hooks.listening("weekly_review"), topic="weekly_review", key="W1", content={}, now=now
    )


def document(*, message: OutgoingMessage, now: Any) -> Document | None:
    if message.content.get("broken"):
        raise ZeroDivisionError
    if message.content.get("empty"):
        return None
    return Document(message.content.get("text", "3 incidents <began> & @channel"), {"incidents": 3})


@pytest.fixture
def there() -> Iterator[Receiver]:
    note_first_real_fact(at=timezone.now())  # else demonstration data is shown, and all is held
    with receiver() as running, override_settings(OUTGOING_ALLOWED=["127.0.0.0/8"], HOOK_WRITERS=WRITERS):
        yield running


def put(to: OutgoingHook, key: str = "W1", **content: Any) -> OutgoingMessage:
    now = timezone.now()
    hooks.put(hooks=[to], topic="weekly_review", key=key, content=content, now=now)
    return OutgoingMessage.objects.get(hook=to, key=f"weekly_review:{key}")


def send(after: timedelta = timedelta()) -> int:
    with travel(timezone.now() + after, tick=True):
        return sending.send_due(now=timezone.now)


# ------------------------------------------------------------------ what is sent


def test_signature_verifies_by_the_published_library(there: Receiver) -> None:
    put(hook(there.url()))
    assert send() == 1
    heard = there.heard[0]
    said = Webhook(SECRET).verify(heard.body, heard.headers)
    assert (said["type"], said["data"]) == ("weekly_review", {"incidents": 3})
    assert said["text"] == "3 incidents <began> & @channel"
    assert said["timestamp"].endswith("Z")
    assert heard.path == "/services/T0SECRET/hook"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(heard.body.replace(b"3", b"4"), heard.headers)


def test_chat_gets_the_text_alone_and_calls_nobody(there: Receiver) -> None:
    put(hook(there.url(), format="chat"), text="**3** incidents <began> & @channel")
    send()
    assert json.loads(there.heard[0].body) == {
        "text": "*3* incidents &lt;began&gt; &amp; @\N{ZERO WIDTH SPACE}channel"
    }
    Webhook(SECRET).verify(there.heard[0].body, there.heard[0].headers)


def test_both_secrets_sign_for_a_day_when_one_was_rotated(there: Receiver) -> None:
    made = hook(there.url())
    fresh = hooks.rotate_secret(hook=made, by=None, now=timezone.now())
    put(made, "first")
    send()
    for secret in (SECRET, fresh):
        Webhook(secret).verify(there.heard[0].body, there.heard[0].headers)
    put(made, "second")
    with travel(timezone.now() + timedelta(hours=25), tick=True):
        sending.send_due(now=timezone.now)
        Webhook(fresh).verify(there.heard[1].body, there.heard[1].headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(there.heard[1].body, there.heard[1].headers)


def test_the_same_key_goes_once_to_each_hook(there: Receiver) -> None:
    hook(there.url()), hook(there.url(), name="Other"), hook(there.url(), name="Not told", topics=["signal"])
    for _ in range(3):
        tasks.make_outgoing()
        send()
    assert len(there.heard) == 2
    assert {message.key for message in OutgoingMessage.objects.all()} == {"weekly_review:W1"}


def test_nothing_is_sent_when_nothing_is_left_to_say(there: Receiver) -> None:
    message = put(hook(there.url()), empty=True)
    assert send() == 0
    message.refresh_from_db()
    assert (there.heard, message.error) == ([], "")
    assert message.closed_at is not None


def test_only_a_test_goes_while_everything_is_held(there: Receiver) -> None:
    made = hook(there.url(), is_active=False)
    put(made)
    hooks.put_test(hook=made, by=None, now=timezone.now())
    assert sending.send_due(now=timezone.now, held=True) == 1
    assert json.loads(there.heard[0].body)["type"] == "test"


# ------------------------------------------------------------------ what goes wrong


def test_redirect_is_not_followed(there: Receiver) -> None:
    there.says = Said(302, {"Location": there.url("/elsewhere")})
    message = put(hook(there.url()))
    send()
    message.refresh_from_db()
    assert [heard.path for heard in there.heard] == ["/services/T0SECRET/hook"]
    assert message.sent_at is None
    assert "redirects are not followed" in message.error


def test_attempts_grow_apart_and_end_when_it_stays_broken(there: Receiver) -> None:
    there.says = Said(500)
    message = put(hook(there.url()))
    at, waits = timezone.now(), []
    for _ in range(sending.MOST_ATTEMPTS):
        with travel(at, tick=False):
            assert sending.send_due(now=timezone.now) == 0
            assert sending.send_due(now=timezone.now) == 0, "not before its time"
        message.refresh_from_db()
        waits.append(message.next_attempt_at - at)
        at = message.next_attempt_at
    assert len(there.heard) == sending.MOST_ATTEMPTS == message.attempts
    assert waits[:-1] == list(sending.WAITS)
    assert sum(waits[:-1], timedelta()) > timedelta(days=2)
    assert message.closed_at is not None
    assert message.error == "500 Internal Server Error"
    assert len({heard.headers["webhook-id"] for heard in there.heard}) == 1
    assert len({heard.headers["webhook-timestamp"] for heard in there.heard}) == len(there.heard)


def test_a_message_goes_when_the_other_side_is_back(there: Receiver) -> None:
    there.says = Said(503, {"Retry-After": "7200"})
    message = put(hook(there.url()))
    send()
    there.says = Said(200)
    assert send(timedelta(minutes=30)) == 0, "it asked for two hours"
    assert send(timedelta(hours=3)) == 1
    message.refresh_from_db()
    assert message.error == ""


def test_a_failing_hook_keeps_no_other_waiting(there: Receiver) -> None:
    dead = hook("http://127.0.0.1:9/", name="Dead")
    put(dead, "1"), put(dead, "2")
    put(hook(there.url()))
    assert send() == 1
    assert list(
        OutgoingMessage.objects.filter(hook=dead).order_by("pk").values_list("attempts", flat=True)
    ) == [1, 0]


def test_410_stops_the_hook_and_closes_what_waits(there: Receiver) -> None:
    there.says = Said(410)
    made = hook(there.url())
    put(made, "1"), put(made, "2")
    send()
    made.refresh_from_db()
    assert not made.is_active
    assert "410 Gone" in made.stopped_reason
    assert OutgoingMessage.objects.filter(closed_at=None).count() == 0
    assert send(timedelta(days=2)) == 0
    assert len(there.heard) == 1


def test_trying_again_starts_anew_and_leaves_a_hook_that_is_off(there: Receiver) -> None:
    there.says = Said(410)
    made = hook(there.url())
    put(made)
    send()
    assert hooks.try_again(messages=OutgoingMessage.objects.all(), now=timezone.now()) == 0
    made.refresh_from_db()
    made.is_active = True
    hooks.save_hook(hook=made, url="", by=None, now=timezone.now())
    assert hooks.try_again(messages=OutgoingMessage.objects.all(), now=timezone.now()) == 1
    there.says = Said(200)
    assert send() == 1


def test_a_message_that_cannot_be_written_is_kept_with_its_reason(there: Receiver) -> None:
    made = hook(there.url())
    message = put(made, broken=True)
    long = put(hook(there.url(), name="Other"), text="x" * 70_000)
    assert send() == 0
    message.refresh_from_db()
    long.refresh_from_db()
    assert "ZeroDivisionError" in message.error
    assert "at most 64\u202f000" in long.error


def test_what_the_other_side_says_is_kept_without_the_address(there: Receiver) -> None:
    body = b"no_service at /services/T0SECRET/hook"
    there.says = Said(404, {"Content-Type": "text/plain", "Content-Length": str(len(body))}, body)
    message = put(hook(there.url()))
    send()
    message.refresh_from_db()
    assert message.error == "404 Not Found: no_service at …"


def test_no_secret_is_told_by_logs_audit_or_rows(there: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    there.says = Said(500, {"Content-Type": "text/plain", "Content-Length": "8"}, b"T0SECRET")
    made = hook(there.url())
    with caplog.at_level(logging.DEBUG):
        put(made)
        send()
        hooks.rotate_secret(hook=made, by=None, now=timezone.now())
    hooks.save_hook(hook=made, url="http://127.0.0.1:9/T0SECRET", by=None, now=timezone.now())
    put(made, "unreachable")
    with caplog.at_level(logging.DEBUG):
        send()
    rows = [str(list(model.objects.values())) for model in (OutgoingHook, OutgoingMessage, AuditEntry)]
    assert all(
        (
            caplog.text,
            OutgoingHook.objects.count(),
            OutgoingMessage.objects.count(),
            AuditEntry.objects.count(),
        )
    )
    for text in (caplog.text, *rows):
        assert "T0SECRET" not in text
        assert SECRET not in text
        assert SECRET.removeprefix("whsec_") not in text


def test_a_private_address_is_refused_when_it_is_not_listed(there: Receiver) -> None:
    message = put(hook(there.url()))
    with override_settings(OUTGOING_ALLOWED=[]):
        send()
    message.refresh_from_db()
    assert there.heard == []
    assert "OUTGOING_ALLOWED" in message.error
    assert send(timedelta(minutes=2)) == 1


def test_what_is_no_address_is_not_kept(there: Receiver) -> None:
    with pytest.raises(Refused):
        hook("ftp://chat.example.org/")
    assert not OutgoingHook.objects.exists()


def test_switching_a_hook_off_closes_what_waits_for_it(there: Receiver) -> None:
    made = hook(there.url())
    message = put(made)
    made.is_active = False
    hooks.save_hook(hook=made, url="", by=None, now=timezone.now())
    message.refresh_from_db()
    assert message.error == hooks.SWITCHED_OFF
    assert send() == 0


def test_every_topic_of_the_settings_has_a_writer() -> None:
    for topic in settings.HOOK_WRITERS:
        assert callable(writer(topic).make_due)
        assert callable(writer(topic).document)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_message_that_another_sender_holds_is_passed_over(there: Receiver) -> None:
    put(hook(there.url()))
    with transaction.atomic():
        assert sending.due(timezone.now()).select_for_update(of=("self",)).count() == 1
        list(OutgoingMessage.objects.select_for_update())
        assert _claimed_elsewhere() is None
    assert _claimed_elsewhere() is not None


def _claimed_elsewhere() -> OutgoingMessage | None:
    """By another connection, as another worker would."""

    def claim() -> OutgoingMessage | None:
        try:
            return sending.claim(now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(claim).result()
