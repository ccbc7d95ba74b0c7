"""The link of a weekly mail: it names the mail, is signed, opens one page for its addressee, and ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from secrets import compare_digest

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from accounts.mail_wishes import LEAST_ROLE
from accounts.models import Mail, Topic

LIFETIME = timedelta(days=8)


class Closed(StrEnum):
    """Why a link opens nothing, in words for whoever holds it."""

    UNKNOWN = "We did not make this link. Part of it may have been lost on the way: copy all of it."
    EXPIRED = "It was for one week, and that is over. What still waits is in the confirm queue."
    ENDED = "Its addressee may no longer decide here, or gets mail elsewhere by now."


def _signer(mail: Mail, purpose: str) -> Signer:
    # With the address in it: a mailbox that is no longer this person's opens nothing.
    return Signer(salt=f"analytics.weekly.{purpose}:{mail.user_id}:{mail.user.email}", sep="~")


def page_url(mail: Mail) -> str:
    return settings.SITE_URL + reverse("analytics:by_mail", args=[token(mail)])


def token(mail: Mail) -> str:
    return _signer(mail, "page").sign(str(mail.pk))


def opened(token: str, now: datetime) -> Mail | Closed:
    """The mail, if the link is ours, its week is not over, and its reader still may come in and decide."""
    number = token.partition("~")[0]
    if not number.isdecimal() or len(number) > 18:
        return Closed.UNKNOWN
    mail = Mail.objects.select_related("user").filter(pk=int(number), topic=Topic.DECISIONS).first()
    if mail is None:
        return Closed.UNKNOWN
    try:
        _signer(mail, "page").unsign(token)
    except BadSignature:
        return Closed.UNKNOWN
    if not mail.user.is_active or not mail.user.at_least(LEAST_ROLE[Topic.DECISIONS]):
        return Closed.ENDED
    return Closed.EXPIRED if now >= mail.made_at + LIFETIME else mail


def seal(mail: Mail, verb: str, change_id: int) -> str:
    """Stands in each form of the page: a POST that did not come from it does nothing."""
    return _signer(mail, f"form.{verb}").signature(f"{mail.pk}:{change_id}")


def is_sealed(mail: Mail, verb: str, change_id: int, given: str) -> bool:
    return compare_digest(seal(mail, verb, change_id).encode(), given.encode())
