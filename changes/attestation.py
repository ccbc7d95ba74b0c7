"""Records that tools keep of who wrote which lines: git-ai notes and Agent Trace records. Pure.

Sources: git-ai's "Git AI Standard v3.0.0" (notes under refs/notes/ai), Agent Trace v0.1.0
(.agent-trace/traces.jsonl). Neither says which kind of help it was. A line that no record names is untracked,
which is not the same as human.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

GIT_AI, AGENT_TRACE = "git_ai", "agent_trace"
# The rule under which each one's evidence is kept.
RULE_KEYS = {GIT_AI: "git-ai-note", AGENT_TRACE: "agent-trace"}
AI, HUMAN, MIXED, UNKNOWN = "ai", "human", "mixed", "unknown"

MOST_NOTE = 8 << 20  # older notes carry whole conversations; the largest of 10,685 had 3 MB
MOST_RECORD = 1 << 20
MOST_ENTRIES = 200_000
MOST_NAME, MOST_PATH = 120, 4096

Ranges = tuple[tuple[int, int], ...]
RANGE = re.compile(r"([1-9][0-9]{0,6})(?:-([1-9][0-9]{0,6}))?", re.ASCII)
LEGACY_KEY = re.compile(r"[0-9a-f]{7}|[0-9a-f]{16}", re.ASCII)
# Tools that test the recorder itself: what they attest is no help that anybody had.
TRIAL_TOOL = re.compile(r"(mock|test)(?![a-z])", re.IGNORECASE)

NO_METADATA = "a key has no metadata: the tool is not known"
ODD_KEY = "a key has an unknown form and no metadata"
ODD_LINE = "a line is not in the format"
TWICE = "lines are claimed more than once"


class Unreadable(ValueError):
    """A note or record that cannot be understood; the message says why."""


@dataclass(frozen=True, slots=True)
class Claim:
    """These lines of one file, by one contributor. `tool` and `model` are the record's own words."""

    path: str
    contributor: str
    ranges: Ranges
    tool: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Attestation:
    """`revision` is the commit that the record itself names; `remarks` say what was not understood."""

    format: str
    claims: tuple[Claim, ...]
    revision: str = ""
    remarks: tuple[str, ...] = ()
    at: datetime | None = None

    @property
    def names_ai(self) -> bool:
        return any(one.contributor in {AI, MIXED} for one in self.claims)

    @property
    def paths(self) -> set[str]:
        return {one.path for one in self.claims}


@dataclass(frozen=True, slots=True)
class Written:
    """How many lines one contributor wrote in one file."""

    path: str
    contributor: str
    lines: int
    tool: str = ""
    model: str = ""


@dataclass(slots=True)
class _Remarks:
    found: dict[str, None] = field(default_factory=dict)

    def add(self, remark: str) -> None:
        self.found[remark] = None


def is_trial(tool: str) -> bool:
    return TRIAL_TOOL.match(tool) is not None


def parse_note(text: str) -> Attestation:
    """One note of git-ai: `path`, then `  KEY RANGES` lines, `---`, JSON. Keys of sessions and older prompts.

    Raises: Unreadable, and nothing else.
    """
    if len(text) > MOST_NOTE:
        raise Unreadable("the note is too large")
    head, divider, tail = f"\n{text}".partition("\n---\n")
    if not divider:
        raise Unreadable("the note has no divider")
    metadata = _json(tail)
    schema = metadata.get("schema_version")
    if not isinstance(schema, str) or not schema.startswith("authorship/3."):
        raise Unreadable("the note's schema version is not 3")
    remarks = _Remarks()
    claims = tuple(_note_claims(head, _Keys(metadata, remarks), remarks))
    return Attestation(GIT_AI, claims, _name(metadata.get("base_commit_sha")), tuple(remarks.found))


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the metadata is not JSON") from error
    if not isinstance(found, dict):
        raise Unreadable("the metadata is not an object")
    return found


class _Keys:
    """Whose each key is. A key without a record is AI where the standard says so, but of no known tool."""

    def __init__(self, metadata: Mapping[str, Any], remarks: _Remarks) -> None:
        self._records = _objects(metadata.get("prompts")) | _objects(metadata.get("sessions"))
        self._humans = _objects(metadata.get("humans"))
        self._remarks = remarks

    def whose(self, key: str) -> tuple[str, str, str]:
        """Contributor, tool and model."""
        base = key.partition("::")[0]
        if base in self._humans or base.startswith("h_") or base == "human":
            return HUMAN, "", ""
        if base in self._records:
            agent = self._records[base].get("agent_id")
            agent = agent if isinstance(agent, dict) else {}
            return AI, _name(agent.get("tool")), _name(agent.get("model"))
        if base.startswith("s_") or base == "ai_agent" or LEGACY_KEY.fullmatch(base):
            self._remarks.add(NO_METADATA)
            return AI, "", ""
        self._remarks.add(ODD_KEY)
        return UNKNOWN, "", ""


def _objects(found: Any) -> dict[str, dict[str, Any]]:
    return (
        {key: one for key, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}
    )


def _name(found: Any) -> str:
    """One line of printable text, bounded; empty for anything else."""
    if not isinstance(found, str):
        return ""
    return "".join(one if one.isprintable() else " " for one in found[: 2 * MOST_NAME]).strip()[:MOST_NAME]


