"""One authentic letter of every kind of source, and the ways to send it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from intake.models import Source
from intake.sources import Letter, providers
from tests.make import SECRET

PAYLOADS = Path(__file__).resolve().parent.parent / "payloads"


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


GENERIC_INCIDENT = {
    "key": "INC-7",
    "title": "Checkout is slow",
    "status": "open",
    "at": "2026-03-02T10:00:00Z",
}
GENERIC_CHANGE = {
    "repository": {"name": "shop/checkout"},
    "change": {
        "id": "7",
        "title": "Retry payments",
        "state": "merged",
        "merged_at": "2026-03-02T09:00:00Z",
        "at": "2026-03-02T09:00:00Z",
    },
}
JUNIT = b'<testsuite><testcase classname="till" name="test_rounds[{TS-1}]" time="0.1"/></testsuite>'
# Body and headers that make a letter of each kind; a kind without a row fails the contract test.
EXAMPLES: dict[str, tuple[bytes, Mapping[str, str]]] = {
    "pagerduty": (payload("pagerduty/incident.triggered__first"), {"X-Webhook-Id": "delivery-1"}),
    "alertmanager": (payload("alertmanager/firing__nanoseconds"), {}),
    "generic-incident": (json.dumps(GENERIC_INCIDENT).encode(), {"Idempotency-Key": "delivery-1"}),
    "github": (
        json.dumps({"zen": "Anything added dilutes everything else.", "hook_id": 1}).encode(),
        {"X-GitHub-Event": "ping", "X-GitHub-Delivery": "delivery-1"},
    ),
    "junit": (
        JUNIT,
        {"X-Hindcast-Repository": "shop/till", "X-Hindcast-Run": "7", "X-Hindcast-Suite": "unit"},
    ),
    "generic-change": (json.dumps(GENERIC_CHANGE).encode(), {"Idempotency-Key": "delivery-1"}),
}


def kinds() -> list[str]:
    return list(providers())


def send(
    source: Source | str,
    body: bytes | dict[str, Any],
    headers: Mapping[str, str] | None = None,
    *,
    secret: str | None = SECRET,
    client: Client | None = None,
) -> HttpResponse:
    """Post it as the sender would, signed with this secret or not at all."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = dict(headers or {})
    if secret is not None and isinstance(source, Source):
        all_headers |= providers()[source.kind].sign(raw, secret.encode())  # type: ignore[attr-defined]
    slug = source.slug if isinstance(source, Source) else source
    url = reverse("intake:receive", args=[slug])
    response: Any = (client or Client()).post(url, raw, content_type="application/json", headers=all_headers)
    return response  # type: ignore[no-any-return]


def letter(body: bytes | dict[str, Any], **headers: str) -> Letter:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Letter({name.lower().replace("_", "-"): value for name, value in headers.items()}, raw)
