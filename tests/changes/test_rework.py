"""Follow-ups: kept with the fix that they come from, read once, and never of the change itself."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from changes.blame import METHOD_VERSION, Outcome
from changes.models import Blame, Change, ChangeIdentity, FollowUp, HistoryRun, Repository
from changes.services.register import Entry, move_all
from changes.services.rework import GONE, follow_all, follow_repository, unread_fixes
from changes.tasks import follow_fixes
from intake.models import LedgerEntry
from tests.changes.test_rework_blame import History

pytestmark = pytest.mark.django_db


def test_the_outcomes_of_a_reading_are_those_of_the_row() -> None:
    assert {one.value for one in Outcome} == set(Blame.Outcome.values)


def said(history: History, day: int, message: str, **files: str | None) -> str:
    history.commit(day, **files)
    history.git("commit", "-q", "--amend", "-m", message, day=day)
    return history.head()


def imported(history: History) -> Repository:
    call_command("import_git", history.path, stdout=StringIO())
    return Repository.objects.get()


def change_of(sha: str) -> Change:
    return ChangeIdentity.objects.get(value=sha).change


@pytest.fixture
def history(tmp_path: Path) -> History:
    found = History(tmp_path)
    said(found, 1, "Start the shop", pay_dot_py="total = 1\nfee = 2\n", mail_dot_py="to = 1\n")
    return found


def test_the_change_that_wrote_most_of_what_a_fix_deleted_is_followed_up(history: History) -> None:
    cause = said(history, 50, "Count fees", pay_dot_py="total = 10\nfee = 20\n")
    fix = said(history, 60, "Fix fees", pay_dot_py="total = 100\nfee = 200\n")
    late = said(history, 99, "Fix totals", pay_dot_py="total = 3\nfee = 200\n")
    repository = imported(history)
    run = follow_repository(repository=repository, seconds=60)
    assert run is not None
    assert (run.state, run.done, run.total, run.altered) == (HistoryRun.State.DONE, 2, 2, 1)
    found = FollowUp.objects.get()
    assert (found.change, found.fix) == (change_of(cause), change_of(fix))
    assert (found.lines, found.deleted_lines, found.at) == (2, 2, found.fix.merged_at)
    assert change_of(late).blame.deleted_lines == 1
    touched = LedgerEntry.objects.filter(verb="follow-ups looked at")
    assert [one.object_id for one in touched] == [found.change_id]


def test_no_fix_is_read_twice_and_what_lands_later_is_read_next(history: History) -> None:
    said(history, 2, "Count fees", pay_dot_py="total = 10\nfee = 20\n")
    said(history, 3, "Fix fees", pay_dot_py="total = 100\nfee = 200\n")
    repository = imported(history)
    follow_fixes()
    read = Blame.objects.get().read_at
    assert follow_repository(repository=repository, seconds=60) is None
    said(history, 4, "Fix totals", pay_dot_py="total = 7\nfee = 200\n")
    imported(history)
    follow_fixes()
    assert [run.done for run in HistoryRun.objects.filter(kind="blame").order_by("id")] == [1, 1]
    assert Blame.objects.order_by("fix__merged_at").first().read_at == read  # type: ignore[union-attr]
    assert FollowUp.objects.count() == 2


def test_an_older_reading_is_made_anew_when_the_method_is_another(history: History) -> None:
    said(history, 2, "Count fees", pay_dot_py="total = 10\nfee = 20\n")
    said(history, 3, "Fix fees", pay_dot_py="total = 100\nfee = 200\n")
    repository = imported(history)
    follow_fixes()
    Blame.objects.update(method_version=METHOD_VERSION - 1, deleted_lines=99)
    HistoryRun.objects.filter(kind="blame").update(cursor=f"{METHOD_VERSION - 1}:{10**9}")
    follow_repository(repository=repository, seconds=60)
    assert (Blame.objects.get().deleted_lines, FollowUp.objects.count()) == (2, 1)


def test_a_run_goes_on_where_its_time_was_up(history: History) -> None:
    for day in range(2, 8):
        said(history, day, "Fix fees", pay_dot_py=f"total = {day}\nfee = 2\n")
    repository = imported(history)
    run = follow_repository(repository=repository, seconds=-1)
    assert run is not None
    assert (run.state, run.done, run.total) == (HistoryRun.State.RUNNING, 0, 6)
    follow_all(seconds=60)
    run.refresh_from_db()
    assert (run.state, run.done) == (HistoryRun.State.DONE, 6)


def test_nobody_else_reads_while_a_run_was_just_heard_of(history: History) -> None:
    said(history, 2, "Fix fees", pay_dot_py="total = 2\nfee = 2\n")
    repository = imported(history)
    run = HistoryRun.objects.create(
        kind="blame", repository=repository, state="running", heard_at=timezone.now()
    )
    assert follow_repository(repository=repository, seconds=60) is None
    HistoryRun.objects.filter(pk=run.pk).update(heard_at=timezone.now() - timedelta(minutes=5))
    assert follow_repository(repository=repository, seconds=60) == run


def test_a_clone_that_moved_away_is_said_once_and_read_when_it_is_back(history: History) -> None:
    said(history, 2, "Count fees", pay_dot_py="total = 10\nfee = 20\n")
    said(history, 3, "Fix fees", pay_dot_py="total = 100\nfee = 200\n")
    repository = imported(history)
    away = history.path.rename(history.path.with_name("away"))
    follow_fixes()
    follow_fixes()
    run = HistoryRun.objects.get(kind="blame")
    assert (run.state, run.error) == (HistoryRun.State.FAILED, GONE)
    assert str(away.parent) not in run.error
    away.rename(history.path)
    follow_repository(repository=repository, seconds=60)
    assert FollowUp.objects.count() == 1


def test_a_request_merged_with_its_branch_is_named_and_its_own_lines_are_not(history: History) -> None:
    history.git("checkout", "-q", "-b", "work")
    said(history, 2, "Count fees", pay_dot_py="total = 10\nfee = 20\n")
    said(history, 3, "Fix fees", pay_dot_py="total = 11\nfee = 21\n")
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7 from a/b\n\nFees", "work", day=40)
    cause = history.head()
    fix = said(history, 50, "fix: fees (#8)", pay_dot_py="total = 12\nfee = 22\n")
    imported(history)
    follow_fixes()
    assert list(FollowUp.objects.values_list("change", "fix")) == [(change_of(cause).pk, change_of(fix).pk)]


def test_no_change_is_followed_up_when_none_wrote_more_than_half(history: History) -> None:
    said(history, 2, "Count fees", pay_dot_py="total = 1\nfee = 20\n")
    said(history, 3, "Write mails", mail_dot_py="to = 2\n")
    said(history, 4, "Fix both", pay_dot_py="total = 1\nfee = 30\n", mail_dot_py="to = 3\n")
    imported(history)
    follow_fixes()
    assert (Blame.objects.get().deleted_lines, FollowUp.objects.count()) == (2, 0)


def test_a_fix_that_the_clone_lacks_is_tried_again_later(history: History) -> None:
    fix = said(history, 2, "Fix fees", pay_dot_py="total = 2\nfee = 2\n")
    repository = imported(history)
    ChangeIdentity.objects.filter(value=fix).update(value="0" * 40)
    run = follow_repository(repository=repository, seconds=60)
    assert run is not None
    assert (run.unreadable, Blame.objects.get().outcome) == (1, Outcome.NO_COMMIT)
    assert unread_fixes(repository) == []
    Blame.objects.update(read_at=timezone.now() - timedelta(hours=2))
    assert len(unread_fixes(repository)) == 1


def test_what_hangs_on_a_double_follows_the_change_that_stands(history: History) -> None:
    said(history, 2, "Count fees", pay_dot_py="total = 10\nfee = 20\n")
    fix = said(history, 3, "Fix fees", pay_dot_py="total = 100\nfee = 200\n")
    repository = imported(history)
    follow_fixes()
    double = change_of(fix)
    survivor = Change.objects.create(repository=repository, title="Fix fees", state="merged")
    move_all(double, Entry(survivor))
    assert (FollowUp.objects.get().fix, Blame.objects.get().fix) == (survivor, survivor)
    cause = FollowUp.objects.get().change
    move_all(cause, Entry(survivor))
    assert not FollowUp.objects.exists()


def test_the_command_reads_now_and_says_how_far_it_came(history: History) -> None:
    with pytest.raises(CommandError, match="run import_git first"):
        call_command("follow_up")
    said(history, 2, "Count fees", pay_dot_py="total = 10\nfee = 20\n")
    said(history, 3, "Fix fees", pay_dot_py="total = 100\nfee = 200\n")
    name = imported(history).name
    out = StringIO()
    call_command("follow_up", repository=name, minutes=1.0, stdout=out)
    assert "1 of 1 fixes read; 1 follow-ups known" in out.getvalue()
    call_command("follow_up", stdout=out)
    assert "nothing to read" in out.getvalue()
