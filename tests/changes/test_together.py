"""Rows of several tables in one statement are the very rows that each would have given alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Prefetch
from django.db.models.expressions import RawSQL
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from changes.models import Assistance, AssistanceKind, Change, DomainArea, Review
from changes.queries.together import Prepared, together
from incidents.queries.causes import standing_causes
from tests.analytics import histories

pytestmark = pytest.mark.django_db
WHEN = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)


def filled() -> Change:
    area = DomainArea.objects.all()[0]
    change = histories.shipped(histories.repository(), shipped_at=WHEN, area=area, origin="assisted")
    Change.objects.filter(pk=change.pk).update(
        told={"title": 12, "deep": {"a": [1, None]}},
        paths=["a/b.py", "with, comma", 'with "quotes"'],
        labels=[],
    )
    histories.help_in(change, AssistanceKind.objects.all()[1])
    histories.help_in(change, AssistanceKind.objects.all()[0])
    histories.cause(histories.incident(began_at=WHEN), change)
    return change


def test_rows_are_the_same_when_they_come_together() -> None:
    filled()
    changes = Change.objects.for_list().order_by("-pk")
    kinds = AssistanceKind.objects.order_by("-name")
    (one,), found = together(changes, kinds)
    assert found == list(kinds)
    assert [model_to_dict(kind) for kind in found] == [model_to_dict(kind) for kind in kinds]
    (alone,) = changes
    # Every column, those that no form would show as well.
    columns = [field.attname for field in Change._meta.concrete_fields]
    assert [getattr(one, name) for name in columns] == [getattr(alone, name) for name in columns]
    with CaptureQueriesContext(connection) as statements:
        assert (one.repository, one.area, one.assistant) == (alone.repository, alone.area, None)
        assert not one._state.adding
        assert one._state.db == alone._state.db
    assert len(statements) == 0


def test_what_is_annotated_and_prefetched_comes_along() -> None:
    change = filled()
    helps = Prefetch("assistances", Assistance.objects.select_related("kind").order_by("kind__name"))
    causes, changes = together(standing_causes(), Change.objects.prefetch_related(helps))
    assert [cause.stands_for for cause in causes] == [change.pk]
    with CaptureQueriesContext(connection) as statements:
        names = [one.kind.name for one in changes[0].assistances.all()]
    assert names == sorted(names)
    assert len(names) == 2
    assert len(statements) == 0


def test_parts_that_can_have_no_row_ask_nothing() -> None:
    with CaptureQueriesContext(connection) as statements:
        assert together(Change.objects.none(), Change.objects.filter(pk__in=[])) == [[], []]
    assert len(statements) == 0
    assert together(Change.objects.all(), Change.objects.none()) == [[], []]


def test_bytes_come_as_they_are_stored() -> None:
    key = bytes(range(32))
    stored = Review.objects.create(
        change=filled(), external_id="1", submitted_at=WHEN, told_at=WHEN, reviewer_in_change=key
    )
    [[found]] = together(Review.objects.filter(pk=stored.pk))
    assert (bytes(found.reviewer_in_change), found.reviewer_on_day) == (key, None)


def test_what_is_put_together_once_is_bound_anew_at_each_asking() -> None:
    first, second = filled(), filled()
    asked = Prepared(
        lambda change, ids: (
            Assistance.objects.filter(change=change).select_related("kind").order_by("kind__name"),
            Change.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [ids])).order_by("pk"),
            Change.objects.none(),
        ),
        2,
    )
    for one in (first, second, first):
        both = [first.pk, second.pk]
        with CaptureQueriesContext(connection) as statements:
            helps, changes, nothing = asked(one.pk, both)
            names = [help_.kind.name for help_ in helps]
        assert len(statements) == 1
        rows = Assistance.objects.filter(change=one)
        assert names == list(rows.order_by("kind__name").values_list("kind__name", flat=True))
        assert changes == list(Change.objects.filter(pk__in=both).order_by("pk"))
        assert nothing == []
    assert asked(first.pk, [])[1] == []


def test_marks_of_any_sort_are_bound_when_they_are_given() -> None:
    early, late = filled(), filled()
    Change.objects.filter(pk=early.pk).update(title="early", labels=["a"], merged_at=WHEN)
    Change.objects.filter(pk=late.pk).update(title="late", labels=["b"], merged_at=WHEN + timedelta(days=3))
    mark = datetime(1700, 1, 4, tzinfo=UTC)
    asked = Prepared(
        lambda since, word: (
            Change.objects.filter(merged_at__gte=since).order_by("pk"),
            Change.objects.filter(labels__contains=[word]).order_by("pk"),
        ),
        [mark, "a mark"],
    )
    assert asked(WHEN, "a") == [[early, late], [early]]
    assert asked(WHEN + timedelta(days=1), "b") == [[late], [late]]
