"""The wording list in use, made ready once for as long as nobody changes it; hints by it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.db import connection

from incidents import wording
from incidents.models import WordingRule
from incidents.wording import Book, Remark, Rule

# One line of the database says whether the list is another than the one that was read last.
FINGERPRINT = """
    SELECT md5(string_agg(concat_ws('|', slug, version, pattern, reason, offer, rewrite, of_people), '||'
               ORDER BY position, slug))
    FROM incidents_wordingrule WHERE is_active
"""
_last: tuple[str, Book] | None = None


def current_book() -> Book:
    """As the list stands in this transaction."""
    global _last  # noqa: PLW0603 -- the one that was read last, whoever asks
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT)
        fingerprint = str(cursor.fetchone()[0])
    kept = _last
    if kept is None or kept[0] != fingerprint:
        rows = WordingRule.objects.filter(is_active=True).order_by("position", "slug")
        kept = _last = fingerprint, book_of(tuple(as_rule(row) for row in rows))
    return kept[1]


def remarks(text: str) -> list[Remark]:
    """Hints at one text, by the list in use."""
    return wording.remarks(text, current_book()) if text.strip() else []


def remarks_of(texts: Iterable[str]) -> list[list[Remark]]:
    """Hints at each text; the list is looked up once."""
    book = current_book()
    return [wording.remarks(text, book) for text in texts]


def as_rule(row: WordingRule) -> Rule:
    return Rule(
        slug=row.slug,
        pattern=row.pattern,
        reason=row.reason,
        offer=row.offer,
        rewrite=row.rewrite,
        of_people=row.of_people,
    )


@lru_cache(maxsize=4)
def book_of(rules: tuple[Rule, ...]) -> Book:
    return Book(rules)
