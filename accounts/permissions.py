"""What a request may do: the role of its user, and for a token its scopes. Both must allow it."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken, Role, Scope, User


class ScopedPermission(BasePermission):
    """Reads need a signed-in user (and the scope `read`); writes what the view names.

    A view says `write_scope` and `write_role`. A method that the view does not have is let through, so that
    it is answered with 405 and not with a reproach.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if request.method in SAFE_METHODS:
            return self._has_role(request, view.read_role) and self._has_scope(request, Scope.READ)
        if (request.method or "").lower() not in getattr(view, "action_map", {}):
            return True
        return self._has_role(request, view.write_role) and self._has_scope(request, view.write_scope)

    def _has_scope(self, request: Request, scope: Scope) -> bool:
        if not isinstance(request.auth, ApiToken) or scope in request.auth.scopes:
            return True
        self.message = f"This token lacks the scope {scope.value}."
        return False

    def _has_role(self, request: Request, role: Role) -> bool:
        if cast(User, request.user).at_least(role):
            return True
        self.message = f"This needs the role {role.value}."
        return False
