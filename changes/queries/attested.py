"""What is attested of one change: the share of its counted lines, by class of file, tools, models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from changes.models import AttestedLines, Change
from changes.paths import UNCOUNTED

Contributor = AttestedLines.Contributor
LABELS = {
    "source": "Source", "tests": "Tests", "docs": "Documentation", "config": "Configuration",
    "migrations": "Migrations", "generated": "Generated", "lock": "Lock files",
}  # fmt: skip
ORDER = list(LABELS)


@dataclass(frozen=True, slots=True)
class Lines:
    """Added lines by who is said to have written them; `untracked` are those that nobody says anything of."""

    ai: int = 0
    mixed: int = 0
    human: int = 0
    untracked: int = 0

    @property
    def total(self) -> int:
        return self.ai + self.mixed + self.human + self.untracked

    @property
    def share(self) -> float | None:
        """Lines that AI wrote alone, of all; between 0 and 1, None of none."""
        return self.ai / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class ClassLines:
    path_class: str
    label: str
    counts: bool
    lines: Lines


@dataclass(frozen=True, slots=True)
class Attested:
    """`lines` are those that count: without generated and lock files."""

    format: str
    label: str
    lines: Lines
    classes: tuple[ClassLines, ...]
    tools: tuple[str, ...]
    models: tuple[str, ...]


def attested_of(change: Change) -> Attested | None:
    """By git-ai notes where there are any, else by Agent Trace records: the two speak of the same lines.

    None where no record says anything of any line: a note may stand there that attests nothing.
    """
    return attested_in(attested_rows(change))


def attested_rows(change: Change) -> QuerySet[AttestedLines]:
    return change.attested.select_related("assistant")


def attested_in(found: Iterable[AttestedLines]) -> Attested | None:
    rows = list(found)
    for record_format in (AttestedLines.Format.GIT_AI, AttestedLines.Format.AGENT_TRACE):
        mine = [row for row in rows if row.format == record_format]
        if any(row.contributor != Contributor.UNKNOWN for row in mine):
            return _attested(record_format, mine)
    return None


def _attested(record_format: AttestedLines.Format, rows: list[AttestedLines]) -> Attested:
    by_class = {name: [row for row in rows if row.path_class == name] for name in ORDER}
    by_ai = [row for row in rows if row.contributor in {Contributor.AI, Contributor.MIXED}]
    tools = Counter(row.assistant.name if row.assistant else "a tool that is not known" for row in by_ai)
    return Attested(
        format=record_format.value,
        label=str(record_format.label),
        lines=_lines(row for row in rows if row.path_class not in UNCOUNTED),
        classes=tuple(
            ClassLines(name, LABELS[name], name not in UNCOUNTED, _lines(mine))
            for name, mine in by_class.items()
            if mine
        ),
        tools=tuple(sorted(tools)),
        models=tuple(sorted({row.model for row in by_ai if row.model})),
    )


def _lines(rows: Iterable[AttestedLines]) -> Lines:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.contributor] += row.lines
    return Lines(
        counts[Contributor.AI],
        counts[Contributor.MIXED],
        counts[Contributor.HUMAN],
        counts[Contributor.UNKNOWN],
    )
