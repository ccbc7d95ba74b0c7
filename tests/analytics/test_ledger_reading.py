"""The ledger is read as it becomes visible: nothing waits for a long import, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from analytics.models import CountedChange, Recount
from analytics.queries import ledger
from analytics.services import counting
from analytics.tasks import catch_up, count_due
from tests.analytics import histories


@pytest.fixture
def other() -> Iterator[Any]:
    """A second connection to the same database."""
    copy: Any = connections["default"].copy()
    yield copy
    copy.close()


def counted() -> set[int]:
    return set(CountedChange.objects.known_at(None).values_list("change_id", flat=True))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_entry_written_before_and_visible_after_others_is_counted_then(other: Any) -> None:
    with transaction.atomic():
        where = histories.repository()
        early, late = histories.shipped(where, 60), histories.shipped(where, 60)
    catch_up()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("UPDATE changes_change SET state = 'dropped' WHERE id = %s", [early.pk])
        cursor.execute(
            "INSERT INTO intake_ledgerentry (at, kind, object_id, verb) VALUES (now(), 'change', %s, 'told')",
            [early.pk],
        )
    with transaction.atomic():
        type(late).objects.filter(pk=late.pk).update(state="dropped")
        histories.touched(late)
    assert catch_up().behind == 0
    assert counted() == {early.pk}
    other.commit()
    assert ledger.standing().behind == 1
    catch_up()
    assert counted() == set()
    assert not Recount.objects.exists()


@pytest.mark.django_db
def test_much_that_is_new_is_left_to_the_worker_and_the_worker_counts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[bool] = []
    monkeypatch.setattr(count_due, "delay", lambda: rung.append(True))
    histories.shipped(histories.repository(), 60)
    catch_up()
    for name in ("analytics.queries.ledger.FEW", "analytics.services.counting.FEW", "analytics.tasks.FEW"):
        monkeypatch.setattr(name, 1)
    changes = [histories.shipped(histories.repository(), 60) for _ in range(3)]
    assert catch_up().behind == 2
    assert rung == [True]
    assert len(counted()) == 1
    count_due()
    assert len(counted()) == len(changes) + 1


@pytest.mark.django_db
def test_who_finds_somebody_counting_waits_no_longer_than_said(other: Any) -> None:
    histories.shipped(histories.repository(), 60)
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [counting.LOCK])
    assert not counting.count_new(seconds=0)
    assert not CountedChange.objects.exists()
    other.rollback()
    assert counting.count_new(seconds=0)
    assert connection.is_usable()
