"""The counts of shipped changes say what a count of the changes says, whatever happened to these."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from changes.models import Change, Origin, ShippedCount
from changes.queries.shipped import Counts, shipped_in_areas, shipped_of_repositories
from changes.services import shipped_counts
from tests import make

pytestmark = pytest.mark.django_db
Key = tuple[int, int | None, str]


def counted() -> dict[Key, int]:
    rows = Change.objects.shipped().values_list("repository", "area", "origin")
    return dict(Counter(rows))


def kept() -> dict[Key, int]:
    rows = ShippedCount.objects.values_list("repository", "area", "origin").annotate(Sum("n"))
    return {(repository, area, origin): n for repository, area, origin, n in rows if n}


def shipped(**more: object) -> Change:
    given = {"state": "shipped", "shipped_at": timezone.now(), "shipped_basis": "merge"} | more
    return make.change(**given)


def test_counts_stand_when_changes_come_and_go() -> None:
    one, other = shipped(origin=Origin.ASSISTED), shipped(origin=Origin.MANUAL)
    make.change(state="open")
    assert kept() == counted()
    assert sum(kept().values()) == 2
    other.delete()
    assert kept() == counted() == {(one.repository_id, one.area_id, "assisted"): 1}


@pytest.mark.parametrize(
    "altered",
    [
        {"origin": "manual"},
        {"state": "merged"},
        {"title": "Another"},
        {"origin": "autonomous", "title": "Both"},
    ],
)
def test_counts_follow_when_changes_are_updated(altered: dict[str, str]) -> None:
    shipped(origin=Origin.ASSISTED)
    shipped(origin=Origin.MANUAL)
    Change.objects.update(**altered)
    assert kept() == counted()


def test_counts_follow_when_a_change_moves_to_another_area_or_was_a_double() -> None:
    one, other = shipped(), shipped()
    one.area = make.area()
    one.save()
    assert kept() == counted()
    other.merged_into = one
    other.save()
    assert kept() == counted()
    assert sum(kept().values()) == 1


def test_parts_become_one_a_place_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    one, gone = shipped(origin=Origin.MANUAL), shipped(origin=Origin.ASSISTED)
    gone.delete()
    Change.objects.filter(pk=one.pk).update(origin="assisted")
    Change.objects.filter(pk=one.pk).update(origin="manual")
    assert not shipped_counts.fold_if_many()
    before = ShippedCount.objects.count()
    monkeypatch.setattr(shipped_counts, "MOST_PARTS", 2)
    assert shipped_counts.fold_if_many()
    assert before > ShippedCount.objects.count() == 1
    assert kept() == counted()
    assert not shipped_counts.fold_if_many()


def test_counts_are_mended_when_changes_were_written_past_the_triggers() -> None:
    shipped()
    ShippedCount.objects.update(n=7)
    assert kept() != counted()
    shipped_counts.count_anew()
    assert kept() == counted()


def test_counts_are_by_place_and_marked_when_they_are_read() -> None:
    area = make.area()
    one = shipped(origin=Origin.ASSISTED, area=area)
    shipped(origin=Origin.MANUAL, area=area, repository=one.repository)
    shipped(origin=Origin.AUTONOMOUS, area=None, repository=one.repository)
    shipped(origin=Origin.UNKNOWN, area=None)
    found = shipped_of_repositories([one.repository_id])
    assert found == {one.repository_id: Counts(3, 2)}
    assert shipped_in_areas()[area.pk] == Counts(2, 1)


def test_parts_are_left_alone_when_a_bulk_load_passes_the_triggers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        shipped()
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert kept() == {}
    shipped_counts.count_anew()
    assert kept() == counted() != {}
