"""What changed between two texts, for reading: by paragraphs, and by words within those that stayed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

# Two paragraphs more alike than this are one that was rewritten.
ALIKE = 0.4
# Beyond this many words a paragraph is shown as taken out and put in: comparing them would take too long.
MOST_WORDS = 4000


@dataclass(frozen=True)
class Run:
    """`same`, `added` or `removed` words."""

    kind: str
    text: str


@dataclass(frozen=True)
class Paragraph:
    """`same`, `added`, `removed` or `changed`; the runs together hold its words."""

    kind: str
    runs: tuple[Run, ...]


def paragraphs(old: str, new: str) -> list[Paragraph]:
    """In reading order; empty where both are empty."""
    before, after = _split(old), _split(new)
    found: list[Paragraph] = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [Paragraph("same", (Run("same", text),)) for text in before[i:j]]
        else:
            found += _rewritten(before[i:j], after[k:m])
    return found


def _split(text: str) -> list[str]:
    return [part.strip("\n") for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]


def _rewritten(before: list[str], after: list[str]) -> Iterator[Paragraph]:
    for old, new in zip_longest(before, after):
        if old is not None and new is not None and (runs := words(old, new)):
            yield Paragraph("changed", runs)
            continue
        if old is not None:
            yield Paragraph("removed", (Run("removed", old),))
        if new is not None:
            yield Paragraph("added", (Run("added", new),))


def words(old: str, new: str) -> tuple[Run, ...]:
    """Word by word; empty when the two have too little in common to be read so."""
    before, after = re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new)
    if max(len(before), len(after)) > MOST_WORDS:
        return ()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < ALIKE:
        return ()
    runs: list[Run] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            runs.append(Run("same", "".join(before[i:j])))
            continue
        runs += [Run("removed", "".join(before[i:j]))] if i < j else []
        runs += [Run("added", "".join(after[k:m]))] if k < m else []
    return tuple(_joined(runs))


def _joined(runs: list[Run]) -> Iterator[Run]:
    """A lone space between two altered words belongs to them: “four words” reads better."""
    removed = added = ""
    for place, run in enumerate(runs):
        following = runs[place + 1].kind if place + 1 < len(runs) else "same"
        if run.kind == "same" and not (run.text.isspace() and (removed or added) and following != "same"):
            yield from _flush(removed, added)
            removed = added = ""
            yield run
            continue
        removed += run.text if run.kind != "added" else ""
        added += run.text if run.kind != "removed" else ""
    yield from _flush(removed, added)


def _flush(removed: str, added: str) -> Iterator[Run]:
    if removed:
        yield Run("removed", removed)
    if added:
        yield Run("added", added)
