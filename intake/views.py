"""The door: verified, stored, answered; everything else happens later (intake/tasks.py)."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseFailed
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from intake import queries, services
from intake.sealing import Unsealable
from intake.sources import Letter, Provider, TooLarge, Unverified
from intake.tasks import bell

log = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
def receive(request: HttpRequest, slug: str) -> HttpResponse:
    """Status codes are chosen by what senders do next.

    5xx is sent again; 4xx is not, and after some of them senders switch themselves off. 202 stored, or known
    already. 401 not proven. 404 no such source. 413 too large. 503 could not be stored.
    """
    if request.method != "POST":
        response = problem(HTTPStatus.METHOD_NOT_ALLOWED, "Deliveries are posted")
        response["Allow"] = "POST"
        return response
    try:
        return _receive(request, slug)
    except UnreadablePostError:
        return problem(HTTPStatus.BAD_REQUEST, "The body broke off")
    except (DatabaseFailed, Unsealable, KeyError):
        log.exception("A delivery to %s could not be stored", slug)
        response = problem(HTTPStatus.SERVICE_UNAVAILABLE, "It could not be stored now: send it again")
        response["Retry-After"] = "30"
        return response


def _receive(request: HttpRequest, slug: str) -> HttpResponse:
    door = queries.door(slug)
    if door is None:
        return problem(HTTPStatus.NOT_FOUND, "No active source has this address")
    try:
        letter = _letter(request, door.provider)
        door.provider.verify(letter, door.secrets)
        stored = services.store(source_id=door.source_id, provider=door.provider, letter=letter)
    except TooLarge as error:
        services.count_refusal(source_id=door.source_id, reason="too large")
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
    except Unverified as reason:
        services.count_refusal(source_id=door.source_id, reason=str(reason))
        return problem(HTTPStatus.UNAUTHORIZED, "The sender did not prove who it is")
    if stored.outcome is services.Outcome.ACCEPTED:
        transaction.on_commit(bell.ring)
    return JsonResponse({"status": stored.outcome}, status=HTTPStatus.ACCEPTED)


def _letter(request: HttpRequest, provider: Provider) -> Letter:
    """The query of the address stands beside the headers, as `?name`: no header can be called so."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    said = {f"?{name}": request.GET[name] for name in provider.parameters if name in request.GET}
    return Letter(headers | said, _body(request))


def _body(request: HttpRequest) -> bytes:
    """The raw bytes, at most INTAKE_MAX_BYTES of them, whether the sender announced a length or not."""
    limit = settings.INTAKE_MAX_BYTES
    if request.headers.get("Transfer-Encoding", "").lower() == "chunked" and _ends_by_itself(request):
        # Django takes a request without a length for an empty one; the server knows where it ends.
        body = request.META["wsgi.input"].read(limit + 1)
    elif (announced := request.META.get("CONTENT_LENGTH") or "").isdecimal() and int(announced) > limit:
        raise _too_large()
    else:
        try:
            body = request.body
        except RequestDataTooBig as error:
            raise _too_large() from error
    if len(body) > limit:
        raise _too_large()
    return bytes(body)


def _too_large() -> TooLarge:
    return TooLarge(f"At most {settings.INTAKE_MAX_BYTES} bytes")


def _ends_by_itself(request: HttpRequest) -> bool:
    return bool(request.META.get("wsgi.input_terminated"))


def problem(status: HTTPStatus, detail: str) -> HttpResponse:
    """RFC 9457."""
    content = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return JsonResponse(content, status=status, content_type="application/problem+json")
