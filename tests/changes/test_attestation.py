"""Notes and trace records as line ranges: both of git-ai's formats, odd keys, broken input, counting once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changes.attestation import (
    AI,
    HUMAN,
    MIXED,
    NO_METADATA,
    ODD_KEY,
    ODD_LINE,
    UNKNOWN,
    Claim,
    Unreadable,
    Written,
    common,
    is_trial,
    merged,
    parse_note,
    parse_trace,
    size,
    without,
    written,
)
from changes.attested_kinds import assistant_of, proven_classes

BASE = "7734793b756b3921c88db5375a8c156e9532447b"
LEGACY = {
    "abcd1234abcd1234": {"agent_id": {"tool": "cursor", "id": "x", "model": "gpt-5"}, "accepted_lines": 3}
}
SESSION = {"s_c9883b05a2487d": {"agent_id": {"tool": "claude", "id": "y", "model": "claude-opus-4-6"}}}
PEOPLE = {"h_31dce776f88375": {"author": "Ada Example <ada@example.org>"}}


def note(lines: str, **maps: Any) -> str:
    metadata = {"schema_version": "authorship/3.0.0", "base_commit_sha": BASE, "prompts": {}} | maps
    return f"{lines}---\n{json.dumps(metadata, indent=2)}"


def test_claims_name_tool_and_model_when_keys_are_sessions_prompts_and_people() -> None:
    found = parse_note(
        note(
            "src/a b.rs\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-10,12\n  h_31dce776f88375 15-20\n"
            'src/lib.rs\n  abcd1234abcd1234 1-4,3-6\n"my file.rs"\n  s_c9883b05a2487d::t_a 7\n',
            prompts=LEGACY, sessions=SESSION, humans=PEOPLE,
        )
    )  # fmt: skip
    assert found.claims == (
        Claim("src/a b.rs", AI, ((1, 10), (12, 12)), "claude", "claude-opus-4-6"),
        Claim("src/a b.rs", HUMAN, ((15, 20),)),
        Claim("src/lib.rs", AI, ((1, 6),), "cursor", "gpt-5"),
        Claim("my file.rs", AI, ((7, 7),), "claude", "claude-opus-4-6"),
    )
    assert found.revision == BASE
    assert not found.remarks


def test_keys_stay_ai_without_a_tool_when_the_standard_says_so_and_no_record_does() -> None:
    keys = ["s_c9883b05a2487d::t_9f8e7d6c5b4a32", "abcd1234abcd1234", "abcd123", "ai_agent"]
    for key in keys:
        found = parse_note(note(f"a.py\n  {key} 1-3\n"))
        assert found.claims == (Claim("a.py", AI, ((1, 3),)),)
        assert found.remarks == (NO_METADATA,)


def test_a_key_of_unknown_form_is_nobodys_when_no_record_names_it() -> None:
    found = parse_note(note("a.py\n  6ef2299e-a67f-432b-aa80-3d2fb4d28999 1-3\n  human 9\n"))
    assert [(one.contributor, one.ranges) for one in found.claims] == [
        (UNKNOWN, ((1, 3),)),
        (HUMAN, ((9, 9),)),
    ]
    assert found.remarks == (ODD_KEY,)
    assert not found.names_ai


def test_a_line_that_is_not_in_the_format_is_left_out_with_a_remark() -> None:
    found = parse_note(note("  h_31dce776f88375 1\na.py\n  h_31dce776f88375 9-1\n  h_1 0\n  h_1 2\n"))
    assert found.claims == (Claim("a.py", HUMAN, ((2, 2),)),)
    assert found.remarks == (ODD_LINE,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.py\n  h_1 1", "divider"),
        ("---\n{", "JSON"),
        ("---\n" + "[" * 100_000, "JSON"),
        ("---\n[]", "object"),
        ('---\n{"schema_version": "authorship/4.0.0"}', "version"),
        ("x" * (9 << 20), "large"),
        (note("a\n" * 200_002), "too many"),
    ],
    ids=["no divider", "no JSON", "deep JSON", "no object", "other version", "large", "long"],
)
def test_a_note_says_why_when_it_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse_note(text)


def trace(**over: Any) -> str:
    record = {
        "version": "0.1.0",
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "timestamp": "2026-01-23T14:30:00Z",
        "vcs": {"type": "git", "revision": BASE},
        "tool": {"name": "cursor"},
        "files": [
            {
                "path": "./src/a.py",
                "conversations": [
                    {
                        "contributor": {"type": "ai", "model_id": "anthropic/claude-opus-4-5"},
                        "ranges": [
                            {"start_line": 1, "end_line": 5},
                            {"start_line": 9, "end_line": 9, "contributor": {"type": "human"}},
                            {"start_line": 4, "end_line": 2},
                            {"start_line": True, "end_line": 2},
                        ],
                    },
                    {"contributor": {"type": "mixed"}, "ranges": [{"start_line": 20, "end_line": 21}]},
                    {"contributor": {"type": "robot"}, "ranges": [{"start_line": 30, "end_line": 30}]},
                ],
            }
        ],
    }
    return json.dumps(record | over)


def test_a_trace_gives_every_contributor_when_ranges_name_their_own() -> None:
    found = parse_trace(trace())
    assert found.claims == (
        Claim("src/a.py", AI, ((1, 5),), "cursor", "anthropic/claude-opus-4-5"),
        Claim("src/a.py", HUMAN, ((9, 9),)),
        Claim("src/a.py", MIXED, ((20, 21),), "cursor"),
        Claim("src/a.py", UNKNOWN, ((30, 30),)),
    )
    assert found.revision == BASE
    assert found.at is not None
    assert found.at.isoformat() == "2026-01-23T14:30:00+00:00"
    assert found.remarks == (ODD_LINE,)


def test_a_trace_is_read_without_what_counting_does_not_need() -> None:
    found = parse_trace(trace(version=None, timestamp=12, vcs=None, tool="x"))
    assert (found.revision, found.at, found.claims[0].tool) == ("", None, "")


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "{}", '{"files": {}}', trace(vcs={"type": "svn"}), " " * (2 << 20)]
)
def test_a_trace_says_why_when_it_cannot_be_read(line: str) -> None:
    with pytest.raises(Unreadable):
        parse_trace(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
shaped = st.fixed_dictionaries(
    {"schema_version": st.just("authorship/3.0.0")},
    optional=dict.fromkeys(("prompts", "sessions", "humans", "base_commit_sha", "files", "vcs"), json_values),
)


@given(st.text() | st.tuples(st.text(), shaped).map(lambda pair: f"{pair[0]}\n---\n{json.dumps(pair[1])}"))
def test_nothing_else_is_raised_when_a_note_is_any_text(text: str) -> None:
    try:
        parse_note(text)
    except Unreadable:
        return


files = st.lists(
    st.fixed_dictionaries(
        {"path": json_values},
        optional={
            "conversations": json_values
            | st.lists(st.fixed_dictionaries({"ranges": json_values, "contributor": json_values}), max_size=2)
        },
    ),
    max_size=3,
)


@given(st.text() | json_values.map(json.dumps) | files.map(lambda found: trace(files=found)))
def test_nothing_else_is_raised_when_a_trace_is_any_text(line: str) -> None:
    try:
        parse_trace(line)
    except Unreadable:
        return


pairs = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda one: (one[0], one[0] + one[1])), max_size=8
)


def lines_of(ranges: Any) -> set[int]:
    return {line for first, last in ranges for line in range(first, last + 1)}


@given(pairs, pairs)
def test_ranges_are_sets_of_lines(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    a, b = merged(one), merged(other)
    assert (lines_of(a), size(a)) == (lines_of(one), len(lines_of(one)))
    assert lines_of(common(a, b)) == lines_of(a) & lines_of(b)
    assert lines_of(without(a, b)) == lines_of(a) - lines_of(b)


claims = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([AI, HUMAN, MIXED, UNKNOWN]), pairs).map(
        lambda one: Claim(one[0], one[1], merged(one[2]))
    ),
    max_size=6,
)


@given(claims, st.dictionaries(st.sampled_from(["a", "b", "c"]), pairs.map(merged)), st.booleans())
def test_every_added_line_counts_once_whatever_is_claimed(
    said: list[Claim], added: dict[str, Any], exactly: bool
) -> None:
    found = list(written(said, added, exactly=exactly))
    for path, ranges in added.items():
        assert sum(one.lines for one in found if one.path == path) == size(ranges)


def test_only_lines_that_the_commit_added_count_when_a_note_claims_a_whole_file() -> None:
    said = [
        Claim("a.py", AI, ((1, 400),), "claude"),
        Claim("a.py", HUMAN, ((5, 6),)),
        Claim("b.py", AI, ((1, 9),)),
    ]
    found = list(written(said, {"a.py": ((3, 5), (398, 402)), "c.py": ((1, 2),)}))
    assert found == [
        Written("a.py", AI, 6, "claude"),
        Written("a.py", UNKNOWN, 2),
        Written("c.py", UNKNOWN, 2),
    ]


def test_only_the_count_is_held_against_a_file_when_its_lines_may_have_moved() -> None:
    said = [Claim("a.py", AI, ((101, 150),)), Claim("a.py", HUMAN, ((1, 3),))]
    assert list(written(said, {"a.py": ((1, 40),)}, exactly=False)) == [Written("a.py", AI, 40)]


ASSISTANTS = {"claude-code", "codex", "cursor", "devin", "copilot", "unknown-tool", "mock-ai", "gemini-cli"}


@pytest.mark.parametrize(
    ("tool", "assistant"),
    [("claude", "claude-code"), ("codex", "codex"), ("Cursor", "cursor"), ("github-copilot", "copilot"),
     ("gemini", "gemini-cli"), ("mock_ai", ""), ("test-agent", ""), ("unknown", ""), ("unknown-tool", ""),
     ("", ""), ("brand-new", "")],
)  # fmt: skip
def test_an_assistant_is_named_only_when_the_taxonomy_has_it(tool: str, assistant: str) -> None:
    assert assistant_of(tool, ASSISTANTS) == assistant


def test_a_tool_of_trials_is_told_from_one_whose_name_begins_alike() -> None:
    assert is_trial("test-agent")
    assert is_trial("mock_ai")
    assert not is_trial("testify")


@pytest.mark.parametrize(
    ("lines", "classes"),
    [
        ({"tests": 40}, ["tests"]),
        ({"docs": 12, "lock": 900}, ["docs"]),
        ({"config": 3}, ["config"]),
        ({"migrations": 20, "tests": 1}, ["migrations"]),
        ({"source": 100}, ["source"]),
        ({"source": 100, "tests": 80, "docs": 60}, ["source", "tests"]),
        ({"source": 99, "tests": 1}, ["source"]),
        ({"source": 1, "tests": 99, "config": 40}, ["tests", "config"]),
        ({"source": 50, "migrations": 30}, ["source", "migrations"]),
        ({"generated": 50}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_kinds_follow_where_the_lines_fell(lines: dict[str, int], classes: list[str]) -> None:
    assert proven_classes(lines) == classes
