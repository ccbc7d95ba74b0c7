"""Which change's lines a fix deleted: read from the clone in the background, each fix once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from changes.blame import (
    METHOD_VERSION,
    WITHIN_DAYS,
    Outcome,
    Rewrite,
    calls_itself_a_fix,
    first_parent,
    mostly_written_by,
    rewritten_by,
)
from changes.gitlog import Clone, GitError
from changes.models import Blame, Change, ChangeIdentity, FollowUp, HistoryRun, Repository
from changes.paths import BUILT_IN, PathClasses
from changes.queries.places import classes_of
from intake import ledger
from intake.models import LedgerEntry

State, BLAME = HistoryRun.State, HistoryRun.Kind.BLAME
Role = ChangeIdentity.Role
VERB = "follow-ups looked at"
# A commit that the clone lacks may come with the next fetch.
AGAIN_AFTER = timedelta(hours=1)
# Another process is at it while it was heard of so lately.
SILENCE = timedelta(minutes=2)
# A request that landed as more commits than this is no small fix.
MOST_PARTS = 20
GONE = "The clone is not where it was imported from: run import_git again where it is now."
Progress = Callable[[HistoryRun], None]
# A cheap look in the database before the words are read.
MAY_BE_FIX = Q(title__iregex=r"fix|bug|regress") | Q(message__iregex=r"(?n)^fixes:")


@dataclass(frozen=True, slots=True)
class Fix:
    change: Change
    shas: tuple[str, ...]


def follow_all(*, seconds: float, progress: Progress | None = None) -> None:
    """Go on with every repository that has a clone, the one waited for longest first."""
    until = time.monotonic() + seconds
    with_clone = Repository.objects.exclude(clone_path="").order_by("id")
    waiting = {
        run.repository_id: run.heard_at or run.asked_at
        for run in HistoryRun.objects.unfinished().filter(kind=BLAME)
    }
    now = timezone.now()
    for repository in sorted(with_clone, key=lambda one: waiting.get(one.pk, now)):
        left = until - time.monotonic()
        if left > 0:
            follow_repository(repository=repository, seconds=left, progress=progress)


def follow_repository(
    *, repository: Repository, seconds: float, progress: Progress | None = None
) -> HistoryRun | None:
    """Read fixes, newest first, until the time is up or none is left; None where nothing new was told."""
    until = time.monotonic() + seconds
    mark = _mark()
    run = _claimed(repository, mark)
    if run is None:
        return None
    clone = Clone(Path(repository.clone_path))
    if not _is_there(clone):
        return _end(run, State.FAILED, GONE)
    classes = classes_of(repository)
    fixes = unread_fixes(repository)
    run.total = run.done + len(fixes)
    for fix in fixes:
        if time.monotonic() > until:
            run.heard_at = None  # free for whoever comes next
            run.save()
            return run
        follow_fix(fix=fix, rewrite=read_fix(clone, fix, classes), run=run)
        if progress:
            progress(run)
    return _end(run, State.DONE)


def _mark() -> str:
    """What is known now, and by which method it is read."""
    return f"{METHOD_VERSION}:{ledger.generation()}"


def _claimed(repository: Repository, mark: str) -> HistoryRun | None:
    """The run to go on with, or a new one where something was told since the last."""
    runs = HistoryRun.objects.filter(kind=BLAME, repository=repository)
    run = runs.unfinished().first()
    if run is None:
        last = runs.order_by("-id").first()
        if last is not None and not _is_due(repository, last, mark):
            return None
        run, _ = runs.unfinished().get_or_create(kind=BLAME, repository=repository)
    mine = runs.filter(pk=run.pk).filter(Q(heard_at=None) | Q(heard_at__lt=timezone.now() - SILENCE))
    began = run.began_at or timezone.now()
    if not mine.update(heard_at=timezone.now(), state=State.RUNNING, began_at=began):
        return None
    run.refresh_from_db()
    run.cursor = run.cursor or mark
    return run


def _is_due(repository: Repository, last: HistoryRun, mark: str) -> bool:
    if last.state == State.FAILED:
        return _is_there(Clone(Path(repository.clone_path)))
    version, _, known = last.cursor.partition(":")
    if version != str(METHOD_VERSION) or not known.isdigit():
        return True
    told = LedgerEntry.objects.filter(
        id__gt=int(known), kind=LedgerEntry.Kind.CHANGE, repository_id=repository.pk
    )
    if told.exclude(verb=VERB).exists() and unread_fixes(repository):
        return True
    HistoryRun.objects.filter(pk=last.pk).update(cursor=mark)
    return False


def _is_there(clone: Clone) -> bool:
    try:
        return clone.path.is_dir() and bool(clone.head())
    except (GitError, OSError):
        return False


def _end(run: HistoryRun, state: HistoryRun.State, error: str = "") -> HistoryRun:
    run.state, run.error = state, error
    run.ended_at = run.heard_at = timezone.now()
    run.save()
    return run


def unread_fixes(repository: Repository) -> list[Fix]:
    """Landed changes that call themselves a fix and were not read by this method, newest first."""
    again = Q(blame__outcome=Outcome.NO_COMMIT.value, blame__read_at__lt=timezone.now() - AGAIN_AFTER)
    old = Q(blame=None) | Q(blame__method_version__lt=METHOD_VERSION) | again
    rows = (
        Change.objects.current()
        .filter(MAY_BE_FIX, old, repository=repository, merged_at__isnull=False)
        .filter(state__in=[Change.State.MERGED, Change.State.SHIPPED])
        .only("id", "title", "message", "merged_at", "repository_id")
        .order_by("-merged_at", "-id")
    )
    changes = [one for one in rows.iterator() if calls_itself_a_fix(one.title, one.message)]
    landed = _landed([one.pk for one in changes])
    return [Fix(one, landed[one.pk]) for one in changes if one.pk in landed]


def _landed(change_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The commits of the default branch that each is: its merge, else its squash, else its parts."""
    rows = ChangeIdentity.objects.filter(
        change_id__in=change_ids, role__in=[Role.MERGE, Role.SQUASH, Role.LANDED]
    ).order_by("id")
    by_role: dict[int, dict[str, list[str]]] = {}
    for change_id, role, sha in rows.values_list("change_id", "role", "value"):
        by_role.setdefault(change_id, {}).setdefault(role, []).append(sha)
    return {
        pk: tuple(roles.get(Role.MERGE) or roles.get(Role.SQUASH) or roles[Role.LANDED])
        for pk, roles in by_role.items()
    }


