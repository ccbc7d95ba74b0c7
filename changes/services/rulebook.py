"""Detection rules, edited: a rule that finds or proves something else is another version of itself."""

from __future__ import annotations

from collections.abc import Set

from django.db import transaction

from accounts.models import User
from changes.models import AssistanceKind, Assistant, DetectionRule, Origin
from changes.origin import compiled
from changes.rule_defaults import DECIDING, DEFAULTS, take
from changes.services.rereading import ask_to_read_again
from intake import ledger


@transaction.atomic
def save_rule(*, rule: DetectionRule, by: User | None) -> DetectionRule:
    """A new version reads history again in the background; evidence keeps the version that found it.

    Raises: UnsafePattern, with the reason, where RE2 does not accept the pattern.
    """
    compiled(rule.pattern)
    stored = None
    if rule.pk is not None:
        stored = DetectionRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
        rule.version = stored.version + _decides_otherwise(stored, rule)
    rule.save()
    verb = "rule edited" if stored else "rule added"
    ledger.touch(ledger.Kind.TAXONOMY, rule.pk, verb=verb, actor_id=by.pk if by else None)
    if stored is None or rule.version != stored.version:
        ask_to_read_again(places=_places_to_search(stored, rule), by=by)
    return rule


def _decides_otherwise(stored: DetectionRule, rule: DetectionRule) -> bool:
    return any(getattr(stored, name) != getattr(rule, name) for name in DECIDING)


def _places_to_search(stored: DetectionRule | None, rule: DetectionRule) -> Set[str]:
    """Where the rule may find what it did not find before; none where it only means something else now."""
    if not rule.is_active:
        return set()
    is_same = stored and stored.is_active and (stored.place, stored.pattern) == (rule.place, rule.pattern)
    # How much of a branch an agent wrote, and who committed it, only the commits tell.
    if is_same and rule.origin != Origin.AUTONOMOUS:
        return set()
    return {rule.place}


@transaction.atomic
def take_default(*, rule: DetectionRule, by: User | None) -> DetectionRule:
    """Say again what the newest default says. Raises: ValueError for a rule that came with none."""
    default = DEFAULTS.get(rule.key) if rule.is_builtin else None
    if default is None:
        raise ValueError(f"“{rule.key}” is a rule of your own: it has no default.")
    assistants = {one.slug: one for one in Assistant.objects.all()}
    kinds = {one.slug: one for one in AssistanceKind.objects.all()}
    take(rule, default, assistants, kinds)
    return save_rule(rule=rule, by=by)
