"""What people said of changes and stated for their repositories, as the verdict is weighed from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.days import day_of
from changes.models import Change, Decision, MarkingPolicy, PathClassRule
from changes.origin import Said
from changes.paths import PathClasses
from changes.queries.places import classes_by, path_classes


@dataclass(frozen=True)
class Judgements:
    """What people said of a batch of changes, and the policies of their repositories."""

    said: Mapping[int, Sequence[Said]]
    policies: Mapping[int, Sequence[MarkingPolicy]]
    classes: Mapping[int, PathClasses]

    @classmethod
    def of(cls, changes: Iterable[Change], is_known: bool = True) -> Judgements:
        changes = list(changes)
        said: dict[int, list[Said]] = defaultdict(list)
        rows = Decision.objects.filter(change__in=[one.pk for one in changes], withdrawn_at=None)
        for row in rows.select_related("kind", "assistant").order_by("said_at", "id") if is_known else ():
            said[row.change_id].append(_said(row))
        policies: dict[int, list[MarkingPolicy]] = defaultdict(list)
        repositories = {one.repository_id for one in changes}
        for policy in MarkingPolicy.objects.filter(repository__in=repositories, revoked_at=None):
            policies[policy.repository_id].append(policy)
        return cls(said, policies, path_classes(repositories))

    @classmethod
    def of_one(
        cls,
        change: Change,
        said: Iterable[Decision],
        policies: Sequence[MarkingPolicy],
        rules: Sequence[PathClassRule],
    ) -> Judgements:
        """From rows that are at hand, in their order."""
        classes = {change.repository_id: classes_by(rules)} if rules else {}
        return cls({change.pk: [_said(row) for row in said]}, {change.repository_id: policies}, classes)

    def policy_for(self, change: Change) -> tuple[datetime | None, bool]:
        """When the policy that covers this change was stated, and whether it counts: not before that day."""
        if change.merged_at is None:
            return None, False
        day = day_of(change.merged_at)
        for policy in self.policies.get(change.repository_id, ()):
            if policy.since <= day and (policy.ended_on is None or day < policy.ended_on):
                return policy.stated_at, day >= day_of(policy.stated_at)
        return None, False


def _said(row: Decision) -> Said:
    return Said(
        origin=row.origin,
        kind=row.kind.slug if row.kind else "",
        assistant=row.assistant.slug if row.assistant else "",
        is_dismissal=row.verdict == Decision.Verdict.DISMISSED,
        said_at=row.said_at,
        prompted_by=row.prompted_by,
    )