def read_fix(clone: Clone, fix: Fix, classes: PathClasses = BUILT_IN) -> Rewrite:
    """All commits of one fix as one; never raises for what the clone lacks."""
    if len(fix.shas) > MOST_PARTS:
        return Rewrite(fix.shas[0], Outcome.TOO_LARGE)
    read = [_read_commit(clone, sha, classes) for sha in fix.shas]
    bad = next((one for one in read if one.outcome not in {Outcome.READ, Outcome.NOTHING_DELETED}), None)
    if bad:
        return bad
    lines: dict[str, int] = {}
    for one in read:
        for sha, count in one.by_commit.items():
            lines[sha] = lines.get(sha, 0) + count
    # What the fix itself wrote and took back again was never wrong for anybody.
    own = sum(lines.pop(sha, 0) for sha in fix.shas)
    deleted = sum(one.deleted_lines for one in read) - own
    outcome = Outcome.READ if deleted else Outcome.NOTHING_DELETED
    return Rewrite(fix.shas[0], outcome, deleted, lines if deleted else {})


def _read_commit(clone: Clone, sha: str, classes: PathClasses) -> Rewrite:
    try:
        parent = first_parent(clone, sha)
    except GitError:
        return Rewrite(sha, Outcome.NO_COMMIT)
    if not parent:
        return Rewrite(sha, Outcome.NOTHING_DELETED)
    return rewritten_by(clone, sha, parent, class_of=classes.of)


@transaction.atomic
def follow_fix(*, fix: Fix, rewrite: Rewrite, run: HistoryRun | None = None) -> FollowUp | None:
    """Keep what was read of one fix, and the one change that wrote most of what it deleted."""
    before = set(FollowUp.objects.filter(fix=fix.change).values_list("change_id", flat=True))
    FollowUp.objects.filter(fix=fix.change).delete()
    Blame.objects.update_or_create(
        fix=fix.change,
        defaults={
            "method_version": METHOD_VERSION,
            "outcome": rewrite.outcome.value,
            "deleted_lines": rewrite.deleted_lines,
            "read_at": timezone.now(),
        },
    )
    found = _follow_up(fix, rewrite)
    if found:
        found.save()
    altered = before ^ ({found.change_id} if found else set())
    if altered:
        ledger.touch(ledger.Kind.CHANGE, *sorted(altered), verb=VERB, repository_id=fix.change.repository_id)
    if run:
        _note(run, altered=len(altered), unreadable=rewrite.outcome == Outcome.NO_COMMIT)
    return found


def _note(run: HistoryRun, *, altered: int, unreadable: bool) -> None:
    run.done += 1
    run.altered += altered
    run.unreadable += unreadable
    run.heard_at = timezone.now()
    run.save(update_fields=["done", "altered", "unreadable", "heard_at", "total", "cursor"])


def _follow_up(fix: Fix, rewrite: Rewrite) -> FollowUp | None:
    owners = _owners(fix.change.repository_id, rewrite.by_commit)
    most = mostly_written_by(rewrite, owners.get)
    if most is None or most[0] == fix.change.pk:
        return None
    change_id, lines = most
    at = fix.change.merged_at
    landed = Change.objects.filter(pk=change_id).values_list("merged_at", flat=True).first()
    if at is None or landed is None or not timedelta(0) <= at - landed <= timedelta(days=WITHIN_DAYS):
        return None
    return FollowUp(
        change_id=change_id,
        fix=fix.change,
        at=at,
        lines=lines,
        deleted_lines=rewrite.deleted_lines,
        method_version=METHOD_VERSION,
    )


def _owners(repository_id: int, by_commit: Mapping[str, int]) -> dict[str, int]:
    rows = ChangeIdentity.objects.filter(
        repository_id=repository_id, space=ChangeIdentity.Space.SHA, value__in=list(by_commit)
    )
    return dict(rows.values_list("value", "change_id"))


def move_rework(double: Change, survivor: Change) -> None:
    """What was read of a double was read of the change that stands for it, once."""
    if Blame.objects.filter(fix=survivor).exists():
        Blame.objects.filter(fix=double).delete()
    else:
        Blame.objects.filter(fix=double).update(fix=survivor)
    FollowUp.objects.filter(change=double, fix=survivor).delete()
    FollowUp.objects.filter(change=survivor, fix=double).delete()
    theirs = FollowUp.objects.filter(change=survivor).values("fix")
    FollowUp.objects.filter(change=double, fix__in=theirs).delete()
    FollowUp.objects.filter(change=double).update(change=survivor)
    named = FollowUp.objects.filter(fix=survivor).values("change")
    FollowUp.objects.filter(fix=double, change__in=named).delete()
    FollowUp.objects.filter(fix=double).update(fix=survivor)
