"""Why a commit has its origin, said of any clone: by rules of the installation, or by the defaults."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from changes.models import Change, DetectionRule, Repository
from tests.changes.clones import Repo

TRAILER = "Co-Authored-By: Claude Nimbus 9 <noreply@anthropic.com>"


@pytest.fixture
def clone(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "shop")


def explained(*arguments: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("explain_origin", *arguments, "--json", stdout=out)
    found: list[dict[str, Any]] = json.loads(out.getvalue())
    return found


@pytest.mark.django_db
def test_says_rule_place_excerpt_meaning_and_verdict_for_each_commit(clone: Repo) -> None:
    plain = clone.commit("Begin")
    helped = clone.commit(f"Add it\n\n{TRAILER}")
    first, second = explained(str(clone.path), plain[:10], helped)
    assert (first["sha"], first["origin"], first["tool"], first["evidence"]) == (plain, "unknown", "", [])
    assert (second["sha"], second["origin"], second["tool"]) == (helped, "assisted", "claude-code")
    [found] = second["evidence"]
    assert (found["rule"], found["place"], found["excerpt"]) == ("claude-trailer", "trailer", TRAILER)
    assert (found["confidence"], found["version"]) == ("high", 1)
    assert "had a hand" in found["proves"]
    assert found["source"].startswith("https://")
    assert not Change.objects.exists()
    assert not Repository.objects.exists()


@pytest.mark.django_db
def test_a_merge_stands_for_the_branch_that_it_brought_in(clone: Repo) -> None:
    clone.commit("Begin")
    clone.git("checkout", "-q", "-b", "topic")
    clone.commit("One", author="Claude <noreply@anthropic.com>", path="other.py")
    clone.git("checkout", "-q", "main")
    merge = clone.merge("topic", "Merge pull request #4 from ada/topic\n\nA topic")
    [found] = explained(str(clone.path), merge)
    assert (found["origin"], found["tool"]) == ("autonomous", "claude-code")


@pytest.mark.django_db
def test_a_note_that_attests_lines_decides(clone: Repo) -> None:
    sha = clone.commit("Add it", path="app.py", lines=3)
    record = {
        "schema_version": "authorship/3.0.0",
        "base_commit_sha": sha,
        "prompts": {"0123456789abcdef": {"agent_id": {"tool": "claude", "id": "x", "model": "nimbus"}}},
    }
    note = f"app.py\n  0123456789abcdef 1-3\n---\n{json.dumps(record)}"
    clone.git("notes", "--ref=ai", "add", "-m", note, sha)
    [found] = explained(str(clone.path), sha)
    assert (found["origin"], found["basis"]) == ("assisted", "evidence")
    assert {one["place"] for one in found["evidence"]} == {"note"}


@pytest.mark.django_db
def test_rules_of_the_installation_are_used(clone: Repo) -> None:
    sha = clone.commit(f"Add it\n\n{TRAILER}")
    DetectionRule.objects.filter(key="claude-trailer").update(is_active=False)
    assert explained(str(clone.path), sha)[0]["origin"] == "unknown"


def test_the_defaults_serve_when_the_database_does_not_answer(
    clone: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(DetectionRule.objects, "values_list", lambda *_: refuse())
    sha = clone.commit(f"Add it\n\n{TRAILER}")
    [found] = explained(str(clone.path), sha)
    assert (found["origin"], found["tool"], found["rules"]) == ("assisted", "claude-code", "default")


@pytest.mark.django_db
def test_words_for_people_name_the_rule_and_say_that_absence_proves_nothing(clone: Repo) -> None:
    plain, helped = clone.commit("Begin"), clone.commit(f"Add it\n\n{TRAILER}")
    out = StringIO()
    call_command("explain_origin", str(clone.path), plain, helped, stdout=out)
    text = out.getvalue()
    assert f"{plain}: unknown" in text
    assert "absence is not manual" in text
    assert "claude-trailer v1 (trailer)" in text


@pytest.mark.django_db
def test_unknown_commits_are_named_and_the_known_explained(clone: Repo) -> None:
    sha = clone.commit("Begin")
    out = StringIO()
    with pytest.raises(CommandError, match="no commit named feedface, --all") as raised:
        call_command("explain_origin", str(clone.path), "--json", "--", sha, "feedface", "--all", stdout=out)
    assert raised.value.returncode == 1
    assert [one["sha"] for one in json.loads(out.getvalue())] == [sha]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_what_is_no_repository_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match=r"not a folder|not a git repository"):
        call_command("explain_origin", str(tmp_path / name), "HEAD")
