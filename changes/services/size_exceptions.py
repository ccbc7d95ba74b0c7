"""Why a change above the reviewable size was right to be that large: a person's words."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from accounts.models import User
from changes.models import Change, SizeException
from intake import ledger

MOST_REASON = 2000
# A line of the description says it as well.
TRAILER = re.compile(r"^size-exception:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)


class ExceptionRefused(ValueError):
    """In words to be shown, with the input to mend and a code for machines."""

    def __init__(self, reason: str, *, field: str = "", code: str = "refused") -> None:
        super().__init__(reason)
        self.field = field
        self.code = code


def reason_in(message: str) -> str:
    """What a line `Size-exception: reason` of the description says; empty without one."""
    found = TRAILER.search(message)
    return found[1].strip() if found else ""


@transaction.atomic
def say_size_exception(*, change_id: int, reason: str, by: User | None, now: datetime) -> SizeException:
    """The latest words stand; earlier ones stay in the history. Raises: ExceptionRefused without a reason."""
    reason = reason.strip()
    if not reason:
        raise ExceptionRefused("Say in a few words why.", field="reason", code="no_reason")
    if len(reason) > MOST_REASON:
        raise ExceptionRefused(f"At most {MOST_REASON} characters.", field="reason", code="too_long")
    change = _locked(change_id)
    row, _ = SizeException.objects.update_or_create(
        change=change, defaults={"reason": reason, "said_by": by, "said_at": now}
    )
    _touch(change, "size exception said", by)
    return row


@transaction.atomic
def withdraw_size_exception(*, change_id: int, by: User | None) -> bool:
    """False where there was none."""
    change = _locked(change_id)
    gone, _ = SizeException.objects.filter(change=change).delete()
    if gone:
        _touch(change, "size exception withdrawn", by)
    return bool(gone)


def _locked(change_id: int) -> Change:
    change = Change.objects.select_for_update(no_key=True).get(pk=change_id)
    return _locked(change.merged_into_id) if change.merged_into_id else change


def _touch(change: Change, verb: str, by: User | None) -> None:
    ledger.touch(
        ledger.Kind.CHANGE, change.pk, verb=verb, repository_id=change.repository_id,
        actor_id=by.pk if by else None,
    )  # fmt: skip
