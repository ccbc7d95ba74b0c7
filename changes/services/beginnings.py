"""Where a change's work began: the earliest of its own commits that anybody told the time of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from changes.models import Change, ChangeIdentity

Space, Role = ChangeIdentity.Space, ChangeIdentity.Role
PLAIN = {Role.LANDED, Role.PUSHED}


def first_commit(names: Iterable[ChangeIdentity]) -> datetime | None:
    """Of a request the commits of its branch alone: what it landed as was made when it landed."""
    heads: list[datetime] = []
    plain: list[datetime] = []
    is_request = False
    for row in names:
        is_request = is_request or row.space == Space.NUMBER
        if row.at is not None and row.role == Role.HEAD:
            heads.append(row.at)
        elif row.at is not None and row.role in PLAIN:
            plain.append(row.at)
    return min(heads or ([] if is_request else plain), default=None)


def begin_known(changes: Sequence[Change]) -> None:
    """Set the first commit of stored changes from their stored names; whoever asks saves them."""
    rows: dict[int, list[ChangeIdentity]] = defaultdict(list)
    for row in ChangeIdentity.objects.filter(change__in=[one.pk for one in changes]):
        rows[row.change_id].append(row)
    for change in changes:
        change.first_commit_at = first_commit(rows[change.pk])
