"""The detection rules in use, made ready once for as long as nobody changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from changes.models import AssistanceKind, Assistant, DetectionRule, Term
from changes.origin import Rule, RuleBook

T = TypeVar("T", bound=Term)


@dataclass(frozen=True, slots=True)
class Rules:
    book: RuleBook
    # Rises whenever a rule is changed or added; a change keeps the one it was weighed under.
    version: int
    assistants: Mapping[str, Assistant]
    kinds: Mapping[str, AssistanceKind]


def current_rules() -> Rules:
    rows = DetectionRule.objects.select_related("assistant", "kind").order_by("position", "key")
    rules = tuple(
        Rule(
            key=row.key,
            place=row.place,
            pattern=row.pattern,
            origin=row.origin,
            strength=row.strength,
            is_automation=row.is_automation,
            assistant=row.assistant.slug if row.assistant else "",
            kind=row.kind.slug if row.kind else "",
            version=row.version,
        )
        for row in rows
        if row.is_active
    )
    return Rules(
        book=_book(rules),
        version=sum(row.version for row in rows),
        assistants={row.slug: row for row in Assistant.objects.all()},
        kinds={row.slug: row for row in AssistanceKind.objects.all()},
    )


@lru_cache(maxsize=4)
def _book(rules: tuple[Rule, ...]) -> RuleBook:
    return RuleBook(rules)
