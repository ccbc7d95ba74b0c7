"""Cells kept from the ledger, a count from scratch, and plain SQL: three ways to one number, at any time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analytics import reports
from analytics.models import Cell, CountedChange, Counting
from analytics.queries import figures, ledger
from analytics.queries.figures import ALL_TYPES, Basis, Filters, end_of
from analytics.services import rebuilding
from analytics.services.rebuilding import shown
from analytics.spans import nodes_between
from analytics.tasks import catch_up
from changes.models import SizeBand
from tests.analytics import histories
from tests.analytics.organisation import BEGIN, STEPS, Organisation

pytestmark = pytest.mark.django_db
DAYS = (0, 1, 2, 9, 33)


def some_filters(as_of: date) -> Iterator[Filters]:
    year = Filters(start=as_of - timedelta(days=200), end=as_of, as_of=as_of, demo=False)
    yield from (replace(year, basis=basis) for basis in Basis.values)
    yield replace(year, size=SizeBand.SMALL, type=ALL_TYPES)
    yield replace(year, origin="manual", area="payments")
    yield replace(year, start=as_of - timedelta(days=45), end=as_of - timedelta(days=3))
    yield replace(year, assistant="helper", basis=Basis.ANY)
    yield replace(year, size=SizeBand.LARGE, origin="assisted")
    yield replace(year, area="none", as_of=as_of - timedelta(days=20))


@settings(
    max_examples=6, deadline=None, derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a shrunken history takes minutes and says no more
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 60), st.integers(0, 60), st.sampled_from(DAYS)),
        min_size=4,
        max_size=14,
    )
)
def test_cells_equal_plain_sql_and_a_rebuild_and_any_past_day_stays_as_it_was(
    steps: list[tuple[str, int, int, int]],
) -> None:
    cache.clear()  # the last history was taken back, and its generations come again
    with transaction.atomic():
        _play(steps)
        transaction.set_rollback(True)


def _play(steps: list[tuple[str, int, int, int]]) -> None:
    recorded: list[tuple[datetime, Filters, object]] = []
    with time_machine.travel(BEGIN, tick=False) as clock:
        world = Organisation()
        for name, pick, other, days in [("ship", 1, 1, 0), ("ship", 2, 9, 0), *steps]:
            world.now += timedelta(days=days, minutes=1)
            clock.move_to(world.now)
            getattr(world, name)(pick, other)
            stands = catch_up()
            asked = list(some_filters(world.now.date()))
            for filters in [asked[0], *asked[1 + pick % 3 :: 3]]:
                report = shown(reports.matrix(filters, stands))
                assert report == shown(reports.plain_matrix(filters)), (name, filters)
                recorded.append((world.now, filters, report))
        assert rebuilding.check() == []
        before = _everything()
        rebuilding.rebuild(say=lambda words: None)
        assert _everything() == before
        for at, filters, report in recorded:
            assert shown(reports.matrix(replace(filters, known_at=at))) == report, (at, filters)


def _everything() -> object:
    facts = CountedChange.objects.order_by("change_id", "known_from").values()
    cells = Cell.objects.order_by("is_demo", "slice", "type", "node", "row", "area").values()
    return [{**fact, "id": None} for fact in facts], list(cells)


def test_spans_hold_each_day_of_a_window_once() -> None:
    first = date(2024, 2, 20)
    for length in (0, 1, 3, 4, 16, 65, 300, 1100):
        last = first + timedelta(days=length)
        days = [
            day
            for node in nodes_between(first, last)
            for level, number in [divmod(node, 1_000_000)]
            for day in range(number << 2 * level, (number + 1) << 2 * level)
        ]
        assert days == list(range(first.toordinal(), last.toordinal() + 1))


def test_check_finds_what_was_altered_behind_the_ledger() -> None:
    change = histories.shipped(histories.repository(), 60, origin="manual")
    assert rebuilding.check() == []
    call_command("rebuild", "--check")
    type(change).objects.filter(pk=change.pk).update(origin_counted="unknown")
    assert len(rebuilding.check()) > 0
    with pytest.raises(CommandError, match="analytics_countedchange"):
        call_command("rebuild", "--check")
    call_command("rebuild")
    assert rebuilding.check() == []
    Cell.objects.filter(row=-1).update(n=5)
    assert any("cells" in line for line in rebuilding.check())


def test_a_database_that_moved_to_another_server_is_counted_again() -> None:
    histories.shipped(histories.repository(), 60)
    catch_up()
    Counting.objects.update(snapshot="99999999999:99999999999:", transaction=0)
    assert ledger.standing().must_count_all
    histories.shipped(histories.repository(), 50)
    stands = catch_up()
    assert (stands.behind, stands.must_count_all) == (0, False)
    assert CountedChange.objects.known_at(None).count() == 2


def test_what_is_deleted_leaves_nothing_behind() -> None:
    change = histories.shipped(histories.repository(is_demo=True), 60)
    catch_up()
    assert CountedChange.objects.count() == 1
    histories.touched(change)
    change.delete()
    catch_up()
    assert (CountedChange.objects.count(), Cell.objects.count()) == (0, 0)


def test_a_past_day_lists_the_changes_that_its_cells_counted() -> None:
    number = count()
    with time_machine.travel(BEGIN, tick=False) as clock:
        world = Organisation()
        for _ in range(4):
            world.ship(next(number), 3)
        world.say_origin(0, 0)
        catch_up()
        clock.move_to(BEGIN + timedelta(days=40))
        world.now = BEGIN + timedelta(days=40)
        world.say_origin(0, 1)
        world.say_origin(1, 1)
        world.ship(0, 1)
        catch_up()
    as_of = BEGIN.date()
    then = Filters(
        start=as_of - timedelta(days=90), end=as_of, as_of=as_of, demo=False, known_at=end_of(as_of)
    )
    areas, kinds = figures.taxonomies()
    report = reports.matrix(then)
    assert (report.total.n + report.total.pending, report.row("manual").total.pending) == (4, 1)
    for row, _, cell in [line for line in report.lines() if line[1].slug == "all"]:
        behind = figures.changes_behind(then, row.key, areas, kinds)
        assert behind.count() == cell.n + cell.pending, row.key
        assert behind.filter(figures.is_mature(then)).count() == cell.n
    now = reports.matrix(replace(then, known_at=None))
    assert now.row("manual").total.pending == 0
