"""How mail is sent, from the environment: checked at the start, so that no mail fails for a slip in it."""

from __future__ import annotations

from email.utils import parseaddr

from django.core.exceptions import ImproperlyConfigured

STARTTLS, TLS, NONE = "starttls", "tls", "none"
SECURITIES = (STARTTLS, TLS, NONE)
PORTS = {STARTTLS: 587, TLS: 465, NONE: 25}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def backend(host: str) -> str:
    return f"django.core.mail.backends.{'smtp' if host else 'dummy'}.EmailBackend"


def sender(host: str, address: str) -> str:
    """Raises: ImproperlyConfigured for a server without an address to send from, or one that is none."""
    if not host and not address:
        return "hindcast@localhost"  # never sent from
    _, bare = parseaddr(address)
    name, at, domain = bare.rpartition("@")
    if not (name and at and domain) or not address.isprintable():
        raise ImproperlyConfigured(
            f"MAIL_FROM={address!r} is no address such as Hindcast <hindcast@example.org>: "
            "with MAIL_HOST it is needed"
        )
    return address


def hour(value: int) -> int:
    if not 0 <= value <= 23:
        raise ImproperlyConfigured(f"MAIL_HOUR={value} is no hour from 0 to 23")
    return value
