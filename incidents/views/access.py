"""Who may see and who may write, for every page of an incident."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import Role, User
from incidents.models import Incident, Lesson


def reader(request: HttpRequest) -> User:
    """The person signed in: the middleware lets nobody else this far."""
    return cast(User, request.user)


def visible(request: HttpRequest, number: int) -> Incident:
    """The incident, or 404: to those not named on it a restricted one does not exist."""
    incidents = Incident.objects.visible_to(request.user).read_by(reader(request)).for_list()
    with_all = incidents.select_related(
        "environment", "type", "duplicate_of", "postmortem__owner", "postmortem__facilitator"
    )
    return get_object_or_404(with_all, number=number)


def writable(request: HttpRequest, number: int) -> Incident:
    incident = visible(request, number)
    if not incident.may_be_edited_by(reader(request)):
        raise PermissionDenied("Another team owns the services of this incident.")
    return incident


def may_edit_lesson(user: User, lesson: Lesson) -> bool:
    """Who may write to an incident behind it; where none is, any author. Curators everywhere."""
    if user.at_least(Role.CURATOR):
        return True
    behind = lesson.incidents.prefetch_related("services")
    if not behind:
        return user.at_least(Role.AUTHOR)
    return any(incident.may_be_edited_by(user) for incident in behind)
