"""Secrets of sources, encrypted at rest with a key of their own (SECRETS_KEY)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unsealable(Exception):
    """Sealed under another SECRETS_KEY, or damaged: the secret must be set again."""


def seal(secret: str) -> bytes:
    return _box(settings.SECRETS_KEY).encrypt(secret.encode())


def unseal(sealed: bytes | memoryview) -> bytes:
    try:
        return _box(settings.SECRETS_KEY).decrypt(bytes(sealed))
    except InvalidToken as error:
        raise Unsealable("This secret was sealed under another SECRETS_KEY: set it again") from error


@cache
def _box(key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"hindcast source secrets").derive(key.encode())
    return Fernet(urlsafe_b64encode(derived))
