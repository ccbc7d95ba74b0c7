"""`ETag` and `If-Match`: nobody overwrites what they have not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db.models import Model
from rest_framework.request import Request

from accounts.problems import PreconditionFailed, PreconditionRequired

Handler = TypeVar("Handler", bound=Callable[..., object])


def needs_if_match(handler: Handler) -> Handler:
    """Marks a handler that calls `expected_version`, for the schema."""
    handler.needs_if_match = True  # type: ignore[attr-defined]
    return handler


def etag(version: int) -> str:
    return f'"{version}"'


def expected_version(request: Request, row: Model) -> int:
    """The version that the sender has read; the service compares it again under its lock.

    Raises: PreconditionRequired without `If-Match`, PreconditionFailed when it names another version.
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired
    version: int = row.version  # type: ignore[attr-defined]
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    if "*" not in tags and etag(version) not in tags:
        raise PreconditionFailed
    return version
