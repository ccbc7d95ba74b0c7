"""The wording list, edited: what cannot be used, or breaks its own examples, is refused with the reason."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from incidents.models import WordingRule
from incidents.queries.wording import as_rule
from incidents.services.refusals import Refused
from incidents.wording import Book, UnsafePattern, compiled, remarks
from incidents.wording_defaults import DEFAULTS, differs, take
from intake import ledger


def check(rule: WordingRule) -> None:
    """Raises: Refused, naming the field, where RE2 does not accept it or an example is not as it says."""
    try:
        compiled(as_rule(rule))
    except UnsafePattern as error:
        raise Refused(str(error), field="pattern", code="unsafe_pattern") from error
    book = Book([as_rule(rule)])
    for text in rule.flagged:
        if not remarks(text, book):
            raise Refused(f"Not flagged: “{text}”.", field="flagged", code="example_silent")
    for text in rule.left_alone:
        if found := remarks(text, book):
            reason = f"Flagged for “{found[0].phrase}”: “{text}”."
            raise Refused(reason, field="left_alone", code="example_flagged")


@transaction.atomic
def save_rule(*, rule: WordingRule, by: User | None) -> WordingRule:
    """A rule that says something else than its default keeps what it says when defaults change."""
    check(rule)
    verb = "wording rule edited" if rule.pk else "wording rule added"
    rule.is_edited = rule.slug not in DEFAULTS or differs(rule)
    rule.save()
    ledger.touch(ledger.Kind.TAXONOMY, rule.pk, verb=verb, actor_id=by.pk if by else None)
    return rule


@transaction.atomic
def take_default(*, rule: WordingRule, by: User | None) -> WordingRule:
    """Say again what the default says. Raises: ValueError for a rule that came with none."""
    default = DEFAULTS.get(rule.slug)
    if default is None:
        raise ValueError(f"“{rule.slug}” is a rule of your own: it has no default.")
    take(rule, default)
    return save_rule(rule=rule, by=by)
