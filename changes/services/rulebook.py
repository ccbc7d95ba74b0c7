"""Detection rules, edited: a rule that finds or proves something else is another version of itself."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from changes.models import DetectionRule
from changes.origin import compiled
from intake import ledger

# What a verdict depends on; words for people may change without a new version.
DECIDING = ("place", "pattern", "origin", "strength", "is_automation", "assistant_id", "kind_id", "is_active")


@transaction.atomic
def save_rule(*, rule: DetectionRule, by: User | None) -> DetectionRule:
    """Raises: UnsafePattern, with the reason, where RE2 does not accept the pattern."""
    compiled(rule.pattern)
    verb = "rule added"
    if rule.pk is not None:
        stored = DetectionRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
        is_other = any(getattr(stored, name) != getattr(rule, name) for name in DECIDING)
        rule.version = stored.version + is_other
        verb = "rule edited"
    rule.save()
    ledger.touch(ledger.Kind.TAXONOMY, rule.pk, verb=verb, actor_id=by.pk if by else None)
    return rule
