"""Who may come in, and by which key: sign-in links, failed tries, API tokens, profiles."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import models, transaction
from django.utils import timezone

from accounts.models import ApiToken, AuditEntry, Role, SignInAttempt, SignInLink, User

TOKEN_PREFIX = "hc"  # noqa: S105 (the part of a token that is no secret)
TRIES_BY_NAME = 5
# Wider than by name: a whole office may come from one address, or from one proxy.
TRIES_BY_ADDRESS = 50
TRIES_WINDOW = timedelta(minutes=15)
_ATTEMPTS_KEPT = timedelta(hours=1)
_LETTERS = string.ascii_letters + string.digits


class Refused(Exception):
    """The verb cannot be done; the words are for the person who asked."""


def digest(secret: str) -> bytes:
    """SHA-256: enough for secrets of 256 random bits, and fast enough for every request."""
    return hashlib.sha256(secret.encode()).digest()


def audit(
    *,
    verb: str,
    target: models.Model,
    actor: User | None,
    token: ApiToken | None = None,
    detail: dict[str, object] | None = None,
) -> AuditEntry:
    return AuditEntry.objects.create(
        verb=verb,
        target_kind=target._meta.model_name or "",
        target_id=target.pk,
        actor=actor,
        token=token,
        detail=detail or {},
    )


# ------------------------------------------------------------------ sign-in links


@transaction.atomic
def open_sign_in_link(*, user: User, by: User | None = None) -> str:
    """Make a one-time way in for `user`; the returned secret is nowhere stored."""
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    secret = secrets.token_urlsafe(32)
    link = SignInLink.objects.create(
        user=user, digest=digest(secret), created_at=now, expires_at=now + settings.SIGN_IN_LINK_AGE
    )
    audit(verb="open_sign_in_link", target=link, actor=by, detail={"user": user.pk})
    return secret


def is_link_usable(secret: str) -> bool:
    link = SignInLink.objects.select_related("user").filter(digest=digest(secret)).first()
    return link is not None and link.user.is_active and link.is_usable(timezone.now())


@transaction.atomic
def use_sign_in_link(*, secret: str) -> User:
    """Spend the link and give its user. Two at once: the database lets one through.

    Raises: Refused when the link is unknown, spent, too old, or its user may not come in.
    """
    now = timezone.now()
    usable = SignInLink.objects.filter(
        digest=digest(secret), used_at=None, expires_at__gt=now, user__is_active=True
    )
    if usable.update(used_at=now) == 0:
        raise Refused("This link has been used or is too old.")
    link = SignInLink.objects.select_related("user").get(digest=digest(secret))
    audit(verb="use_sign_in_link", target=link, actor=link.user)
    return link.user


# ------------------------------------------------------------------ failed tries


def _keyed(kind: str, text: str) -> bytes:
    """Names and addresses of failed tries are kept only as keyed digests."""
    message = f"{kind}:{text.strip().lower()}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, "sha256")


def record_failed_sign_in(*, name: str, address: str) -> None:
    now = timezone.now()
    SignInAttempt.objects.filter(at__lt=now - _ATTEMPTS_KEPT).delete()
    SignInAttempt.objects.create(
        name_digest=_keyed("name", name), address_digest=_keyed("address", address), at=now
    )


def is_slowed_down(*, name: str, address: str) -> bool:
    recent = SignInAttempt.objects.filter(at__gt=timezone.now() - TRIES_WINDOW)
    by_name = recent.filter(name_digest=_keyed("name", name)).count()
    by_address = recent.filter(address_digest=_keyed("address", address)).count()
    return by_name >= TRIES_BY_NAME or by_address >= TRIES_BY_ADDRESS


# ------------------------------------------------------------------ API tokens


@transaction.atomic
def issue_token(
    *, user: User, name: str, scopes: list[str], expires_at: datetime | None, by: User
) -> tuple[ApiToken, str]:
    """A token row and its text `hc_<identifier>_<secret>`, which is shown once and stored nowhere."""
    secret = "".join(secrets.choice(_LETTERS) for _ in range(43))
    token = ApiToken.objects.create(
        identifier="".join(secrets.choice(_LETTERS) for _ in range(8)),
        digest=digest(secret),
        name=name,
        user=user,
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    audit(verb="issue_token", target=token, actor=by, detail={"scopes": token.scopes})
    return token, f"{TOKEN_PREFIX}_{token.identifier}_{secret}"


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """Stop a token for good; a second time changes nothing."""
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    token.refresh_from_db(fields=["revoked_at"])
    audit(verb="revoke_token", target=token, actor=by)


def record_token_use(*, token: ApiToken, now: datetime) -> None:
    """At most one write a minute: the field answers "is it still used", not "how often"."""
    unseen_since = models.Q(last_used_at=None) | models.Q(last_used_at__lt=now - timedelta(minutes=1))
    ApiToken.objects.filter(unseen_since, pk=token.pk).update(last_used_at=now)


# ------------------------------------------------------------------ people


@transaction.atomic
def save_profile(*, user: User, first_name: str, last_name: str, role_title: str, time_zone: str) -> None:
    user.first_name, user.last_name = first_name, last_name
    user.role_title, user.time_zone = role_title, time_zone
    user.save(update_fields=["first_name", "last_name", "role_title", "time_zone"])


@transaction.atomic
def set_password(*, user: User, password: str) -> None:
    """Choose a password of one's own; the caller has checked the old one, if there was one."""
    user.set_password(password)
    user.save(update_fields=["password"])
    audit(verb="set_password", target=user, actor=user)


@transaction.atomic
def save_user(*, user: User, by: User | None) -> User:
    """Store a person; who may enter the admin follows from the role, never from a box of its own."""
    user.is_staff = user.at_least(Role.CURATOR)
    user.is_superuser = False
    verb = "change_user" if user.pk else "add_user"
    user.save()
    audit(verb=verb, target=user, actor=by, detail={"role": user.role, "active": user.is_active})
    return user


@transaction.atomic
def ensure_admin(*, username: str = "admin") -> User | None:
    """The first admin, without a password, where nobody exists yet; None where somebody does."""
    if User.objects.exists():
        return None
    user = User(username=username, role=Role.ADMIN)
    user.set_unusable_password()
    return save_user(user=user, by=None)


def every_permission() -> set[str]:
    pairs = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in pairs}
