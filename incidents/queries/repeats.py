"""Lessons that an incident may have taught again: looked for before one more is written."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from incidents.models import Incident, Lesson

MOST = 6


def known_lessons(incident: Incident, user: User) -> QuerySet[Lesson]:
    """Standing lessons of its area or services not linked to it yet, the newest first, at most six."""
    services = [service.pk for service in incident.services.all()]
    near = Q(services__in=services)
    if incident.area_id is not None:
        near |= Q(area=incident.area_id)
    standing = Lesson.objects.visible_to(user).filter(is_demo=incident.is_demo)
    standing = standing.exclude(state=Lesson.State.RETIRED).exclude(incidents=incident)
    found = Lesson.objects.filter(pk__in=standing.filter(near).values("pk"))
    return found.order_by("-id")[:MOST]
