"""Days as people and tools write them, read near a day that is known."""

from __future__ import annotations

import re
from datetime import date, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def day_of(words: str, *, near: date, doubts: list[str]) -> date | None:
    """A date as people and tools write it; what is left out (the year, the order) is taken `near`."""
    if told := re.match(r"(\d{4})-(\d\d)-(\d\d)$", words):
        return _day(int(told[1]), int(told[2]), int(told[3]))
    if told := re.match(r"(\d{1,2})([/.])(\d{1,2})(?:[/.](\d{2,4}))?$", words):
        return _numbers(int(told[1]), int(told[3]), told[2] == ".", _year(told[4]), near, doubts)
    month = next((place for place, name in enumerate(MONTHS, 1) if re.search(rf"\b{name}", words)), None)
    numbers = [int(found) for found in re.findall(r"\d+", words)]
    if month and numbers:
        year = numbers[1] if len(numbers) > 1 else None
        return _nearest([(month, numbers[0])], year, near)
    weekday = next((place for place, name in enumerate(WEEKDAYS) if words.startswith(name)), None)
    if weekday is None:
        return None
    steps = [near + timedelta(days=step) for step in (0, 1, -1, 2, -2, 3, -3)]
    return next(day for day in steps if day.weekday() == weekday)


def _numbers(
    one: int, other: int, is_dotted: bool, year: int | None, near: date, doubts: list[str]
) -> date | None:
    """`3/11`: the eleventh of March or the third of November, whichever lies nearer."""
    readings = [(other, one)] if is_dotted else [(other, one), (one, other)]
    days = [day for reading in dict.fromkeys(readings) if (day := _nearest([reading], year, near))]
    days.sort(key=lambda day: abs(day - near))
    if len(days) > 1 and abs(days[1] - near) < timedelta(days=7):
        doubts.append(f"Day and month could be the other way round: read as {days[0]:%-d %b}.")
    return days[0] if days else None


def _nearest(readings: list[tuple[int, int]], year: int | None, near: date) -> date | None:
    years = [year] if year else [near.year - 1, near.year, near.year + 1]
    days = [day for month, number in readings for one in years if (day := _day(one, month, number))]
    return min(days, key=lambda day: abs(day - near), default=None)


def _year(words: str | None) -> int | None:
    return None if not words else int(words) + (2000 if len(words) == 2 else 0)


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
