"""How the registry of `starter_rules` reaches an installation, whose edited rules keep what was edited.

Works on the models it is given, so that a migration can call it with those of its time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from changes.starter_rules import ASSISTANTS, RULES, VERSION, StarterRule

TOLD = ("place", "pattern", "origin", "strength", "is_automation", "confidence", "proves", "source_url")
LISTED = ("examples", "negatives")
# What a verdict depends on; words for people may change without a new version.
DECIDING = (
    "place", "pattern", "origin", "strength", "is_automation", "confidence", "assistant_id", "kind_id",
    "is_active",
)  # fmt: skip
DEFAULTS: Mapping[str, StarterRule] = {rule.key: rule for rule in RULES}


def digest(rule: Any) -> str:
    """Of all that a rule says, row or default; not of its place in the list nor of whether it is on."""
    said = {name: getattr(rule, name) for name in TOLD} | {name: list(getattr(rule, name)) for name in LISTED}
    said |= {name: _slug(getattr(rule, name)) for name in ("assistant", "kind")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _slug(term: Any) -> str:
    return str(getattr(term, "slug", term) or "")


def is_edited(rule: Any) -> bool:
    return bool(rule.default_digest != digest(rule))


def differs(rule: Any) -> bool:
    """Whether a newer or untouched default would say something else."""
    default = DEFAULTS.get(rule.key)
    return bool(rule.is_builtin and default and digest(default) != digest(rule))


def take(rule: Any, default: StarterRule, assistants: Mapping[str, Any], kinds: Mapping[str, Any]) -> None:
    """Set what the default says; the caller saves."""
    for name in TOLD:
        setattr(rule, name, getattr(default, name))
    for name in LISTED:
        setattr(rule, name, list(getattr(default, name)))
    rule.assistant = assistants.get(default.assistant)
    rule.kind = kinds.get(default.kind)
    rule.default_version, rule.default_digest = VERSION, digest(rule)


def take_defaults(
    *, rules: Any, assistants: Any, kinds: Any, was_edited: Callable[[Any], bool] = is_edited
) -> bool:
    """New rules in, unedited ones brought up to date; whether any verdict may become another.

    `rules`, `assistants`, `kinds` are the models.
    """
    for position, one in enumerate(ASSISTANTS, start=1):
        values = {"name": one.name, "vendor": one.vendor, "position": 10 * position}
        assistants.objects.get_or_create(slug=one.slug, defaults=values)
    by_slug = {one.slug: one for one in assistants.objects.all()}
    kinds_by_slug = {one.slug: one for one in kinds.objects.all()}
    known = {one.key: one for one in rules.objects.select_related("assistant", "kind")}
    is_other = False
    for position, default in enumerate(RULES, start=1):
        row = known.get(default.key) or rules(key=default.key, is_builtin=True)
        if row.pk and (not row.is_builtin or was_edited(row)):
            continue
        before = [getattr(row, name) for name in DECIDING]
        row.position = 10 * position
        take(row, default, by_slug, kinds_by_slug)
        decides_otherwise = bool(row.pk) and before != [getattr(row, name) for name in DECIDING]
        is_other |= decides_otherwise or not row.pk
        row.version += decides_otherwise
        row.save()
    return is_other
