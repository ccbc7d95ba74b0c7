"""How the decisions of a weekly mail stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.models import Mail
from analytics.queries import queue
from analytics.queries.figures import SAID
from analytics.queries.said_lately import words_of
from changes.models import Change, Decision, Prompt


def said_from(mail: Mail, ids: Iterable[int]) -> dict[int, list[Decision]]:
    """By change, what its reader's last button said: all judgements of that moment, unless withdrawn."""
    rows = Decision.objects.filter(
        change__in=list(ids),
        said_by=mail.user_id,
        prompted_by=Prompt.MAIL,
        withdrawn_at=None,
        said_at__gte=mail.made_at,
    ).select_related("kind")
    found: dict[int, list[Decision]] = {}
    for row in rows.order_by("-said_at", "pk"):
        listed = found.setdefault(row.change_id, [])
        if not listed or listed[0].said_at == row.said_at:
            listed.append(row)
    return found


@dataclass(frozen=True)
class Line:
    """One change of the mail: still waiting, said by this reader from this mail, or decided elsewhere."""

    pk: int
    entry: queue.Shown | None
    waits: bool
    said: str

    @property
    def standing(self) -> str:
        """What is known of it by now, in words."""
        assert self.entry is not None  # noqa: S101 -- the page asks only for what is there
        change = self.entry.change
        kinds = [one.kind.name for one in change.assistances.all() if one.status in SAID]
        origin = change.get_origin_display()
        return f"{origin}: {', '.join(kinds)}" if kinds else origin


def lines(mail: Mail) -> list[Line]:
    """In the order of the mail."""
    ids: Sequence[int] = mail.content["changes"]
    standing = Change.objects.current().filter(pk__in=ids).values_list("pk", flat=True)
    entries = {entry.change.pk: entry for entry in queue.shown(list(standing), {})}
    alive = queue.still_waiting(ids, demo=False)
    said = said_from(mail, ids)
    return [Line(pk, entries.get(pk), pk in alive, _words(said.get(pk, []))) for pk in ids]


def _words(decisions: Sequence[Decision]) -> str:
    said = [words_of(one.kind.name if one.kind else None, one.origin, one.verdict) for one in decisions]
    return ", ".join(said)
