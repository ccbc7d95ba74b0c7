"""Addresses that are keys stay out of the log: a refused request is logged with its path."""

from __future__ import annotations

import logging
import re

# The feed of a calendar, sign-in links, links in mails.
_KEYS = re.compile(r"(/calendar/|/account/link/|/account/mail/(?:address|stop)/|/mail/)[^/\s?\"']{20,}")


class WithoutKeys(logging.Filter):
    """Nothing is left out, only what opens a door is shortened."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            return True  # words that do not fit their arguments: the handler says so, and goes on
        kept = _KEYS.sub(r"\1…", said)
        if kept != said:
            record.msg, record.args = kept, ()
        return True
