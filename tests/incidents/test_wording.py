"""Hints at blaming phrases: found where a person is the subject, silent in quotations and code."""

from __future__ import annotations

import pytest

from incidents.markdown import render
from incidents.wording import names_to_roles, remarks


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("The engineer should have checked the flag.", "should have checked"),
        ("We failed to test it.", "failed to"),
        ("The on-call engineer missed the alert.", "missed"),
        ("Copilot broke the checkout.", "Copilot broke"),
        ("In the end it was human error.", "human error"),
        ("Everyone must be more careful.", "be more careful"),
        ("If only the flag had been off.", "If only"),
        ("That was a bad deploy.", "bad deploy"),
        ("The root cause was the cache.", "The root cause was"),
        ("Whose fault is it? It was his fault.", "his fault"),
    ],
)
def test_phrase_is_flagged_when_it_blames(text: str, phrase: str) -> None:
    assert [remark.phrase for remark in remarks(text)] == [phrase]
    assert text[remarks(text)[0].offset :].startswith(phrase)


@pytest.mark.parametrize(
    "text",
    [
        "The job failed to start.",
        "The health check missed two beats.",
        "The user service ignored the header.",
        "They wrote “you should have known”.",
        'The log said "operator error".',
        "> We should have known.\n\nThat was said on the day.",
        "Set `careless=false`.\n\n```\nhuman error\n```\n",
        "This postmortem is blameless.",
        "",
    ],
)
def test_nothing_is_flagged_when_a_system_is_the_subject_or_it_is_quoted(text: str) -> None:
    assert remarks(text) == []


def test_names_become_roles_and_longer_names_first() -> None:
    roles = {"@ana": "on-call engineer", "Ana Silva": "on-call engineer", "@anabel": "reviewer"}
    text = names_to_roles("@ana asked @anabel; Ana Silva agreed; mail ana@example.org, anaconda.", roles)
    assert text == (
        "on-call engineer asked reviewer; on-call engineer agreed; mail ana@example.org, anaconda."
    )


def test_markdown_is_rendered_without_scripts_pictures_or_odd_links() -> None:
    html = render("# A\n\n<script>x</script> [l](javascript:x) ![p](http://x/p.png)\n\n- [x] done")
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "<h3>A</h3>" in html
    assert 'type="checkbox"' in html
