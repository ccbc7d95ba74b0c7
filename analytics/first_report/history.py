"""What landed in a clone, and what its tools attest. Where some files' contents are missing, it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime

from changes import gitnotes
from changes.attestation import AI, MIXED, Attestation, Unreadable, is_trial, parse_note, written
from changes.facts import FileFact
from changes.gitlog import Clone, GitError, LoggedCommit
from changes.paths import UNCOUNTED, path_class


@dataclass(frozen=True, slots=True)
class Attested:
    """Of what one commit added: lines by AI, all lines, and AI lines by tool, in the record's own words."""

    ai: int
    lines: int
    tools: Mapping[str, int]


@dataclass(slots=True)
class History:
    """The main line since a moment, oldest first. `sizeless` counts commits whose lines could not be told."""

    clone: Clone
    head: str
    since: datetime
    sizeless: int = 0
    shas: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        listed = self.clone.run(
            "rev-list", "--first-parent", "--reverse", f"--since-as-filter={self.since.isoformat()}",
            "--end-of-options", self.head,
        )  # fmt: skip
        self.shas = listed.split()

    def commits(self) -> Iterator[LoggedCommit]:
        """Where git cannot read a file's contents, it goes on behind that commit."""
        cut = self.clone.cut()
        done, behind = 0, ""
        while done < len(self.shas):
            revisions = f"{behind}..{self.head}" if behind else self.head
            waiting: LoggedCommit | None = None
            try:
                with closing(self.clone.first_parents(revisions, self.since.isoformat())) as found:
                    for one in found:
                        if waiting:
                            yield waiting
                            done += 1
                        waiting = self._without_size(one) if one.commit.sha in cut else one
                if waiting:
                    yield waiting
                return
            except GitError:
                if waiting and waiting.files:
                    yield waiting
                    done += 1
                    waiting = None
                # git names the commit before it fails on its files, or fails before it names it.
                if done >= len(self.shas):
                    return
                behind = self.shas[done]
                yield self._without_size(next(iter(self.clone.commits([behind]))))
                done += 1

    def _without_size(self, one: LoggedCommit) -> LoggedCommit:
        self.sizeless += 1
        if not one.parents:
            return replace(one, files=())
        try:
            told = self.clone.run(
                "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--end-of-options",
                one.parents[0], one.commit.sha,
            )  # fmt: skip
        except GitError:  # a shallow clone holds the parent's name alone
            told = ""
        return replace(one, files=tuple(FileFact(path) for path in told.split("\0") if path))


class Notes:
    """git-ai notes of a clone."""

    def __init__(self, clone: Clone) -> None:
        self._clone = clone
        tip = gitnotes.notes_tip(clone)
        self.blobs: dict[str, str] = gitnotes.noted(clone, tip) if tip else {}
        self.unreadable = 0

    def of(self, shas: Sequence[str]) -> dict[str, Attested]:
        """What the notes on these commits attest."""
        attestations: dict[str, Attestation] = {}
        texts = dict(gitnotes.texts(self._clone, sorted({self.blobs[sha] for sha in shas})))
        for sha in shas:
            try:
                attestations[sha] = parse_note(texts.get(self.blobs[sha]) or "")
            except Unreadable:
                self.unreadable += 1
        return {one.sha: _lines(attestations[one.sha], one.files) for one in self._added(list(attestations))}

    def _added(self, shas: list[str]) -> Iterator[gitnotes.Added]:
        """Halved where git fails, so that only the commits that it cannot read are left out."""
        try:
            yield from list(gitnotes.added(self._clone, shas))
        except GitError:
            if len(shas) == 1:
                self.unreadable += 1
                return
            half = len(shas) // 2
            yield from self._added(shas[:half])
            yield from self._added(shas[half:])


def _lines(attestation: Attestation, files: Mapping[str, tuple[tuple[int, int], ...]]) -> Attested:
    ai, everything, tools = 0, 0, Counter[str]()
    for part in written(attestation.claims, files):
        if path_class(part.path) in UNCOUNTED:
            continue
        everything += part.lines
        if part.contributor in (AI, MIXED) and not is_trial(part.tool):
            ai += part.lines
            tools[part.tool] += part.lines
    return Attested(ai, everything, tools)
