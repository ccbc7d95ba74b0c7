"""What stands between a test and the pages that a server in the same process serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Condition
from typing import Any


class Gate:
    """Stands before the pages: when a test is over nothing that a browser sent reaches the database any more.

    A browser that goes away still sends what it wanted to save, and the server goes on with what it began:
    emptying the tables meanwhile would end in a deadlock, or rows would be left for the next test.
    """

    def __init__(self, pages: Callable[..., Iterable[bytes]]) -> None:
        self.pages, self.is_open, self.busy, self.moved = pages, False, 0, Condition()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with self.moved:
            if not self.is_open:
                start("503 Service Unavailable", [("Content-Type", "text/plain")])
                return [b"The test is over."]
            self.busy += 1
        try:
            answer = self.pages(environ, start)
            try:
                return [*answer]
            finally:
                if close := getattr(answer, "close", None):
                    close()
        finally:
            with self.moved:
                self.busy -= 1
                self.moved.notify_all()

    def open(self) -> None:
        self.is_open = True

    def shut(self) -> None:
        with self.moved:
            self.is_open = False
            assert self.moved.wait_for(lambda: not self.busy, timeout=30), "a page is still being made"
