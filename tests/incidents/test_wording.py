"""Hints at blaming phrases: found where a person is the subject, silent in quotations and code."""

from __future__ import annotations

import pytest

from incidents.markdown import render
from incidents.starter_wording import RULES, StarterRule
from incidents.wording import LEAVE_OUT, MOST_BYTES, Book, Remark, Rule, UnsafePattern, compiled, remarks

BOOK = Book(RULES)


def hints(text: str) -> list[Remark]:
    return remarks(text, BOOK)


def phrases(text: str) -> list[str]:
    return [remark.phrase for remark in hints(text)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_rule_flags_its_examples_and_leaves_alone_what_only_looks_like_it(rule: StarterRule) -> None:
    own = Book([rule])
    assert rule.flagged
    assert [text for text in rule.flagged if not remarks(text, own)] == []
    assert [text for text in rule.left_alone if remarks(text, own)] == []


def test_names_of_rules_are_their_own() -> None:
    assert len({rule.slug for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("The engineer should have checked the flag.", "should have checked"),
        ("We failed to test it.", "failed to test"),
        ("The on-call engineer missed the alert.", "missed"),
        ("Copilot broke the checkout.", "Copilot broke"),
        ("the AI broke it", "the AI broke"),
        ("In the end it was human error.", "human error"),
        ("Everyone must be more careful.", "be more careful"),
        ("If only the flag had been off.", "If only"),
        ("That was a bad deploy.", "bad deploy"),
        ("The root cause was the cache.", "The root cause was the"),
        ("Whose fault is it? It was his fault.", "his fault"),
        ("We shouldn’t have merged it.", "shouldn’t have merged"),
        ("They  didn't\tnotice the alert", "didn't\tnotice"),
        ("The reviewer did\r\nnot read the plan.", "did\r\nnot read"),
        ("We **forgot** to drain it.", "forgot** to drain"),
    ],
)
def test_phrase_is_flagged_when_it_blames(text: str, phrase: str) -> None:
    assert phrases(text) == [phrase]
    assert text[hints(text)[0].offset :].startswith(phrase)


@pytest.mark.parametrize(
    "text",
    [
        "The job failed to start.",
        "The health check missed two beats.",
        "The check missed the row.",
        "The user service ignored the header.",
        "They wrote “you should have known”.",
        "They wrote “you should have\nknown, of course”.",
        'The log said "operator error".',
        "Er sagte „das war ein human error“.",
        "Il a dit « human error ».",
        "It said ‘you should have known’ again.",
        "> We should have known.\n\nThat was said on the day.",
        "Set `careless=false`.\n\n```\nhuman error\n```\n",
        "~~~\nhuman error\n~~~",
        "So:\n\n    raise HumanError('human error')\n\tif careless:",
        "See https://example.org/human-error/we-should-have-known for more.",
        "This postmortem is blameless.",
        "Every service should have a runbook.",
        "The flag_human_error_count rose.",
        "",
        "\n\n",
    ],
)
def test_nothing_is_flagged_when_a_system_is_the_subject_or_it_is_quoted(text: str) -> None:
    assert hints(text) == []


def test_list_within_a_list_is_prose_unlike_code_that_is_set_in() -> None:
    assert phrases("- First\n    - It was human error") == ["human error"]


def test_quotation_that_never_ends_is_silent_to_the_end_of_its_paragraph() -> None:
    assert phrases("They said “it was human error\nagain.\n\nIt was human error.") == ["human error"]


def test_phrase_does_not_reach_over_a_paragraph_or_a_list_item() -> None:
    assert hints("We\n\nfailed to start") == []
    assert hints("- the pods that we\n- failed to start") == []


@pytest.mark.parametrize(
    "before", ["", "🙈🙈 ", "é", "naïve e\u0301 ", "日本 ", "👩‍💻: ", "\t", "a\r\nb\r\n"]
)
def test_offset_counts_code_points_whatever_stands_before(before: str) -> None:
    text = f"{before} it was human error"
    (hint,) = hints(text)
    assert text[hint.offset : hint.offset + len(hint.phrase)] == "human error"


def test_part_of_a_longer_word_is_no_phrase() -> None:
    assert hints("Dumbledore, stupidité, lazyness") == []


def test_of_two_that_overlap_the_one_that_begins_first_is_kept_then_the_longer() -> None:
    book = Book([Rule("a", "bad", "", ""), Rule("b", "bad deploy", "", ""), Rule("c", "deploy now", "", "")])
    assert [remark.slug for remark in remarks("a bad deploy now", book)] == ["b"]


@pytest.mark.parametrize(
    ("text", "rewrite"),
    [
        ("Copilot broke the checkout.", "A change made with Copilot's help broke"),
        ("Then the AI broke it.", "a change made with the AI's help broke"),
        ("The root cause of the outage was a full disk.", "One contributing factor of the outage was a"),
        ("The culprit PR was reverted.", "triggering PR"),
        ("Of course, it was slow.", ""),
        ("It was human error.", None),
    ],
)
def test_rewrite_fits_the_sentence_where_there_is_a_mechanical_one(text: str, rewrite: str | None) -> None:
    assert hints(text)[0].rewrite == rewrite


def test_text_with_its_rewrite_in_place_is_not_flagged_again() -> None:
    for rule in RULES:
        for text in rule.flagged if rule.rewrite else ():
            (hint,) = remarks(text, Book([rule]))
            assert hint.rewrite is not None
            after = text[: hint.offset] + hint.rewrite + text[hint.offset + len(hint.phrase) :]
            assert remarks(after, Book([rule])) == [], after


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Rule("a", "(", "", ""), "missing"),
        (Rule("a", r"(?=x)", "", ""), "invalid"),
        (Rule("a", r"(a)\1", "", ""), "invalid"),
        (Rule("a", " ", "", ""), "empty"),
        (Rule("a", "x*", "", ""), "nothing"),
        (Rule("a", "(x)", "", "", r"\2"), "has 1"),
    ],
)
def test_rule_is_refused_with_the_reason_when_it_cannot_be_used(rule: Rule, reason: str) -> None:
    with pytest.raises(UnsafePattern, match=reason):
        compiled(rule)


