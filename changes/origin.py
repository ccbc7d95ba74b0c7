"""Where AI had a hand: what rules find in a change's words and identities, and what the findings amount to.

Pure: a function of text, identities, rules and judgements. Patterns run on RE2 over at most 64 kB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import re2

from changes import declarations
from changes.declared_claims import VERSION, claims
from changes.declared_text import without_open_boxes
from changes.facts import CommitFact, Identity
from changes.rule_book import (
    ASSISTED,
    AUTHOR,
    AUTONOMOUS,
    BODY,
    BRANCH,
    COMMITTER,
    CONFIDENCES,
    DECLARATION,
    HIGH,
    LABEL,
    LOWER,
    MANUAL,
    NOTE,
    STRONG,
    SUBJECT,
    TRAILER,
    UNKNOWN,
    WEAK,
    Rule,
    RuleBook,
    UnsafePattern,
    compiled,
)

__all__ = [
    "ASSISTED", "AUTHOR", "AUTONOMOUS", "BODY", "BRANCH", "COMMITTER", "CONFIDENCES", "DECLARATION", "EMAIL",
    "HIGH", "LABEL", "LOWER", "MANUAL", "MOST_EXCERPT", "MOST_TEXT", "NOTE", "PERSON", "STRONG", "SUBJECT",
    "TRAILER", "UNKNOWN", "WEAK", "Evidence", "Material", "Rule", "RuleBook", "Said", "UnsafePattern",
    "Verdict", "before", "compiled", "detect", "slug", "weigh",
]  # fmt: skip

MOST_TEXT = 64 * 1024
MOST_EXCERPT = 300
PERSON = "<person>"

# What an incident prompted somebody to say is shown, and never counted as said before it.
PROMPTED_BY_INCIDENTS = frozenset({"postmortem", "control"})


@dataclass(frozen=True, slots=True)
class Evidence:
    rule_key: str
    rule_version: int
    place: str
    origin: str
    strength: str
    excerpt: str
    is_automation: bool = False
    assistant: str = ""
    kind: str = ""
    said_at: datetime | None = None
    confidence: str = HIGH


@dataclass(frozen=True, slots=True)
class Said:
    """A person's decision, as far as a verdict needs it."""

    origin: str = ""
    kind: str = ""
    assistant: str = ""
    is_dismissal: bool = False
    said_at: datetime | None = None
    prompted_by: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    origin: str = UNKNOWN
    basis: str = ""
    said_at: datetime | None = None
    assistants: tuple[str, ...] = ()

    @property
    def assistant(self) -> str:
        return self.assistants[0] if self.assistants else ""


@dataclass(frozen=True, slots=True)
class Material:
    """All that detection looks at in one telling of a change; nothing of it but the evidence is kept."""

    title: str = ""
    message: str = ""
    author: Identity | None = None
    branch: str = ""
    labels: tuple[str, ...] = ()
    landed: CommitFact | None = None
    merged_in: tuple[CommitFact, ...] = ()
    told_at: datetime | None = None


EMAIL = re.compile(r"[\w.+-]+(?:\[bot\])?@[\w-]+(?:\.[\w-]+)+")
TRAILER_LINE = re.compile(r"^[ \t]*[A-Za-z][A-Za-z-]{2,40}:[ \t]*\S.*$|^https://\S+$", re.MULTILINE)


# Where a pattern spells out whose line it is.
IDENTITIES = frozenset({AUTHOR, COMMITTER, TRAILER})
# What a forge writes as committer of what was merged on its pages: nobody's hand.
FORGE = re.compile(r"<noreply@(?:github\.com|gitlab\.com|codeberg\.org|bitbucket\.org)>", re.IGNORECASE)


