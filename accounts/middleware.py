"""What is looked at before any page: the address, and the reader's own clock."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING

from django.core.exceptions import BadRequest
from django.http import Http404
from django.utils import timezone

from accounts import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class AddressMiddleware:
    """No name and no filter holds a NUL, and the database takes none: such an address is answered here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The address holds a NUL character.")
        return self.get_response(request)


class LengthMiddleware:
    """A body that comes in chunks is taken for an empty one by Django: it is refused, never lost.

    Deliveries are let through: their door reads them to the end itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers and not request.path.startswith("/hooks/"):
            detail = "Send the length of the body; in chunks it cannot be read here."
            return problems.problem(411, detail=detail, code="length_required")
        return self.get_response(request)


class TimeZoneMiddleware:
    """Pages show times in the zone of the person's profile, else in the organisation's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.user.time_zone if request.user.is_authenticated else ""
        if not name:
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return self.get_response(request)
