"""An import that stops anywhere and is run again ends like one that did not; nothing is read twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from changes.gitlog import Clone, GitError, LoggedCommit
from changes.models import Change, Deployment, HistoryRun, Repository
from changes.services import deployments, import_runs, importing, recording
from changes.services.importing import Imported, import_clone
from tests.changes.clones import Repo, picture, run

pytestmark = pytest.mark.django_db


class Stopped(Exception):
    """What a test throws in."""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Direct commits, a squash, two merges, a revert of a revert and tags."""
    monkeypatch.setattr(importing, "BATCH", 3)
    made = Repo(tmp_path / "till")
    made.commit("First")
    made.commit("Round totals (#12)\n\nCo-Authored-By: Claude <noreply@anthropic.com>", lines=60)
    made.git("tag", "v1")
    branch(made, "topic", 2)
    made.merge("topic", "Merge pull request #13 from ada-example/topic\n\nA library")
    bad = made.commit("Break it", "lib/b.py")
    undone = made.commit(f'Revert "Break it"\n\nThis reverts commit {bad}.', "lib/b.py")
    made.git("tag", "-a", "-m", "two", "v2")
    branch(made, "other", 3)
    made.merge("other", "Merge branch 'other'")
    made.commit(f'Reapply "Break it"\n\nThis reverts commit {undone}.', "lib/b.py")
    made.commit("Lock", "uv.lock", lines=500)
    return made


def branch(made: Repo, name: str, commits: int) -> None:
    made.git("switch", "-q", "-c", name)
    for number in range(commits):
        made.commit(f"Work {number} on {name}", f"lib/{name}{number}.py")
    made.git("switch", "-q", "main")


def read(repo: Repo) -> Imported:
    return import_clone(clone=Clone(repo.path), progress=lambda done, total: None)


def stops_at(
    patch: pytest.MonkeyPatch, where: object, name: str, call: int, *, afterwards: bool = False
) -> None:
    """Let the n-th call of a function fail, before or after its work."""
    real: Callable[..., Any] = getattr(where, name)
    calls = []

    def failing(*args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) != call:
            return real(*args, **more)
        if afterwards:
            real(*args, **more)
        raise Stopped

    patch.setattr(where, name, failing)


def git_stops_after(patch: pytest.MonkeyPatch, commits: int) -> None:
    real = Clone.first_parents

    def failing(self: Clone, revisions: str, since: str = "") -> Iterator[LoggedCommit]:
        for number, one in enumerate(real(self, revisions, since)):
            if number == commits:
                raise GitError("git was killed")
            yield one

    patch.setattr(Clone, "first_parents", failing)


POINTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "before the first batch": lambda patch: stops_at(patch, importing, "record_changes", 1),
    "after the first batch": lambda patch: stops_at(patch, importing, "record_changes", 2),
    "after the second batch": lambda patch: stops_at(patch, importing, "record_changes", 3),
    "batch written, mark not": lambda patch: stops_at(patch, importing, "note_progress", 2),
    "mark written, not committed": lambda patch: stops_at(
        patch, importing, "note_progress", 2, afterwards=True
    ),
    "changes written, evidence not": lambda patch: stops_at(patch, recording, "save_evidence", 2),
    "evidence written, kinds not": lambda patch: stops_at(patch, recording, "save_assistances", 1),
    "links written, undoing not": lambda patch: stops_at(patch, recording, "refresh_undoing", 2),
    "inside a batch of git's": lambda patch: git_stops_after(patch, 4),
    "at git's last commit": lambda patch: git_stops_after(patch, 7),
    "branch commits not read": lambda patch: stops_at(patch, Clone, "commits", 2),
    "before the tags": lambda patch: stops_at(patch, importing, "record_deployments", 1),
    "inside the tags": lambda patch: stops_at(patch, deployments, "_record", 2),
    "tags written, what they hold not": lambda patch: stops_at(patch, deployments, "refresh_shipped", 1),
    "all but the end of the run": lambda patch: stops_at(patch, import_runs, "_end", 1),
}


