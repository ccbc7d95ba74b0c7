"""A newer default reaches the rules that nobody has edited, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from changes import rule_defaults
from changes.models import AssistanceKind, Assistant, DetectionRule
from changes.rule_defaults import differs, is_edited, take_defaults
from changes.services.rulebook import save_rule, take_default
from changes.starter_rules import RULES, VERSION, StarterRule

pytestmark = pytest.mark.django_db


def take() -> bool:
    return take_defaults(rules=DetectionRule, assistants=Assistant, kinds=AssistanceKind)


def newer(monkeypatch: pytest.MonkeyPatch, *extra: StarterRule) -> None:
    """The next version: one rule finds something else, and perhaps some are new."""
    rules = [replace(one, pattern=r"<x@y\.example>") if one.key == "claude-author" else one for one in RULES]
    monkeypatch.setattr(rule_defaults, "RULES", [*rules, *extra])
    monkeypatch.setattr(rule_defaults, "DEFAULTS", {one.key: one for one in [*rules, *extra]})
    monkeypatch.setattr(rule_defaults, "VERSION", VERSION + 1)


def one(key: str = "claude-author") -> DetectionRule:
    return DetectionRule.objects.get(key=key)


def test_a_fresh_installation_has_every_default_as_it_is() -> None:
    rows = {rule.key: rule for rule in DetectionRule.objects.select_related("assistant", "kind")}
    assert set(rows) == {rule.key for rule in RULES}
    assert [key for key, row in rows.items() if differs(row) or is_edited(row)] == []
    assert {row.default_version for row in rows.values()} == {VERSION}
    assert [key for key, row in rows.items() if row.version != 1] == []
    assert not take()


def test_an_unedited_rule_takes_the_newer_default(monkeypatch: pytest.MonkeyPatch) -> None:
    new = replace(RULES[0], key="brand-new")
    newer(monkeypatch, new)
    assert take()
    row = one()
    assert (row.pattern, row.version, row.default_version) == (r"<x@y\.example>", 2, VERSION + 1)
    assert one("brand-new").is_builtin
    assert one("claude-trailer").version == 1


def test_an_edited_rule_keeps_what_it_says_and_shows_that_it_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = one()
    rule.proves = "What we say of it."
    save_rule(rule=rule, by=None)
    newer(monkeypatch)
    take()
    row = one()
    assert (row.proves, row.default_version) == ("What we say of it.", VERSION)
    assert differs(row)
    assert r"x@y" not in row.pattern


def test_a_switched_off_rule_stays_off_when_it_takes_the_newer_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = one()
    rule.is_active = False
    save_rule(rule=rule, by=None)
    newer(monkeypatch)
    take()
    assert (one().pattern, one().is_active) == (r"<x@y\.example>", False)


def test_taking_the_default_says_again_what_it_says() -> None:
    rule = one()
    before = rule.pattern
    rule.pattern = r"<else@y\.example>"
    save_rule(rule=rule, by=None)
    row = take_default(rule=one(), by=None)
    assert (row.pattern, row.version) == (before, 3)
    assert not differs(one())


def test_a_rule_of_ones_own_has_no_default_to_take() -> None:
    own = DetectionRule(key="own", place="label", pattern="^own$", origin="assisted")
    save_rule(rule=own, by=None)
    with pytest.raises(ValueError, match="no default"):
        take_default(rule=own, by=None)
    take()
    assert one("own").pattern == "^own$"
