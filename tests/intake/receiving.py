"""A receiver on this machine, and a hook that leads to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.utils import timezone

from intake.models import OutgoingHook
from intake.outgoing import hooks

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZyE="


@dataclass
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Said:
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Conversation(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        said = self.server.says
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.body)

    def do_GET(self) -> None:
        self.server.heard.append(Heard(f"GET {self.path}", {}, b""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written beside the tests' own words."""


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.heard: list[Heard] = []
        self.says = Said()

    def url(self, path: str = "/services/T0SECRET/hook") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


@contextmanager
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()


def hook(url: str, **over: Any) -> OutgoingHook:
    made = OutgoingHook(**({"name": "Chat", "topics": ["weekly_review"]} | over))
    hooks.save_hook(hook=made, url=url, by=None, now=timezone.now(), secret=SECRET)
    return made
