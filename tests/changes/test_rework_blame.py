"""Which changes call themselves a fix, and whose lines a fix deleted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from changes.blame import (
    MOST_FILES,
    Outcome,
    Rewrite,
    calls_itself_a_fix,
    mostly_written_by,
    rewritten_by,
    says_something,
)
from changes.gitlog import Clone

FIXES = [
    "fix: the charge is made once",
    "fix(api)!: refuse an empty body",
    "Fix: crash on start",
    "bugfix: rounding of totals",
    "hotfix: bring checkout back",
    "Fix crash when the cart is empty",
    "Fixes an off-by-one in paging",
    "Fixed #4211 -- Crash with an empty list",
    "fixed: wrong currency",
    "net/ice: fix leak on close",
    "dpif-netdev: Fix the refill of idle queues.",
    "[3.2] Fix wrong sort order",
    "Search: fixes for empty queries",
    "Correct the tax of gift cards (fixes #12)",
    "Bug fix for time zones",
    "Regression in the sign-in form",
    "Use the given zone. Fixes the wrong day in reports",
    "Checkout hotfix",
    "Escape names and fix the broken export",
]
NO_FIXES = [
    "",
    "Add a prefix to cache keys",
    "Add fixtures for payments",
    "fixture: a cart with two rows",
    "Strip the suffix of names",
    "Fixture loading is faster",
    "Fixed-size buffers for the reader",
    "Fixed width columns in the export",
    "Use a fixed seed",
    "affix labels to parcels",
    'Revert "Fix crash when the cart is empty"',
    'Reapply "Fix crash when the cart is empty"',
    'fix: revert "new checkout"',
    "Merge branch 'fix-crash' into main",
    "Merge pull request #12 from someone/fix-crash",
    "Bump requests from 2.31 to 2.32",
    "fix(deps): update dependency vite to v5.4.2",
    "chore(deps): bump fixes from 1.0 to 1.1",
    "Release 1.2.3 with fixes",
    "v1.2.3",
    "feat: add a page to fix addresses",
    "docs: fix the example",
    "fix(docs): broken link",
    "Fix typo in the read-me",
    "Fix flaky test of the queue",
    "Fix lint",
    "ci: fix the cache key",
    "refactor: split what fixes prices",
    "Teach the prefixer about postfix operators",
]


@pytest.mark.parametrize("subject", FIXES)
def test_a_change_calls_itself_a_fix_when_mending_is_its_purpose(subject: str) -> None:
    assert calls_itself_a_fix(subject)


@pytest.mark.parametrize("subject", NO_FIXES)
def test_a_change_does_not_call_itself_a_fix_when_the_word_is_another_or_aside(subject: str) -> None:
    assert not calls_itself_a_fix(subject)


def test_a_fixes_trailer_makes_it_a_fix_but_an_issue_keyword_does_not() -> None:
    trailer = 'Fixes: 0123456789ab ("Count rows")\n'
    assert calls_itself_a_fix("Count rows once", trailer)
    assert not calls_itself_a_fix('Revert "Count rows once"', trailer)
    assert not calls_itself_a_fix("Show totals", "Fixes #12")


@pytest.mark.parametrize(
    ("line", "path", "says"),
    [
        ("", "a.py", False),
        ("    })", "a.js", False),
        ("  # why", "a.py", False),
        ("#include <x.h>", "a.c", True),
        ("// why", "a.go", False),
        (" * more of why", "a.c", False),
        ("*count = 3;", "a.c", True),
        ("-- why", "a.sql", False),
        ("--count;", "a.c", True),
        ("total = 1", "a.py", True),
    ],
)
def test_only_lines_that_say_something_count(line: str, path: str, says: bool) -> None:
    assert says_something(line, path) is says


def test_one_owner_holds_more_than_half_of_all_lines_or_there_is_none() -> None:
    owners = {"a1": "A", "a2": "A", "b": "B"}
    rewrite = Rewrite("f", Outcome.READ, 10, {"a1": 3, "a2": 3, "b": 4})
    assert mostly_written_by(rewrite, owners.get) == ("A", 6)
    assert mostly_written_by(Rewrite("f", Outcome.READ, 12, rewrite.by_commit), owners.get) is None
    assert mostly_written_by(rewrite, lambda sha: None) is None


class History:
    """A small repository whose commits land on days of our choice."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, day: int = 1) -> str:
        at = f"{1_700_000_000 + day * 86400} +0000"
        environment = {
            "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": at,
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_COMMITTER_DATE": at,
        }  # fmt: skip
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], env=environment, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self, day: int, **files: str | None) -> str:
        for name, text in files.items():
            file = self.path / name.replace("__", "/").replace("_dot_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                file.unlink()
            else:
                file.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "work", day=day)
        return self.head()

    def head(self, name: str = "HEAD") -> str:
        return self.git("rev-parse", name)

    def read(self, fix: str, **how: float) -> Rewrite:
        return rewritten_by(Clone(self.path), fix, self.head(f"{fix}^1"), **how)  # type: ignore[arg-type]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def test_the_lines_that_a_fix_changed_are_blamed_on_what_landed_them_in_time(history: History) -> None:
    history.commit(1, pay_dot_py="one = 1\ntwo = 2\nthree = 3\n")
    cause = history.commit(50, pay_dot_py="one = 1\ntwo = 22\nthree = 33\n")
    fix = history.commit(60, pay_dot_py="one = 100\ntwo = 200\nthree = 300\n# why\n")
    assert history.read(fix) == Rewrite(fix, Outcome.READ, 3, {cause: 2})
    assert history.read(fix, within_days=5) == Rewrite(fix, Outcome.READ, 3, {})


