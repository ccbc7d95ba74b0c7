"""The one way to say what was touched."""

from __future__ import annotations

from django.db import connection
from django.db.models import Max
from django.utils import timezone

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
    if not object_ids:
        return
    with connection.cursor() as cursor:
        # One statement of one length for any number of rows: an import touches hundreds at once.
        cursor.execute(
            "INSERT INTO intake_ledgerentry (at, kind, object_id, verb, repository_id, actor_id, delivery_id)"
            " SELECT %s, %s, object_id, %s, %s, %s, %s"
            " FROM unnest(%s::bigint[]) WITH ORDINALITY AS touched (object_id, place) ORDER BY place",
            [timezone.now(), kind.value, verb, repository_id, actor_id, delivery_id, list(object_ids)],
        )


def generation() -> int:
    """The last id: what a cached figure is keyed by."""
    return LedgerEntry.objects.aggregate(last=Max("id"))["last"] or 0
