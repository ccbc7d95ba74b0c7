"""Signatures after the Standard Webhooks rules (standardwebhooks.com), version 1: HMAC-SHA256. Pure.

Signed is `<webhook-id>.<webhook-timestamp>.<body>`; the header carries one signature for each secret that is
good at the time, parted by spaces, so that a receiver who knows either lets the message in.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


def new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """Raises: ValueError, in words, for a text that is no secret of these rules."""
    text = secret.strip().removeprefix(PREFIX)
    try:
        key = b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("A secret is whsec_ and then base64.") from None
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(f"A secret holds {LEAST_BYTES} to {MOST_BYTES} bytes, this one {len(key)}.")
    return key


def headers(*, message_id: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """`timestamp` is that of the attempt, in Unix seconds: receivers refuse what is minutes old."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    marks = [hmac.digest(key_of(secret), signed, "sha256") for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{b64encode(mark).decode()}" for mark in marks),
    }
