"""Rows of the first report straight from a clone: no database, nothing kept, nothing sent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice

from analytics.first_report.history import Attested, History, Notes
from analytics.first_report.shapes import Reading, ReportChange
from analytics.first_report.undone import Landed, find_undone
from changes import origin
from changes.blame import WITHIN_DAYS, Outcome, calls_itself_a_fix, mostly_written_by, rewritten_by
from changes.facts import ChangeFact, CommitFact
from changes.gitlog import Clone, LoggedCommit
from changes.origin import Evidence, Material, Rule, RuleBook, slug
from changes.paths import UNCOUNTED, counted_lines, path_class
from changes.redaction import redact
from changes.services.importing import Branches
from changes.services.repositories import normalised_address
from changes.services.telling import people_of
from changes.starter_rules import ASSISTANTS, RULES
from changes.wiring import landed_change, links

BATCH = 500
DAYS = 400
Progress = Callable[[str, int, int], None]
COMMIT_PAGES = {
    "github.com": "https://{address}/commit/{sha}",
    "codeberg.org": "https://{address}/commit/{sha}",
    "gitlab.com": "https://{address}/-/commit/{sha}",
    "bitbucket.org": "https://{address}/commits/{sha}",
}
UNNAMED = "unknown-tool"
TOOL_NAMES = {one.slug: one.name for one in ASSISTANTS}


@lru_cache(maxsize=1)
def starter_book() -> RuleBook:
    return RuleBook(
        Rule(
            key=one.key,
            place=one.place,
            pattern=one.pattern,
            origin=one.origin,
            strength=one.strength,
            is_automation=one.is_automation,
            assistant=one.assistant,
            kind=one.kind,
        )
        for one in RULES
    )


@dataclass(frozen=True, slots=True)
class Window:
    """Days before the newest commit, unless days of the calendar are told; `until` is within."""

    days: int = DAYS
    since: datetime | None = None
    until: datetime | None = None

    def bounds(self, newest: datetime) -> tuple[datetime, datetime]:
        until = min(self.until or newest, newest)
        return self.since or until - timedelta(days=self.days), until


@dataclass(frozen=True, slots=True)
class _Row:
    change: ReportChange
    landed: Landed
    parent: str
    shas: tuple[str, ...]


def read_clone(
    clone: Clone, *, window: Window, minutes: float, name: str, address: str, progress: Progress
) -> tuple[Reading, list[ReportChange]]:
    """`minutes` bounds the looking into fixes, newest first; the rest takes what reading the log takes.

    Raises: changes.gitlog.GitError.
    """
    line = clone.main_line()
    newest = next(iter(clone.commits([line.head]))).commit.at
    since, until = window.bounds(newest)
    address = normalised_address(address or clone.origin_address())
    history = History(clone, line.head, since)
    rows = list(_rows(clone, history, _commit_page(address), progress))
    undone = find_undone([row.landed for row in rows])
    notes = Notes(clone)
    rows = _with_notes(notes, rows)
    rows, fixes = _with_follow_ups(clone, rows, minutes, progress)
    found = [replace(row.change, undone_at=undone.at.get(row.change.key)) for row in rows]
    reading = Reading(
        name=name or address.partition("/")[2] or clone.names()[0],
        as_of=newest,
        since=since,
        until=until,
        branch=line.branch,
        commits=len(rows),
        sizeless=history.sizeless,
        is_shallow=bool(clone.cut()),
        minutes=minutes,
        links_unresolved=undone.unresolved,
        notes=sum(row.change.attested_of is not None for row in rows),
        notes_unreadable=notes.unreadable,
        fixes=fixes.all,
        fixes_read=fixes.read,
        fixes_unreadable=fixes.unreadable,
        fixes_from=fixes.since,
    )
    return reading, [one for one in found if since <= one.at <= until]


def _commit_page(address: str) -> str:
    page = COMMIT_PAGES.get(address.partition("/")[0], "")
    return page.replace("{address}", address)


def _rows(clone: Clone, history: History, page: str, progress: Progress) -> Iterator[_Row]:
    branches = Branches(clone, history.head)
    commits = history.commits()
    done = 0
    while batch := list(islice(commits, BATCH)):
        brought = {
            one.commit.sha: branches.brought_in_by(one.parents) for one in batch if len(one.parents) > 1
        }
        wanted = [sha for shas in brought.values() for sha in shas]
        by_sha = {one.commit.sha: one.commit for one in clone.commits(wanted)}
        for one in batch:
            merged_in = [by_sha[sha] for sha in brought.get(one.commit.sha, ()) if sha in by_sha]
            yield _row(one, merged_in, page)
        done += len(batch)
        progress("commits", done, len(history.shas))


def _row(logged: LoggedCommit, merged_in: Sequence[CommitFact], page: str) -> _Row:
    commit = logged.commit
    is_merge = len(logged.parents) > 1
    fact = landed_change(commit, is_merge=is_merge, merged_in=merged_in, files=logged.files)
    subject = fact.title or ""
    title = redact(subject, starter_book(), people_of(fact))[:160]
    change = ReportChange(
        key=commit.sha,
        label=commit.sha[:10],
        title=title,
        at=commit.at,
        lines=counted_lines(logged.files),
        paths=tuple(
            (one.path, (one.added or 0) + (one.deleted or 0))
            for one in logged.files
            if path_class(one.path) not in UNCOUNTED
        ),
        is_fix=calls_itself_a_fix(subject, fact.message or ""),
        url=page.replace("{sha}", commit.sha),
    )
    shas = (commit.sha, *(one.sha for one in merged_in))
    said = tuple(links(fact.title or "", fact.message or ""))
    landed = Landed(commit.sha, commit.at, subject, shas, fact.number, said)
    return _Row(_judged(change, _evidence(fact)), landed, next(iter(logged.parents), ""), shas)


def _evidence(fact: ChangeFact) -> list[Evidence]:
    material = Material(
        title=fact.title or "",
        message=fact.message or "",
        landed=fact.landed,
        merged_in=fact.merged_in,
        told_at=fact.told_at,
    )
    return origin.detect(material, starter_book())


def _judged(change: ReportChange, evidence: Sequence[Evidence]) -> ReportChange:
    verdict = origin.weigh(evidence)
    strong = [one for one in evidence if one.strength == origin.STRONG]
    return replace(
        change,
        origin=verdict.origin,
        tools=_names(verdict.assistants),
        kinds=tuple(sorted({one.kind for one in strong if one.kind})),
        is_automation=any(one.is_automation for one in evidence),
        is_hinted=verdict.origin == origin.UNKNOWN and any(one.origin for one in evidence),
    )


def _names(slugs: Sequence[str]) -> tuple[str, ...]:
    """A marker that names no tool says nothing more where another names one."""
    named = [one for one in slugs if one != UNNAMED] or slugs
    return tuple(dict.fromkeys(TOOL_NAMES.get(one, one) for one in named))


# -- Lines that a tool's own record attests ------------------------------------------------------------------


def _with_notes(notes: Notes, rows: Sequence[_Row]) -> list[_Row]:
    """A note on what landed counts, else those on the commits that a merge brought in."""
    wanted = {row.change.key: _noted_commits(row, notes.blobs) for row in rows} if notes.blobs else {}
    attested = notes.of([sha for found in wanted.values() for sha in found])
    return [
        _attest(row, [attested[sha] for sha in wanted.get(row.change.key, ()) if sha in attested])
        for row in rows
    ]


def _noted_commits(row: _Row, noted: Mapping[str, str]) -> list[str]:
    landed, *others = row.shas
    return [landed] if landed in noted else [sha for sha in others if sha in noted]


def _attest(row: _Row, found: Sequence[Attested]) -> _Row:
    if not found:
        return row
    ai = sum(one.ai for one in found)
    change = replace(row.change, attested_ai=ai, attested_of=sum(one.lines for one in found))
    if ai:
        named = Counter[str]()
        for one in found:
            named.update(one.tools)
        tools = [_tool_name(tool) for tool, _ in named.most_common() if tool]
        # An agent that is the recorded author stays one: the note says what was written, not by whose hand.
        kept = change.origin if change.origin == origin.AUTONOMOUS else origin.ASSISTED
        change = replace(
            change,
            origin=kept,
            is_hinted=False,
            tools=_without_unnamed([*change.tools, *tools]),
        )
    return replace(row, change=change)


def _without_unnamed(names: Sequence[str]) -> tuple[str, ...]:
    named = dict.fromkeys(one for one in names if one != TOOL_NAMES[UNNAMED])
    return tuple(named) or (TOOL_NAMES[UNNAMED],)


NOTE_TOOLS = {
    "claude": "claude-code",
    "github-copilot": "copilot",
    "copilot": "copilot",
    "gemini": "gemini-cli",
}


def _tool_name(tool: str) -> str:
    key = slug(tool)
    return TOOL_NAMES.get(NOTE_TOOLS.get(key, key), tool[:40])


# -- Lines that a fix deleted --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fixes:
    all: int
    read: int
    unreadable: int
    since: datetime | None


def _with_follow_ups(
    clone: Clone, rows: Sequence[_Row], minutes: float, progress: Progress
) -> tuple[list[_Row], _Fixes]:
    """Newest fixes first, until the time is up; a change is only judged where all later fixes were read."""
    until = time.monotonic() + minutes * 60
    owners = {row.change.key: row.change.key for row in rows}
    fixes = [row for row in reversed(rows) if row.change.is_fix and row.parent]
    hits: dict[str, tuple[datetime, int]] = {}
    read = unreadable = 0
    reached: datetime | None = None
    for row in fixes:
        left = until - time.monotonic()
        if left <= 0:
            break
        rewrite = rewritten_by(clone, row.change.key, row.parent, seconds=min(20.0, max(1.0, left)))
        unreadable += rewrite.outcome not in (Outcome.READ, Outcome.NOTHING_DELETED)
        if hit := mostly_written_by(rewrite, owners.get):
            key, lines = hit
            hits[key] = (row.change.at, lines)
        read += 1
        reached = row.change.at
        progress("fixes", read, len(fixes))
    if read == len(fixes) and rows:
        reached = min(row.change.at for row in rows)
    done = [_followed(row, hits) for row in rows]
    return done, _Fixes(len(fixes), read, unreadable, reached)


def _followed(row: _Row, hits: Mapping[str, tuple[datetime, int]]) -> _Row:
    hit = hits.get(row.change.key)
    if hit is None or not timedelta() <= hit[0] - row.change.at <= timedelta(days=WITHIN_DAYS):
        return row
    return replace(row, change=replace(row.change, followed_at=hit[0], followed_lines=hit[1]))


def day_start(text: str) -> datetime:
    """Raises: ValueError, for what is no day."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
