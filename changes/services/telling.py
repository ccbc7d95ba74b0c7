"""How one telling meets what is known: field by field, the later event wins and absence blanks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from changes import declarations, feature_lines
from changes.facts import ChangeFact, Identity
from changes.models import Change
from changes.origin import PERSON, RuleBook
from changes.paths import BUILT_IN, PathClasses, counted_lines, size_band
from changes.redaction import redact

State = Change.State
STATE_RANK = {State.OPEN: 0, State.DROPPED: 1, State.MERGED: 2, State.SHIPPED: 2}
PLAIN_FIELDS = (
    "type", "is_draft", "opened_at", "ready_at", "merged_at", "closed_at",
    "additions", "deletions", "files_changed", "commits",
)  # fmt: skip
MOST_PATHS = 3000
PERSON_SAID = Change.FeatureBasis.PERSON


def tell(change: Change, fact: ChangeFact, book: RuleBook, classes: PathClasses = BUILT_IN) -> bool:
    """Apply the fact's fields; True when the paths that stand are now this fact's."""
    for name, value in {**_plain(fact), **_words(fact, book)}.items():
        _tell_field(change, name, value, fact.told_at)
    _tell_answers(change, fact, book)
    _tell_features(change, fact)
    _tell_state(change, fact)
    paths_are_new = False
    if fact.files is not None:
        paths = [one.path[:500] for one in fact.files[:MOST_PATHS]]
        paths_are_new = _tell_field(change, "paths", paths, fact.told_at)
        _tell_field(change, "counted_lines", counted_lines(fact.files, classes), fact.told_at)
    change.told_at = max(change.told_at or fact.told_at, fact.told_at)
    settle(change)
    return paths_are_new


def settle_parts(change: Change, parts: Mapping[str, int | None], paths: Iterable[str]) -> None:
    """A request that landed as several commits has the paths and the lines of all of them."""
    change.paths = sorted({*change.paths, *paths})[:MOST_PATHS]
    lines = [one for one in parts.values() if one is not None]
    change.counted_lines = sum(lines) if len(lines) == len(parts) else None
    settle(change)


def fold_double(survivor: Change, double: Change) -> None:
    """The fields of a change that turned out to be the same one, each with the time it was told."""
    for name, micros in double.told.items():
        if name == "state":
            _fold_state(survivor, _told_state(double), micros)
        else:
            _fold_field(survivor, name, getattr(double, name), micros)
    times = [at for at in (survivor.told_at, double.told_at) if at]
    survivor.told_at = max(times, default=None)
    failed = [at for at in (survivor.first_incident_at, double.first_incident_at) if at]
    survivor.first_incident_at = min(failed, default=None)
    if double.area_said_by_person and not survivor.area_said_by_person:
        survivor.area, survivor.area_said_by_person = double.area, True
    if double.feature_basis == PERSON_SAID and survivor.feature_basis != PERSON_SAID:
        survivor.feature_id, survivor.feature_basis = double.feature_id, double.feature_basis
    settle(survivor)


def settle(change: Change) -> None:
    """What follows from the fields alone."""
    if change.state == State.OPEN:
        change.closed_at = None
    lines = change.counted_lines
    if lines is None and change.additions is not None and change.deletions is not None:
        lines = change.additions + change.deletions
    change.size_band = size_band(lines)
    change.feature_names = feature_lines.named(change.feature_lines, change.labels)


def _plain(fact: ChangeFact) -> dict[str, Any]:
    found = {name: getattr(fact, name) for name in PLAIN_FIELDS}
    found["url"] = fact.url[:500] if fact.url is not None else None
    found["labels"] = [label[:100] for label in fact.labels] if fact.labels is not None else None
    return found


def _words(fact: ChangeFact, book: RuleBook) -> dict[str, str | None]:
    people = people_of(fact)
    title = redact(fact.title, book, people)[:300] if fact.title is not None else None
    message = redact(fact.message, book, people) if fact.message is not None else None
    branch = fact.branch
    for name in people_of(fact):
        # Forges make branches named for their owner: `login/topic`, `login-patch-6`.
        if branch and len(name.login) > 2 and not name.is_bot and not book.knows(str(name)):
            branch = branch.replace(name.login, PERSON)
    return {"title": title, "message": message, "branch": branch[:250] if branch else None}


def _tell_answers(change: Change, fact: ChangeFact, book: RuleBook) -> None:
    """An edit of the description takes back what it leaves out; a commit without answers says nothing."""
    if fact.message is None:
        return
    answers = declarations.answers_in(fact.message)
    if answers or fact.landed is None:
        kept = {name: redact(text, book, people_of(fact)) for name, text in answers.items()}
        _tell_field(change, "answers", kept, fact.told_at)


def _tell_features(change: Change, fact: ChangeFact) -> None:
    """As with answers: the description takes back what it leaves out, a commit does not."""
    commits = [*fact.merged_in, *([fact.landed] if fact.landed else [])]
    texts = [fact.message or "", *(one.message for one in commits)]
    found = list(dict.fromkeys(name for text in texts for name in feature_lines.in_text(text)))
    if found or (fact.landed is None and fact.message is not None):
        _tell_field(change, "feature_lines", found[: feature_lines.MOST_NAMED], fact.told_at)


def people_of(fact: ChangeFact) -> list[Identity]:
    commits = [*fact.merged_in, *([fact.landed] if fact.landed else [])]
    found = [fact.author, *(one.author for one in commits), *(one.committer for one in commits)]
    return list(dict.fromkeys(one for one in found if one is not None))


def micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _tell_field(change: Change, name: str, value: Any, at: datetime) -> bool:
    return value is not None and _fold_field(change, name, value, micros(at))


def _fold_field(change: Change, name: str, value: Any, at: int) -> bool:
    if value is None:
        return False
    known = change.told.get(name)
    if known is not None and (at, _rank(value)) < (known, _rank(getattr(change, name))):
        return False
    setattr(change, name, value)
    change.told[name] = at
    return True


def _rank(value: Any) -> tuple[int, str]:
    """Any fixed order does between two things told at one time, so that the order of arrival does not."""
    if value is None:
        return (0, "")
    if isinstance(value, int):
        return (1, f"{value:012d}")
    return (1, str(value))


def _tell_state(change: Change, fact: ChangeFact) -> None:
    if fact.state is not None:
        _fold_state(change, State(fact.state), micros(fact.told_at))


def _told_state(change: Change) -> str:
    return State.MERGED if change.state == State.SHIPPED else change.state


def _fold_state(change: Change, state: str, at: int) -> None:
    """Merged is for good; otherwise the later word holds."""
    known, current = change.told.get("state"), _told_state(change)
    if known is not None:
        if current == State.MERGED and state != State.MERGED:
            return
        if state != State.MERGED and (at, STATE_RANK[State(state)]) < (known, STATE_RANK[State(current)]):
            return
        if state == current:
            at = max(at, known)
    if change.state != State.SHIPPED:
        change.state = state
    change.told["state"] = at
