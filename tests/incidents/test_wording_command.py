"""`manage.py wording`: a text a line in, a line of JSON out; and how well the list finds what is labelled."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incidents.models import WordingRule

pytestmark = pytest.mark.django_db
CORPUS = Path(__file__).parent / "wording_corpus.jsonl"


class Stdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def told(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[Any]:
    monkeypatch.setattr("sys.stdin", Stdin(content))
    out = io.StringIO()
    call_command("wording", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_line_is_answered_with_its_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = told(monkeypatch, b"It was human error.\nThe job failed to start.\n\nthe AI broke it")
    assert [len(line) for line in lines] == [1, 0, 0, 1]
    assert lines[0][0] == {
        "phrase": "human error",
        "offset": 7,
        "reason": "Ends the inquiry where it begins.",
        "offer": "What made this action easy, or look right?",
        "rewrite": None,
    }
    assert lines[3][0]["rewrite"] == "a change made with the AI's help broke"


def test_offsets_count_code_points_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        "🙈 human error",
        "e\u0301 human error",
        "\thuman error",
        "a\u2028human error",
        "x " * 60_000 + "human error",
    ]
    lines = told(monkeypatch, "\r\n".join(texts).encode())
    assert [[hint["offset"] for hint in line] for line in lines] == [[2], [3], [1], [2], [120_000]]


def test_nothing_in_gives_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, b"") == []


def test_line_that_is_no_utf8_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="Line 2 is not UTF-8: .* at byte 3"):
        told(monkeypatch, b"fine\nab\xff\n")


def test_curators_list_decides_unless_the_defaults_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    WordingRule.objects.exclude(slug="bad-change").update(is_active=False)
    assert told(monkeypatch, b"human error") == [[]]
    monkeypatch.setattr("sys.stdin", Stdin(b"human error"))
    out = io.StringIO()
    call_command("wording", "--defaults", stdout=out)
    assert json.loads(out.getvalue())[0]["phrase"] == "human error"


def audited(path: Path) -> dict[str, Any]:
    out = io.StringIO()
    call_command("wording", "--audit", str(path), "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_audit_counts_hints_and_phrases_that_overlap(tmp_path: Path) -> None:
    rows = [
        {"text": "It was human error, and a bad deploy.", "flag": ["human error"]},
        {"text": "He was tired and slow.", "flag": ["tired"]},
        {"text": "human error, human error", "flag": ["human error", "human error"]},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = audited(path)
    assert (found["texts"], found["phrases"], found["hints"], found["right"], found["met"]) == (3, 4, 4, 3, 3)
    assert found["wrong"] == ["“bad deploy” in “It was human error, and a bad deploy.”"]
    assert found["missed"] == ["“tired” in “He was tired and slow.”"]
    out = io.StringIO()
    call_command("wording", "--audit", str(path), stdout=out)
    assert "Precision 0.750 (3 of 4)" in out.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no labelled text"),
        ("{", "line 1 is no JSON"),
        ("\n[]", "line 2 is no object"),
        ('{"text": "a", "flag": "a"}', "line 1 is no object"),
        ('{"text": "a", "flag": ["b"]}', "“b” is not in its text"),
        ('{"text": "a", "flag": ["a", "a"]}', "“a” is not in its text"),
    ],
)
def test_audit_says_which_line_it_cannot_read(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=reason):
        audited(path)


def test_audit_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        audited(tmp_path / "none.jsonl")


def test_our_own_corpus_is_found_as_well_as_the_docs_say() -> None:
    found = audited(CORPUS)
    assert found["texts"] >= 150
    assert found["right"] / found["hints"] >= 0.9
    assert found["met"] / found["phrases"] >= 0.8
