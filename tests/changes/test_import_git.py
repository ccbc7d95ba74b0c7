"""A clone's history as changes: once, again, interrupted, bare, hostile."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError

from changes.facts import ChangeFact
from changes.gitlog import Clone
from changes.models import Change, ChangeIdentity, Deployment, OriginEvidence, Repository, Service
from changes.services import importing
from changes.services.recording import record_changes
from tests.changes.clones import Repo, run

pytestmark = pytest.mark.django_db
CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "till")
    made.commit("First")
    made.commit(f"Round totals (#12)\n\n{CLAUDE}", lines=60)
    made.git("switch", "-q", "-c", "topic")
    made.commit("Work", "lib/a.py", author="Claude <noreply@anthropic.com>")
    made.commit("More work", "lib/b.py")
    made.git("switch", "-q", "main")
    made.merge("topic", "Merge pull request #13 from ada-example/topic\n\nA library")
    bad = made.commit("Break it", "lib/b.py")
    made.commit(f'Revert "Break it"\n\nThis reverts commit {bad}.', "lib/b.py")
    made.commit("Lock", "uv.lock", lines=500)
    return made


def picture() -> list[object]:
    names = ("title", "state", "additions", "deletions", "counted_lines", "size_band", "paths", "merged_at",
             "shipped_at", "shipped_basis", "origin", "undone_at", "told")  # fmt: skip
    return [
        [*(getattr(one, name) for name in names), sorted(one.identities.values_list("role", "value"))]
        for one in Change.objects.current().order_by("merged_at", "pk")
    ]


def test_each_first_parent_commit_is_a_change_with_its_size_and_origin(repo: Repo) -> None:
    assert "6 of 6 commits" in run(repo.path, service="Till")
    found = {one.title: one for one in Change.objects.all()}
    assert set(found) == {"First", "Round totals", "A library", "Break it", 'Revert "Break it"', "Lock"}
    squash = found["Round totals"]
    assert (squash.additions, squash.size_band, squash.origin) == (60, "medium", "assisted")
    assert squash.identities.filter(space="number", value="12").exists()
    merge = found["A library"]
    assert (merge.additions, merge.files_changed, merge.commits, merge.origin) == (2, 2, 2, "assisted")
    assert merge.identities.filter(role="head").count() == 2
    assert found["Lock"].counted_lines == 0
    assert found["Break it"].undone_by == found['Revert "Break it"']
    assert {one.shipped_basis for one in found.values()} == {"merge"}
    assert [one.name for one in Service.objects.all()] == ["Till"]


def test_nothing_is_read_or_made_twice(repo: Repo) -> None:
    run(repo.path)
    before = picture()
    assert "0 commits read" in run(repo.path)
    assert picture() == before
    repo.commit("One more")
    assert "1 commits read" in run(repo.path)
    assert Change.objects.count() == 7
    assert Repository.objects.get().imported_to == repo.git("rev-parse", "HEAD")


def test_an_interrupted_import_ends_the_same_when_run_again(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(repo.path)
    expected = picture()
    Repository.objects.update(imported_to="")
    Change.objects.all().delete()
    monkeypatch.setattr(importing, "BATCH", 2)
    calls = []

    def fails_later(*, repository: Repository, facts: list[ChangeFact], read_back: bool) -> list[Change]:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return record_changes(repository=repository, facts=facts, read_back=read_back)

    monkeypatch.setattr(importing, "record_changes", fails_later)
    with pytest.raises(KeyboardInterrupt):
        run(repo.path)
    assert Change.objects.count() == 2
    assert "4 commits read" in run(repo.path)
    assert picture() == expected


def test_a_bare_clone_of_one_address_is_the_same_repository(repo: Repo, tmp_path: Path) -> None:
    repo.git("remote", "add", "origin", "git@git.example.org:Acme/Till.git")
    run(repo.path)
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(repo.path), str(bare)], check=True)
    subprocess.run(
        ["git", "-C", str(bare), "remote", "set-url", "origin", "https://git.example.org/acme/till"],
        check=True,
    )
    assert "0 commits read" in run(bare)
    assert Repository.objects.get().origin_address == "git.example.org/acme/till"


def test_tags_are_releases_when_asked_for(repo: Repo) -> None:
    first = repo.git("rev-list", "--max-parents=0", "HEAD")
    repo.git("tag", "v1", first)
    repo.git("tag", "-a", "-m", "two", "v2", "HEAD~1")
    run(repo.path, tags_as_releases=True)
    shipped = dict(Change.objects.shipped().values_list("title", "deployments__ref"))
    assert shipped.pop("First") == "v1"
    assert set(shipped.values()) == {"v2"}
    assert set(shipped) == {"Round totals", "A library", "Break it", 'Revert "Break it"'}
    assert Change.objects.get(title="Lock").state == "merged"
    assert "2 releases" in run(repo.path, tags_as_releases=True)


def test_a_tag_of_an_older_line_is_no_rollback(repo: Repo) -> None:
    first = repo.git("rev-list", "--max-parents=0", "HEAD")
    repo.git("tag", "-a", "-m", "two", "v2", "HEAD~1")
    repo.git("tag", "-a", "-m", "mended", "v1.1", first)
    run(repo.path, tags_as_releases=True)
    told = ("planned", "told", "planned")
    rows = Deployment.objects.order_by("finished_at").values_list("ref", "kind", "kind_basis", "kind_told")
    assert list(rows) == [("v2", *told), ("v1.1", *told)]


def test_releases_that_were_read_as_rollbacks_are_mended_when_read_again(repo: Repo) -> None:
    repo.git("tag", "-a", "-m", "one", "v1", "HEAD~1")
    run(repo.path, tags_as_releases=True)
    Deployment.objects.update(kind="rollback", kind_basis="older", kind_told="", kind_told_at=None)
    run(repo.path, tags_as_releases=True)
    assert Deployment.objects.get().kind == "planned"


def test_an_address_given_later_makes_no_second_repository(repo: Repo) -> None:
    run(repo.path)
    repo.git("remote", "add", "origin", "git@git.example.org:acme/till.git")
    assert "0 commits read" in run(repo.path)
    assert Repository.objects.get().origin_address == "git.example.org/acme/till"


def test_a_rewritten_history_is_read_anew(repo: Repo) -> None:
    run(repo.path)
    repo.git("commit", "--amend", "-q", "-m", "Lock it")
    run(repo.path)
    assert Change.objects.filter(title="Lock it").exists()


def test_no_author_is_kept(repo: Repo) -> None:
    repo.commit("Thank\n\nSigned-off-by: Ada Example <ada@example.org>")
    run(repo.path)
    assert Change.objects.filter(title="Thank").exists()
    for row in [*Change.objects.all(), *OriginEvidence.objects.all(), *ChangeIdentity.objects.all()]:
        text = " ".join(str(getattr(row, field.name)) for field in row._meta.concrete_fields).lower()
        assert "ada example" not in text
        assert "ada@example" not in text
        assert "ada-example" not in text


def test_what_a_clone_configures_is_not_run(repo: Repo, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
        "core.pager",
        "gpg.program",
    ):
        repo.git("config", key, str(script))
    repo.git("config", "log.showSignature", "true")
    (repo.path / ".gitattributes").write_text("* diff=x\n")
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "attributes").write_text("* diff=x\n")
    trap.unlink(missing_ok=True)
    run(repo.path)
    assert not trap.exists()
    assert Change.objects.count() == 6


def test_a_message_with_control_characters_spoils_nothing(repo: Repo) -> None:
    repo.git(
        "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", "Odd \x1e\x1f\x1d one\n\n1\t2\tpath"
    )
    run(repo.path)
    assert Change.objects.filter(title__startswith="Odd").count() == 1


def test_a_rename_counts_its_altered_lines_only(repo: Repo) -> None:
    repo.git("mv", "app.py", "till.py")
    repo.git("commit", "-q", "-m", "Move")
    run(repo.path)
    moved = Change.objects.get(title="Move")
    assert (moved.paths, moved.counted_lines) == (["till.py"], 0)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_the_reason_is_said_when_there_is_no_repository(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="not a folder|git cannot read"):
        run(tmp_path / name)
    assert not Repository.objects.exists()


def test_the_log_of_a_clone_is_read_oldest_first(repo: Repo) -> None:
    subjects = [one.commit.message.split("\n")[0] for one in Clone(repo.path).first_parents("HEAD")]
    assert subjects[0] == "First"
    assert subjects[-1] == "Lock"


def test_a_long_history_is_written_like_a_short_one(tmp_path: Path) -> None:
    made = Repo(tmp_path / "long")
    for number in range(60):
        made.git("commit", "-q", "--allow-empty", "-m", f"Part {number} (#{number + 1})\n\n{CLAUDE}")
    run(made.path)
    at_once = picture()
    assert len(at_once) == 60
    assert OriginEvidence.objects.count() == 60
    Change.objects.all().delete()
    Repository.objects.update(imported_to="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "BATCH", 7)
        run(made.path)
    assert picture() == at_once
