"""Where AI had a hand: what rules find in a change's words and identities, and what the findings amount to.

Pure: a function of text, identities, rules and judgements. Patterns run on RE2 over at most 64 kB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import re2

from changes.facts import CommitFact, Identity

MOST_TEXT = 64 * 1024
MOST_EXCERPT = 300
PERSON = "<person>"

UNKNOWN, MANUAL, ASSISTED, AUTONOMOUS = "unknown", "manual", "assisted", "autonomous"
STRONG, WEAK = "strong", "weak"
AUTHOR, COMMITTER, TRAILER, SUBJECT, BODY = "author", "committer", "trailer", "subject", "body"
BRANCH, LABEL, NOTE, DECLARATION = "branch", "label", "note", "declaration"

# What an incident prompted somebody to say is shown, and never counted as said before it.
PROMPTED_BY_INCIDENTS = frozenset({"postmortem", "control"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern. `origin` empty proves nothing about AI (an automation); `unknown` on a declaration
    means that a person must read it. A group named `tool` names the assistant where `assistant` is empty."""

    key: str
    place: str
    pattern: str
    origin: str = ""
    strength: str = STRONG
    is_automation: bool = False
    assistant: str = ""
    kind: str = ""
    version: int = 1


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


class UnsafePattern(ValueError):
    """A pattern that RE2 does not accept; the message says why."""


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> re2._Regexp:
    try:
        return re2.compile(pattern, _quiet())
    except re2.error as error:
        reason = error.args[0]
        raise UnsafePattern(reason.decode() if isinstance(reason, bytes) else str(reason)) from error


@lru_cache(maxsize=1)
def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


@lru_cache(maxsize=1)
def _roomy() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20  # a set that runs out of memory would find nothing
    return options


