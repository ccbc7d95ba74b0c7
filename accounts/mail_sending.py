"""Sending what is due: the row is the truth, each attempt is claimed first, and one mail stops no other."""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import Message
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.utils import parseaddr
from typing import cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet

from accounts.mail import Letter, Picture, is_held, is_set_up, stop_url, wants, writer
from accounts.models import Mail
from design.spans import grouped

log = logging.getLogger(__name__)
# After the first attempt, the second…: in all seven within two days.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 20, 60, 240, 720, 1440))
MOST_ATTEMPTS = len(WAITS) + 1
SECONDS = 60.0
# Mail programs cut off what is longer, and readers pay for it.
MOST_BYTES = 100_000
SERVERS = (
    smtplib.SMTPServerDisconnected,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
)


class TooLarge(Exception):
    """The whole mail, pictures and headers, has more bytes than are sent; the message says how many."""


class PicturedMail(EmailMultiAlternatives):
    """Whose HTML carries its pictures (RFC 2387): multipart/related in place of the HTML alone."""

    pictures: tuple[Picture, ...] = ()

    def message(self) -> Message:  # type: ignore[override]
        made = cast(Message, super().message())
        if self.pictures:
            parts = cast("list[Message]", made.get_payload())
            related = MIMEMultipart("related", type="text/html")
            related.attach(parts[-1])
            for picture in self.pictures:
                related.attach(_part(picture))
            parts[-1] = related
        return made


def _part(picture: Picture) -> MIMEImage:
    part = MIMEImage(picture.png, "png")
    part.add_header("Content-ID", f"<{picture.content_id}>")
    part.add_header("Content-Disposition", "inline", filename=f"{picture.name}.png")
    return part


def due(now: datetime) -> QuerySet[Mail]:
    return Mail.objects.filter(sent_at=None, closed_at=None, next_attempt_at__lte=now)


def troubled() -> QuerySet[Mail]:
    """Not sent, and at least one attempt failed: waiting for the next, or given up."""
    return Mail.objects.filter(sent_at=None).exclude(error="")


@transaction.atomic
def claim(*, now: datetime) -> Mail | None:
    """Takes the one that waited longest: whoever dies over it leaves it to its next attempt.

    Several may send at once: a row that another holds is passed over.
    """
    rows = due(now).select_for_update(skip_locked=True, of=("self",)).select_related("user")
    mail = rows.order_by("next_attempt_at", "pk").first()
    if mail is None:
        return None
    mail.attempts += 1
    mail.next_attempt_at = now + WAITS[min(mail.attempts, len(WAITS)) - 1]
    mail.save(update_fields=["attempts", "next_attempt_at"])
    return mail


def send_due(*, now: Callable[[], datetime], seconds: float = SECONDS) -> int:
    """Sends until nothing is due or the time is up; says how many went. The next ring goes on."""
    if not is_set_up() or is_held():
        return 0
    until, count = time.monotonic() + seconds, 0
    connection = get_connection()
    try:
        while time.monotonic() < until and (mail := claim(now=now())):
            try:
                letter = _letter(mail, now())
                if letter is None:
                    _close(mail, "", now())
                    continue
                connection.open()
                _send(mail, letter, connection)
            except Exception as error:  # noqa: BLE001  kept with the mail; the others have their turn
                log.warning(
                    "Mail %s was not sent: %s", mail.pk, words(error), exc_info=not isinstance(error, OSError)
                )
                _failed(mail, error, now())
                connection.close()
                if _is_the_server(error):
                    break
            else:
                _sent(mail, now())
                count += 1
    finally:
        connection.close()
    return count


def _letter(mail: Mail, now: datetime) -> Letter | None:
    """None where it is no longer wanted, or nothing is left to say."""
    return writer(mail.topic).letter(mail=mail, now=now) if wants(mail.user, mail.topic) else None


def message(mail: Mail, letter: Letter, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """With what RFC 8058 asks for, and one Message-ID for all attempts: two copies are seen as one.

    Raises: TooLarge.
    """
    stop = stop_url(mail.user, mail.topic)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {
        "Message-ID": f"<mail.{mail.pk}.{mail.made_at:%Y%m%d%H%M%S}@{domain}>",
        "List-Unsubscribe": f"<{stop}>",
        "Auto-Submitted": "auto-generated",
    }
    if stop.startswith("https://"):  # RFC 8058: by one click only over HTTPS
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made = PicturedMail(
        subject=" ".join(letter.subject.split()),
        body=letter.text,
        to=[mail.user.email],
        headers=headers,
        connection=connection,
    )
    made.attach_alternative(letter.html, "text/html")
    made.pictures = letter.pictures
    size = len(made.message().as_bytes())
    if size > MOST_BYTES:
        raise TooLarge(f"The mail has {grouped(size)} bytes; at most {grouped(MOST_BYTES)} are sent.")
    return made


def _send(mail: Mail, letter: Letter, connection: BaseEmailBackend) -> None:
    if not message(mail, letter, connection).send():
        raise smtplib.SMTPException("The server took nothing.")


def _sent(mail: Mail, now: datetime) -> None:
    with transaction.atomic():
        Mail.objects.filter(pk=mail.pk).update(sent_at=now, error="")
        writer(mail.topic).sent(mail=mail, now=now)


def _failed(mail: Mail, error: Exception, now: datetime) -> None:
    if mail.attempts >= MOST_ATTEMPTS or _is_final(error):
        _close(mail, words(error), now)
    else:
        Mail.objects.filter(pk=mail.pk).update(error=words(error))


def _close(mail: Mail, error: str, now: datetime) -> None:
    Mail.objects.filter(pk=mail.pk).update(closed_at=now, error=error)


def try_again(*, mails: QuerySet[Mail], now: datetime) -> int:
    """An admin has mended what was wrong: all attempts anew, for those that were not sent."""
    unsent = mails.filter(sent_at=None).exclude(error="")
    return unsent.update(closed_at=None, attempts=0, next_attempt_at=now, error="")


def _refusals(error: Exception) -> list[tuple[int, bytes]]:
    return list(error.recipients.values()) if isinstance(error, smtplib.SMTPRecipientsRefused) else []


def _is_final(error: Exception) -> bool:
    """Too large, or the receiving side knows no such address (RFC 5321, 5yz): it would be the same again."""
    if isinstance(error, TooLarge):
        return True
    codes = [code for code, _ in _refusals(error)]
    return bool(codes) and all(500 <= code < 600 for code in codes)


def _is_the_server(error: Exception) -> bool:
    """Not reached, or it does not let us in: the next mail would fare no better."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, SERVERS)
    return isinstance(error, OSError)


def words(error: Exception) -> str:
    """What went wrong, for an admin; never more than one line."""
    said = [f"{code} {text.decode(errors='replace')}" for code, text in _refusals(error)]
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = [f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"]
    if isinstance(error, OSError) and not said:
        said = [error.strerror or str(error)]
    return " ".join(f"{type(error).__name__}: {'; '.join(said) or error}".split())[:300]
