"""What must be true before the first page: each step looks whether it is done, and says what it does."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from runner import queue
from runner.processes import Lock

# Brought by packages, and on no page: the other of two API browsers, another one's pages, another htmx.
UNUSED = ["drf_spectacular_sidecar/redoc*", "rest_framework*", "django_htmx*"]
Say = Callable[[str], None]


def prepare(say: Say, *, demo: bool) -> None:
    migrate(say)
    broker(say)
    collect_static(say)
    if "ensure_admin" in get_commands():
        call_command("ensure_admin", stdout=io.StringIO())  # the link that `up` prints says it better
    if demo:
        fill_with_sample(say)


@contextmanager
def timed(say: Say, what: str) -> Iterator[None]:
    say(f"{what} …")
    begun = time.monotonic()
    yield
    say(f"  done in {time.monotonic() - begun:.1f} s")


def migrate(say: Say) -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        with timed(say, f"Applying {len(plan)} migrations"):
            call_command("migrate", interactive=False, verbosity=1)


def broker(say: Say) -> None:
    conninfo = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("conn_string")
    if conninfo and queue.install(str(conninfo)):
        say("The queue's tables are made.")


def collect_static(say: Say) -> None:
    """Collected again when a file came, went or changed."""
    root = Path(settings.STATIC_ROOT)
    stamp, wanted = root / ".collected", static_fingerprint()
    # Two data directories may share one checkout, and so this folder.
    lock = Lock(root.with_name(f"{root.name}.lock"))
    lock.acquire(wait=True)
    try:
        if stamp.exists() and stamp.read_text() == wanted:
            return
        with timed(say, "Collecting and compressing static files"):
            call_command(
                "collectstatic", interactive=False, clear=root.exists(), ignore_patterns=UNUSED, verbosity=0
            )
            stamp.write_text(wanted)
    finally:
        lock.release()


def static_fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: found[0]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def fill_with_sample(say: Say) -> None:
    """Demonstration data, once: a database with rows of its own is left alone, also one emptied later."""
    done = Path(settings.DATA_DIR) / "sample.done"
    if done.exists() or "sample" not in get_commands():
        return
    if not any(apps.get_model(label)._default_manager.exists() for label in settings.ROWS_OF_ONES_OWN):
        with timed(say, "Making demonstration data (DEMO=0 for none)"):
            call_command("sample")
    done.touch()