def detect(material: Material, book: RuleBook, kinds: Mapping[str, str] | None = None) -> list[Evidence]:
    """What the rules find; the same material and rules, in whatever order, always give the same findings.

    `kinds`: an installation's own words for kinds of help, in small letters, and the slugs they mean.
    """
    found: dict[tuple[str, str], Evidence] = {}

    def keep(one: Evidence) -> None:
        key = (one.rule_key, one.excerpt)
        found[key] = _smaller(found[key], one) if key in found else one

    def add(place: str, text: str, at: datetime | None, cap: str = "", doubted: bool = False) -> None:
        for rule, match in book.matches(place, text):
            keep(_evidence(rule, match, at, cap, doubted))

    def add_message(message: str, at: datetime | None) -> None:
        text = message[:MOST_TEXT]
        add(SUBJECT, text.split("\n", 1)[0], at)
        add(TRAILER, "\n".join(line.strip() for line in TRAILER_LINE.findall(text)), at)
        add(BODY, text, at)
        for one in _declared(text, at, book, kinds):
            keep(one)

    at = material.told_at
    if material.author:
        add(AUTHOR, str(material.author), at)
    if material.landed:
        _add_people(material.landed, book, add)
        add_message(material.landed.message, material.landed.at)
    for commit in material.merged_in:
        add_message(commit.message, commit.at)
    _add_branch_authors(material.merged_in, book, add)
    add_message(f"{material.title}\n\n{material.message}", at)
    add(BRANCH, material.branch, at)
    for label in material.labels:
        add(LABEL, label, at)
    return [found[key] for key in sorted(found)]


# Where a text may hold what nobody said: open boxes, comments, code.
OPEN = re.compile(r"\[[ \t]*\]|<!--|```|~~~|☐")


def _declared(
    text: str, at: datetime | None, book: RuleBook, kinds: Mapping[str, str] | None
) -> list[Evidence]:
    """Where no box or answer was understood, the rules look at what is left of the text."""
    declaration = declarations.read(text, kinds)
    found = [
        Evidence(
            rule_key=one.rule_key,
            rule_version=VERSION,
            place=DECLARATION,
            origin=one.origin,
            strength=one.strength,
            excerpt=EMAIL.sub(PERSON, one.excerpt)[:MOST_EXCERPT],
            assistant=one.assistant,
            kind=one.kind,
            said_at=at,
        )
        for one in claims(declaration)
    ]
    if declaration.decides:
        return found
    left = without_open_boxes(text) if OPEN.search(text) else text
    return found + [_evidence(rule, match, at, "", False) for rule, match in book.matches(DECLARATION, left)]


def _smaller(one: Evidence, other: Evidence) -> Evidence:
    """One marker met twice: the earliest time, and of two claims the smaller."""
    times = [at for at in (one.said_at, other.said_at) if at]
    return replace(
        one,
        said_at=min(times, default=None),
        origin=min(one.origin, other.origin),
        confidence=max(one.confidence, other.confidence, key=CONFIDENCES.index),
    )


def _add_people(commit: CommitFact, book: RuleBook, add: Callable[..., None]) -> None:
    if commit.author:
        add(AUTHOR, str(commit.author), commit.at, doubted=_committed_by_person(commit, book))
    if commit.committer:
        add(COMMITTER, str(commit.committer), commit.at)


def _committed_by_person(commit: CommitFact, book: RuleBook) -> bool:
    """Somebody else than the author and the forge put it there, and may have altered it on the way."""
    committer = commit.committer
    if committer is None or committer == commit.author or FORGE.search(str(committer)):
        return False
    return not book.knows(str(committer), (AUTHOR,))


def _add_branch_authors(commits: Sequence[CommitFact], book: RuleBook, add: Callable[..., None]) -> None:
    """An agent's commits make the whole autonomous only where all are an agent's; else it assisted.

    An automation beside people's commits says nothing of the whole.
    """
    known = [_agent_kind(commit, book) for commit in commits]
    for commit, is_what in zip(commits, known, strict=True):
        if is_what == "agent":
            cap = "" if set(known) == {"agent"} else ASSISTED
            add(AUTHOR, str(commit.author), commit.at, cap, _committed_by_person(commit, book))
        elif is_what and set(known) == {"automation"}:
            add(AUTHOR, str(commit.author), commit.at)


def _agent_kind(commit: CommitFact, book: RuleBook) -> str:
    rules = [rule for rule, _ in book.matches(AUTHOR, str(commit.author))] if commit.author else []
    if any(not rule.is_automation and rule.origin for rule in rules):
        return "agent"
    return "automation" if rules else ""


def _evidence(rule: Rule, match: re2._Match, at: datetime | None, cap: str, doubted: bool) -> Evidence:
    """`cap` is the most that an agent's authorship proves here; `doubted` that a person committed it."""
    groups = match.groupdict()
    is_agent = rule.origin == AUTONOMOUS
    return Evidence(
        rule_key=rule.key,
        rule_version=rule.version,
        place=rule.place,
        origin=cap if cap and is_agent else rule.origin,
        strength=rule.strength,
        excerpt=_excerpt(rule, match),
        is_automation=rule.is_automation,
        assistant=rule.assistant or slug(groups.get("tool") or ""),
        kind=rule.kind,
        said_at=at,
        confidence=LOWER[rule.confidence] if doubted and is_agent else rule.confidence,
    )


