"""One history told twice, by an import of the clone and by the forge: the same changes in any order."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from changes.facts import RepositoryFact
from changes.models import AreaRule, Change, Repository
from changes.services.repositories import find_or_make_repository
from intake.models import Source
from tests import make
from tests.changes.clones import Repo
from tests.changes.test_github import body, deliver
from tests.changes.test_import_git import CLAUDE

pytestmark = pytest.mark.django_db
ADDRESS = "https://github.com/acme/till.git"
Telling = Callable[[], object]


class Forge:
    """What GitHub would send of a clone's history."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.letters: list[tuple[str, dict[str, Any]]] = []

    def at(self, sha: str) -> str:
        return self.repo.git("show", "-s", "--format=%cI", sha)

    def commit(self, sha: str) -> dict[str, Any]:
        message = self.repo.git("show", "-s", "--format=%B", sha)
        name, email = self.repo.git("show", "-s", "--format=%an|%ae", sha).split("|")
        listed = self.repo.git("show", "--format=", "--name-only", "-m", "--first-parent", sha).split()
        who = {"name": name, "email": email, "username": email.partition("@")[0]}
        return {
            "id": sha, "message": message, "timestamp": self.at(sha), "url": "", "author": who,
            "committer": who, "added": [], "removed": [], "modified": listed,
        }  # fmt: skip

    def push(self, *shas: str) -> None:
        payload = {"ref": "refs/heads/main", "before": "1" * 40, "after": shas[-1], "deleted": False}
        self._send("push", payload | {"commits": [self.commit(sha) for sha in shas]})

    def request(
        self, number: int, title: str, *, head: str, merge: str, text: str = "", commits: int = 1
    ) -> None:
        """Opened an hour before, and closed as merged just after it landed."""
        merged_at = datetime.fromisoformat(self.at(merge))
        lines = self.repo.git("diff", "--shortstat", f"{merge}~{1 if head != merge else commits}", merge)
        added = int(lines.split(" insertion")[0].rpartition(" ")[2]) if "insertion" in lines else 0
        said = {
            "number": number, "title": title, "body": text, "draft": False, "labels": [{"name": "till"}],
            "html_url": f"https://github.com/acme/till/pull/{number}", "base": {"ref": "main"},
            "user": {"login": "ada-example", "id": 31, "type": "User"},
            "head": {"ref": f"topic-{number}", "sha": head}, "additions": added, "deletions": 0,
            "changed_files": int(lines.split()[0]), "commits": commits,
            "created_at": (merged_at - timedelta(hours=1)).isoformat(),
        }  # fmt: skip
        opened = {
            "state": "open",
            "merged": False,
            "merged_at": None,
            "merge_commit_sha": None,
            "closed_at": None,
        }
        closed = {"state": "closed", "merged": True, "merged_at": merged_at.isoformat(),
                  "merge_commit_sha": merge, "closed_at": merged_at.isoformat()}  # fmt: skip
        for action, state, after in (("opened", opened, -3600), ("closed", closed, 1)):
            told_at = {"updated_at": (merged_at + timedelta(seconds=after)).isoformat()}
            self._send("pull_request", {"action": action, "pull_request": said | state | told_at})

    def _send(self, event: str, payload: dict[str, Any]) -> None:
        repository = {
            "id": 4711, "full_name": "acme/till", "name": "till", "clone_url": ADDRESS,
            "html_url": ADDRESS.removesuffix(".git"), "default_branch": "main",
        }  # fmt: skip
        self.letters.append((event, payload | {"repository": repository}))


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    repo = Repo(tmp_path / "till")
    repo.git("remote", "add", "origin", ADDRESS)
    told = Forge(repo)
    told.push(repo.commit("First", "app/pay.py"))
    squash = repo.commit(f"Round totals (#12)\n\n{CLAUDE}", "pay/round.py", lines=60)
    told.request(12, "Round totals", head="c" * 40, merge=squash, text=CLAUDE)
    told.push(squash)
    repo.git("switch", "-q", "-c", "topic")
    branch = [
        repo.commit("Work", "lib/a.py", author="Claude <noreply@anthropic.com>"),
        repo.commit("More work", "lib/b.py", lines=250),
    ]
    repo.git("switch", "-q", "main")
    merge = repo.merge("topic", "Merge pull request #13 from ada-example/topic-13\n\nA library")
    told.request(13, "A library", head=branch[-1], merge=merge, commits=2)
    told.push(*branch, merge)
    rebased = [repo.commit("Pay once", "pay/once.py", lines=5), repo.commit("Test it", "tests/once.py")]
    told.request(14, "Pay exactly once", head="d" * 40, merge=rebased[-1], commits=2)
    told.push(*rebased)
    bad = repo.commit("Break it", "lib/b.py")
    told.push(bad)
    told.push(repo.commit(f'Revert "Break it"\n\nThis reverts commit {bad}.', "lib/b.py"))
    return told


