"""Notes and trace records of a clone: whose lines, which change, which kinds, and what survives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string

from changes.gitlog import Clone
from changes.models import (
    Assistance,
    AttestedLines,
    Change,
    ChangeIdentity,
    OriginEvidence,
    PathClassRule,
    Repository,
)
from changes.queries.attested import attested_of
from changes.serializers.shown import ChangeDetailSerializer
from changes.services.attesting import read_attestations
from changes.services.recording import record_changes
from changes.wiring import landed_change
from intake.models import LedgerEntry
from tests import make
from tests.changes.clones import Repo, run
from tests.changes.test_attestation import LEGACY, PEOPLE, SESSION, note

pytestmark = pytest.mark.django_db
CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"
SESSION_KEY, LEGACY_KEY, PERSON_KEY = (
    "s_c9883b05a2487d::t_9f8e7d6c5b4a32",
    "abcd1234abcd1234",
    "h_31dce776f88375",
)
KNOWN: dict[str, Any] = {"prompts": LEGACY, "sessions": SESSION, "humans": PEOPLE}


def annotate(repo: Repo, sha: str, text: str) -> None:
    repo.git("notes", "--ref=ai", "add", "-f", "-m", text, sha)


def change_of(sha: str) -> Change:
    return Change.objects.get(identities__value=sha)


def lines_of(change: Change) -> dict[tuple[str, str], int]:
    rows = change.attested.values_list("path_class", "contributor", "lines")
    return {(name, contributor): lines for name, contributor, lines in rows}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "till")
    made.commit("First")
    return made


def test_ai_lines_make_a_change_assisted_by_the_tool_when_its_note_names_one(repo: Repo) -> None:
    sha = repo.commit("Round totals", "till/sums.py", lines=10)
    annotate(repo, sha, note(f"till/sums.py\n  {SESSION_KEY} 1-6\n  {PERSON_KEY} 7-8\n", **KNOWN))
    assert "1 change with attested lines." in run(repo.path)
    change = change_of(sha)
    assert (change.origin, change.origin_basis) == ("assisted", "evidence")
    assert change.assistant is not None
    assert change.assistant.slug == "claude-code"
    assert lines_of(change) == {("source", "ai"): 6, ("source", "human"): 2, ("source", "unknown"): 2}
    told, kind = change.evidence.order_by("id")
    assert (told.rule_key, told.place, told.strength, told.said_at) == (
        "git-ai-note", "note", "strong", change.merged_at,
    )  # fmt: skip
    assert told.excerpt == "claude (claude-opus-4-6): 6 lines"
    assert kind.excerpt == "AI wrote 6 of 10 source lines (git-ai note)"
    assert list(change.assistances.values_list("kind__slug", "status", "counted", "why")) == [
        ("code-generation", "declared", True, "AI wrote 6 of 10 source lines (git-ai note)")
    ]


def test_older_notes_with_prompts_name_their_tool_too(repo: Repo) -> None:
    sha = repo.commit("Sums", lines=4)
    annotate(repo, sha, note(f"app.py\n  {LEGACY_KEY} 2-5\n", **KNOWN))
    run(repo.path)
    assert str(change_of(sha).assistant) == "Cursor"


@pytest.mark.parametrize(
    ("tool", "excerpt"),
    [("mock_ai", "mock_ai: 3 lines"), ("test-agent", "test-agent: 3 lines"),
     ("brand-new", "brand-new: 3 lines"), ("", "a tool that is not named: 3 lines"),
     ("ada@example.org", "<person>: 3 lines")],
)  # fmt: skip
def test_a_tool_that_is_not_known_only_suggests(repo: Repo, tool: str, excerpt: str) -> None:
    sha = repo.commit("Sums", lines=3)
    session = {"s_c9883b05a2487d": {"agent_id": {"tool": tool}}}
    annotate(repo, sha, note(f"app.py\n  {SESSION_KEY} 2-4\n", sessions=session))
    run(repo.path)
    change = change_of(sha)
    assert change.origin == "unknown"
    [found] = change.evidence.all()
    assert (found.strength, found.assistant, found.excerpt) == ("weak", None, excerpt)
    assert not change.assistances.exists()


def test_an_agent_stays_the_author_when_a_note_tells_of_its_lines(repo: Repo) -> None:
    sha = repo.commit("Sums", lines=3, author="Claude <noreply@anthropic.com>")
    annotate(repo, sha, note(f"app.py\n  {SESSION_KEY} 2-4\n", **KNOWN))
    run(repo.path)
    assert change_of(sha).origin == "autonomous"


def test_lines_of_people_alone_make_nothing_manual(repo: Repo) -> None:
    sha = repo.commit("Sums", lines=3)
    annotate(repo, sha, note(f"app.py\n  {PERSON_KEY} 2-4\n", **KNOWN))
    run(repo.path)
    change = change_of(sha)
    assert (change.origin, lines_of(change)) == ("unknown", {("source", "human"): 3})
    assert not change.evidence.exists()


def test_a_claim_on_lines_that_the_commit_did_not_add_only_suggests(repo: Repo) -> None:
    repo.commit("Old lines", "old.py", lines=50)
    sha = repo.commit("Sums", lines=3)
    annotate(repo, sha, note(f"old.py\n  {SESSION_KEY} 1-50\napp.py\n  {SESSION_KEY} 1\n", **KNOWN))
    run(repo.path)
    change = change_of(sha)
    assert (change.origin, lines_of(change)) == ("unknown", {("source", "unknown"): 3})
    assert change.evidence.get().excerpt == "claude (claude-opus-4-6): none of the lines added here"


def test_no_attested_change_is_called_manual_when_its_notes_are_hidden(repo: Repo, tmp_path: Path) -> None:
    marked = repo.commit(f"Marked\n\n{CLAUDE}", lines=9)
    bare = repo.commit("Not marked", lines=9)
    text = note(f"app.py\n  {SESSION_KEY} 1-99\n", **KNOWN)
    for sha in (marked, bare):
        annotate(repo, sha, text)
    hidden = tmp_path / "hidden"
    repo.git("clone", "-q", "--bare", "--single-branch", str(repo.path), str(hidden))
    assert "attested" not in run(hidden)
    assert [change_of(sha).origin for sha in (marked, bare)] == ["assisted", "unknown"]
    shown = Clone(repo.path)
    done = read_attestations(repository=Repository.objects.get(), clone=shown)
    assert done.changes == 2
    assert [change_of(sha).origin for sha in (marked, bare)] == ["assisted", "assisted"]
    assert not Change.objects.filter(origin="manual").exists()


def test_a_note_that_comes_later_reaches_a_change_read_long_ago(repo: Repo) -> None:
    sha = repo.commit("Sums", lines=3)
    other = repo.commit("More", lines=3)
    annotate(repo, other, note(f"app.py\n  {SESSION_KEY} 5-7\n", **KNOWN))
    run(repo.path)
    assert change_of(sha).origin == "unknown"
    annotate(repo, sha, note(f"app.py\n  {SESSION_KEY} 2-4\n", **KNOWN))
    last = LedgerEntry.objects.order_by("-id").values_list("id", flat=True)[0]
    run(repo.path)
    assert change_of(sha).origin == "assisted"
    touched = LedgerEntry.objects.filter(id__gt=last, verb="attested lines read")
    assert list(touched.values_list("object_id", flat=True)) == [change_of(sha).pk]
    repo.git("notes", "--ref=ai", "remove", sha)
    run(repo.path)
    assert change_of(sha).origin == "unknown"
    assert not change_of(sha).attested.exclude(contributor="unknown").exists()
    assert change_of(other).origin == "assisted"


def test_nothing_is_written_when_the_notes_are_read_again(repo: Repo) -> None:
    sha = repo.commit("Sums", lines=3)
    annotate(repo, sha, note(f"app.py\n  {SESSION_KEY} 2-4\n", **KNOWN))
    run(repo.path)
    before = (list(AttestedLines.objects.values()), list(OriginEvidence.objects.values()))
    last = LedgerEntry.objects.count()
    Repository.objects.update(notes_read_to="")
    read_attestations(repository=Repository.objects.get(), clone=Clone(repo.path))
    assert (list(AttestedLines.objects.values()), list(OriginEvidence.objects.values())) == before
    assert LedgerEntry.objects.count() == last


def test_attested_lines_stand_when_the_change_is_told_of_again(repo: Repo) -> None:
    sha = repo.commit("Sums", lines=3)
    annotate(repo, sha, note(f"app.py\n  {SESSION_KEY} 2-4\n", **KNOWN))
    run(repo.path)
    commit = next(iter(Clone(repo.path).commits([sha]))).commit
    record_changes(repository=Repository.objects.get(), facts=[landed_change(commit, is_merge=False)])
    change = change_of(sha)
    assert (change.origin, change.evidence.count(), lines_of(change)) == (
        "assisted",
        2,
        {("source", "ai"): 3},
    )


def test_the_branch_tells_of_a_merge_and_no_line_counts_twice(repo: Repo) -> None:
    repo.git("switch", "-q", "-c", "topic")
    first = repo.commit("Work", "lib/a.py", lines=5)
    repo.commit("More work", "lib/b.py", lines=2)
    repo.git("switch", "-q", "main")
    merge = repo.merge("topic", "Merge pull request #13 from ada-example/topic\n\nA library")
    annotate(repo, first, note(f"lib/a.py\n  {SESSION_KEY} 1-4\n", **KNOWN))
    annotate(repo, merge, note(f"lib/a.py\n  {SESSION_KEY} 1-5\nlib/b.py\n  {SESSION_KEY} 1-2\n", **KNOWN))
    run(repo.path)
    change = change_of(merge)
    assert change == change_of(first)
    assert lines_of(change) == {("source", "ai"): 4, ("source", "unknown"): 3}
    assert change.origin == "assisted"


def test_the_landed_commit_tells_when_its_branch_has_notes_too(repo: Repo) -> None:
    repo.git("switch", "-q", "-c", "topic")
    head = repo.commit("Work", "lib/a.py", lines=5)
    annotate(repo, head, note(f"lib/a.py\n  {SESSION_KEY} 1-5\n", **KNOWN))
    repo.git("switch", "-q", "main")
    squash = repo.commit("Work (#13)", "lib/a.py", lines=5)
    annotate(repo, squash, note(f"lib/a.py\n  {SESSION_KEY} 1-3\n", **KNOWN))
    run(repo.path)
    change = change_of(squash)
    ChangeIdentity.objects.create(
        change=change, repository=change.repository, space="sha", role="head", value=head
    )
    Repository.objects.update(notes_read_to="")
    read_attestations(repository=change.repository, clone=Clone(repo.path))
    assert lines_of(change) == {("source", "ai"): 3, ("source", "unknown"): 2}
    repo.git("notes", "--ref=ai", "remove", squash)
    read_attestations(repository=change.repository, clone=Clone(repo.path))
    assert lines_of(change) == {("source", "ai"): 5}


def test_each_class_of_file_gives_its_kind_when_ai_wrote_enough_of_it(repo: Repo) -> None:
    for path, lines in (
        ("till/sums.py", 20),
        ("tests/test_sums.py", 10),
        ("README.md", 10),
        ("till/a.yml", 1),
    ):
        file = repo.path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text("line\n" * lines)
    sha = repo.commit("All at once", "other.py", lines=1)
    text = "".join(
        f"{path}\n  {SESSION_KEY} 1-99\n" for path in ("till/sums.py", "tests/test_sums.py", "README.md")
    )
    annotate(repo, sha, note(text, **KNOWN))
    run(repo.path)
    kinds = Assistance.objects.filter(change=change_of(sha)).order_by("kind__slug")
    assert list(kinds.values_list("kind__slug", "why")) == [
        ("code-generation", "AI wrote 20 of 21 source lines (git-ai note)"),
        ("test-writing", "AI wrote 10 of 10 test lines (git-ai note)"),
    ]


def test_a_repositorys_own_classes_decide_which_kind_it_was(repo: Repo) -> None:
    sha = repo.commit("Checks", "checks/sums.py", lines=4)
    annotate(repo, sha, note(f"checks/sums.py\n  {SESSION_KEY} 1-4\n", **KNOWN))
    run(repo.path)
    assert change_of(sha).assistances.get().kind.slug == "code-generation"
    PathClassRule.objects.create(repository=Repository.objects.get(), glob="checks/", path_class="tests")
    read_attestations(repository=Repository.objects.get(), clone=Clone(repo.path), again=True)
    assert change_of(sha).assistances.get().kind.slug == "test-writing"


def test_a_note_that_cannot_be_read_is_accounted_for_with_its_reason(repo: Repo) -> None:
    for text in ("no divider here", "---\n{", note("", schema_version="authorship/9")):
        annotate(repo, repo.commit("Sums"), text)
    annotate(repo, repo.commit("Sums"), note(""))
    repo.git("switch", "-q", "-c", "elsewhere")
    annotate(repo, repo.commit("Not landed"), note(""))
    repo.git("switch", "-q", "main")
    told = run(repo.path)
    for line in (
        "1 notes not read: the note has no divider.",
        "1 notes not read: the metadata is not JSON.",
        "1 notes not read: the note's schema version is not 3.",
        "1 notes that attest no line.",
        "1 notes on commits of no change here.",
        "0 changes with attested lines.",
    ):
        assert line in told
    assert not Change.objects.exclude(origin="unknown").exists()


def trace(revision: str, path: str, at: str, lines: tuple[int, int] = (1, 5), **over: Any) -> str:
    conversation = {
        "contributor": {"type": "ai", "model_id": "anthropic/claude-opus-4-5"},
        "ranges": [{"start_line": lines[0], "end_line": lines[1]}],
    }
    record = {
        "version": "0.1.0", "id": "1", "timestamp": at, "vcs": {"type": "git", "revision": revision},
        "tool": {"name": "cursor", "version": "2.4"},
        "files": [{"path": path, "conversations": [conversation]}],
    }  # fmt: skip
    return json.dumps(record | over) + "\n"


def keep(repo: Repo, *records: str) -> None:
    folder = repo.path / ".agent-trace"
    folder.mkdir(exist_ok=True)
    with (folder / "traces.jsonl").open("a") as file:
        file.writelines(records)


def test_a_trace_speaks_of_the_commit_that_brings_it_when_it_names_the_one_before(repo: Repo) -> None:
    parent = repo.git("rev-parse", "HEAD")
    # Git's times are of 2023: an edit a year later was made on top of what it names.
    keep(repo, trace(parent, "lib/a.py", "2024-11-01T00:00:00Z"), "not a record\n", "{}\n")
    sha = repo.commit("Work", "lib/a.py", lines=6)
    told = run(repo.path)
    change = change_of(sha)
    assert "1 trace records that name a commit before theirs." in told
    assert "1 trace records not read: the record names no files." in told
    assert (change.origin, str(change.assistant)) == ("assisted", "Cursor")
    assert lines_of(change)[("source", "ai")] == 5
    assert change_of(parent).origin == "unknown"


def test_a_trace_speaks_of_the_commit_it_names_when_that_is_no_older_than_it(repo: Repo) -> None:
    sha = repo.commit("Work", "lib/a.py", lines=6)
    keep(repo, trace(sha, "lib/a.py", "2023-01-01T00:00:00Z"))
    later = repo.commit("More of it", "lib/a.py", lines=1)
    told = run(repo.path)
    assert "1 trace records that name their own commit." in told
    assert [change_of(one).origin for one in (sha, later)] == ["assisted", "unknown"]


def test_records_that_come_later_join_those_read_before(repo: Repo) -> None:
    parent = repo.git("rev-parse", "HEAD")
    keep(repo, trace(parent, "lib/a.py", "2024-11-01T00:00:00Z", (1, 2)))
    sha = repo.commit("Work", "lib/a.py", lines=6)
    run(repo.path)
    keep(repo, trace(sha, "lib/a.py", "2023-01-01T00:00:00Z", (2, 4)), trace("0" * 40, "no.py", ""))
    repo.commit("Records only", "notes.txt")
    told = run(repo.path)
    assert "1 trace records of no change here." in told
    assert lines_of(change_of(sha))[("source", "ai")] == 4
    assert "attested" in run(repo.path)
    assert lines_of(change_of(sha))[("source", "ai")] == 4


def test_lines_go_with_the_change_that_stands_when_two_were_one(repo: Repo) -> None:
    sha = repo.commit("Sums (#7)", lines=3)
    annotate(repo, sha, note(f"app.py\n  {SESSION_KEY} 2-4\n", **KNOWN))
    run(repo.path)
    noted = change_of(sha)
    noted.identities.filter(space="number").delete()
    other = make.change(repository=noted.repository)
    ChangeIdentity.objects.create(
        change=other, repository=noted.repository, space="number", role="number", value="7"
    )
    commit = next(iter(Clone(repo.path).commits([sha]))).commit
    record_changes(repository=noted.repository, facts=[landed_change(commit, is_merge=False)])
    stands = change_of(sha)
    noted.refresh_from_db()
    other.refresh_from_db()
    assert (noted.merged_into or other.merged_into) == stands
    assert (lines_of(stands), stands.origin) == ({("source", "ai"): 3}, "assisted")


def test_what_is_attested_is_shown_by_share_class_tool_and_model(repo: Repo) -> None:
    (repo.path / "uv.lock").write_text("line\n" * 500)
    sha = repo.commit("Sums", lines=10)
    annotate(
        repo,
        sha,
        note(f"app.py\n  {SESSION_KEY} 1-4\n  {PERSON_KEY} 5\nuv.lock\n  {SESSION_KEY} 1-500\n", **KNOWN),
    )
    run(repo.path)
    found = attested_of(change_of(sha))
    assert found is not None
    assert (found.label, found.tools, found.models) == ("git-ai note", ("Claude Code",), ("claude-opus-4-6",))
    assert [(one.path_class, one.counts, one.lines.ai, one.lines.total) for one in found.classes] == [
        ("source", True, 3, 10), ("lock", False, 500, 500),
    ]  # fmt: skip
    assert (found.lines.share, found.lines.human, found.lines.untracked) == (0.3, 1, 6)
    assert attested_of(Change.objects.exclude(pk=change_of(sha).pk)[0]) is None
    page = render_to_string("changes/_attested.html", {"attested": found})
    assert "AI wrote 3 of the 10 counted lines that this change added, with Claude Code." in " ".join(
        page.split()
    )
    told = ChangeDetailSerializer(change_of(sha)).data["attested"]
    assert dict(told[0]) == {
        "format": "git_ai", "path_class": "lock", "contributor": "ai", "assistant": "claude-code",
        "model": "claude-opus-4-6", "lines": 500,
    }  # fmt: skip
