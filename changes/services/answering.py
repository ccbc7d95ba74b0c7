"""A person says which change a text means that names none for sure, or that none known here is meant."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from changes.models import Change, ChangeLink, Repository
from changes.services.recording import refresh_undoing
from changes.services.rules import current_rules
from intake import ledger


@transaction.atomic
def answer_link(*, link_id: int, target_id: int | None, by: User | None, now: datetime) -> ChangeLink:
    """Kept over every later import. None: what it means is not known here.

    Raises: ValueError for the change itself, one of another repository, or one that never landed.
    """
    link = ChangeLink.objects.select_related("change").get(pk=link_id)
    Repository.objects.select_for_update(no_key=True).get(pk=link.change.repository_id)
    before = link.target_id
    if target_id is not None:
        _check(link.change, Change.objects.get(pk=target_id))
    link.target_id, link.said_at, link.said_by = target_id, now, by
    link.save(update_fields=["target", "said_at", "said_by"])
    looked_at = {pk for pk in (before, target_id) if pk is not None}
    refresh_undoing([link.change], looked_at, current_rules())
    ledger.touch(
        ledger.Kind.CHANGE, link.change_id, *sorted(looked_at), verb="link said",
        repository_id=link.change.repository_id, actor_id=by.pk if by else None,
    )  # fmt: skip
    return link


def _check(change: Change, target: Change) -> None:
    if target.pk == change.pk:
        raise ValueError("A change cannot mean itself.")
    if target.repository_id != change.repository_id:
        raise ValueError("That change is of another repository.")
    if target.merged_at is None or target.merged_into_id:
        raise ValueError("That change never landed.")
