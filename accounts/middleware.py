"""What is looked at before any page: the address, and the reader's own clock."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
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


class FormMiddleware:
    """A form that holds a NUL is refused whole: no field takes one, and no browser lets one be typed.

    After the one that looks at the CSRF token, which reads the form anyway.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.path.startswith(problems.DOORS_OF_PROGRAMS):
            return
        if any("\0" in text for _, texts in request.POST.lists() for text in texts):
            raise BadRequest("The form holds a NUL character.")
        if request.path.startswith("/admin/"):
            _refuse_odd_rows(request.POST.getlist(ACTION_CHECKBOX_NAME))


def _refuse_odd_rows(chosen: list[str]) -> None:
    """The rows that an action of the admin is asked for; Django itself would fail on what is no number."""
    if not all(text.isascii() and text.isdecimal() and len(text) <= 18 for text in chosen):
        raise BadRequest("A row to act on is named by its number.")


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
