"""The first report from a clone: what it counts, what it says, and what must not be in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from analytics.first_report.build import build
from analytics.first_report.from_clone import Window, read_clone
from analytics.first_report.render import as_file
from analytics.first_report.shapes import Report
from changes.gitlog import Clone
from tests.changes.clones import git_at

CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"
DAY = 86400
START = 1_750_000_000


class Repo:
    """A real repository; each commit lands on a day that the test names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git(0, "init", "-q", "-b", "main")

    def git(self, day: float, *arguments: str, author: str = "Ada Example <ada@example.org>") -> str:
        return git_at(self.path, START + int(day * DAY), *arguments, author=author)

    def commit(self, day: float, message: str, files: dict[str, str], **more: Any) -> str:
        for path, text in files.items():
            file = self.path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.git(day, "add", "-A")
        self.git(day, "commit", "-q", "--allow-empty", "-m", message, **more)
        return self.git(day, "rev-parse", "HEAD")


def lines(word: str, count: int = 10) -> str:
    return "".join(f"{word} = {number}\n" for number in range(count))


def told(repo: Repo, minutes: float = 3, **window: Any) -> Report:
    reading, changes = read_clone(
        Clone(repo.path),
        window=Window(**window),
        minutes=minutes,
        name="",
        address="",
        progress=lambda what, done, total: None,
    )
    return build(reading, changes)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "shop")


def fill(repo: Repo, *, marked: int, unmarked: int, until: float = 100) -> None:
    """Changes on the first days, each in a file of its own, and a last one that makes them old enough."""
    for number in range(marked):
        repo.commit(number / 10, f"Help {number}\n\n{CLAUDE}", {f"shop/pay/m{number}.py": lines("m")})
    for number in range(unmarked):
        repo.commit(10 + number / 10, f"Work {number}", {f"shop/cart/u{number}.py": lines("u")})
    repo.commit(until, "The end", {"shop/end.py": "end = 1\n"})


def basis(report: Report, key: str) -> Any:
    return next(one for one in report.comparisons if one.key == key)


def test_marked_changes_are_counted_by_tool_month_size_class_and_area(repo: Repo) -> None:
    fill(repo, marked=12, unmarked=20)
    report = told(repo)
    assert (report.overall.n, report.overall.marked) == (33, 12)
    assert [tool.n for tool in report.tools] == [12]
    assert report.tools[0].name.startswith("Claude")
    assert sum(month.n for month in report.months) == 33
    assert sum(month.marked for month in report.months) == 12
    assert {one.key: (one.n, one.marked) for one in report.sizes} == {"small": (33, 12)}
    assert {one.key: (one.n, one.marked) for one in report.classes} == {"source": (33, 12)}
    assert {(one.name, one.n, one.marked) for one in report.areas} >= {
        ("shop/pay/", 12, 12),
        ("shop/cart/", 20, 0),
    }
    assert "At least 36\u202f% of 33 changes carry a mark of AI help" in report.summary[0]


def test_automation_stands_apart_and_counts_when_ai_had_a_hand_in_it(repo: Repo) -> None:
    bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
    repo.commit(1, "Bump left-pad from 1 to 2", {"package.json": "2\n"}, author=bot)
    repo.commit(2, f"Bump right-pad from 1 to 2\n\n{CLAUDE}", {"package.json": "3\n"}, author=bot)
    repo.commit(3, "Work", {"a.py": "a\n"})
    report = told(repo)
    assert (report.landed, report.automation, report.automation_marked) == (3, 1, 1)
    assert (report.overall.n, report.overall.marked) == (2, 1)


def test_revert_counts_within_30_days_and_is_only_listed_after_them(repo: Repo) -> None:
    early = repo.commit(0, "Early", {"a.py": lines("a")})
    late = repo.commit(1, "Late", {"b.py": lines("b")})
    fill(repo, marked=0, unmarked=9)
    repo.git(20, "revert", "--no-edit", early)
    repo.git(60, "revert", "--no-edit", late)
    repo.commit(200, "The very end", {"z.py": "z\n"})
    undone = basis(told(repo), "undone")
    assert (undone.unmarked.failed, undone.late) == (1, 1)


