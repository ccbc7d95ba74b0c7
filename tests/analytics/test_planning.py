"""The planner's statistics before much is counted."""

from __future__ import annotations

import pytest
from django.db import connection

from analytics.services.planning import MANY, refresh_statistics
from changes.models import Change
from tests.analytics import histories


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_statistics_are_refreshed_once_when_many_rows_came() -> None:
    where = histories.repository()
    Change.objects.bulk_create(Change(repository=where, title=str(n)) for n in range(2 * MANY))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    assert "changes_change" in refresh_statistics()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    assert "changes_change" not in refresh_statistics()
