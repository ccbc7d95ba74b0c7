"""Mail to people: what a letter is, who writes the letters of a topic, and whether any is sent at all."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.module_loading import import_string

from accounts.models import Mail, Topic, User

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """A PNG that goes with the letter; its HTML shows it by `<img src="{{ picture.src }}" alt="…">`.

    Raises: ValueError for a name that cannot stand in an address, and for what is no PNG.
    """

    name: str
    png: bytes

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9-]{1,40}", self.name):
            raise ValueError(f"{self.name!r} is no name of a picture: small letters, digits and dashes")
        if not self.png.startswith(PNG):
            raise ValueError(f"the picture {self.name} is no PNG")

    @property
    def content_id(self) -> str:
        return f"{self.name}@hindcast"

    @property
    def src(self) -> str:
        return f"cid:{self.content_id}"


@dataclass(frozen=True)
class Letter:
    """The text says what the pictures show: many mail programs show none until they are asked to."""

    subject: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = ()

    @property
    def html_alone(self) -> str:
        """For a page: the pictures stand in it."""
        html = self.html
        for picture in self.pictures:
            html = html.replace(picture.src, f"data:image/png;base64,{b64encode(picture.png).decode()}")
        return html


class Writer(Protocol):
    """A module that writes the letters of one topic; settings.MAIL_WRITERS names it."""

    def make_due(self, *, now: datetime) -> int:
        """Makes a row for each mail that is due and not made yet; says how many."""

    def letter(self, *, mail: Mail, now: datetime) -> Letter | None:
        """Its words as its reader may see them now; None where nothing is left to say."""

    def preview(self, *, user: User, now: datetime) -> Letter | None:
        """What would be sent to this person now; nothing is made or sent by it."""

    def sent(self, *, mail: Mail, now: datetime) -> None:
        """Called once it is on its way."""


def writer(topic: str) -> Writer:
    return cast(Writer, import_module(settings.MAIL_WRITERS[topic]))


def is_set_up() -> bool:
    return bool(settings.MAIL_HOST)


def is_held() -> bool:
    """While demonstration data is shown nobody is written to."""
    return bool(import_string(settings.MAIL_HELD_WHILE)())


def readers(topic: str, *, before: datetime | None = None) -> QuerySet[User]:
    """Who asked for it (until `before`), may come in and has an address."""
    wish = Q(subscriptions__topic=topic, subscriptions__stopped_at=None)
    if before is not None:
        wish &= Q(subscriptions__since__lte=before)
    return User.objects.filter(wish).filter(is_active=True).exclude(email="").order_by("pk")


def wants(user: User, topic: str) -> bool:
    return readers(topic).filter(pk=user.pk).exists()


def write(
    name: str,
    *,
    subject: str,
    to: User,
    topic: str,
    now: datetime,
    **context: object,
) -> Letter:
    """The letter of `mail/<name>.txt` and `mail/<name>.html`: both say the same, and how to stop it.

    Each `Picture` among the context goes with it.
    """
    given = {
        "subject": subject,
        "site_url": settings.SITE_URL,
        "topic": Topic(topic),
        "stop_url": stop_url(to, topic),
        "wishes_url": settings.SITE_URL + reverse("accounts:mail"),
        "now": now,
        **context,
    }
    return Letter(
        subject=subject,
        text=render_to_string(f"mail/{name}.txt", given).strip() + "\n",
        html=render_to_string(f"mail/{name}.html", given),
        pictures=tuple(value for value in context.values() if isinstance(value, Picture)),
    )


# ------------------------------------------------------------------ stopping by one click

# Of links that stop a mail: they hold as long as the signing key does, for old mails must be stoppable.
_stops = Signer(salt="accounts.mail.stop", sep="~")


def stop_url(user: User, topic: str) -> str:
    return settings.SITE_URL + reverse("accounts:mail_stop", args=[_stops.sign(f"{user.pk}.{topic}")])


def read_stop(token: str) -> tuple[User, Topic] | None:
    """Whom and what the link stops; None for one that we did not make."""
    try:
        number, _, topic = _stops.unsign(token).partition(".")
    except BadSignature:
        return None
    user = User.objects.filter(pk=int(number)).first()
    return (user, Topic(topic)) if user and topic in Topic.values else None
