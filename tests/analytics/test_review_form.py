"""What the weekly review can be asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine

from analytics.flow_weeks import Span
from analytics.review_form import ReviewForm
from tests import make

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 11, 25, 9, tzinfo=UTC)


def form(**data: str) -> ReviewForm:
    with time_machine.travel(WEDNESDAY):
        made = ReviewForm(data, demo=False)
        assert made.is_valid(), made.errors
        return made


def test_the_last_week_that_is_over_is_shown_when_none_is_asked_for() -> None:
    shown = form()
    assert (shown.label, shown.is_latest, shown.is_partial) == ("2026-W47", True, False)
    assert shown.quarter == Span(date(2026, 8, 24), 13)
    assert shown.series == Span(date(2026, 5, 25), 26)
    assert shown.query() == ""
    assert (shown.earlier, shown.later) == ("week=2026-W46", "week=2026-W48")


def test_the_quarter_ends_before_it_when_the_week_shown_is_not_over() -> None:
    shown = form(week="2026-W48")
    assert (shown.is_partial, shown.later) == (True, "")
    assert shown.quarter.ends_on == date(2026, 11, 23)


@pytest.mark.parametrize(
    "week", ["2026-W49", "2026-W54", "2026-13", "x", "\u0000", "9999-W52", "-W1", "٢٠٢٦-W٤٩"]
)
def test_a_week_is_refused_when_it_is_none_or_to_come(week: str) -> None:
    with time_machine.travel(WEDNESDAY):
        assert not ReviewForm({"week": week}, demo=False).is_valid()


def test_a_scope_is_refused_when_it_is_not_offered() -> None:
    service = make.service("Checkout")
    assert form(scope=f"service:{service.pk}").scope_name == "Checkout"
    for scope in (f"service:{service.pk + 1}", "service:", "person:1", "'"):
        assert not ReviewForm({"scope": scope}, demo=False).is_valid()


def test_its_choices_are_read_in_one_statement(django_assert_num_queries: object) -> None:
    make.service("Checkout")
    made = ReviewForm({}, demo=False)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert made.is_valid()
        assert made.names[""] == "Everything"
