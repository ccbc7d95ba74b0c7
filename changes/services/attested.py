"""Attested lines of changes, saved: rows by class of file, and evidence on origin and kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from changes.attestation import (
    AGENT_TRACE,
    AI,
    GIT_AI,
    MIXED,
    RULE_KEYS,
    Attestation,
    Ranges,
    merged,
    written,
)
from changes.attested_kinds import KIND_OF, assistant_of, proven_classes, said
from changes.gitnotes import Added
from changes.models import AttestedLines, Change, OriginEvidence, Repository
from changes.origin import ASSISTED, EMAIL, MOST_EXCERPT, NOTE, PERSON, STRONG, WEAK, Evidence
from changes.paths import PathClasses
from changes.services.bulk import insert
from changes.services.rules import Rules
from changes.services.weighing import evidence_row, reweigh
from intake import ledger

RECORDS = {GIT_AI: "git-ai note", AGENT_TRACE: "Agent Trace"}
VERSION = 1
Line = tuple[str, str, str, str]  # class of file, contributor, tool, model


@dataclass(slots=True)
class Share:
    """One change's lines as the records of one format tell of them."""

    lines: Counter[Line] = field(default_factory=Counter)
    # Tools with their models that any AI line names, whether the commit added that line or not.
    named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    at: datetime | None = None

    def add(self, record: Attestation | None, commit: Added | None, classes: PathClasses) -> None:
        """One commit, with what is attested of it; without its files the record's own count stands."""
        claims = record.claims if record else ()
        exactly = record is None or record.format == GIT_AI
        for one in written(claims, commit.files if commit else _claimed(record), exactly=exactly):
            # An address of a person has no place in a tool's name, whoever wrote the record.
            tool, model = EMAIL.sub(PERSON, one.tool), EMAIL.sub(PERSON, one.model)
            self.lines[(classes.of(one.path), one.contributor, tool, model)] += one.lines
        for claim in claims:
            if claim.contributor in {AI, MIXED}:
                self.named[EMAIL.sub(PERSON, claim.tool)].add(EMAIL.sub(PERSON, claim.model))
        if record and record.names_ai and commit:
            self.at = min(self.at, commit.at) if self.at else commit.at

    def by_ai(self, tool: str | None = None) -> Iterator[tuple[Line, int]]:
        for line, count in self.lines.items():
            if line[1] in {AI, MIXED} and tool in {None, line[2]}:
                yield line, count


def _claimed(record: Attestation | None) -> dict[str, Ranges]:
    found: dict[str, Ranges] = {}
    for claim in record.claims if record else ():
        found[claim.path] = merged([*found.get(claim.path, ()), *claim.ranges])
    return found


def evidence_in(share: Share, record_format: str, rules: Rules, at: datetime | None) -> list[Evidence]:
    """That AI had a hand, by each tool, and the kinds that its lines prove.

    It decides where a tool that we know wrote lines that the commit added. A tool that nobody knows, and a
    claim on other lines, only suggest. Human lines prove nothing: AI may have helped with the rest.
    """
    found = []
    strong: Counter[str] = Counter()
    tools: Counter[str] = Counter()
    for tool, models in sorted(share.named.items()):
        assistant = assistant_of(tool, rules.assistants)
        lines = sum(count for _, count in share.by_ai(tool))
        if assistant and lines:
            tools[assistant] += lines
            for (name, *_), count in share.by_ai(tool):
                strong[name] += count
        excerpt = _excerpt(tool, models, lines)
        decides = STRONG if assistant and lines else WEAK
        found.append(_evidence(record_format, excerpt, assistant, at, strength=decides))
    totals: Counter[str] = Counter()
    for (name, *_), count in share.lines.items():
        totals[name] += count
    main = min(tools, key=lambda slug: (-tools[slug], slug), default="")
    for name in proven_classes(strong):
        words = said(name, strong[name], totals[name], RECORDS[record_format])
        found.append(_evidence(record_format, words, main, at, kind=KIND_OF[name]))
    return found


