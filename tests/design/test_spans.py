from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from design import spans

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11100, "3 h 05 min"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
        (86400 * 20 + 7200, "20 d"),
        (-90, "−1 min"),
    ],
)
def test_span_says_the_two_units_that_matter(seconds: float, words: str) -> None:
    assert spans.short_span(seconds) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=26), "26 h ago"),
        (timedelta(days=3), "3 d ago"),
        (timedelta(days=95), "3 months ago"),
        (timedelta(days=800), "2 years ago"),
        (timedelta(days=-2), "in 2 d"),
        (timedelta(seconds=-10), "just now"),
    ],
)
def test_moment_is_told_by_its_distance(ago: timedelta, words: str) -> None:
    assert spans.relative(NOW - ago, NOW) == words


@pytest.mark.parametrize(("share", "words"), [(0, "0 %"), (0.0421, "4.2 %"), (0.38, "38 %"), (1, "100 %")])
def test_percent_has_a_decimal_only_when_small(share: float, words: str) -> None:
    assert spans.percent(share).replace("\N{NO-BREAK SPACE}", " ") == words


@given(st.floats(0, 1e9))
def test_span_is_short_whatever_comes(seconds: float) -> None:
    assert len(spans.short_span(seconds)) <= 12


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [(0, "", "0"), (999, "", "999"), (12400, "", "12\u202f400"), (-1234567, "", "-1\u202f234\u202f567"),
     (12345.678, ".0f", "12\u202f346"), (1500.5, ".1f", "1\u202f500.5")],
)  # fmt: skip
def test_thousands_are_parted_by_a_narrow_space_when_a_number_is_large(
    value: float, spec: str, text: str
) -> None:
    assert spans.grouped(value, spec) == text