def test_the_author_is_found_when_the_file_was_renamed_since(history: History) -> None:
    text = "".join(f"line {i}\n" for i in range(20))
    cause = history.commit(1, old_dot_py=text)
    history.commit(2, old_dot_py=None, new__name_dot_py=text)
    fix = history.commit(3, new__name_dot_py=text.replace("line 4\n", "line four\n"))
    assert history.read(fix) == Rewrite(fix, Outcome.READ, 1, {cause: 1})


def test_the_merge_is_named_when_a_branch_brought_the_lines_in(history: History) -> None:
    history.commit(1, pay_dot_py="one = 1\n")
    history.git("checkout", "-q", "-b", "work")
    history.commit(2, pay_dot_py="one = 2\n")
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "-m", "Merge it", "work", day=40)
    merge = history.head()
    fix = history.commit(60, pay_dot_py="one = 3\n")
    assert history.read(fix).by_commit == {merge: 1}


def test_blank_lines_comments_tests_docs_and_moves_of_white_space_do_not_count(history: History) -> None:
    history.commit(
        1,
        pay_dot_py="\n# why\none = 1\n}\n",
        test_pay_dot_py="x = 1\n",
        README_dot_md="a\n",
        go_dot_sum="x\n",
    )
    fix = history.commit(
        2, pay_dot_py="  one = 1\n", test_pay_dot_py="x = 2\n", README_dot_md="b\n", go_dot_sum="y\n"
    )
    assert history.read(fix).outcome == Outcome.NOTHING_DELETED


def test_names_with_blanks_quotes_and_signs_are_read(history: History) -> None:
    odd = ['a "b".py', "ü [x] *.py", "tab\there.py"]
    for name in odd:
        (history.path / name).write_text("one = 1\n-- a/not.py\n")
    cause = history.commit(1)
    for name in odd:
        (history.path / name).write_text("two = 2\n")
    fix = history.commit(2)
    assert history.read(fix) == Rewrite(fix, Outcome.READ, 6, {cause: 6})


def test_a_clone_cannot_lead_the_reading_astray(history: History) -> None:
    cause = history.commit(1, pay_dot_py="one = 1\n")
    (history.path / "ignored").write_text(f"{cause}\n")
    history.git("config", "blame.ignoreRevsFile", "ignored")
    history.git("config", "diff.noprefix", "true")
    history.git("config", "diff.external", "/bin/false")
    fix = history.commit(2, pay_dot_py="one = 2\n")
    assert history.read(fix).by_commit == {cause: 1}


def test_what_is_too_large_too_slow_or_missing_is_said(history: History) -> None:
    names = {f"f{i}_dot_py": "x = 1\n" for i in range(MOST_FILES + 1)}
    history.commit(1, **names)
    fix = history.commit(2, **dict.fromkeys(names, "x = 2\n"))
    assert history.read(fix).outcome == Outcome.TOO_LARGE
    assert history.read(fix, seconds=0).outcome == Outcome.TIMED_OUT
    clone = Clone(history.path)
    assert rewritten_by(clone, "0" * 40, "1" * 40).outcome == Outcome.NO_COMMIT
    assert rewritten_by(clone, "HEAD", "--all").outcome == Outcome.NO_COMMIT
