"""What one person said in the confirm queue of late: key by key, as it can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Count, Subquery

from accounts.models import User
from analytics.queries.queue import MOST_BULK
from changes.models import Decision, Origin, Prompt
from changes.queries.together import MARK, Marked, read

UNDOABLE = 20
MOST_OF_TITLE = 60
MOST_SAID = UNDOABLE + MOST_BULK
# Marks of the moment that rows begin with, and of the one that the day begins with.
NO_DAY = datetime(1, 1, 1, tzinfo=UTC)
NO_DAY_EITHER = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Keypress:
    """What one key, or one bulk step, of this person said: undone as a whole."""

    said_at: datetime
    words: str
    title: str
    changes: int


@dataclass(frozen=True)
class SaidLately:
    """What can be undone, and on how many changes this person decided today."""

    presses: list[Keypress]
    today: int


def said_lately(user: User, since: datetime, midnight: datetime) -> SaidLately:
    rows = _rows_said(user, since, UNDOABLE, midnight)
    today = rows[0][-1] if rows else 0
    if len({row[0] for row in rows}) < len(rows):
        # Several of one moment: a bulk step, or one key on several kinds, of which all rows are needed.
        rows = _rows_said(user, since, MOST_SAID)
    return SaidLately(_presses(rows), today)


def said_by(user: User, since: datetime) -> list[Keypress]:
    """The last of this person's in the queue, the newest first."""
    return _presses(_rows_said(user, since, MOST_SAID))


def _rows_said(user: User, since: datetime, most: int, midnight: datetime | None = None) -> list[Any]:
    """The newest; behind each, on how many changes this person decided since `midnight`."""
    values = {MARK: user.pk, NO_DAY: since, NO_DAY_EITHER: midnight or since}
    return read(_said_of(most), values)


@lru_cache(maxsize=2)
def _said_of(most: int) -> Marked:
    mine = Decision.objects.filter(said_by=MARK, prompted_by=Prompt.QUEUE, withdrawn_at=None)
    of_day = mine.filter(said_at__gte=NO_DAY_EITHER).order_by().values("said_by")
    rows = (
        mine.filter(said_at__gte=NO_DAY)
        .annotate(today=Subquery(of_day.annotate(n=Count("change", distinct=True)).values("n")))
        .order_by("-said_at", "-pk")
        .values_list("said_at", "change", "change__title", "kind__name", "origin", "verdict", "today")
    )
    statement, given = rows[:most].query.sql_with_params()
    return statement, given


def _presses(rows: list[Any]) -> list[Keypress]:
    presses: dict[datetime, list[Any]] = {}
    for row in rows:
        presses.setdefault(row[0], []).append(row)
    # The oldest may have been cut off by the bound; its time is enough to undo all of it.
    return [_keypress(said_at, of_one) for said_at, of_one in list(presses.items())[:UNDOABLE]]


def _keypress(said_at: datetime, rows: list[Any]) -> Keypress:
    words = {words_of(kind, origin, verdict) for _, _, _, kind, origin, verdict, _ in rows}
    return Keypress(
        said_at,
        words.pop() if len(words) == 1 else "As suggested",
        _short(rows[0][2] or "Untitled change"),
        len({row[1] for row in rows}),
    )


def _short(title: str) -> str:
    return title if len(title) <= MOST_OF_TITLE else f"{title[: MOST_OF_TITLE - 1].rstrip()}…"


def words_of(kind: str | None, origin: str, verdict: str) -> str:
    words = kind or str(Origin(origin).label)
    return f"Not {words[:1].lower()}{words[1:]}" if verdict == Decision.Verdict.DISMISSED else words