def _excerpt(rule: Rule, match: re2._Match) -> str:
    """What was matched and no more: an identity that a rule knows may stand, a name around it may not."""
    text = " ".join(match.group(0).split())
    return (text if rule.place in IDENTITIES else EMAIL.sub(PERSON, text))[:MOST_EXCERPT]


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]


# Order of A5: what stands first decides; a declaration comes after every marker that a tool left.
STEPS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    # A record of lines does not unsay that an agent is the author.
    ((AUTHOR,), AUTONOMOUS, "evidence"),
    ((NOTE,), ASSISTED, "evidence"),
    ((AUTHOR, COMMITTER, TRAILER, SUBJECT, BODY, LABEL, BRANCH), ASSISTED, "evidence"),
    ((DECLARATION, LABEL), ASSISTED, "declaration"),
    ((DECLARATION, LABEL), MANUAL, "declaration"),
)


def weigh(
    evidence: Sequence[Evidence], said: Sequence[Said] = (), policy_since: datetime | None = None
) -> Verdict:
    """The verdict: a person's word first, then evidence by strength of its place, then a policy's word.

    `policy_since`: when the marking policy that covers this change was stated; None where there is none.
    Weak evidence only suggests. Absence proves nothing: without any of it the origin is unknown.
    """
    decision = _decision(said)
    dismissed = _dismissed(said)
    found = _from_evidence([one for one in evidence if one.origin not in dismissed])
    if decision:
        tools = (decision.assistant,) if decision.assistant else found.assistants
        return Verdict(decision.origin or ASSISTED, "person", decision.said_at, tools)
    if found.origin != UNKNOWN or found.basis:
        return found
    if dismissed:
        last = max(
            (one.said_at for one in said if one.is_dismissal and one.origin and one.said_at), default=None
        )
        return Verdict(UNKNOWN, "person", last)
    if policy_since:
        return Verdict(MANUAL, "policy", policy_since)
    return Verdict()


def _decision(said: Sequence[Said]) -> Said | None:
    """The latest word on the origin; failing one, a confirmed kind says that AI helped."""
    on_origin = [one for one in said if one.origin and not one.is_dismissal]
    if on_origin:
        return on_origin[-1]
    latest = {one.kind: one for one in said if one.kind}
    confirmed = [one for one in latest.values() if not one.is_dismissal]
    return min(confirmed, key=lambda one: (one.said_at is None, one.said_at), default=None)


def _dismissed(said: Sequence[Said]) -> set[str]:
    latest = {one.origin: one for one in said if one.origin}
    return {origin for origin, one in latest.items() if one.is_dismissal}


def _from_evidence(evidence: Sequence[Evidence]) -> Verdict:
    strong = [one for one in evidence if one.strength == STRONG and not one.is_automation]
    doubtful = any(one.place == DECLARATION and one.origin == UNKNOWN for one in strong)
    for places, origin, basis in STEPS:
        if basis == "declaration" and doubtful:
            return Verdict()
        hits = [one for one in strong if one.place in places and one.origin == origin]
        if hits:
            times = [one.said_at for one in hits if one.said_at]
            return Verdict(origin, basis, min(times, default=None), _tools(hits, strong))
    return Verdict()


def _tools(deciding: Sequence[Evidence], strong: Sequence[Evidence]) -> tuple[str, ...]:
    """The tools of the deciding evidence first, each once, a known name before an unknown one."""
    ordered = sorted(deciding, key=_tool_order) + sorted(strong, key=_tool_order)
    return tuple(dict.fromkeys(one.assistant for one in ordered if one.assistant))


def _tool_order(one: Evidence) -> tuple[bool, bool, str, str]:
    # What wrote comes before what reviewed.
    return (bool(one.kind), one.assistant == "unknown-tool", one.rule_key, one.excerpt)


def before(
    evidence: Sequence[Evidence], said: Sequence[Said], failed_at: datetime | None
) -> tuple[list[Evidence], list[Said]]:
    """What stood before the change's first incident or revert: the only thing that a rate may use."""
    said = [one for one in said if one.prompted_by not in PROMPTED_BY_INCIDENTS]
    if failed_at is None:
        return list(evidence), said
    return (
        [one for one in evidence if one.said_at is None or one.said_at < failed_at],
        [one for one in said if one.said_at is None or one.said_at < failed_at],
    )
