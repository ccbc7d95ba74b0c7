"""One POST to an address outside: to the machine that was checked, no redirect, little time, few bytes. Pure.

No proxy of the environment is used: what connects must be what was checked.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from design.spans import grouped
from intake.outgoing.addresses import Allowed, Refused, Resolver, Target, checked, resolve

CONNECT_SECONDS = 5.0
# For all of it, however slowly the other side speaks.
SECONDS = 15.0
MOST_BYTES = 64_000
MOST_READ = 4_096
MOST_TRIED = 3


@dataclass(frozen=True)
class Answer:
    status: int
    # Seconds that the other side asks us to wait; None where it does not say.
    retry_after: int | None
    # The beginning of what it said, where that is text.
    text: str

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    listed: Allowed,
    resolver: Resolver = resolve,
    seconds: float = SECONDS,
) -> Answer:
    """Raises: Refused, or OSError or HTTPException where nothing was answered."""
    if len(body) > MOST_BYTES:
        raise Refused(f"The message has {grouped(len(body))} bytes; at most {grouped(MOST_BYTES)} are sent.")
    connection = _connection(target)
    connection.sock = _connected(target, checked(target, listed, resolver))
    try:
        with _ended_after(seconds, connection.sock):
            connection.sock = _secured(target, connection.sock)
            connection.request("POST", target.path, body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, _wait(response), _words(response))
    finally:
        connection.close()


def _connection(target: Target) -> http.client.HTTPConnection:
    """For what it says, such as `Host`; the socket is put into it, so that it resolves nothing itself."""
    kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    return kind(target.host, target.port, timeout=CONNECT_SECONDS)


def _connected(target: Target, addresses: list[str]) -> socket.socket:
    error: OSError | None = None
    for address in addresses[:MOST_TRIED]:
        try:
            return socket.create_connection((address, target.port), timeout=CONNECT_SECONDS)
        except OSError as failure:
            error = failure
    assert error is not None  # noqa: S101 (there is at least one address)
    raise error


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _secured(target: Target, plain: socket.socket) -> socket.socket:
    if target.scheme == "http":
        return plain
    return _trust().wrap_socket(plain, server_hostname=target.host)


@contextmanager
def _ended_after(seconds: float, plain: socket.socket) -> Iterator[None]:
    """A time-out of the socket starts anew with each byte; this one does not.

    A copy of the socket is shut: securing a connection takes the one that it was given.
    """
    over = threading.Event()
    with plain.dup() as same:

        def shut() -> None:
            over.set()
            with contextlib.suppress(OSError):  # the other side was quicker
                same.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, shut)
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            if over.is_set():
                raise TimeoutError(f"No whole answer within {seconds:g} seconds.") from error
            raise
        finally:
            timer.cancel()
            timer.join()


def _wait(response: http.client.HTTPResponse) -> int | None:
    said = response.getheader("Retry-After", "").strip()
    return int(said) if said.isdecimal() and len(said) < 9 else None


def _words(response: http.client.HTTPResponse) -> str:
    """Of an error only; a page of HTML tells an admin nothing."""
    if 200 <= response.status < 300:
        return ""
    kind = response.getheader("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in ("text/plain", "application/json", "application/problem+json"):
        return ""
    return " ".join(response.read(MOST_READ).decode(errors="replace").split())
