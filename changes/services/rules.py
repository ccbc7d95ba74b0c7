"""The detection rules in use, made ready once for as long as nobody changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from django.db import connection

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
    # Of every rule its version, None of one that is switched off.
    in_force: Mapping[str, int | None]


# Rules are read for every record, and hardly ever change: one line of the database says whether they did. A
# row that was altered lies elsewhere, or another transaction wrote it; to read its words would take longer.
FINGERPRINT = """
    SELECT md5(concat(
        (SELECT string_agg(concat(xmin, ctid), '|' ORDER BY id) FROM changes_detectionrule), '||',
        (SELECT string_agg(concat(xmin, ctid), '|' ORDER BY id) FROM changes_assistant), '||',
        (SELECT string_agg(concat(xmin, ctid), '|' ORDER BY id) FROM changes_assistancekind)
    ))
"""
_last: tuple[str, Rules] | None = None


def current_rules() -> Rules:
    """As they stand in this transaction."""
    global _last  # noqa: PLW0603 -- the one that was read last, whoever asks
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT)
        fingerprint = str(cursor.fetchone()[0])
    kept = _last
    if kept is None or kept[0] != fingerprint:
        kept = _last = fingerprint, _read()
    return kept[1]


def _read() -> Rules:
    rows = list(DetectionRule.objects.select_related("assistant", "kind").order_by("position", "key"))
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
            confidence=row.confidence,
        )
        for row in rows
        if row.is_active
    )
    return Rules(
        book=_book(rules),
        version=sum(row.version for row in rows),
        assistants={row.slug: row for row in Assistant.objects.all()},
        kinds={row.slug: row for row in AssistanceKind.objects.all()},
        in_force={row.key: row.version if row.is_active else None for row in rows},
    )


@lru_cache(maxsize=4)
def _book(rules: tuple[Rule, ...]) -> RuleBook:
    return RuleBook(rules)
