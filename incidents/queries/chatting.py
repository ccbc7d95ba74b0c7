"""A pasted block of chat beside an incident: what would come of it, before anything is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from accounts.models import User
from incidents import chat
from incidents.models import Incident


@dataclass(frozen=True)
class Offer:
    said: chat.Said
    # In the timeline already, shown or hidden.
    is_known: bool

    @property
    def is_ticked(self) -> bool:
        return not self.is_known and not self.said.is_small


def offers(
    incident: Incident, text: str, *, zone: tzinfo, now: datetime, first_day: date | None = None
) -> list[Offer]:
    """Nothing of the block is stored, and nothing that comes back names a person. Raises: chat.Unreadable."""
    around = chat.Surroundings(
        began=incident.began_at,
        ended=incident.resolved_at or incident.mitigated_at,
        pasted=now,
        zone=zone,
        first_day=first_day,
    )
    found = chat.read(text, around, roles())
    keys = [said.key for said in found]
    known = set(incident.timeline.filter(origin_key__in=keys).values_list("origin_key", flat=True))
    return [Offer(said, said.key in known) for said in found]


def roles() -> dict[str, str]:
    """What stands for whom: people with a title, by user name, `@user name` and full name."""
    titles = {}
    for user in User.objects.exclude(role_title=""):
        names = [user.username, f"@{user.username}"]
        if user.first_name and user.last_name:
            names.append(user.get_full_name())
        titles.update(dict.fromkeys(names, user.role_title))
    return titles
