"""What the tests of mail share: readers who asked for it, and a server to send through."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.core.mail import EmailMessage, EmailMultiAlternatives

from accounts.models import Mail, Role, Subscription, Topic, User
from tests import make

LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
SET_UP = {"MAIL_HOST": "mail.example.org", "DEFAULT_FROM_EMAIL": "Hindcast <hindcast@example.org>"}


def reader(topic: str = Topic.NOTICES, role: Role = Role.AUTHOR, **over: Any) -> User:
    """Somebody with an address who asked for it."""
    user = make.user(role, **over)
    if "email" not in over:
        user.email = f"{user.username}@example.org"
        user.save()
    Subscription.objects.create(user=user, topic=topic, since=LONG_AGO)
    return user


def mail(user: User, now: datetime, **over: Any) -> Mail:
    values = {"topic": Topic.NOTICES, "key": now.date().isoformat(), "content": {"notifications": []}}
    return Mail.objects.create(**{"user": user, "made_at": now, "next_attempt_at": now, **values, **over})


def parts(sent: EmailMessage) -> tuple[str, str]:
    """What a mail says as plain text, and as HTML."""
    assert isinstance(sent, EmailMultiAlternatives)
    return str(sent.body), str(sent.alternatives[0][0])


class Conversation(socketserver.StreamRequestHandler):
    """What is needed of RFC 5321; whom the server does not know it refuses."""

    server: Server

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 mail.test ESMTP")
        self.sender, self.addressees = "", list[str]()
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(":")
            if verb.upper() == "QUIT":
                self.say("221 bye")
                return
            self.answer(verb.upper(), rest)

    def answer(self, verb: str, rest: str) -> None:
        if verb == "MAIL FROM":
            self.sender, self.addressees = rest.split(" ")[0], []
        elif verb == "RCPT TO":
            address = rest.strip("<>")
            if address in self.server.unknown:
                self.say("550 5.1.1 No such mailbox")
                return
            self.addressees.append(address)
        elif verb == "DATA":
            self.say("354 go on")
            self.server.letters.append((self.sender, self.addressees, self.text()))
        self.say("250 ok")

    def text(self) -> str:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines).decode()


class Server(socketserver.ThreadingTCPServer):
    """A mail server on this machine, and what it took: sender, addressees, text."""

    daemon_threads = True

    def __init__(self, unknown: tuple[str, ...]) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.unknown = unknown
        self.letters: list[tuple[str, list[str], str]] = []
        self.port = int(self.server_address[1])


@contextmanager
def server(unknown: tuple[str, ...] = ()) -> Iterator[Server]:
    with Server(unknown) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()
