"""The bar over every page while demonstration data is shown."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.models import Role, User
from analytics.queries.figures import shows_demo


def demo(request: HttpRequest) -> dict[str, Any]:
    """For templates, asked only where one is rendered: `demo_data`, `demo_remove_url` for admins."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) and not getattr(user, "is_authenticated", False):
        return {}
    may_remove = user is not None and user.at_least(Role.ADMIN)
    return {
        "demo_data": SimpleLazyObject(shows_demo),
        "demo_remove_url": reverse("analytics:remove_demo") if may_remove else "",
    }
