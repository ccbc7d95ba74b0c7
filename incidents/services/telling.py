"""What people are told of incidents: only those who may see the incident, each thing once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from accounts import notices
from accounts.models import Notification, User
from incidents.models import Incident


def tell(
    incident: Incident, people: Iterable[User], *, kind: str, key: str, text: str, place: str, now: datetime
) -> int:
    """`place` is a page of this incident by its route's name. Says how many are new."""
    path = reverse(f"incidents:{place}", args=[incident.number])
    return tell_at(incident, people, kind=kind, key=key, text=text, path=path, now=now)


def tell_at(
    incident: Incident, people: Iterable[User], *, kind: str, key: str, text: str, path: str, now: datetime
) -> int:
    return notices.tell(
        users=who_may_see(incident, people),
        kind=kind,
        key=key,
        text=text,
        path=path,
        about=notices.about(incident),
        now=now,
    )


def who_may_see(incident: Incident, people: Iterable[User]) -> list[User]:
    if not incident.is_restricted:
        return list(people)
    named = set(incident.people.values_list("pk", flat=True))
    return [person for person in people if person.pk in named]


def take_back(*, key: str, user: User) -> None:
    """What is no longer asked of this person."""
    Notification.objects.filter(user=user, key=key).delete()