def _excerpt(tool: str, models: set[str], lines: int) -> str:
    named = ", ".join(sorted(models - {""})[:3])
    count = f"{lines} line{'' if lines == 1 else 's'}" if lines else "none of the lines added here"
    return f"{tool or 'a tool that is not named'}{f' ({named})' if named else ''}: {count}"[:MOST_EXCERPT]


def _evidence(
    record_format: str,
    excerpt: str,
    assistant: str,
    at: datetime | None,
    *,
    kind: str = "",
    strength: str = STRONG,
) -> Evidence:
    return Evidence(
        rule_key=RULE_KEYS[record_format],
        rule_version=VERSION,
        place=NOTE,
        origin=ASSISTED,
        strength=strength,
        excerpt=excerpt,
        assistant=assistant,
        kind=kind,
        said_at=at,
    )


def save_shares(
    repository: Repository, shares: Mapping[int, Share], record_format: str, rules: Rules
) -> None:
    """Put these in place of what the changes had of this format; weigh those that are others now.

    Call it in a transaction that holds the repository's row.
    """
    changes = Change.objects.in_bulk(list(shares))
    altered: set[int] = _save_lines(shares, record_format, rules) | _save_evidence(
        changes, shares, record_format, rules
    )
    if altered:
        reweigh([changes[pk] for pk in sorted(altered)], rules)
        verb = "attested lines read"
        ledger.touch(ledger.Kind.CHANGE, *sorted(altered), verb=verb, repository_id=repository.pk)


def _save_lines(shares: Mapping[int, Share], record_format: str, rules: Rules) -> set[int]:
    stored: dict[int, list[AttestedLines]] = defaultdict(list)
    for row in AttestedLines.objects.filter(change__in=list(shares), format=record_format):
        stored[row.change_id].append(row)
    new: list[AttestedLines] = []
    altered = set()
    for pk, share in shares.items():
        rows = _rows(pk, share, record_format, rules)
        if {_key(row) for row in rows} != {_key(row) for row in stored[pk]}:
            altered.add(pk)
            new += rows
    AttestedLines.objects.filter(change__in=altered, format=record_format).delete()
    insert(new)
    return altered


def _rows(pk: int, share: Share, record_format: str, rules: Rules) -> list[AttestedLines]:
    """One for each class, contributor, assistant and model; tools without a name in the taxonomy are one."""
    counts: Counter[tuple[str, str, int | None, str]] = Counter()
    for (name, contributor, tool, model), lines in share.lines.items():
        assistant = rules.assistants.get(assistant_of(tool, rules.assistants)) if tool else None
        counts[(name, contributor, assistant.pk if assistant else None, model)] += lines
    return [
        AttestedLines(
            change_id=pk,
            format=record_format,
            path_class=name,
            contributor=contributor,
            assistant_id=assistant_id,
            model=model,
            lines=lines,
        )
        for (name, contributor, assistant_id, model), lines in sorted(counts.items(), key=str)
    ]


def _key(row: AttestedLines) -> tuple[object, ...]:
    return (row.path_class, row.contributor, row.assistant_id, row.model, row.lines)


def _save_evidence(
    changes: Mapping[int, Change], shares: Mapping[int, Share], record_format: str, rules: Rules
) -> set[int]:
    stored: dict[int, list[OriginEvidence]] = defaultdict(list)
    mine = OriginEvidence.objects.filter(
        change__in=list(shares), rule_key=RULE_KEYS[record_format], place=NOTE
    )
    for row in mine:
        stored[row.change_id].append(row)
    new: list[OriginEvidence] = []
    gone: list[int] = []
    altered = set()
    for pk, share in shares.items():
        at = share.at or changes[pk].merged_at
        rows = [
            evidence_row(changes[pk], one, rules, None)
            for one in evidence_in(share, record_format, rules, at)
        ]
        if {_said(row) for row in rows} != {_said(row) for row in stored[pk]}:
            altered.add(pk)
            new += rows
            gone += [row.pk for row in stored[pk]]
    OriginEvidence.objects.filter(pk__in=gone).delete()
    OriginEvidence.objects.bulk_create(new)
    return altered


def _said(row: OriginEvidence) -> tuple[object, ...]:
    return (row.rule_version, row.excerpt, row.strength, row.assistant_id, row.kind_id, row.said_at)
