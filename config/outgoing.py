"""What outgoing requests may reach besides the public internet: checked at the start."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured

from intake.outgoing.addresses import allowed


def listed(words: Sequence[str]) -> list[str]:
    """Raises: ImproperlyConfigured naming the word that is no network, address or host."""
    try:
        allowed(words)
    except ValueError as error:
        raise ImproperlyConfigured(f"OUTGOING_ALLOWED: {error}") from None
    return list(words)
