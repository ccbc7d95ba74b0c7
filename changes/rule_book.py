"""Detection rules made ready: patterns on RE2, tried together, place by place. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import re2

MOST_MATCHES = 20
UNKNOWN, MANUAL, ASSISTED, AUTONOMOUS = "unknown", "manual", "assisted", "autonomous"
STRONG, WEAK = "strong", "weak"
HIGH, MEDIUM, LOW = "high", "medium", "low"
CONFIDENCES = (HIGH, MEDIUM, LOW)
LOWER = {HIGH: MEDIUM, MEDIUM: LOW, LOW: LOW}
AUTHOR, COMMITTER, TRAILER, SUBJECT, BODY = "author", "committer", "trailer", "subject", "body"
BRANCH, LABEL, NOTE, DECLARATION = "branch", "label", "note", "declaration"


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
    confidence: str = HIGH


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
        return [(rules[index], match) for index in sorted(hits) for match in _searched(rules[index], text)]

    def knows(self, text: str, places: Sequence[str] = (AUTHOR, TRAILER)) -> bool:
        """Whether a rule says whose identity this is: a tool's or an automation's."""
        return any(self._is_hit(place, text) for place in places)

    def _is_hit(self, place: str, text: str) -> bool:
        return place in self._by_place and bool(self._by_place[place][1].Match(text))


def _searched(rule: Rule, text: str) -> list[re2._Match]:
    """The first match; where the match itself names the tool, the first for each name."""
    pattern = compiled(rule.pattern)
    if "tool" not in pattern.groupindex:
        match = pattern.search(text)
        return [match] if match else []
    by_tool: dict[str, re2._Match] = {}
    for match in islice(pattern.finditer(text), MOST_MATCHES):
        by_tool.setdefault((match.group("tool") or "").lower(), match)
    return list(by_tool.values())