class RuleBook:
    """Rules made ready: one RE2 set for each place says at once which rules can match at all."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._by_place: dict[str, tuple[tuple[Rule, ...], re2.Set]] = {}
        for place in {rule.place for rule in self.rules}:
            chosen = tuple(rule for rule in self.rules if rule.place == place)
            together = re2.Set.SearchSet(_roomy())
            for rule in chosen:
                compiled(rule.pattern)
                together.Add(rule.pattern)
            together.Compile()
            self._by_place[place] = (chosen, together)

    def matches(self, place: str, text: str) -> list[tuple[Rule, re2._Match]]:
        if not text or place not in self._by_place:
            return []
        rules, together = self._by_place[place]
        hits = together.Match(text) or ()
        found = ((rules[index], compiled(rules[index].pattern).search(text)) for index in sorted(hits))
        return [(rule, match) for rule, match in found if match]

    def knows(self, text: str, places: Sequence[str] = (AUTHOR, TRAILER)) -> bool:
        """Whether a rule says whose identity this is: a tool's or an automation's."""
        return any(self._is_hit(place, text) for place in places)

    def _is_hit(self, place: str, text: str) -> bool:
        return place in self._by_place and bool(self._by_place[place][1].Match(text))


TRAILER_LINE = re.compile(r"^[ \t]*[A-Za-z][A-Za-z-]{2,40}:[ \t]*\S.*$|^https://\S+$", re.MULTILINE)


def detect(material: Material, book: RuleBook) -> list[Evidence]:
    """What the rules find; the same material and rules always give the same findings."""
    found: dict[tuple[str, str], Evidence] = {}

    def add(place: str, text: str, at: datetime | None, origin: str | None = None) -> None:
        for rule, match in book.matches(place, text):
            one = _evidence(rule, match, at, origin)
            found.setdefault((one.rule_key, one.excerpt), one)

    def add_message(message: str, at: datetime | None) -> None:
        text = message[:MOST_TEXT]
        add(SUBJECT, text.split("\n", 1)[0], at)
        add(TRAILER, "\n".join(line.strip() for line in TRAILER_LINE.findall(text)), at)
        add(BODY, text, at)
        add(DECLARATION, text, at)

    at = material.told_at
    if material.author:
        add(AUTHOR, str(material.author), at)
    if material.landed:
        _add_people(material.landed, add)
        add_message(material.landed.message, material.landed.at)
    for commit in material.merged_in:
        add_message(commit.message, commit.at)
    _add_branch_authors(material.merged_in, book, add)
    add_message(f"{material.title}\n\n{material.message}", at)
    add(BRANCH, material.branch, at)
    for label in material.labels:
        add(LABEL, label, at)
    return list(found.values())


def _add_people(commit: CommitFact, add: Callable[..., None]) -> None:
    if commit.author:
        add(AUTHOR, str(commit.author), commit.at)
    if commit.committer:
        add(COMMITTER, str(commit.committer), commit.at)


def _add_branch_authors(commits: Sequence[CommitFact], book: RuleBook, add: Callable[..., None]) -> None:
    """An agent's commits make the whole autonomous only where all are an agent's; else it assisted.

    An automation beside people's commits says nothing of the whole.
    """
    known = [_agent_kind(commit, book) for commit in commits]
    for commit, is_what in zip(commits, known, strict=True):
        if is_what == "agent":
            add(AUTHOR, str(commit.author), commit.at, None if set(known) == {"agent"} else ASSISTED)
        elif is_what and set(known) == {"automation"}:
            add(AUTHOR, str(commit.author), commit.at)


def _agent_kind(commit: CommitFact, book: RuleBook) -> str:
    rules = [rule for rule, _ in book.matches(AUTHOR, str(commit.author))] if commit.author else []
    if any(not rule.is_automation and rule.origin for rule in rules):
        return "agent"
    return "automation" if rules else ""


def _evidence(rule: Rule, match: re2._Match, at: datetime | None, origin: str | None) -> Evidence:
    groups = match.groupdict()
    proves = rule.origin
    if origin and proves == AUTONOMOUS:
        proves = origin
    return Evidence(
        rule_key=rule.key,
        rule_version=rule.version,
        place=rule.place,
        origin=proves,
        strength=rule.strength,
        excerpt=_excerpt(rule, match),
        is_automation=rule.is_automation,
        assistant=rule.assistant or slug(groups.get("tool") or ""),
        kind=rule.kind,
        said_at=at,
    )


def _excerpt(rule: Rule, match: re2._Match) -> str:
    """What was matched and no more: an identity that a rule knows may stand, a name around it may not."""
    text = " ".join(match.group(0).split())
    return text[:MOST_EXCERPT] if rule.place == TRAILER else EMAIL.sub(PERSON, text)[:MOST_EXCERPT]


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]


# Order of A5: what stands first decides; a declaration comes after every marker that a tool left.
STEPS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    ((NOTE,), ASSISTED, "evidence"),
    ((AUTHOR,), AUTONOMOUS, "evidence"),
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


EMAIL = re.compile(r"[\w.+-]+(?:\[bot\])?@[\w-]+(?:\.[\w-]+)+")
NAMED_EMAIL = re.compile(r"<[^<>\s@]+@[^<>\s]+>")
MENTION = re.compile(r"(?<![\w/@.`])@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?![\w/.])")
PERSON_TRAILER = re.compile(
    r"^([ \t]*(?:[\w-]+-(?:by|with|to)|cc|from|author|thanks|reported|reviewer)[ \t]*:[ \t]*)(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
MERGE_OF = re.compile(r"^(Merge pull request #\d+ from )[^/\s]+/", re.MULTILINE)


def redact(text: str, book: RuleBook, people: Iterable[Identity | None] = ()) -> str:
    """The text with every identity that no rule knows replaced by `<person>`."""
    if not text:
        return ""
    text = MERGE_OF.sub(rf"\1{PERSON}/", text[:MOST_TEXT])
    kept: list[str] = []

    def keep(line: str) -> str:
        kept.append(line)
        return f"\x00{len(kept) - 1}\x00"

    def trailer(match: re.Match[str]) -> str:
        line = match.group(0)
        if book.knows(line.strip()) or book.knows(match.group(2)):
            return keep(line)
        if "@" not in line and match.group(1).strip().lower().startswith(("fixes", "close", "assisted-by")):
            return line
        return match.group(1) + PERSON

    text = text.replace("\x00", "")
    text = PERSON_TRAILER.sub(trailer, text)
    for name in _names(people, book):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", PERSON, text)
    if "@" in text:
        text = NAMED_EMAIL.sub(PERSON, text)
        text = MENTION.sub(PERSON, EMAIL.sub(PERSON, text))
    return re.sub("\x00(\\d+)\x00", lambda match: kept[int(match.group(1))], text)


def _names(people: Iterable[Identity | None], book: RuleBook) -> list[str]:
    """What the people of this change are called, longest first; tools and automations keep their names."""
    names: set[str] = set()
    for person in people:
        if person is None or person.is_bot or book.knows(str(person)):
            continue
        names |= {part.strip() for part in (person.name, person.login, person.email)}
    return sorted((name for name in names if len(name) >= 4), key=lambda name: (-len(name), name))
