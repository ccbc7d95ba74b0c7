"""Errors over HTTP as RFC 9457 says them: `application/problem+json`, from DRF and plain Django views alike.

`type` is `about:blank` throughout, so `title` is the phrase of the status; a program switches on `code`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from psycopg.errors import UniqueViolation
from rest_framework import exceptions
from rest_framework.response import Response

MEDIA_TYPE = "application/problem+json"
# Where programs knock: they are answered in this form, people in pages.
DOORS_OF_PROGRAMS = ("/api/", "/hooks/")


class Unprocessable(exceptions.APIException):
    status_code = 422
    default_detail = "The request is well formed, but cannot be carried out."
    default_code = "unprocessable"


class Conflict(exceptions.APIException):
    status_code = 409
    default_detail = "The request does not fit the present state."
    default_code = "conflict"


class PreconditionFailed(exceptions.APIException):
    status_code = 412
    default_detail = "It has been changed since you read it. Read it again, then decide."
    default_code = "version_conflict"


class PreconditionRequired(exceptions.APIException):
    status_code = 428
    default_detail = "Send If-Match with the ETag that you read."
    default_code = "if_match_missing"


class RefusedByRule(exceptions.APIException):
    """A service said no: its words, the `field` to mend, its `code`; for a conflict what both sides wrote."""

    status_code = 422

    def __init__(self, refusal: Any) -> None:
        super().__init__(str(refusal), getattr(refusal, "code", "refused"))
        self.extra: dict[str, Any] = {}
        if hasattr(refusal, "theirs"):
            self.status_code = 409
            self.extra = {"theirs": refusal.theirs, "yours": refusal.yours}
        elif points := getattr(refusal, "points", None):
            self.extra = {"errors": [_fault(point.step, point.text, point.code) for point in points]}
        elif field := getattr(refusal, "field", ""):
            self.extra = {"errors": [_fault(field, str(refusal), str(self.get_codes()))]}


def _fault(place: str, detail: str, code: str) -> dict[str, str]:
    return {"pointer": f"#/{place}", "detail": detail, "code": code}


def body(status: int, detail: str = "", title: str = "", **extra: Any) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": title or phrase(status),
        "status": status,
        "detail": detail,
        **extra,
    }


def phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def problem(status: int, title: str = "", detail: str = "", **extra: Any) -> HttpResponse:
    """For plain Django views."""
    content = json.dumps(body(status, detail, title, **extra))
    return HttpResponse(content, status=status, content_type=MEDIA_TYPE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's errors and Django's in one shape; what is neither is a bug, and goes on to be logged as one."""
    known = _as_api_exception(error)
    if known is None:
        return None
    headers = {}
    if getattr(known, "auth_header", None):
        headers["WWW-Authenticate"] = known.auth_header  # type: ignore[attr-defined]
    if getattr(known, "wait", None):
        headers["Retry-After"] = str(int(known.wait))  # type: ignore[attr-defined]
    return Response(_content(known), status=known.status_code, headers=headers, content_type=MEDIA_TYPE)


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, IntegrityError) and isinstance(error.__cause__, UniqueViolation):
        return Conflict("Somebody else made the same at the same moment. Read it first.", "made_meanwhile")
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(_by_field(error))
    return None


def _by_field(error: DjangoValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return error.message_dict
    return {NON_FIELD_ERRORS: error.messages}


def _content(error: exceptions.APIException) -> dict[str, Any]:
    if not isinstance(error, exceptions.ValidationError):
        code = error.get_codes()
        extra = getattr(error, "extra", {})
        return body(error.status_code, str(error.detail), code=str(code), **extra)
    errors = list(_flatten(error.detail, ""))
    return body(400, "The request is not valid.", code="invalid", errors=errors)


def _flatten(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    """One entry a fault: `pointer` is a JSON pointer into the body, or `#/name` for a query parameter."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name in {NON_FIELD_ERRORS, "non_field_errors"}
            yield from _flatten(inner, pointer if whole else f"{pointer}/{_token(name)}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            yield from _flatten(inner, f"{pointer}/{index}" if isinstance(inner, dict | list) else pointer)
    else:
        code = getattr(detail, "code", "invalid")
        yield {"pointer": f"#{pointer}", "detail": str(detail), "code": str(code)}


def _token(name: object) -> str:
    """One step of a JSON pointer, as RFC 6901 writes it."""
    return str(name).replace("~", "~0").replace("/", "~1")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return problem(413, detail="The body is larger than is taken here.", code="too_large")
    if _is_program(request):
        detail = str(exception) if isinstance(exception, BadRequest) else "The request cannot be read."
        return problem(400, detail=detail, code="bad_request")
    return defaults.bad_request(request, exception or Exception())


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_program(request):
        return problem(403, detail=str(exception or "") or "Not allowed.", code="permission_denied")
    return defaults.permission_denied(request, exception or Exception())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_program(request):
        return problem(404, detail="There is nothing at this address.", code="not_found")
    return defaults.page_not_found(request, exception or Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_program(request):
        return problem(500, detail="Something failed here. It has been logged.", code="server_error")
    return defaults.server_error(request)


def _is_program(request: HttpRequest) -> bool:
    return request.path.startswith(DOORS_OF_PROGRAMS)


@csrf_exempt
@login_not_required
def unknown_address(request: HttpRequest) -> HttpResponse:
    """The end of the API's addresses: what nothing else has answered."""
    return not_found(request)
