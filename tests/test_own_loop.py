"""The loop, closed on this project's own repository.

A bug that was met here: texts of commits were stored with the control characters and the marks that turn
the order of letters in them, so that a terminal or a page would obey them. Its incident, its lesson and its
scenario are recorded over HTTP; the regression test of the repair carries the scenario's mark; its real
report is sent.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import Notification, Role, Scope, User
from analytics.models import ScenarioStanding
from analytics.tasks import follow_test_runs
from intake.models import Delivery
from intake.tasks import process_due
from tests import make

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ROOT = Path(__file__).resolve().parents[1]
TEST = "tests/changes/test_origin.py::test_what_a_terminal_or_a_page_would_obey_is_left_out"
# The repair undone: before it only the NUL was taken out.
UNDONE = 'import re\nimport changes.redaction\nchanges.redaction.UNSEEN = re.compile("\\x00")\n'
LESSON = "Take out of stored texts what a terminal or a page would obey."
TINY = """
import pytest
{mark}
def {name}():
    assert "\\x1b" not in "a text".replace("\\x1b", "")
def test_a(): pass
def test_b(): pass
def test_c(): pass
"""
MARK = '@pytest.mark.scenario("TS-1")'


class Product:
    """The running product, as people and CI reach it."""

    def __init__(self, url: str, user: User) -> None:
        self.url = url
        _, self.token = make.token(user, list(Scope))
        self.source = make.source("junit", mapping={"repository": "hindcast", "default_branch": "main"})
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"

    def ask(self, path: str, said: object = None) -> Any:
        body = None if said is None else json.dumps(said).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urlopen(Request(f"{self.url}/api/v1/{path}", body, headers)) as answer:  # noqa: S310
            return json.load(answer)

    def page(self, path: str) -> str:
        with urlopen(Request(f"{self.url}{path}", headers={"Cookie": self.cookie})) as answer:  # noqa: S310
            return str(answer.read().decode())

    def send(self, report: Path, sha: str, branch: str = "main") -> None:
        """As CI does, then what the worker and the next tick do."""
        headers = {
            "Authorization": f"Bearer {make.SECRET}",
            "Content-Encoding": "gzip",
            "X-Hindcast-Branch": branch,
        }
        address = f"{self.url}/hooks/{self.source.slug}/?suite=pytest&run={sha}&sha={sha * 8}"
        with urlopen(Request(address, gzip.compress(report.read_bytes()), headers)) as answer:  # noqa: S310
            assert answer.status == 202
        process_due()
        follow_test_runs()
        assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()

    def standing(self, branch: str = "main") -> tuple[str, str]:
        [found] = [one for one in self.ask("scenarios/1/")["standings"] if one["branch"] == branch]
        return found["state"], found["why"]


@pytest.fixture
def product(served: str) -> Product:
    return Product(served, make.user(Role.CURATOR))


def ran(folder: Path, *options: str, **environment: str) -> Path:
    """The JUnit XML of a pytest of its own."""
    report = folder / "junit.xml"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO"))}
    paths = os.pathsep.join([str(folder), str(ROOT / "plugins" / "pytest-hindcast")])
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junit-xml={report}",
        *options,
    ]
    subprocess.run(
        command, cwd=ROOT, env={**kept, "PYTHONPATH": paths, **environment}, check=False, capture_output=True
    )
    return report


def recorded(product: Product) -> None:
    """The incident, its lesson and its scenario."""
    incident = product.ask("incidents/", {"title": "Texts of commits steered the terminal that showed them"})
    lesson = product.ask("lessons/", {"incident": incident["number"], "text": LESSON})
    steps = {
        "title": "Stored texts hold nothing that a terminal obeys",
        "given": "a commit whose message holds an escape sequence and a mark that turns the order of letters",
        "when": "the message is stored",
        "then": "neither is kept",
    }
    assert product.ask("scenarios/", {**steps, "lessons": [lesson["id"]]})["name"] == "TS-1"


def test_a_lesson_of_this_project_is_proven_by_its_own_test(product: Product, tmp_path: Path) -> None:
    recorded(product)
    assert "Never run" in product.page("/scenarios/1/")

    product.send(ran(tmp_path, TEST), "a1b2c3d4")
    assert product.standing() == ("passing", "")
    page = product.page("/scenarios/1/")
    assert LESSON in page
    assert "One commit: 1 passed" in page
    assert "badge tone-success" in page
    assert not Notification.objects.exists()

    (tmp_path / "undone.py").write_text(UNDONE)
    product.send(ran(tmp_path, "-p", "undone", TEST), "b2c3d4e5")
    assert product.standing() == ("failing", "")
    page = product.page("/scenarios/1/")
    assert "badge tone-danger" in page
    assert "what_a_terminal_or_a_page_would_obey" in page
    assert Notification.objects.get().text.startswith("TS-1 began to fail on main of hindcast")

    product.send(ran(tmp_path, TEST), "c3d4e5f6")
    assert product.standing() == ("passing", "")
    assert "The last 3 commits, oldest first: 2 passed, 1 failed" in product.page("/scenarios/1/")


def test_a_test_that_is_renamed_deleted_or_skipped_leaves_its_scenario_stale(
    product: Product, tmp_path: Path
) -> None:
    recorded(product)

    def tiny(name: str, mark: str) -> Path:
        (tmp_path / "test_tiny.py").write_text(TINY.format(name=name, mark=mark))
        alone = (
            "--rootdir",
            str(tmp_path),
            "-c",
            os.devnull,
            "--disable-plugin-autoload",
            "-p",
            "pytest_hindcast",
        )
        return ran(tmp_path, *alone, str(tmp_path / "test_tiny.py"))

    changed: dict[str, Callable[[], Path]] = {
        "renamed": lambda: tiny("test_called_otherwise", ""),
        "deleted": lambda: tiny("helper", ""),
        "skipped": lambda: tiny("test_texts", f"{MARK}\n@pytest.mark.skip(reason='flaky since May')"),
    }
    for number, (branch, report) in enumerate(changed.items()):
        product.send(tiny("test_texts", MARK), f"a1b2c3d{number}", branch)
        assert product.standing(branch) == ("passing", "")
        product.send(report(), f"b1b2c3d{number}", branch)
    assert [product.standing(branch) for branch in changed] == [
        ("stale", "gone"),
        ("stale", "gone"),
        ("stale", "skipped"),
    ]
    page = product.page("/scenarios/1/")
    assert "its test was renamed, deleted, or lost its mark" in page
    assert "Its test is there, but it is skipped" in page
    assert ScenarioStanding.objects.count() == 3
