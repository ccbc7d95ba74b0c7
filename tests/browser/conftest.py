"""A real browser on the real pages: Debian's chromium, driven by playwright.

Every page is watched: a message on the console, a failed request or a broken policy fails the test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from accounts.models import User

KEPT = "_test_serialized_contents"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> Iterator[Browser]:
    if not CHROMIUM:
        reason = "no chromium on this machine: the browser tests did NOT run (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Playwright's own loop makes Django believe that it is called from asynchronous code, and gives it other
    # connections than before: the rows that a migration made, kept for serialized_rollback, move along.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    rows = getattr(connections["default"], KEPT, None)
    with sync_playwright() as playwright:
        setattr(connections["default"], KEPT, rows)
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Visitor:
    """One person's browser: pages share a session, and everything the console says is kept."""

    context: BrowserContext
    base: str
    said: list[str] = field(default_factory=list)

    def page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        # Which of the two comes first, a field's autofocus or the reader's own, is for the browser to say.
        if not message.text.startswith("Autofocus processing was blocked"):
            self.said.append(f"{message.type}: {message.text}")

    def url(self, path: str) -> str:
        return f"{self.base}{path}"


@pytest.fixture
def visit(browser: Browser, served: str) -> Iterator[Callable[..., Visitor]]:
    """`visit(user, **context options)` opens a browser in which that person is signed in (None: nobody)."""
    visitors: list[Visitor] = []

    def open_browser(user: User | None, **options: Any) -> Visitor:
        context = browser.new_context(base_url=served, **options)
        context.set_default_timeout(10_000)
        if user:
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": session_of(user), "url": served}])
        visitor = Visitor(context=context, base=served)
        visitors.append(visitor)
        return visitor

    yield open_browser
    for visitor in visitors:
        visitor.context.close()
    heard = [line for visitor in visitors for line in visitor.said]
    assert heard == [], "\n".join(heard)


def session_of(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
