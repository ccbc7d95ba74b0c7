"""In published text people are what they were there for; what only looks like a name stays."""

from __future__ import annotations

import pytest

from incidents.wording import names_to_roles

ROLES = {
    "@ana": "on-call engineer",
    "Ana Silva": "on-call engineer",
    "ana@example.org": "on-call engineer",
    "Ana": "on-call engineer",
    "@anabel": "reviewer",
    "@will": "database owner",
    "Will Grace": "database owner",
    "Will": "database owner",
    "José O’Neill": "payments owner",
    "@jo.se-1": "payments owner",
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@ana asked @anabel.", "on-call engineer asked reviewer."),
        ("Ana Silva agreed.", "on-call engineer agreed."),
        ("ANA SILVA and ana silva agreed.", "on-call engineer and on-call engineer agreed."),
        ("Ana  Silva\nagreed, Ana\nSilva too.", "on-call engineer\nagreed, on-call engineer too."),
        ("Ana Silva's shift; Ana Silva’s pager.", "on-call engineer's shift; on-call engineer’s pager."),
        ("Ana restarted it.", "on-call engineer restarted it."),
        ("Write to ana@example.org or Ana@Example.org.", "Write to on-call engineer or on-call engineer."),
        ("Ana Silva (@ana) looked.", "on-call engineer looked."),
        ("Will Grace looked. Then Will left.", "database owner looked. Then database owner left."),
        ("**Ana**, _Ana_, (Ana).", "**on-call engineer**, _on-call engineer_, (on-call engineer)."),
        ("José O’Neill, and @jo.se-1.", "payments owner, and payments owner."),
        ("cc @ANA", "cc on-call engineer"),
    ],
)  # fmt: skip
def test_name_becomes_a_role_when_it_is_a_persons(text: str, shown: str) -> None:
    assert names_to_roles(text, ROLES) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Anaconda, Susana and Ana-lytics.",
        "ana is short for analysis.",
        "Will it hold? It will.",
        "mail ana@example.org.uk or x.ana@example.org",
        "npm i @ana/pad",
        "https://example.org/@ana/Ana Silva-less".replace(" Silva-less", ""),
        "`@ana` and ``Ana Silva``",
        "```\ngit blame: Ana Silva <ana@example.org>\n```",
        "@anastasia, @ana_2, @ana.lima",
        "",
    ],
)
def test_text_stays_when_a_name_is_part_of_something_else(text: str) -> None:
    assert names_to_roles(text, ROLES) == text


def test_role_is_taken_as_it_is_when_it_holds_odd_signs() -> None:
    assert names_to_roles("@ana", {"@ana": r"\1 $ on-call (EU)"}) == r"\1 $ on-call (EU)"


def test_nothing_changes_when_nobody_is_known() -> None:
    assert names_to_roles("@ana", {}) == "@ana"
