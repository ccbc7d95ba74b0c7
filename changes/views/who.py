"""Who asks, and whether they may say something here."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import Role, User


def person(request: HttpRequest) -> User:
    return cast(User, request.user)


def decider(request: HttpRequest) -> User:
    """Raises: PermissionDenied below the author role."""
    return _at_least(request, Role.AUTHOR, "Saying how a change was made needs the author role.")


def curator(request: HttpRequest) -> User:
    """Raises: PermissionDenied below the curator role."""
    return _at_least(request, Role.CURATOR, "Path rules and areas need the curator role.")


def _at_least(request: HttpRequest, role: Role, why: str) -> User:
    someone = person(request)
    if not someone.at_least(role):
        raise PermissionDenied(why)
    return someone
