"""What the tests of the weekly mail share: changes that wait, a reader, and their mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from accounts.models import Mail, Topic, User
from changes.models import Assistance, AssistanceKind, Change, Origin, OriginEvidence
from tests import make
from tests.accounts.mailing import mail

# A Monday, at the hour at which the weekly mail falls due.
MONDAY = datetime(2026, 6, 1, 8, tzinfo=UTC)


def assisted(suggest: str = "", **over: Any) -> Change:
    """AI helped, a trailer says so, and nobody said how."""
    change = make.change(origin=Origin.ASSISTED, origin_counted=Origin.ASSISTED, **over)
    evidence(change, strength="strong", place="trailer", excerpt="Co-Authored-By: Claude")
    if suggest:
        kind = AssistanceKind.objects.get(slug=suggest)
        Assistance.objects.create(change=change, kind=kind, status="suggested", why="its paths")
    return change


def hinted(**over: Any) -> Change:
    change = make.change(**over)
    evidence(change, strength="weak", place="branch", excerpt="claude/retries")
    return change


def evidence(change: Change, **over: Any) -> OriginEvidence:
    values = {"rule_key": "tests", "rule_version": 1, "origin": Origin.ASSISTED, **over}
    return OriginEvidence.objects.create(change=change, **values)


def weekly(user: User, *changes: Change, now: datetime = MONDAY, **over: Any) -> Mail:
    content = {"changes": [change.pk for change in changes], "waiting": len(changes)}
    return mail(user, now, topic=Topic.DECISIONS, key="2026-W23", content=content, **over)
