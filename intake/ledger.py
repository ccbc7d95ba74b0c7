"""The one way to say what was touched."""

from __future__ import annotations

from django.db import connection
from django.db.models import Max

from intake.models import LedgerEntry

Kind = LedgerEntry.Kind


def touch(
    kind: LedgerEntry.Kind,
    *object_ids: int,
    verb: str,
    repository_id: int | None = None,
    actor_id: int | None = None,
    delivery_id: int | None = None,
) -> None:
    """Append one row for each object; call it in the transaction that altered them.

    Raises: RuntimeError outside a transaction, where a touch could outlive what it speaks of.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("touch() belongs in the transaction that alters the object")
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            kind=kind,
            object_id=object_id,
            verb=verb,
            repository_id=repository_id,
            actor_id=actor_id,
            delivery_id=delivery_id,
        )
        for object_id in object_ids
    )


def generation() -> int:
    """The last id: what a cached figure is keyed by."""
    return LedgerEntry.objects.aggregate(last=Max("id"))["last"] or 0
