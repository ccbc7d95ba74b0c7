"""The first page counts in one statement what its lists hold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from incidents.models import Lesson, Postmortem
from tests.analytics import histories
from tests.analytics.test_scenarios import person, scenario, signed_in

pytestmark = pytest.mark.django_db


def test_figures_are_those_of_the_lists_behind_them() -> None:
    now = timezone.now()
    reader = person(role=Role.AUTHOR)
    for days in (1, 2, 3, 4, 500):
        found = histories.incident(began_at=now - timedelta(days=days))
        overdue = days in (2, 3)
        due = now.date() + (timedelta(days=-1) if overdue else timedelta(days=9))
        Postmortem.objects.create(incident=found, state="draft", due_on=due)
    histories.incident(began_at=now - timedelta(days=5), status="resolved")
    histories.incident(began_at=now - timedelta(days=6), status="closed", closing_reason="false_alarm")
    histories.incident(began_at=now - timedelta(days=7), is_restricted=True)
    lessons = [Lesson.objects.create(text=f"Lesson {n}") for n in range(4)]
    scenario(reader, lessons=lessons[:1])
    histories.settled()
    context = signed_in(reader).get(reverse("analytics:home")).context
    figures = context["figures"]
    assert (figures.counted, figures.ongoing, figures.overdue) == (5, 5, 2)
    assert context["untested_count"] == 3


def test_nothing_is_counted_where_there_is_nothing() -> None:
    context = signed_in(person()).get(reverse("analytics:home"), {"as_of": str(date(2026, 1, 1))}).context
    assert context["untested_count"] == 0
    assert context["figures"].counted == 0
