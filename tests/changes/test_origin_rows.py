"""Commits written by hand: kin of those seen in the wild, under other names, and their look-alikes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changes.facts import CommitFact, Identity
from changes.origin import Evidence, Material, RuleBook, detect, weigh
from tests.changes.test_origin import ADA, BOOK, NOW, person

BOB = "Bob Beispiel <bob@beispiel.example>"
BACKWARDS = RuleBook(reversed(BOOK.rules))
GITHUB = Identity("GitHub", "noreply@github.com")

# author, message, origin, assistant
ASSISTED = [
    (BOB, "Fix it\n\nCo-authored-by: Claude Nimbus 12 (2M context) <noreply@anthropic.com>", "claude-code"),
    (BOB, "Fix it\n\nCO-AUTHORED-BY: claude <NoReply@Anthropic.com>", "claude-code"),
    (BOB, "Fix it\n\nAssisted-by: Claude Nimbus 12 <noreply@anthropic.com>", "claude-code"),
    (BOB, "Fix it\n\n🤖 Generated with\n[Claude Code](https://claude.com/claude-code)", "claude-code"),
    (BOB, "Fix it\n\nhttps://claude.ai/code/session_01XyZ", "claude-code"),
    (BOB, "Fix it\n\nCo-authored-by: claude[bot] <41898282+claude[bot]@users.noreply.github.com>", "claude-github-app"),  # noqa: E501
    (BOB, "Fix it (#5)\n\nCo-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>", "copilot-agent"),  # noqa: E501
    (BOB, "Fix it\n\nCo-authored-by: Copilot Desktop <223556219+Copilot@users.noreply.github.com>", "copilot-cli"),  # noqa: E501
    (BOB, "Tidy\n\nCo-authored-by: Cursor <cursoragent@cursor.com>", "cursor"),
    (BOB, "Tidy\n\nMade-with: Cursor", "cursor"),
    (BOB, "Tidy\n\nCo-authored-by: codex <codex@openai.com>", "codex"),
    ("Bob Beispiel (aider) <bob@beispiel.example>", "refactor: split the till", "aider"),
    ("Bob Beispiel (deepseek-next-9) <bob@beispiel.example>", "refactor: split the till", "unknown-tool"),
    (BOB, "Tidy\n\nCo-authored-by: aider (nimbus-12) <noreply@aider.dev>", "aider"),
    (BOB, "Tidy\n\nAmp-Thread-ID: https://ampcode.com/threads/T-0a1b2c3d", "amp"),
    (BOB, "Tidy\n\nAssisted-by: Zed:nimbus-12 sparse", "zed"),
    (BOB, "Tidy\n\nAssisted-by: Nimbus 12, opencode", "opencode"),
    (BOB, "Tidy\n\nGenerated-by: ChatGPT", "chatgpt"),
    (BOB, "Tidy\n\nAI Disclosure: I used Codex to write the tests.", "codex"),
    (BOB, "Tidy\n\n**AI usage:** Written by Stratus mostly, I reviewed all of it.", "stratus"),
    (BOB, "Tidy\n\n- [x] AI was used (Gemini)\n- [ ] AI was not used", "gemini"),
    (BOB, "Tidy\n\n* [X] I used AI tools for the tests", "unknown-tool"),
    (BOB, "Tidy\n\nThis patch was mostly generated with Copilot.", "copilot"),
]  # fmt: skip
AUTONOMOUS = [
    ("Claude Nimbus 12 <noreply@anthropic.com>", "Tidy", "claude-code"),
    ("copilot-swe-agent[bot] <198982749+Copilot@users.noreply.github.com>", "Tidy", "copilot-agent"),
    ("devin <158243242+devin-ai-integration[bot]@users.noreply.github.com>", "Tidy", "devin"),
    ("Jules <161369871+google-labs-jules[bot]@users.noreply.github.com>", "Tidy", "jules"),
    ("OpenHands-Nimbus <openhands@all-hands.dev>", "Tidy", "openhands"),
    ("roomote-v0[bot] <219738659+roomote-v0[bot]@users.noreply.github.com>", "Tidy", "roo-code"),
]
MANUAL = [
    (BOB, "Tidy\n\nNo AI tools were used."),
    (BOB, "Tidy\n\n### AI disclosure\n\nNone."),
    (BOB, "Tidy\n\n- [ ] AI was used\n- [x] AI was not used"),
    (BOB, "Tidy\n\n- [x] I did not use AI"),
]
UNKNOWN = [
    ("Claude Rains <claude.rains@film.example>", "Cast the invisible man"),
    ("Devin Townsend <devin@music.example>", "Louder"),
    ("Jules Verne <jules@verne.example>", "Down to the centre\n\nCo-authored-by: Cody Maverick <cody@surf.example>"),  # noqa: E501
    ("Gemini Jones <gemini@jones.example>", "Twins"),
    ("Bob Beispiel <aider@beispiel.example>", "Help others"),
    ("Bob Beispiel <bob@openai.com>", "Bump the client"),
    ("Bob Beispiel <bob@sweep.dev>", "Clean the chimney"),
    ("Bob Beispiel <bob@zed.dev>", "Open files faster"),
    ("Bob Beispiel <roo-code@beispiel.example>", "Hop"),
    ("Copilot <copilot@airline.example>", "Add the checklist of the second pilot"),
    ("kirov <1+kirov@users.noreply.github.com>", "Reporting"),
    (BOB, "Boot BeagleY-AI from the card\n\nReported-by: list@codex-users.example"),
    (BOB, "Cursor: blink\n\nThe cursor agent of the window system blinks."),
    (BOB, "docs: how to write Co-authored-by: Claude <noreply@anthropic.com> in a trailer"),
    (BOB, "Tidy\n\nReviewed-by: Claude Rains <claude.rains@film.example>"),
    (BOB, "Tidy\n\nCo-authored-by: Claude <noreply@anthropic.com.beispiel.example>"),
    (BOB, "Tidy\n\nCo-authored-by: Copilot <copilot@github.com>"),
    (BOB, "Tidy\n\nAi-assisted: true"),
    (BOB, "Tidy\n\nReplit-Commit-Author: Assistant"),
    (BOB, "aider: the till opens"),
    (BOB, "Tidy\n\nAI usage: None used except to validate and judge."),
    (BOB, "Tidy\n\nNo AI was used, apart from the tests."),
    (BOB, "Tidy\n\n- [ ] AI was used\n- [ ] AI was not used"),
    (BOB, "Tidy\n\n- [x] AI was not used, except to find the cause"),
    (BOB, "Tidy\n\nAI usage policy\n\nSays when Claude may be used."),
    (BOB, "Answer with AI\n\nCustomers get answers that are generated by ChatGPT."),
    (BOB, "Tidy\n\nAssisted-by: Grace Hopper <grace@navy.example>"),
    (BOB, "Tidy\n\nAssisted-by: coccinelle"),
    ("renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>", "Bump it"),
    ("gemini-cli-robot <gemini-cli-robot@google.com>", "chore(release): bump version"),
    ("claude-monet[bot] <5+claude-monet[bot]@users.noreply.github.com>", "Paint"),
]  # fmt: skip
REVIEWED = [
    "Co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>",
    "Co-authored-by: Copilot Autofix <62310815+github-advanced-security[bot]@users.noreply.github.com>",
    "Co-authored-by: coderabbitai[bot] <136622811+coderabbitai[bot]@users.noreply.github.com>",
    "Co-authored-by: gemini-code-assist[bot] <176961590+gemini-code-assist[bot]@users.noreply.github.com>",
]


def _evidence(author: str, message: str, committer: Identity | None = None) -> list[Evidence]:
    commit = CommitFact("a" * 40, message, NOW, person(author), committer)
    return detect(Material(landed=commit), BOOK)


@pytest.mark.parametrize(("author", "message", "tool"), ASSISTED)
def test_a_marker_makes_it_assisted(author: str, message: str, tool: str) -> None:
    verdict = weigh(_evidence(author, message))
    assert (verdict.origin, verdict.assistant) == ("assisted", tool)


@pytest.mark.parametrize(("author", "message", "tool"), AUTONOMOUS)
def test_an_agent_as_author_makes_it_autonomous(author: str, message: str, tool: str) -> None:
    verdict = weigh(_evidence(author, message))
    assert (verdict.origin, verdict.assistant) == ("autonomous", tool)


@pytest.mark.parametrize(("author", "message"), MANUAL)
def test_only_explicit_words_or_a_ticked_box_make_it_manual(author: str, message: str) -> None:
    assert weigh(_evidence(author, message)).origin == "manual"


@pytest.mark.parametrize(("author", "message"), UNKNOWN)
def test_a_look_alike_stays_unknown(author: str, message: str) -> None:
    assert weigh(_evidence(author, message)).origin == "unknown"


@pytest.mark.parametrize("trailer", REVIEWED)
def test_a_review_suggestion_tells_the_kind(trailer: str) -> None:
    evidence = _evidence(BOB, f"Apply a suggestion\n\n{trailer}")
    assert weigh(evidence).origin == "assisted"
    assert {one.kind for one in evidence} == {"review"}


@pytest.mark.parametrize(
    ("label", "origin"),
    [("ai-generated", "assisted"), ("AI assisted", "assisted"), ("no-ai", "manual"), ("copilot", "unknown"),
     ("area: ai", "unknown"), ("not-ai-generated", "manual")],
)  # fmt: skip
def test_labels_decide_only_where_they_say_so(label: str, origin: str) -> None:
    assert weigh(detect(Material(labels=(label,)), BOOK)).origin == origin


@pytest.mark.parametrize("branch", ["codex/fix-login", "copilot/fix-1", "claude/issue-4-20260101"])
def test_a_branch_only_suggests(branch: str) -> None:
    evidence = detect(Material(branch=branch), BOOK)
    assert [one.strength for one in evidence] == ["weak"]
    assert weigh(evidence).origin == "unknown"


def test_two_tools_in_one_trailer_key_are_both_kept() -> None:
    evidence = _evidence(BOB, "Tidy\n\nAssisted-by: Codex\nAssisted-by: Gemini")
    assert set(weigh(evidence).assistants) == {"codex", "gemini"}


@pytest.mark.parametrize(
    ("committer", "confidence"),
    [
        (ADA, "medium"),
        (GITHUB, "high"),
        (None, "high"),
        (Identity("Claude", "noreply@anthropic.com"), "high"),
    ],
)
def test_confidence_is_lower_when_a_person_committed_what_an_agent_authored(
    committer: Identity | None, confidence: str
) -> None:
    evidence = _evidence("Claude <noreply@anthropic.com>", "Tidy", committer)
    assert {one.confidence for one in evidence if one.rule_key == "claude-author"} == {confidence}
    assert weigh(evidence).origin == "autonomous"


def test_an_automation_is_a_flag_that_ai_evidence_makes_assisted() -> None:
    bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
    evidence = _evidence(bot, "Bump it\n\nCo-authored-by: Claude <noreply@anthropic.com>")
    assert any(one.is_automation for one in evidence)
    assert weigh(evidence).origin == "assisted"


def test_rules_in_another_order_find_the_same() -> None:
    for author, message, *_ in [*ASSISTED, *AUTONOMOUS, *UNKNOWN]:
        material = Material(landed=CommitFact("a" * 40, message, NOW, person(author)))
        assert detect(material, BACKWARDS) == detect(material, BOOK)


COMMITS = [
    CommitFact(f"{number:040x}", message, NOW + timedelta(hours=number), person(author))
    for number, (author, message, *_) in enumerate([*ASSISTED, *AUTONOMOUS, *UNKNOWN])
]


@given(
    commits=st.lists(st.sampled_from(COMMITS), max_size=6, unique=True),
    labels=st.lists(st.sampled_from(["ai-generated", "copilot", "no-ai", "bug"]), unique=True),
    data=st.data(),
)
def test_material_and_rules_in_another_order_find_the_same(
    commits: list[CommitFact], labels: list[str], data: st.DataObject
) -> None:
    first = Material(title="Tidy", labels=tuple(labels), merged_in=tuple(commits), told_at=NOW)
    second = replace(
        first,
        labels=tuple(data.draw(st.permutations(labels))),
        merged_in=tuple(data.draw(st.permutations(commits))),
    )
    found = detect(first, BOOK)
    assert detect(second, BACKWARDS) == found
    assert weigh(data.draw(st.permutations(found))) == weigh(found)