def test_space_of_a_pattern_is_any_white_space_but_not_within_a_class() -> None:
    book = Book([Rule("a", "no ?one[ x]here", "", "")])
    assert [hint.phrase for hint in remarks("No   one here, noone here, nooone  here", book)] == [
        "No   one here", "noone here",
    ]  # fmt: skip


def test_leaving_out_is_a_rewrite_that_is_empty() -> None:
    (hint,) = remarks("Just so.", Book([Rule("a", "just", "", "", LEAVE_OUT)]))
    assert hint.rewrite == ""


@pytest.mark.parametrize("sign", ["é ", "日", "it ran. ", "a line\n"])
def test_text_of_any_length_is_read_in_parts_of_64_kilobytes(sign: str) -> None:
    text = sign * MOST_BYTES + " human error " + sign * MOST_BYTES
    (hint,) = hints(text)
    assert text[hint.offset :].startswith("human error ")


@pytest.mark.parametrize(
    "piece", ["“", '"', "`", "``", "«", "„", "‘", "> ", "we had had ", "a ", "_*", "\n\n"]
)
def test_long_text_of_anything_is_read_to_its_end(piece: str) -> None:
    """Each would take hours where a pattern tried every end for every beginning."""
    text = "So " + piece * ((MOST_BYTES - 100) // len(piece.encode())) + "\n\nIt was human error."
    assert phrases(text)[-1] == "human error"


def test_markdown_is_rendered_without_scripts_pictures_or_odd_links() -> None:
    html = render("# A\n\n<script>x</script> [l](javascript:x) ![p](http://x/p.png)\n\n- [x] done")
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "<h3>A</h3>" in html
    assert 'type="checkbox"' in html
