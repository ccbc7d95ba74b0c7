"""What descriptions and senders declared, telling by telling: the newest holds and takes back the rest.

Kept by the time of each telling, so that any order of arrival ends alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from changes import origin
from changes.facts import ChangeFact
from changes.models import Change, OriginEvidence
from changes.origin import Evidence
from changes.services.telling import micros

DECLARED_RULE = "declared-by-sender"
REQUEST, SENDER_ORIGIN, SENDER_KINDS = "request", "sender origin", "sender kinds"
Key = tuple[str, str]
# By stream and time (microseconds): `of`, which text it was, and `said`, pairs of rule and excerpt.
Heard = dict[str, dict[str, dict[str, Any]]]


def hear(change: Change, fact: ChangeFact, found: Sequence[Evidence]) -> None:
    """Note what this telling declares, nothing included: that takes back what an older one said.

    A commit that landed is no telling of the description: it says for good what it says.
    """
    declared = [one for one in found if one.place == origin.DECLARATION]
    if fact.landed is None and not fact.merged_in and fact.message is not None:
        _note(change, REQUEST, fact, [one for one in declared if one.rule_key != DECLARED_RULE], fact.message)
    senders = [one for one in declared if one.rule_key == DECLARED_RULE]
    if fact.declared_origin:
        _note(change, SENDER_ORIGIN, fact, [one for one in senders if not one.kind])
    if fact.declared_kinds or fact.declared_origin in (origin.MANUAL, origin.UNKNOWN):
        _note(change, SENDER_KINDS, fact, [one for one in senders if one.kind])


def hear_again(change: Change, fact: ChangeFact, found: Sequence[Evidence]) -> None:
    """What the rules of now find in a text that was heard of before."""
    if str(micros(fact.told_at)) in change.declared.get(REQUEST, {}):
        hear(change, fact, found)


def _note(
    change: Change, stream: str, fact: ChangeFact, found: Sequence[Evidence], text: str | None = None
) -> None:
    said = sorted([one.rule_key, one.excerpt] for one in found)
    of = hashlib.sha256((repr(said) if text is None else text).encode()).hexdigest()[:12]
    telling = {"of": of, "said": said}
    change.declared = joined(change.declared, {stream: {str(micros(fact.told_at)): telling}})


def joined(one: Heard, other: Heard) -> Heard:
    """All tellings of both. A text read anew replaces its reading; of two of one time a fixed one."""
    found = {stream: dict(tellings) for stream, tellings in one.items()}
    for stream, tellings in other.items():
        mine = found.setdefault(stream, {})
        for at, telling in tellings.items():
            if at not in mine or mine[at]["of"] <= telling["of"]:
                mine[at] = telling
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """`gone`: declared once, and no longer. `since`: when it was said again, having been taken back."""

    gone: frozenset[Key] = frozenset()
    since: Mapping[Key, datetime] = field(default_factory=dict)

    def of(self, found: Mapping[Key, Evidence]) -> dict[Key, Evidence]:
        kept = {key: one for key, one in found.items() if key not in self.gone}
        return {key: replace(one, said_at=self.since.get(key, one.said_at)) for key, one in kept.items()}

    def date(self, key: Key, row: OriginEvidence) -> bool:
        """Whether the row had another time than what it says now was said at."""
        at = self.since.get(key, row.said_at)
        if row.said_at == at:
            return False
        row.said_at = at
        return True


NOTHING = Standing()


def standing(declared: Heard) -> Standing:
    if not declared:
        return NOTHING
    heard: set[Key] = set()
    stands: set[Key] = set()
    since: dict[Key, datetime] = {}
    for tellings in declared.values():
        in_order = [
            (int(at), {(rule, excerpt) for rule, excerpt in one["said"]}) for at, one in tellings.items()
        ]
        in_order.sort(key=lambda one: one[0])
        heard.update(*(keys for _, keys in in_order))
        for key in in_order[-1][1]:
            stands.add(key)
            if (begun := _begun(in_order, key)) is not None:
                since[key] = begun
    return Standing(frozenset(heard - stands), since)


def _begun(in_order: Sequence[tuple[int, set[Key]]], key: Key) -> datetime | None:
    """When it was said last without a break; None where no telling before left it out after it was said."""
    begun, is_broken = 0, False
    for at, keys in in_order:
        if key in keys:
            begun = begun or at
        elif begun:
            begun, is_broken = 0, True
    return datetime.fromtimestamp(begun / 1_000_000, UTC) if is_broken else None
