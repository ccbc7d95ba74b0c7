"""Which comments mean something: the published rule, by example, and that no text trips it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changes.remarks import MOST_READ, means_something

EMPTY = [
    "", "  \n", "👍", "🚢 ", ":+1:", ":rocket: :tada:", "+1", "+ 1", "-1", "LGTM", "lgtm!", "LGTM :+1:",
    "L G T M",
    "Looks good to me", "looks good to me!", "Looks great, thanks!", "This looks good.", "SGTM",
    "LGTM, thanks for the fix!", "Thanks", "thank you so much", "Thanks for the quick turnaround.",
    "Nice work!", "Great job on this one", "Nice catch", "Approved.", "Ship it! :shipit:", "done", "Fixed.",
    "@ada", "@ada @grace-sample", "cc @acme/payments", "@dependabot rebase", "/retest", "/lgtm",
    "/assign @ada",
    "!build", "> why is this here?", "> It rounds twice\n\n+1", "> quoted\n> more\n\n@ada :eyes:",
    "https://example.org/build/12", "<https://example.org>", "![](https://example.org/cat.gif)",
    "<!-- please review the three points below -->", "ok", "Yes", "Merci !", "Danke", "nit", "Agreed",
    "12", "...", "<br>", "```\n\n```", "LGTM\n\nThanks!",
]  # fmt: skip
MEANT = [
    "Typo here", "Why?", "Is this rounded twice?", "nit: rename the variable", "Off by one on the last page",
    "LGTM, but the timeout is far too short", "Looks good, except that the retry never stops.",
    "This should be `Decimal`.", "`round()` here", "```suggestion\nreturn total\n```",
    "> It rounds twice\n\nOnly when the basket is empty.", "@ada could this race with the refund?",
    "Thanks! One question: what happens on a second delivery?", "I'd rather keep the old name.",
    "See [the runbook for slow banks](https://example.org/runbook)", "これは競合しますか？", "这里会溢出",
    "Warum zweimal?", "Das rundet zweimal", "Un test manque ici", "Please add a test", "Großer Fehler",
]  # fmt: skip


@pytest.mark.parametrize("text", EMPTY)
def test_it_means_nothing_when_it_only_agrees_thanks_or_points(text: str) -> None:
    assert not means_something(text)


@pytest.mark.parametrize("text", MEANT)
def test_it_means_something_when_words_are_left(text: str) -> None:
    assert means_something(text)


@given(st.text())
def test_any_text_is_judged_and_a_quote_of_it_says_nothing_more(text: str) -> None:
    assert means_something(text) in {True, False}
    line = " ".join(text.split())
    assert not means_something(f"> {line}")


@given(st.sampled_from(MEANT))
def test_agreement_around_it_takes_nothing_away(text: str) -> None:
    assert means_something(f"LGTM\n\n{text}\n\nThanks!")


@pytest.mark.parametrize(
    "piece",
    ["it ", "`a", "<!--", "[a](", "@a", ":a", "> ", "looks ", "thank you ", "```\n", "l", "very ", "/a "],
)
def test_a_hostile_text_is_judged_like_any_other(piece: str) -> None:
    """One that a pattern goes back and forth over for hours would not come back at all."""
    assert means_something(piece * (2 * MOST_READ // len(piece))) in {True, False}
