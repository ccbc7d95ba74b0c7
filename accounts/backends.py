"""What a person may do in the admin follows from one word, the role; passwords are guessed slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts import services
from accounts.models import Notification, Role, User

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import Model
    from django.http import HttpRequest

# Taxonomy, by label: floors above are named, never imported. A test checks that each exists.
CURATED = frozenset(
    {
        "analytics.reviewrules",
        "analytics.worklimit",
        "changes.arearule",
        "changes.assistancekind",
        "changes.assistant",
        "changes.detectionrule",
        "changes.domainarea",
        "incidents.factorkind",
        "incidents.incidenttype",
        "incidents.wordingrule",
        "incidents.postmortemtemplate",
        "incidents.severity",
    }
)


def _may(role: Role, permission: str) -> bool:
    """Admins everything, curators the taxonomy; `changes.change_domainarea` is verb and model."""
    if role == Role.ADMIN:
        return True
    if role != Role.CURATOR:
        return False
    app, _, codename = permission.partition(".")
    _, _, model = codename.partition("_")
    return f"{app}.{model}" in CURATED


class RoleBackend(ModelBackend):
    """Permissions from `User.role` alone: groups and single permissions grant nothing."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        name = username or kwargs.get(User.USERNAME_FIELD) or ""
        if not name or password is None:
            return None
        address = request.META.get("REMOTE_ADDR", "") if request else ""
        if services.is_slowed_down(name=name, address=address):
            # Stops every backend: not even the right password tells that it is right.
            raise PermissionDenied
        user = super().authenticate(request, username=name, password=password, **kwargs)
        if user is None:
            services.record_failed_sign_in(name=name, address=address)
        return user

    def get_user(self, user_id: int) -> User | None:
        """With how much they have not read: the bell costs no query of its own."""
        unread = Notification.objects.filter(user=OuterRef("pk"), read_at=None).order_by().values("user")
        counted = unread.annotate(count=Count("pk")).values("count")
        user = User.objects.annotate(unread=Coalesce(Subquery(counted), 0)).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def has_perm(
        self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Model | None = None
    ) -> bool:
        return isinstance(user_obj, User) and user_obj.is_active and _may(Role(user_obj.role), perm)

    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        if user_obj.role == Role.ADMIN:
            return True
        return user_obj.role == Role.CURATOR and any(label.startswith(f"{app_label}.") for label in CURATED)

    def get_all_permissions(
        self, user_obj: AbstractBaseUser | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        return {name for name in services.every_permission() if _may(Role(user_obj.role), name)}
