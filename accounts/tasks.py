"""Mail by tick: what is due is made and rung for; a lost ring is made up for by the next tick."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.mail import is_held, is_set_up, writer
from accounts.mail_sending import due, send_due


@shared_task(name="accounts.send_mail", time_limit=300)
def send_mail() -> int:
    """Apart from the tick: a slow mail server keeps nothing else waiting."""
    return send_due(now=timezone.now)


def make_mail() -> None:
    """Called by every tick. Raises: ExceptionGroup of what failed, after every topic had its turn."""
    if not is_set_up() or is_held():
        return
    errors: list[Exception] = []
    for topic in settings.MAIL_WRITERS:
        try:
            writer(topic).make_due(now=timezone.now())
        except Exception as error:  # noqa: BLE001  raised below, when all had their turn
            error.add_note(f"while making mail on {topic}")
            errors.append(error)
    if errors:
        raise ExceptionGroup("Mail could not be made", errors)


def ring_for_mail() -> None:
    """Called by every tick."""
    if is_set_up() and due(timezone.now()).exists():
        send_mail.delay()
