from __future__ import annotations

import http.client
import io
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from runner import children, preparation, processes

GRACE_SECONDS = 15
PORT_SECONDS = 5
# Celery warns root for the sake of pickled messages, which are not accepted here.
AS_ROOT = "ignore:You're running the worker with superuser"
WEB = (
    "gunicorn config.wsgi:application --worker-class gthread --workers 2 --threads 4 "
    "--no-control-socket --log-level warning"
)
# Nobody listens to what workers tell each other, and the broker in the database has no way for it: each word
# would be an error in the log of PostgreSQL, every two seconds.
SILENT = "--without-gossip --without-mingle --without-heartbeat"
WORKER = f"celery -q -A config worker -P threads -c 4 -B -l WARNING {SILENT}"


class Command(BaseCommand):
    help = "Runs all of Hindcast: the database (unless DATABASE_URL is set), web, worker and scheduler."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stop = threading.Event()
        host, port = settings.BIND, settings.PORT
        with ExitStack() as stack:
            stack.enter_context(self._alone(settings.DATA_DIR))
            self._wait_for_port(host, port)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._on_signal)
            stack.enter_context(self._database())
            preparation.prepare(self.say, demo=settings.DEMO)
            connections.close_all()
            if not self.stop.is_set():
                self._run(host, port)

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop.set()

    @contextmanager
    def _alone(self, data_dir: Path) -> Iterator[None]:
        lock = processes.Lock(data_dir / "up.lock")
        try:
            lock.acquire()
        except processes.Busy:
            raise CommandError(
                f"Hindcast already runs on {data_dir}. Stop it first, or give this one its own "
                "DATA_DIR and PORT."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _wait_for_port(self, host: str, port: int) -> None:
        """A predecessor that was killed may hold it for a moment; anything longer is somebody else."""
        deadline = time.monotonic() + PORT_SECONDS
        while not _is_free(host, port):
            if time.monotonic() > deadline:
                raise CommandError(
                    f"Port {port} on {host} is in use. Choose another: PORT={port + 1} make run"
                )
            time.sleep(0.2)

    @contextmanager
    def _database(self) -> Iterator[None]:
        if settings.DATABASE_URL:
            yield
            return
        from runner import postgres  # with a database of its own, the installation never loads it
        from runner.binaries import PostgresError

        try:
            with postgres.serving(settings.DATA_DIR, self.say) as server:
                self.say(f"PostgreSQL {server.place.version} serves {server.place.data}")
                try:
                    yield
                finally:
                    connections.close_all()
        except PostgresError as error:
            raise CommandError(str(error)) from error

    def _run(self, host: str, port: int) -> None:
        python = [sys.executable, "-m"]
        running = [
            children.Child("web", [*python, *WEB.split(), "--bind", _bind(host, port)], os.environ),
            children.Child("worker", [*python, *WORKER.split()], {**os.environ, "PYTHONWARNINGS": AS_ROOT}),
        ]
        try:
            running[0].start()  # the first page is waited for: the worker starts right after it
            self._announce(host, port)
            while not self.stop.wait(0.5):
                for child in running:
                    child.keep()
        finally:
            self.say("\nStopping …")
            children.end(running, seconds=GRACE_SECONDS)

    def _announce(self, host: str, port: int) -> None:
        for _ in range(300):
            if self.stop.wait(0.1) or _answers(host, port):
                break
        if self.stop.is_set():
            return
        self.say(f"\nHindcast runs at {settings.SITE_URL}/   (Ctrl-C stops it)")
        if "sign_in_link" in get_commands():
            link = io.StringIO()
            call_command("sign_in_link", stdout=link)
            connections.close_all()
            self.say(f"Sign in once with {link.getvalue().strip()}\n")
        else:
            self.say("This version has no command 'sign_in_link': sign in with a password.\n")


def _bind(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def _answers(host: str, port: int) -> bool:
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(near, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