def test_revert_that_was_reverted_undoes_nothing(repo: Repo) -> None:
    first = repo.commit(0, "First", {"a.py": lines("a")})
    repo.git(1, "revert", "--no-edit", first)
    repo.git(2, "revert", "--no-edit", "HEAD")
    repo.commit(100, "The end", {"z.py": "z\n"})
    undone = basis(told(repo), "undone")
    # Of the two reverts one stands, and it undoes the other.
    assert undone.unmarked.failed == 1
    assert undone.unmarked.n == 3


def test_lines_that_a_fix_deleted_are_followed_to_their_change(repo: Repo) -> None:
    repo.commit(0, f"Help\n\n{CLAUDE}", {"shop/pay.py": lines("wrong", 6)})
    fill(repo, marked=11, unmarked=11)
    repo.commit(12, "Fix the rounding of prices", {"shop/pay.py": lines("right", 6)})
    repo.commit(120, "The very end", {"z.py": "z\n"})
    followed = basis(told(repo), "follow_up")
    assert (followed.marked.failed, followed.unmarked.failed) == (1, 0)
    assert followed.is_estimate


def test_follow_ups_are_left_out_when_there_was_no_time_to_look(repo: Repo) -> None:
    repo.commit(0, "Work", {"shop/pay.py": lines("wrong", 6)})
    repo.commit(1, "Fix the rounding of prices", {"shop/pay.py": lines("right", 6)})
    repo.commit(100, "The end", {"z.py": "z\n"})
    report = told(repo, minutes=0)
    assert [one.key for one in report.comparisons] == ["undone"]
    assert any("1 change calls itself a fix; none was looked into" in one for one in report.read_words)
    assert any("the time for it was up (0 min)" in one for one in report.not_read_words)


def test_small_cells_have_counts_and_no_rate(repo: Repo) -> None:
    fill(repo, marked=9, unmarked=20)
    report = told(repo)
    undone = basis(report, "undone")
    assert undone.marked.n == 9
    assert undone.marked.rate is None
    assert undone.crude is None
    assert undone.noticeable is None
    small = [one for one in (*report.sizes, *report.classes, *report.areas) if one.n < 10]
    assert small
    assert {one.share for one in small} == {None}


def test_nothing_is_claimed_of_equality_when_the_interval_holds_one(repo: Repo) -> None:
    fill(repo, marked=30, unmarked=30)
    text = as_file(told(repo)).lower()
    assert "holds up" not in text
    assert "no clear difference" not in text
    assert "as safe" not in text
    assert "unmarked is not manual" in text


def test_zero_marks_are_not_read_as_no_ai(repo: Repo) -> None:
    fill(repo, marked=0, unmarked=15)
    report = told(repo)
    assert report.summary[0] == (
        "None of 16 changes carries a mark of AI help. That does not mean that none was used."
    )
    assert not report.candidates


def test_empty_window_says_that_nothing_landed(repo: Repo) -> None:
    fill(repo, marked=1, unmarked=1)
    since = datetime(2020, 1, 1, tzinfo=UTC)
    report = told(repo, since=since, until=datetime(2020, 2, 1, tzinfo=UTC))
    assert "Nothing landed" in report.summary[0]
    assert "<svg" not in as_file(report)


def test_fixes_in_another_language_are_said_to_be_unseen(repo: Repo) -> None:
    for number in range(12):
        repo.commit(number, f"Behebe Fehler {number} im Warenkorb", {"a.py": lines(f"a{number}")})
    repo.commit(90, "Ende", {"b.py": "b\n"})
    report = told(repo)
    assert [one.key for one in report.comparisons] == ["undone"]
    assert any("English words" in one for one in report.outcome_words)


def test_one_huge_commit_stands_as_one_change(repo: Repo) -> None:
    repo.commit(0, "All of it", {f"shop/f{number}.py": lines("x", 50) for number in range(300)})
    report = told(repo)
    assert report.landed == 1
    assert [(one.key, one.n) for one in report.sizes] == [("large", 1)]
    assert "too few" in " ".join(report.summary) or "30 days old" in " ".join(report.summary)


