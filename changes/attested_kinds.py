"""Which kinds of help attested lines prove, and which assistant a record's name for a tool means. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from changes.attestation import is_trial
from changes.origin import slug
from changes.paths import CONFIG, DOCS, MIGRATIONS, SOURCE, TESTS

# In the order in which they are said. Generated and lock files have no kind: nobody wrote their lines.
KIND_OF = {
    SOURCE: "code-generation",
    TESTS: "test-writing",
    MIGRATIONS: "migration",
    CONFIG: "configuration",
    DOCS: "documentation",
}
WORDS = {
    SOURCE: "source",
    TESTS: "test",
    MIGRATIONS: "migration",
    CONFIG: "configuration",
    DOCS: "documentation",
}
# A stray line of another class is no help of another kind.
LEAST_SHARE = 0.1

# What recorders call tools that the taxonomy calls otherwise.
TOOLS = {
    "claude": "claude-code",
    "github-copilot": "copilot",
    "copilot-chat": "copilot",
    "copilot-vscode": "copilot",
    "droid": "factory-droid",
    "gemini": "gemini-cli",
    "openai-codex": "codex",
    "cursor-agent": "cursor",
    "roo": "roo-code",
    "q": "amazon-q",
}
UNNAMED = "unknown-tool"


def assistant_of(tool: str, known: Collection[str]) -> str:
    """The taxonomy's slug; empty for a tool that it does not hold, and for one that only tests a recorder."""
    name = slug(re.sub(r"[._]", "-", tool))
    found = TOOLS.get(name, name)
    return found if found in known and found != UNNAMED and not is_trial(tool) else ""


def proven_classes(ai: Mapping[str, int]) -> list[str]:
    """The classes of files whose kind of help these AI lines prove, given how many fell into each.

    Docs and configuration beside source go with the code: the kind is said where they stand without it.
    """
    counted = {name: ai.get(name, 0) for name in KIND_OF}
    total = sum(counted.values())
    found = [name for name, lines in counted.items() if lines and lines >= LEAST_SHARE * total]
    return [name for name in found if SOURCE not in found or name not in {CONFIG, DOCS}]


def said(name: str, ai: int, total: int, record: str) -> str:
    return f"AI wrote {ai} of {total} {WORDS[name]} lines ({record})"
