"""Who writes the messages of a topic, and how they look outside.

What leaves the sign-in: a writer hides what rests on fewer than ten changes, and never names a restricted
incident. Its text is Markdown that a chat of any make can show: lines, dashes, strong words, bare addresses.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from intake.models import OutgoingHook, OutgoingMessage

TEST = "test"
# Words that call a whole room in Slack, Mattermost or Rocket.Chat.
_CALLS = re.compile(r"@(?=(?:channel|here|all|everyone|group)\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Document:
    text: str
    data: dict[str, Any] = field(default_factory=dict)


class Writer(Protocol):
    """A module that writes the messages of one topic; settings.HOOK_WRITERS names it."""

    def make_due(self, *, now: datetime) -> int:
        """Puts what is due and not made yet (`hooks.put`); says how many."""

    def document(self, *, message: OutgoingMessage, now: datetime) -> Document | None:
        """What it says, read anew; None where nothing is left to say."""


def topics() -> list[tuple[str, str]]:
    """Each topic and its words, in the order of the settings."""
    return [(topic, topic.replace("_", " ").capitalize()) for topic in settings.HOOK_WRITERS]


def scopes() -> list[tuple[str, str]]:
    """What a hook can be narrowed to, with its words; the floors above know of services and areas."""
    return [(value, words) for _, group in import_string(settings.SCOPES_OFFERED)() for value, words in group]


def writer(topic: str) -> Writer:
    return cast(Writer, import_module(settings.HOOK_WRITERS[topic]))


def document(message: OutgoingMessage, now: datetime) -> Document | None:
    if message.topic == TEST:
        return Document(
            f"A test message from Hindcast ({settings.SITE_URL}): this hook works.",
            {"site": settings.SITE_URL},
        )
    if message.topic not in settings.HOOK_WRITERS:
        return None
    return writer(message.topic).document(message=message, now=now)


def body(message: OutgoingMessage, hook: OutgoingHook, found: Document) -> bytes:
    if hook.format == OutgoingHook.Format.CHAT:
        content: dict[str, Any] = {"text": chat_text(found.text)}
    else:
        at = message.made_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        content = {"type": message.topic, "timestamp": at, "data": found.data, "text": found.text}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def chat_text(text: str) -> str:
    """As chats read it: `<` would begin a link or a call of the whole room, and so would `@channel`.

    Two asterisks are shown as they are by Slack; one is strong there and emphasis elsewhere.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("**", "*")
    return _CALLS.sub("@\N{ZERO WIDTH SPACE}", escaped)
