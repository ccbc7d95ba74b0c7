"""Why a commit has the origin that it has: which rules fire on it, what they prove, and what follows.

Works on any clone, known here or not, and on the rules of this installation; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import DatabaseError

from changes import gitnotes
from changes.attestation import GIT_AI, RULE_KEYS, Attestation, Unreadable, parse_note
from changes.facts import ChangeFact, CommitFact
from changes.gitlog import Clone, GitError, LoggedCommit
from changes.models import AssistanceKind, Assistant, ChangeIdentity, DetectionRule
from changes.origin import Evidence, Rule, RuleBook, Verdict, weigh
from changes.paths import BUILT_IN
from changes.services.attested import Share, evidence_in
from changes.services.attesting import counted
from changes.services.importing import MOST_MERGED_IN
from changes.services.rules import Rules, current_rules
from changes.services.weighing import find_evidence
from changes.starter_rules import ASSISTANTS, RULES
from changes.wiring import landed_change

Role = ChangeIdentity.Role
ATTESTED = ("Lines that the tool's own record attests.", "https://github.com/git-ai-project/git-ai")


@dataclass(frozen=True, slots=True)
class Meanings:
    """The rules in use, what each proves by its own words, and where they come from."""

    rules: Rules
    words: Mapping[str, tuple[str, str]]
    are_defaults: bool


@dataclass(frozen=True, slots=True)
class Explained:
    sha: str
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    is_automation: bool
    brought_in: int


def rules_in_use() -> Meanings:
    """This installation's; where its database cannot be asked, those that every installation begins with."""
    try:
        rows = DetectionRule.objects.values_list("key", "proves", "source_url")
        words = {key: (proves, source) for key, proves, source in rows}
        return Meanings(current_rules(), words, are_defaults=False)
    except DatabaseError:
        return _defaults()


def _defaults() -> Meanings:
    copied = (
        "key",
        "place",
        "pattern",
        "origin",
        "strength",
        "is_automation",
        "assistant",
        "kind",
        "confidence",
    )
    book = RuleBook(Rule(**{name: getattr(one, name) for name in copied}) for one in RULES)
    rules = Rules(
        book=book,
        version=0,
        assistants={one.slug: Assistant(slug=one.slug, name=one.name) for one in ASSISTANTS},
        kinds={"review": AssistanceKind(slug="review", name="Review")},
        in_force={one.key: 1 for one in RULES},
    )
    return Meanings(rules, {one.key: (one.proves, one.source_url) for one in RULES}, are_defaults=True)


def full_name(clone: Clone, name: str) -> str:
    """The commit that this names; empty where it names none."""
    try:
        return clone.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
    except GitError:
        return ""


def explain(clone: Clone, shas: Sequence[str], rules: Rules) -> list[Explained]:
    """Each commit by itself; a merge stands for the branch that it brought in, as for an import.

    Raises: changes.gitlog.GitError.
    """
    tip = gitnotes.notes_tip(clone)
    notes = gitnotes.noted(clone, tip) if tip else {}
    known = {one.commit.sha: one for one in clone.commits(shas)}
    return [_explain(clone, known[sha], rules, notes) for sha in shas]


def _explain(clone: Clone, one: LoggedCommit, rules: Rules, notes: Mapping[str, str]) -> Explained:
    brought = _brought_in_by(clone, one)
    evidence = find_evidence(_fact(one, brought), rules)
    evidence += _attested(clone, one, [commit.sha for commit in brought], rules, notes)
    is_automation = any(found.is_automation for found in evidence)
    return Explained(one.commit.sha, weigh(evidence), tuple(evidence), is_automation, len(brought))


def _brought_in_by(clone: Clone, one: LoggedCommit) -> list[CommitFact]:
    if len(one.parents) < 2:
        return []
    limit = f"--max-count={MOST_MERGED_IN}"
    names = clone.run("rev-list", limit, "--end-of-options", *one.parents[1:], f"^{one.parents[0]}").split()
    return [found.commit for found in clone.commits(names)]


def _fact(one: LoggedCommit, brought: Sequence[CommitFact]) -> ChangeFact:
    return landed_change(one.commit, is_merge=len(one.parents) > 1, merged_in=brought)


def _attested(
    clone: Clone, one: LoggedCommit, heads: Sequence[str], rules: Rules, notes: Mapping[str, str]
) -> list[Evidence]:
    roles = {one.commit.sha: Role.MERGE if heads else Role.LANDED} | dict.fromkeys(heads, Role.HEAD)
    by_blob = {notes[sha]: sha for sha in roles if sha in notes}
    records: dict[str, Attestation] = {}
    for blob, text in gitnotes.texts(clone, list(by_blob)):
        try:
            if text is not None:
                records[by_blob[blob]] = parse_note(text)
        except Unreadable:
            continue  # an import counts such notes and says so
    if not records:
        return []
    added = {found.sha: found for found in gitnotes.added(clone, sorted(roles))}
    share = Share()
    for sha in counted(roles, records, added):
        share.add(records.get(sha), added.get(sha), BUILT_IN)
    return evidence_in(share, GIT_AI, rules, share.at)


def meaning_of(found: Evidence, meanings: Meanings) -> tuple[str, str]:
    """What it proves, in words, and the page that says so."""
    if found.rule_key in RULE_KEYS.values():
        return ATTESTED
    return meanings.words.get(found.rule_key, ("", ""))