def test_candidates_hold_a_control_for_each_failure_and_do_not_tell_which(repo: Repo) -> None:
    bad = repo.commit(0, f"Bad help\n\n{CLAUDE}", {"shop/pay/bad.py": lines("bad")})
    fill(repo, marked=20, unmarked=5)
    repo.git(20, "revert", "--no-edit", bad)
    repo.commit(120, "The very end", {"z.py": "z\n"})
    report = told(repo)
    assert len(report.candidates) == 10
    assert bad in {one.key for one in report.candidates}
    assert "1 is its match" in report.candidate_words
    assert [one.on for one in report.candidates] == sorted(
        (one.on for one in report.candidates), reverse=True
    )


def test_attested_lines_mark_a_change_without_any_trailer(repo: Repo) -> None:
    sha = repo.commit(1, "Quiet help", {"shop/pay.py": lines("p", 10)})
    note = "shop/pay.py\n  0123456789abcdef 1-6\n---\n" + json.dumps(
        {
            "schema_version": "authorship/3.0.0",
            "prompts": {"0123456789abcdef": {"agent_id": {"tool": "cursor", "id": "x", "model": "m"}}},
        }
    )
    repo.git(2, "notes", "--ref=ai", "add", "-m", note, sha)
    repo.commit(3, "Plain", {"b.py": "b\n"})
    report = told(repo)
    assert (report.overall.n, report.overall.marked) == (2, 1)
    assert report.attested
    assert (report.attested.ai_lines, report.attested.lines) == (6, 10)
    assert report.tools[0].name == "Cursor"


def test_page_holds_no_person_no_address_and_no_path_of_the_machine(repo: Repo) -> None:
    repo.commit(
        0,
        f"Thank Grace Hopper <grace@example.org>\n\n{CLAUDE}\nReviewed-by: Ida <ida@example.org>",
        {"a.py": "a\n"},
    )
    fill(repo, marked=12, unmarked=12)
    text = as_file(told(repo))
    for secret in ("ada@", "Ada Example", "grace@", "ida@", str(repo.path), str(settings.BASE_DIR)):
        assert secret not in text


def test_page_is_one_small_file_that_loads_nothing(repo: Repo) -> None:
    fill(repo, marked=12, unmarked=12)
    text = as_file(told(repo))
    assert len(text.encode()) < 300_000
    assert "<script" not in text
    assert "<link" not in text
    assert "@import" not in text
    assert "url(" not in text
    assert text.count("<style>") == 1
    assert ' style="' not in text
    assert not re.search(r'(?:src|href)="(?!https://)', text)
    assert text.count('role="img"') == text.count("<title id=") == text.count("<desc id=") == 2


def test_title_with_markup_is_shown_as_words(repo: Repo) -> None:
    repo.commit(0, f"Add <script>alert(1)</script>\n\n{CLAUDE}", {"a.py": "a\n"})
    assert "<script" not in as_file(told(repo))


def test_command_writes_page_and_figures_without_a_database(repo: Repo, tmp_path: Path) -> None:
    fill(repo, marked=12, unmarked=12)
    data, page, figures = tmp_path / "data", tmp_path / "out.html", tmp_path / "out.json"
    done = subprocess.run(
        [sys.executable, "manage.py", "report", str(repo.path), "--html", str(page), "--json", str(figures)],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (data / "pg").exists()
    assert json.loads(figures.read_text())["overall"]["marked"] == 12
    assert page.read_text().startswith("<!doctype html>")
    assert "commits: 25 of 25" in done.stderr


def test_command_refuses_what_is_no_repository_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    with pytest.raises(CommandError, match="git cannot read"):
        call_command("report", str(tmp_path), html=out)
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("report", str(tmp_path / "nowhere"), html=out)
    with pytest.raises(CommandError, match="say where"):
        call_command("report", str(tmp_path))
    assert not out.exists()


def test_history_goes_on_behind_a_commit_whose_files_are_missing(repo: Repo) -> None:
    fill(repo, marked=3, unmarked=3)
    lost = repo.git(0, "rev-parse", "HEAD~3:shop/cart/u0.py")
    (repo.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    report = told(repo)
    assert report.landed == 7
    assert report.reading.sizeless >= 1
    assert any("does not hold all" in one for one in report.not_read_words)
