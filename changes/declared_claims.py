"""What a declaration proves, claim by claim, as evidence is kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from changes.declarations import ASSISTED, MANUAL, Declaration
from changes.rule_book import STRONG, UNKNOWN, WEAK

# Of the reader; no pattern stands for these.
VERSION = 1
ORIGIN, KIND, UNCLEAR = "declared-origin", "declared-kind", "declared-unclear"


@dataclass(frozen=True, slots=True)
class Claim:
    """A strong `unknown` is a declaration that a person must read: with it no declaration decides."""

    rule_key: str
    origin: str
    excerpt: str
    strength: str = STRONG
    assistant: str = ""
    kind: str = ""


def claims(found: Declaration) -> list[Claim]:
    """Each stands for itself, so that a tool named later moves the time of nothing else."""
    rows = []
    if found.origin == MANUAL:
        rows.append(Claim(ORIGIN, MANUAL, "no AI was used"))
    if found.origin == ASSISTED:
        rows.append(Claim(ORIGIN, ASSISTED, "AI helped", assistant="unknown-tool"))
        rows += [Claim(ORIGIN, ASSISTED, f"AI helped: {one}", assistant=one) for one in found.assistants]
        rows += [Claim(KIND, ASSISTED, f"kind: {kind}", kind=kind) for kind in found.kinds]
    if found.both_ticked:
        rows.append(Claim(UNCLEAR, UNKNOWN, "both are ticked: AI was used, and was not"))
    strength = STRONG if found.is_doubtful else WEAK
    rows += [Claim(UNCLEAR, UNKNOWN, f"not understood: {why}", strength) for why in found.not_understood]
    return rows
