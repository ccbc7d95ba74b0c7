"""Several people answer at the same moment: one is kept, the others are told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from analytics.queries.samples import Scope
from analytics.services import queue, samples
from changes.models import Change, Decision, Origin
from incidents.services.refusals import Refused
from tests import make

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
WORDS = ("manual", "assisted", "autonomous", "manual")


def at_once(deed: Callable[[User, str], object], words: tuple[str, ...]) -> list[bool]:
    """Whether each was kept; all begin at the same moment."""
    people = [make.user() for _ in words]
    start = Barrier(len(words))

    def one(by: User, word: str) -> bool:
        try:
            start.wait(timeout=20)
            deed(by, word)
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(words)) as pool:
        return list(pool.map(one, people, words))


def test_one_answer_is_kept_when_a_sampled_change_is_answered_at_once() -> None:
    now = timezone.now()
    repository = make.repository()
    for _ in range(4):
        make.change(repository=repository, shipped_at=now - timedelta(days=5))
    scope = Scope(now.date() - timedelta(days=30), now.date(), demo=False)
    sample = samples.draw(scope=scope, size=4, by=None, now=now)
    for row in sample.drawn.all():
        kept = at_once(partial(_answer, row.pk), WORDS)
        assert kept.count(True) == 1
        assert Decision.objects.filter(change=row.change_id).count() == 1


def _answer(pk: int, by: User, say: str) -> None:
    samples.answer(drawn_id=pk, say=say, by=by, now=timezone.now())


def _decide(pk: int, by: User, say: str) -> None:
    queue.decide(change_id=pk, say=say, by=by, now=timezone.now())


def test_one_word_is_kept_when_a_queue_entry_is_decided_at_once() -> None:
    for _ in range(3):
        change = make.change(origin=Origin.ASSISTED, origin_counted=Origin.ASSISTED)
        kept = at_once(partial(_decide, change.pk), ("manual",) * 4)
        assert kept.count(True) == 1
        assert Decision.objects.filter(change=change).count() == 1
        assert Change.objects.get(pk=change.pk).origin == Origin.MANUAL
