"""`Authorization: Bearer hc_<identifier>_<secret>`: who a machine speaks for, and what it may ask."""

from __future__ import annotations

import hmac
import re

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import services
from accounts.models import ApiToken, User

_SHAPE = re.compile(r"hc_([A-Za-z0-9]{8})_([A-Za-z0-9]{43})", re.ASCII)
# Compared when no row is found, so that an unknown identifier takes as long as a wrong secret.
_NOBODY = services.digest("")


class TokenAuthentication(BaseAuthentication):
    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """User and token; None when the request carries no bearer token at all.

        Raises: AuthenticationFailed (401), in the same words whatever is wrong with the token.
        """
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != self.keyword.lower().encode():
            return None
        token = _find(words[1].decode("latin-1")) if len(words) == 2 else None
        if token is None:
            raise AuthenticationFailed("The API token is not valid: unknown, revoked or expired.")
        services.record_token_use(token=token, now=timezone.now())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return f'{self.keyword} realm="api"'


def _find(text: str) -> ApiToken | None:
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    identifier, secret = shape.groups()
    token = ApiToken.objects.select_related("user").filter(identifier=identifier).first()
    known = bytes(token.digest) if token else _NOBODY
    proved = hmac.compare_digest(known, services.digest(secret))
    if token is None or not proved or not token.is_usable(timezone.now()) or not token.user.is_active:
        return None
    return token
