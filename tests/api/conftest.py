"""Who asks: a client for each role, by token and by session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ApiToken, Role, Scope, User
from tests import make

Ask = Callable[..., APIClient]


@pytest.fixture
def as_user(db: None) -> Ask:
    """A client signed in as the user that is given, or as a new one of the role."""

    def client(user: User | None = None, *, role: Role = Role.AUTHOR) -> APIClient:
        asking = APIClient(raise_request_exception=False)
        asking.force_login(user or make.user(role=role))
        return asking

    return client


@pytest.fixture
def with_token(db: None) -> Ask:
    """A client that carries a fresh token with the scopes."""

    def client(*scopes: Scope, role: Role = Role.AUTHOR, **over: Any) -> APIClient:
        token, secret = make.token(make.user(role=role), list(scopes), **over)
        assert isinstance(token, ApiToken)
        asking = APIClient(raise_request_exception=False)
        asking.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return asking

    return client


@pytest.fixture
def author(as_user: Ask) -> APIClient:
    return as_user()