def _note_claims(text: str, keys: _Keys, remarks: _Remarks) -> Iterator[Claim]:
    path = ""
    for number, line in enumerate(text.split("\n")):
        if number > MOST_ENTRIES:
            raise Unreadable("the note has too many lines")
        if not line:
            continue
        if not line.startswith(" "):
            path = line[1:-1] if len(line) > 2 and line[0] == line[-1] == '"' else line
            path = path if len(path) <= MOST_PATH else ""
            continue
        key, _, said = line.strip(" ").partition(" ")
        ranges = _ranges(said)
        if not path or ranges is None:
            remarks.add(ODD_LINE)
            continue
        contributor, tool, model = keys.whose(key)
        yield Claim(path, contributor, ranges, tool, model)


def _ranges(text: str) -> Ranges | None:
    found = []
    for part in text.split(","):
        match = RANGE.fullmatch(part)
        if not match:
            return None
        first = int(match[1])
        last = int(match[2] or first)
        if last < first:
            return None
        found.append((first, last))
    return merged(found)


def parse_trace(line: str) -> Attestation:
    """One Agent Trace record. Read leniently: what is not needed to count lines is not asked for.

    Raises: Unreadable, and nothing else.
    """
    if len(line) > MOST_RECORD:
        raise Unreadable("the record is too large")
    record = _json(line)
    if not isinstance(record.get("files"), list):
        raise Unreadable("the record names no files")
    vcs, tool = _object(record.get("vcs")), _object(record.get("tool"))
    if vcs.get("type", "git") != "git":
        raise Unreadable("the record is of another version control system")
    remarks = _Remarks()
    claims = tuple(_trace_claims(record["files"], _name(tool.get("name")), remarks))
    return Attestation(
        AGENT_TRACE,
        claims,
        _name(vcs.get("revision")).lower(),
        tuple(remarks.found),
        _time(record.get("timestamp")),
    )


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _listed(found: Any) -> list[dict[str, Any]]:
    return [one for one in found[:MOST_ENTRIES] if isinstance(one, dict)] if isinstance(found, list) else []


def _time(found: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(found)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _trace_claims(files: list[Any], tool: str, remarks: _Remarks) -> Iterator[Claim]:
    for file in _listed(files):
        path = file.get("path")
        if not isinstance(path, str) or not 0 < len(path) <= MOST_PATH:
            remarks.add(ODD_LINE)
            continue
        for talk in _listed(file.get("conversations")):
            for one in _listed(talk.get("ranges")):
                # A range may name another contributor than its conversation's.
                who = _object(one.get("contributor")) or _object(talk.get("contributor"))
                ranges = _trace_range(one)
                if ranges is None:
                    remarks.add(ODD_LINE)
                    continue
                contributor = who.get("type")
                known = contributor if contributor in {AI, HUMAN, MIXED} else UNKNOWN
                has_tool = known in {AI, MIXED}
                model = _name(who.get("model_id")) if has_tool else ""
                yield Claim(path.removeprefix("./"), known, ranges, tool if has_tool else "", model)


def _trace_range(found: Mapping[str, Any]) -> Ranges | None:
    first, last = found.get("start_line"), found.get("end_line", found.get("start_line"))
    if type(first) is not int or type(last) is not int or not 1 <= first <= last < 10_000_000:
        return None
    return ((first, last),)


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Sorted, and none touching another."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def size(ranges: Ranges) -> int:
    return sum(last - first + 1 for first, last in ranges)


def common(one: Ranges, other: Ranges) -> Ranges:
    """The lines in both; both as `merged` gives them."""
    found, a, b = [], 0, 0
    while a < len(one) and b < len(other):
        first, last = max(one[a][0], other[b][0]), min(one[a][1], other[b][1])
        if first <= last:
            found.append((first, last))
        if one[a][1] < other[b][1]:
            a += 1
        else:
            b += 1
    return tuple(found)


def without(one: Ranges, taken: Ranges) -> Ranges:
    """The lines of the first that are not in the second; both as `merged` gives them."""
    found, b = [], 0
    for range_first, last in one:
        first = range_first
        while b < len(taken) and taken[b][1] < first:
            b += 1
        at = b
        while at < len(taken) and taken[at][0] <= last:
            if first < taken[at][0]:
                found.append((first, taken[at][0] - 1))
            first = taken[at][1] + 1
            at += 1
        if first <= last:
            found.append((first, last))
    return tuple(found)


# Of a line that two contributors claim, the first of these counts: AI help is not hidden by a second claim.
ORDER = {AI: 0, MIXED: 1, HUMAN: 2, UNKNOWN: 3}


def written(
    claims: Sequence[Claim], added: Mapping[str, Ranges], *, exactly: bool = True
) -> Iterator[Written]:
    """Who wrote how many of the lines that a commit added: each line once, an unclaimed one as unknown.

    A claim on a line that the commit did not add counts nothing: recorders have been seen to carry over
    whole files. Without `exactly` line numbers may have moved since (an edit before the commit), so that
    only their count is held against the file's.
    """
    by_path: dict[str, list[Claim]] = {}
    for claim in sorted(claims, key=lambda one: ORDER[one.contributor]):
        by_path.setdefault(claim.path, []).append(claim)
    for path, lines in added.items():
        left = size(lines)
        taken: Ranges = ()
        counts: Counter[tuple[str, str, str]] = Counter()
        for claim in by_path.get(path, ()):
            mine = without(common(claim.ranges, lines) if exactly else claim.ranges, taken)
            taken = merged([*taken, *mine])
            count = min(size(mine), left)
            counts[(claim.contributor, claim.tool, claim.model)] += count
            left -= count
        counts[(UNKNOWN, "", "")] += left
        for (contributor, tool, model), count in counts.items():
            if count:
                yield Written(path, contributor, count, tool, model)
