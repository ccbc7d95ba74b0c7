"""How the list of `starter_wording` reaches an installation, whose edited rules keep what was edited.

Works on the model it is given, so that a migration can call it with the one of its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from incidents.starter_wording import RULES, VERSION, StarterRule

TOLD = ("pattern", "reason", "offer", "rewrite", "of_people")
LISTED = ("flagged", "left_alone")
DEFAULTS: Mapping[str, StarterRule] = {rule.slug: rule for rule in RULES}


def differs(rule: Any) -> bool:
    """Whether the default of this name says something else; its place and whether it is on do not count."""
    default = DEFAULTS.get(rule.slug)
    return default is not None and (
        any(getattr(rule, name) != getattr(default, name) for name in TOLD)
        or any(list(getattr(rule, name)) != list(getattr(default, name)) for name in LISTED)
    )


def take(rule: Any, default: StarterRule) -> None:
    """Set what the default says; the caller saves."""
    for name in TOLD:
        setattr(rule, name, getattr(default, name))
    for name in LISTED:
        setattr(rule, name, list(getattr(default, name)))
    rule.is_edited = False


def take_defaults(rules: Any) -> None:
    """New rules in, unedited ones brought up to date, also in their place. `rules` is the model."""
    known = {row.slug: row for row in rules.objects.all()}
    for position, default in enumerate(RULES, start=1):
        row = known.get(default.slug) or rules(slug=default.slug)
        if row.pk and (row.is_edited or row.version >= VERSION):
            continue
        take(row, default)
        row.position, row.version = 10 * position, VERSION
        row.save()
