"""The curator's window on words and templates, and the operator's on alerts and incidents."""

from incidents.admin import facts, reminders, templates, terms, wording  # noqa: F401