@pytest.mark.parametrize("point", POINTS)
def test_the_rows_are_the_same_when_an_import_stopped(repo: Repo, point: str) -> None:
    run(repo.path, tags_as_releases=True)
    expected = picture()
    assert len(expected["Change"]) == 8
    assert expected["DeploymentEvent"]
    Deployment.objects.all().delete()
    Change.objects.all().delete()
    HistoryRun.objects.all().delete()
    Repository.objects.update(imported_to="")
    with pytest.MonkeyPatch.context() as patch:
        POINTS[point](patch)
        with pytest.raises((Stopped, CommandError)):
            run(repo.path, tags_as_releases=True)
    run(repo.path, tags_as_releases=True)
    assert picture() == expected
    assert HistoryRun.objects.latest("id").state == "done"


def test_git_hands_out_each_commit_once(repo: Repo) -> None:
    assert read(repo).read == 8 + 5
    assert read(repo).read == 0
    for number in range(3):
        repo.commit(f"New {number}")
    assert read(repo).read == 3
    branch(repo, "third", 2)
    repo.merge("third", "Merge branch 'third'")
    after = read(repo)
    assert (after.commits, after.read) == (1, 3)
    assert read(repo).read == 0


def test_a_commit_of_a_batch_that_was_kept_is_not_read_again_when_an_import_stopped(repo: Repo) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stops_at(patch, importing, "record_changes", 2)
        with pytest.raises(Stopped):
            read(repo)
    assert Change.objects.count() == 3
    after = read(repo)
    assert (after.commits, after.read) == (5, 5 + 3)


def test_only_what_is_new_is_read_when_the_main_line_was_rewritten(repo: Repo) -> None:
    run(repo.path)
    repo.git("commit", "--amend", "-q", "-m", "Lock it")
    said = run(repo.path)
    assert "1 commits read" in said
    assert "rewritten: 1 commits read before are not in it any more" in said
    assert Change.objects.filter(title="Lock it").exists()


def test_all_is_read_when_it_was_limited_before(repo: Repo) -> None:
    run(repo.path)
    expected = sorted(map(str, Change.objects.values_list("title", "additions", "undone_at")))
    Change.objects.all().delete()
    HistoryRun.objects.all().delete()
    Repository.objects.update(imported_to="")
    day = repo.git("log", "-1", "--format=%cI", "HEAD~1")
    assert "2 commits read" in run(repo.path, since=day)
    assert "0 commits read" in run(repo.path, since=day)
    assert "8 commits read" in run(repo.path)
    assert sorted(map(str, Change.objects.values_list("title", "additions", "undone_at"))) == expected
    assert "0 commits read" in run(repo.path)


def test_nothing_alters_but_versions_when_all_is_read_again(repo: Repo) -> None:
    columns = ("title", "origin", "undone_at", "shipped_at", "counted_lines")
    run(repo.path)
    before = list(Change.objects.order_by("pk").values_list(*columns))
    assert "8 commits read" in run(repo.path, again=True)
    assert list(Change.objects.order_by("pk").values_list(*columns)) == before


def test_an_import_says_how_far_it_came(repo: Repo) -> None:
    run(repo.path)
    one = HistoryRun.objects.get()
    assert (one.kind, one.state, one.done, one.total, one.error) == ("import", "done", 8, 8, "")
    assert one.heard_at is not None
    assert one.ended_at is not None
    assert Repository.objects.get().clone_path == str(repo.path.resolve())


def test_a_failed_import_says_why_and_names_no_path(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*args: Any, **more: Any) -> Any:
        raise GitError(f"fatal: {repo.path.resolve()}/objects is damaged")

    monkeypatch.setattr(Clone, "first_parents", failing)
    with pytest.raises(CommandError, match="damaged"):
        run(repo.path)
    one = HistoryRun.objects.get()
    assert (one.state, one.error) == ("failed", "fatal: the clone/objects is damaged")


def test_the_next_import_goes_on_in_the_place_of_one_that_was_killed(repo: Repo) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stops_at(patch, importing, "record_changes", 2)
        # A killed process writes no last word.
        patch.setattr(import_runs, "_end", lambda *args, **more: None)
        with pytest.raises(Stopped):
            run(repo.path)
    killed = HistoryRun.objects.get()
    assert (killed.state, killed.done, killed.total) == ("running", 3, 8)
    run(repo.path)
    one = HistoryRun.objects.get()
    assert (one.pk, one.state, one.done, one.total) == (killed.pk, "done", 8, 8)
