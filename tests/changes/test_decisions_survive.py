"""What a person said of a change stands, whatever is told again, imported again, merged or ruled anew."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from changes.facts import ChangeFact, CommitFact, Identity
from changes.models import AssistanceKind, Change, Decision, DetectionRule
from changes.services import policies, taxonomy
from changes.services.origin import say_kind, say_origin, weigh_again
from changes.services.recording import record_changes
from changes.services.rereading import read_some
from changes.services.rulebook import save_rule
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHA = "a" * 40
MESSAGES = [
    "Fix it",
    "Fix it\n\nCo-authored-by: Claude <noreply@anthropic.com>",
    "Fix it\n\nNo AI was used.",
    "Fix it\n\nCo-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>",
]
AUTHORS = [Identity("Ada Example", "ada@example.org"), Identity("Claude", "noreply@anthropic.com")]
STEPS = [
    "tell_request", "tell_commit", "new_rule", "alter_rule", "switch_off", "read_again", "merge_kind",
    "unmerge_kind", "state_policy", "revoke_policy", "weigh", "another_change",
]  # fmt: skip


class World:
    """One change that is told of in every way, and everything around it that may change."""

    def __init__(self, message: str, author: Identity) -> None:
        self.repository = make.repository(merged_is_shipped=True)
        self.message, self.author = message, author
        self.numbers = itertools.count(1)
        self.tell_commit()

    @property
    def change(self) -> Change:
        return Change.objects.current().get(identities__value=SHA)

    def run(self, step: str) -> None:
        action: Callable[[], object] = getattr(self, step)
        action()

    def tell_commit(self) -> None:
        commit = CommitFact(SHA, self.message, NOW, self.author)
        fact = ChangeFact(
            told_at=NOW, shas=(("landed", SHA),), state="merged", merged_at=NOW, title="Fix it",
            message=self.message.partition("\n")[2].strip(), landed=commit,
        )  # fmt: skip
        record_changes(repository=self.repository, facts=[fact])

    def tell_request(self) -> None:
        at = NOW + timedelta(minutes=next(self.numbers))
        fact = ChangeFact(
            told_at=at, number="4", shas=(("merge", SHA),), state="merged", merged_at=NOW, title="Fix it",
            message="As asked. AI usage: yes", labels=("ai-generated",), author=self.author,
        )  # fmt: skip
        record_changes(repository=self.repository, facts=[fact])

    def another_change(self) -> None:
        sha = f"{next(self.numbers):040x}"
        fact = ChangeFact(told_at=NOW, shas=(("landed", sha),), state="merged", merged_at=NOW, title="Other")
        record_changes(repository=self.repository, facts=[fact])

    def new_rule(self) -> None:
        key = f"house-{next(self.numbers)}"
        save_rule(rule=DetectionRule(key=key, place="subject", pattern="^Fix", origin="manual"), by=None)

    def alter_rule(self) -> None:
        rule = DetectionRule.objects.get(key="claude-trailer")
        rule.strength = "weak" if rule.strength == "strong" else "strong"
        save_rule(rule=rule, by=None)

    def switch_off(self) -> None:
        rule = DetectionRule.objects.get(key="claude-author")
        rule.is_active = not rule.is_active
        save_rule(rule=rule, by=None)

    def read_again(self) -> None:
        while read_some():
            pass

    def merge_kind(self) -> None:
        one, other = (AssistanceKind.objects.get(slug=slug) for slug in ("debugging", "review"))
        taxonomy.merge_terms(term=one, into=other, by=None, now=NOW)

    def unmerge_kind(self) -> None:
        taxonomy.unmerge_term(term=AssistanceKind.objects.get(slug="debugging"), by=None)

    def state_policy(self) -> None:
        if not self.repository.policies.filter(revoked_at=None).exists():
            policies.state_policy(repository=self.repository, since=date(2026, 1, 1), by=None, now=NOW)

    def revoke_policy(self) -> None:
        for policy in self.repository.policies.filter(revoked_at=None):
            policies.revoke_policy(policy=policy, by=None, now=NOW)

    def weigh(self) -> None:
        weigh_again(change_ids=[self.change.pk])


def judged() -> list[tuple[object, ...]]:
    names = ("pk", "origin", "kind_id", "assistant_id", "verdict", "said_at", "prompted_by", "withdrawn_at")
    return list(Decision.objects.order_by("pk").values_list(*names))


class TestDecisions(TestCase):
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        before=st.lists(st.sampled_from(STEPS), max_size=3),
        after=st.lists(st.sampled_from(STEPS), min_size=1, max_size=6),
        message=st.sampled_from(MESSAGES),
        author=st.sampled_from(AUTHORS),
        said=st.sampled_from(["manual", "assisted", "autonomous", "unknown"]),
    )
    def test_a_persons_word_stands_whatever_comes_after(
        self, before: list[str], after: list[str], message: str, author: Identity, said: str
    ) -> None:
        world = World(message, author)
        for step in before:
            world.run(step)
        kind = AssistanceKind.objects.get(slug="debugging")
        pk = world.change.pk
        say_origin(change_id=pk, origin=said, by=None, prompted_by="queue", now=NOW + timedelta(days=1))
        say_kind(change_id=pk, kind=kind, by=None, prompted_by="queue", now=NOW + timedelta(days=1))
        decisions = judged()
        for step in [*after, "read_again"]:
            world.run(step)
            change = world.change
            assert (change.origin, change.origin_basis, change.origin_counted) == (said, "person", said)
            assert change.assistances.get(kind=kind).status == "confirmed"
        assert judged() == decisions
