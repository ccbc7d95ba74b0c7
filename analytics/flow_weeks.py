"""Weeks from Monday to Sunday, named as ISO 8601 names them, and spans of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)
QUARTER = 13


@dataclass(frozen=True, order=True)
class Span:
    """So many whole weeks from a Monday on. Raises: ValueError for another day, or no week at all."""

    begins_on: date
    weeks: int = 1

    def __post_init__(self) -> None:
        if self.begins_on.weekday() != 0 or self.weeks < 1:
            raise ValueError(f"{self.begins_on} +{self.weeks}: a span is one week or more from a Monday on")

    @property
    def ends_on(self) -> date:
        """The Monday after."""
        return self.begins_on + self.weeks * WEEK

    @property
    def last_day(self) -> date:
        return self.ends_on - timedelta(days=1)

    def each(self) -> Iterator[date]:
        """The Mondays within, in order."""
        for number in range(self.weeks):
            yield self.begins_on + number * WEEK

    def before(self) -> Span:
        """As many weeks, right before: a team's own past."""
        return Span(self.begins_on - self.weeks * WEEK, self.weeks)

    def holds(self, day: date) -> bool:
        return self.begins_on <= day < self.ends_on


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def label(day: date) -> str:
    """ISO 8601: the first of January 2027 lies in "2026-W53"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def read_label(text: str) -> date:
    """The Monday of "2026-W48". Raises: ValueError for what is no such week."""
    year, _, week = text.partition("-W")
    return date.fromisocalendar(int(year), int(week), 1)


def last_full(today: date, weeks: int = 1) -> Span:
    """The last so many weeks that are over."""
    return Span(monday(today) - weeks * WEEK, weeks)
