"""The curator's window on the taxonomy, and the operator's on places and facts."""

from changes.admin import facts, places, reviewers, rules, terms  # noqa: F401
