"""How far an import came, told while it runs: what pages and the next import know of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, transaction
from django.utils import timezone

from changes.gitlog import Clone
from changes.models import HistoryRun, Repository

State, IMPORT = HistoryRun.State, HistoryRun.Kind.IMPORT
# What an import's `cursor` says: whether the history before what was read has been read as well.
WHOLE, PART = "whole", "part"


def extent(repository: Repository) -> str:
    """How much of the history the imports so far have read; empty where none said."""
    runs = HistoryRun.objects.filter(kind=IMPORT, repository=repository).exclude(cursor="")
    return runs.order_by("-id").values_list("cursor", flat=True).first() or ""


@contextmanager
def import_run(*, repository: Repository, clone: Clone, total: int) -> Iterator[HistoryRun]:
    """The run that stands for this import: done at the end, failed when it is left by an exception.

    One that was killed still stands as running: this import goes on in its place.
    """
    run = _begin(repository, total)
    try:
        yield run
    except BaseException as error:
        # Where the database itself is gone, the reason why is the one that counts.
        with suppress(DatabaseError):
            _end(run, State.FAILED, _reason(error, clone))
        raise
    _end(run, State.DONE)


@transaction.atomic
def _begin(repository: Repository, total: int) -> HistoryRun:
    # So that of two imports that start at once the second finds the run of the first.
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    runs = HistoryRun.objects.unfinished().filter(kind=IMPORT, repository=repository)
    run = runs.first() or HistoryRun(kind=IMPORT, repository=repository)
    run.state, run.total, run.error = State.RUNNING, run.done + total, ""
    run.began_at = run.began_at or timezone.now()
    run.heard_at = timezone.now()
    run.save()
    return run


def note_progress(run: HistoryRun, *, read: int, cursor: str) -> None:
    """In the transaction that keeps what was read."""
    run.done += read
    run.cursor, run.heard_at = cursor, timezone.now()
    run.save(update_fields=["done", "cursor", "heard_at"])


def _end(run: HistoryRun, state: HistoryRun.State, error: str = "") -> None:
    run.state, run.error = state, error
    run.ended_at = run.heard_at = timezone.now()
    run.save(update_fields=["state", "error", "ended_at", "heard_at"])


def _reason(error: BaseException, clone: Clone) -> str:
    """Pages show it: no path of this machine."""
    said = str(error).replace(str(clone.path), "the clone").strip()
    if isinstance(error, KeyboardInterrupt):
        said = "It was stopped before its end; the next import goes on from there."
    return (said or type(error).__name__)[:2000]
