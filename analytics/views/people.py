"""Who asks: somebody signed in, and for some pages somebody who writes."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import Role, User


def reader(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 -- the middleware lets only people in
    return request.user


def author(request: HttpRequest, refusal: str) -> User:
    """Raises: PermissionDenied with these words for whoever only reads."""
    user = reader(request)
    if not user.at_least(Role.AUTHOR):
        raise PermissionDenied(refusal)
    return user