def tellings(forge: Forge) -> tuple[Telling, list[Telling]]:
    """The import, and the letters in the order in which they were sent."""
    source = Source.objects.create(slug="github", name="GitHub", kind="github")
    letters: list[Telling] = [
        partial(deliver, source, event, body(payload)) for event, payload in forge.letters
    ]
    return (lambda: call_command("import_git", str(forge.repo.path), stdout=StringIO())), letters


def picture() -> list[str]:
    plain = (
        "title", "message", "type", "state", "origin", "origin_basis", "origin_counted", "automation",
        "size_band", "counted_lines", "additions", "deletions", "files_changed", "commits", "paths",
        "labels", "branch", "url", "first_commit_at", "opened_at", "merged_at", "closed_at", "shipped_at",
        "shipped_basis", "undone_at", "told",
    )  # fmt: skip
    found = []
    for one in Change.objects.current().select_related("area"):
        fields: dict[str, Any] = {name: getattr(one, name) for name in plain}
        fields["area"] = one.area.slug if one.area else None
        fields["names"] = sorted(one.identities.values_list("role", "value"))
        fields["services"] = sorted(one.services.values_list("slug", flat=True))
        fields["evidence"] = sorted(one.evidence.values_list("rule_key", "excerpt"))
        fields["links"] = sorted(one.links.values_list("kind", "names", "target__title"))
        found.append(json.dumps(fields, default=str, sort_keys=True, indent=1))
    return sorted(found)


def told_in(order: list[Telling], *, with_rule: bool = True) -> list[str]:
    with transaction.atomic():
        if with_rule:
            fact = RepositoryFact("acme/till", origin_address=ADDRESS, default_branch="main")
            repository = find_or_make_repository(fact=fact)
            AreaRule.objects.create(repository=repository, area=make.area("till-payments"), glob="pay/**")
        for tell in order:
            tell()
        assert Repository.objects.count() == 1
        found = picture()
        transaction.set_rollback(True)
    return found


def orders() -> list[str]:
    return ["letters first", "import within", "letters backwards", *(f"shuffled {n}" for n in range(4))]


@pytest.mark.parametrize("with_rule", [False, True])
@pytest.mark.parametrize("name", orders())
def test_an_import_and_the_webhooks_of_one_history_give_the_same_changes(
    forge: Forge, name: str, with_rule: bool
) -> None:
    read, letters = tellings(forge)
    order = {
        "letters first": [*letters, read],
        "import within": [*letters[:5], read, *letters[5:]],
        "letters backwards": [*letters[::-1], read],
    }.get(name)
    if order is None:
        order = [*letters, *letters, read]
        random.Random(name).shuffle(order)
    assert told_in(order, with_rule=with_rule) == told_in([read, *letters], with_rule=with_rule)


def test_the_changes_are_those_that_were_made(forge: Forge) -> None:
    read, letters = tellings(forge)
    found = {one["title"]: one for one in map(json.loads, told_in([*letters, read]))}
    assert set(found) == {
        "First", "Round totals", "A library", "Pay once", "Pay exactly once", "Break it", 'Revert "Break it"'
    }  # fmt: skip
    assert {one["state"] for one in found.values()} == {"shipped"}
    squash, merge = found["Round totals"], found["A library"]
    assert (squash["origin"], squash["size_band"], squash["area"]) == ("assisted", "medium", "till-payments")
    assert (merge["origin"], merge["size_band"]) == ("assisted", "large")
    assert found["Pay exactly once"]["labels"] == ["till"]
    assert found["Break it"]["undone_at"]
