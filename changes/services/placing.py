"""Sizes, suggested kinds, services and areas anew after a path rule changed: in the background, in pieces.

The size of a change of which a part counts and a part does not needs the lines of each file. They are not
stored: they are read again from the clone, where the last import said that one is, and stay what they are
where it is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import F

from accounts.models import User
from changes.facts import FileFact
from changes.gitlog import Clone, GitError
from changes.models import Change, ChangeIdentity, HistoryRun, Repository
from changes.paths import counted_lines
from changes.services.places import PlaceBook, add_areas, add_services
from changes.services.rules import current_rules
from changes.services.telling import MOST_PATHS, settle
from changes.services.weighing import reweigh
from intake import ledger

PIECE = 500
LANDED = (ChangeIdentity.Role.MERGE, ChangeIdentity.Role.SQUASH, ChangeIdentity.Role.LANDED)
PLACED = ["area", "counted_lines", "size_band"]
Files = Mapping[str, Sequence[FileFact]]


@transaction.atomic
def ask_to_place(*, repository: Repository, by: User | None) -> HistoryRun:
    """A run from the beginning; one that is under way is overtaken, since it began under other rules."""
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    mine = HistoryRun.objects.filter(kind=HistoryRun.Kind.PLACES, repository=repository)
    mine.unfinished().update(state=HistoryRun.State.SUPERSEDED)
    total = Change.objects.current().filter(repository=repository).count()
    return HistoryRun.objects.create(
        kind=HistoryRun.Kind.PLACES, repository=repository, total=total, asked_by=by
    )


def place_some(*, run_id: int, now: Callable[[], datetime], may_go_on: Callable[[], bool]) -> bool:
    """Piece after piece while it may; whether the run is over. Each piece is one transaction."""
    while may_go_on():
        if _place_piece(run_id, now()):
            return True
    return False


@transaction.atomic
def give_up(*, run_id: int, error: str, now: datetime) -> None:
    runs = HistoryRun.objects.unfinished().filter(pk=run_id)
    runs.update(state=HistoryRun.State.FAILED, error=error[:2000], ended_at=now)


@transaction.atomic
def _place_piece(run_id: int, now: datetime) -> bool:
    open_runs = HistoryRun.objects.unfinished().select_for_update(no_key=True, skip_locked=True, of=("self",))
    run = open_runs.filter(pk=run_id).select_related("repository").first()
    if run is None or run.repository is None:
        return True
    rows = Change.objects.current().filter(repository=run.repository, pk__gt=int(run.cursor or 0))
    changes = list(rows.select_for_update(no_key=True).order_by("pk")[:PIECE])
    altered, unreadable = _place(run.repository, changes, run.asked_by_id)
    run.began_at = run.began_at or now
    run.heard_at, run.state = now, HistoryRun.State.RUNNING
    run.done += len(changes)
    run.altered += altered
    run.unreadable += unreadable
    if changes:
        run.cursor = str(changes[-1].pk)
    is_over = len(changes) < PIECE
    if is_over:
        run.state, run.ended_at, run.total = HistoryRun.State.DONE, now, run.done
    run.save()
    return is_over


def place_again(*, repository: Repository, by: User | None = None) -> int:
    """All of it at once, for a repository small enough to wait for; says how many changes altered."""
    altered, last = 0, 0
    while True:
        with transaction.atomic():
            rows = Change.objects.current().filter(repository=repository, pk__gt=last).order_by("pk")
            changes = list(rows.select_for_update(no_key=True)[:PIECE])
            altered += _place(repository, changes, by.pk if by else None)[0]
        if len(changes) < PIECE:
            return altered
        last = changes[-1].pk


def _place(repository: Repository, changes: Sequence[Change], actor: int | None) -> tuple[int, int]:
    """How many altered, and of how many the lines of each file could not be read again."""
    book = PlaceBook(repository)
    before = {one.pk: [getattr(one, name) for name in PLACED] for one in changes}
    unreadable = _size_again(repository, changes, book)
    services: dict[Change, set[int]] = {}
    areas: dict[Change, set[int]] = {}
    for change in changes:
        services[change] = book.services_of(change, ())
        areas[change] = book.place(change, services[change], None)
    Change.areas_touched.through.objects.filter(change_id__in=list(before)).delete()
    add_areas(areas)
    add_services(services)
    moved = [one for one in changes if before[one.pk] != [getattr(one, name) for name in PLACED]]
    if moved:
        Change.objects.bulk_update(moved, PLACED, batch_size=PIECE)
        Change.objects.filter(pk__in=[one.pk for one in moved]).update(version=F("version") + 1)
    reweigh([one for one in changes if one.is_assisted], current_rules())
    # All of them: a suggested kind or an area that is only touched may have altered as well.
    ledger.touch(
        ledger.Kind.CHANGE, *(one.pk for one in changes), verb="placed again", repository_id=repository.pk,
        actor_id=actor,
    )  # fmt: skip
    return len(moved), unreadable


def _size_again(repository: Repository, changes: Sequence[Change], book: PlaceBook) -> int:
    """Without a clone where all files of a change count, or none does; else from the lines of each file."""
    mixed = []
    for change in changes:
        if change.counted_lines is None or not change.paths:
            continue
        counts = {book.classes.counts(path) for path in change.paths}
        if len(counts) == 2 or len(change.paths) >= MOST_PATHS:
            mixed.append(change)
        elif counts == {False}:
            change.counted_lines = 0
        elif change.additions is not None and change.deletions is not None:
            change.counted_lines = change.additions + change.deletions
        settle(change)
    return _size_from_clone(repository, mixed, book) if mixed else 0


def _size_from_clone(repository: Repository, mixed: Sequence[Change], book: PlaceBook) -> int:
    rows = ChangeIdentity.objects.filter(
        change__in=mixed, space=ChangeIdentity.Space.SHA, role__in=LANDED
    ).order_by("id")
    names: dict[int, list[ChangeIdentity]] = defaultdict(list)
    for row in rows:
        names[row.change_id].append(row)
    files = _read(repository, [row.value for mine in names.values() for row in mine])
    unreadable = 0
    for change in mixed:
        mine = [row for row in names[change.pk] if row.value in files]
        if not mine or not _is_all(change, [one for row in mine for one in files[row.value]]):
            unreadable += 1
            continue
        for row in mine:
            row.lines = counted_lines(files[row.value], book.classes)
        change.counted_lines = sum(row.lines or 0 for row in mine)
        settle(change)
        ChangeIdentity.objects.bulk_update([row for row in mine if row.parent], ["lines"])
    return unreadable


def _is_all(change: Change, files: Sequence[FileFact]) -> bool:
    """Whether these are the change's own lines, all of them: else what was told stands."""
    return change.additions == sum(one.added or 0 for one in files) and change.deletions == sum(
        one.deleted or 0 for one in files
    )


def _read(repository: Repository, shas: Sequence[str]) -> Files:
    if not repository.clone_path or not shas:
        return {}
    try:
        sized = Clone(Path(repository.clone_path)).sized(shas)
        return {one.commit.sha: one.files for one in sized}
    except (GitError, OSError):
        return {}
