"""`Idempotency-Key`: a POST that is sent again is answered again, and done once.

Only what succeeded is kept: a request that was refused may be mended and sent again under its key.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from accounts.models import ApiToken, IdempotencyKey, User
from accounts.problems import Unprocessable

HEADER = "Idempotency-Key"
KEPT = timedelta(days=7)
KEPT_HEADERS = ("Location", "ETag")

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """For POST handlers of viewsets. The key's row, the deed and the stored answer are one transaction:
    a second request with the same key waits for the first, and then finds its answer."""

    @functools.wraps(handler)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not 1 <= len(key) <= 200 or not key.isprintable():
            raise ParseError(f"{HEADER} takes 1 to 200 printable characters.")
        with transaction.atomic():
            row = _row(request, key)
            if row.status is not None:
                return _stored(row)
            response = handler(view, request, *args, **kwargs)
            _store(row, response)
        return response

    wrapped.takes_idempotency_key = True  # type: ignore[attr-defined]
    return wrapped


def _row(request: Request, key: str) -> IdempotencyKey:
    asked = digest(request)
    person = cast(User, request.user)
    old = IdempotencyKey.objects.filter(user=person, key=key)
    old.filter(created_at__lt=timezone.now() - KEPT).delete()
    token = request.auth if isinstance(request.auth, ApiToken) else None
    row, _ = IdempotencyKey.objects.get_or_create(
        user=person, key=key, defaults={"token": token, "request_digest": asked}
    )
    if bytes(row.request_digest) != asked:
        raise Unprocessable(f"This {HEADER} was used for another request.", code="idempotency_key_reused")
    return row


def digest(request: Request) -> bytes:
    parts = (request.method or "", request.get_full_path(), json.dumps(request.data, sort_keys=True))
    return hashlib.sha256("\n".join(parts).encode()).digest()


def _store(row: IdempotencyKey, response: Response) -> None:
    row.status = response.status_code
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    row.body = json.loads(json.dumps({"data": response.data, "headers": headers}, cls=JSONEncoder))
    row.save(update_fields=["status", "body"])


def _stored(row: IdempotencyKey) -> Response:
    kept = row.body or {}
    headers = {**kept.get("headers", {}), "Idempotency-Replayed": "true"}
    return Response(kept.get("data"), status=row.status, headers=headers)


def forget() -> None:
    """Part of the tick: keys older than seven days."""
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
