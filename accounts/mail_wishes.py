"""What people want by mail, and where they get it: nothing comes that was not asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.module_loading import import_string

from accounts.models import AuditEntry, Mail, Role, Subscription, Topic, User
from accounts.services import Refused, audit

# Who may have it: the ten decisions are for those who may decide.
LEAST_ROLE = {Topic.DECISIONS: Role.AUTHOR, Topic.NOTICES: Role.VIEWER, Topic.DIGEST: Role.VIEWER}
# What can be narrowed to a team, a service or an area.
SCOPED = frozenset({Topic.DIGEST})
ADDRESS_LINK_AGE = timedelta(days=1)
ADDRESS_LINKS_AN_HOUR = 5


@dataclass(frozen=True)
class Wish:
    """One topic as the person's page shows it."""

    topic: Topic
    is_wanted: bool
    may_have: bool
    last: Mail | None
    is_scoped: bool
    scope: str
    # It was narrowed to something that is not offered any more.
    is_lost: bool = False


Scopes = list[tuple[str, list[tuple[str, str]]]]


def wishes(user: User, offered: Scopes) -> list[Wish]:
    rows = {row.topic: row for row in user.subscriptions.all()}
    mails = Mail.objects.filter(user=user).exclude(sent_at=None, error="")
    last = {mail.topic: mail for mail in mails.order_by("made_at", "pk")}
    return [
        Wish(
            topic,
            topic in rows and rows[topic].stopped_at is None,
            user.at_least(LEAST_ROLE[topic]),
            last.get(topic),
            topic in SCOPED,
            scope := rows[topic].scope if topic in rows else "",
            topic in rows and rows[topic].stopped_at is None and not _is_offered(scope, offered),
        )
        for topic in Topic
    ]


def scopes() -> Scopes:
    """In groups; the floors above know of services and areas."""
    return list(import_string(settings.SCOPES_OFFERED)())


def _is_offered(scope: str, offered: Scopes) -> bool:
    return any(scope == value for _, group in offered for value, _ in group)


@transaction.atomic
def subscribe(*, user: User, topic: Topic, now: datetime, scope: str = "") -> None:
    """From now on; a second time alters what it is narrowed to, if anything.

    Raises: Refused for a role that may not have it, and for a scope that is none or does not go with it.
    """
    if not user.at_least(LEAST_ROLE[topic]):
        raise Refused("The ten decisions are for those who may decide: that takes the author role.")
    if scope and (topic not in SCOPED or not _is_offered(scope, scopes())):
        raise Refused("That team, service or area is not there any more. Choose again.")
    row, new = Subscription.objects.select_for_update().get_or_create(
        user=user, topic=topic, defaults={"since": now, "scope": scope}
    )
    if new or row.stopped_at is not None:
        Subscription.objects.filter(pk=row.pk).update(since=now, stopped_at=None, scope=scope)
        audit(verb="subscribe", target=row, actor=user, detail={"topic": topic, "scope": scope})
    elif row.scope != scope:
        Subscription.objects.filter(pk=row.pk).update(scope=scope)
        audit(verb="narrow_mail", target=row, actor=user, detail={"topic": topic, "scope": scope})


@transaction.atomic
def stop(*, user: User, topic: Topic, now: datetime, by_link: bool = False) -> bool:
    """No more of it; says whether it was wanted until now. A second time changes nothing."""
    row = Subscription.objects.select_for_update().filter(user=user, topic=topic, stopped_at=None).first()
    if row is None:
        return False
    row.stopped_at = now
    row.save(update_fields=["stopped_at"])
    audit(verb="stop_mail", target=row, actor=user, detail={"topic": topic, "by_link": by_link})
    return True


# ------------------------------------------------------------------ one's own address


def _signer(user: User) -> TimestampSigner:
    # With the present address in it, a link is good for one change.
    return TimestampSigner(salt=f"accounts.mail.address:{user.pk}:{user.email}", sep="~")


def ask_address(*, user: User, address: str, now: datetime) -> None:
    """Sends a link to the new address: it is used once its owner has followed that link.

    Raises: Refused where too many were asked for; OSError or SMTPException where it cannot be sent.
    """
    asked = AuditEntry.objects.filter(actor=user, verb="ask_address", at__gt=now - timedelta(hours=1))
    if asked.count() >= ADDRESS_LINKS_AN_HOUR:
        raise Refused("That were many links within an hour. Wait a while, or ask an admin to set it.")
    audit(verb="ask_address", target=user, actor=user)
    link = settings.SITE_URL + reverse("accounts:mail_address", args=[_signer(user).sign(address)])
    text = render_to_string("mail/address.txt", {"link": link, "user": user, "site_url": settings.SITE_URL})
    EmailMessage(
        subject="Use this address in Hindcast?", body=text, to=[address], connection=get_connection()
    ).send()


def read_address(*, user: User, token: str) -> str | None:
    """The address that the link was sent to; None for a link of somebody else, too old, or used."""
    try:
        return _signer(user).unsign(token, max_age=ADDRESS_LINK_AGE)
    except BadSignature:
        return None


@transaction.atomic
def take_address(*, user: User, address: str) -> None:
    user.email = address
    user.save(update_fields=["email"])
    audit(verb="set_address", target=user, actor=user)
