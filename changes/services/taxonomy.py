"""Merging and retiring words of the taxonomy: dated and reversible; rows keep what was said."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from accounts.models import User
from changes.models import Term
from intake import ledger

T = TypeVar("T", bound=Term)


@transaction.atomic
def save_term(*, term: T, values: dict[str, Any], by: User | None) -> T:
    """A new term, or other words for a known one; the slug, by which others know it, may alter too."""
    verb = "edited" if term.pk else "added"
    for name, value in values.items():
        setattr(term, name, value)
    term.save()
    _touch(term, verb, by)
    return term


@transaction.atomic
def merge_terms(*, term: T, into: T, by: User | None, now: datetime) -> T:
    """Readers take `term` for `into` from now on.

    Raises: ValueError for a merge into itself, into a term that is merged itself, or that closes a circle.
    """
    rows = type(term)._default_manager.select_for_update(no_key=True)
    term, into = rows.get(pk=term.pk), rows.get(pk=into.pk)  # type: ignore[assignment]
    if term.pk == into.pk:
        raise ValueError("A term cannot be merged into itself.")
    if into.merged_into_id:  # type: ignore[attr-defined]
        raise ValueError(f"“{into}” is merged into “{into.merged_into}” itself: choose that one.")
    term.merged_into, term.merged_at = into, now
    term.save(update_fields=["merged_into", "merged_at"])
    # What had been merged into this one goes along, so that readers resolve one step only.
    terms: Any = type(term)._default_manager
    terms.filter(merged_into=term).update(merged_into=into)
    _touch(term, "merged", by)
    return term


@transaction.atomic
def unmerge_term(*, term: T, by: User | None) -> T:
    term.merged_into, term.merged_at = None, None
    term.save(update_fields=["merged_into", "merged_at"])
    _touch(term, "unmerged", by)
    return term


@transaction.atomic
def retire_term(*, term: T, by: User | None, now: datetime) -> T:
    """No form offers it any more; what was said with it stands."""
    term.retired_at = now
    term.save(update_fields=["retired_at"])
    _touch(term, "retired", by)
    return term


@transaction.atomic
def restore_term(*, term: T, by: User | None) -> T:
    term.retired_at = None
    term.save(update_fields=["retired_at"])
    _touch(term, "restored", by)
    return term


def _touch(term: Term, verb: str, by: User | None) -> None:
    ledger.touch(ledger.Kind.TAXONOMY, term.pk, verb=verb, actor_id=by.pk if by else None)
