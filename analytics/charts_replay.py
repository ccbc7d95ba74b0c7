"""The past as a picture: incidents above, changes without harm below, month by month. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

COLUMN, GAP, DOT, MOST_DOTS = 42, 10, 11, 8
BAR_HEIGHT, LABELS, LEFT = 84, 30, 8
# Below this many columns they are drawn as wide as if there were as many.
FEWEST = 12


@dataclass(frozen=True)
class Dot:
    cx: float
    cy: float
    state: str
    words: str


@dataclass(frozen=True)
class Column:
    x: float
    middle: float
    label: str
    year: str
    bar_y: float
    bar_height: float
    harmless: int
    dots: tuple[Dot, ...]
    more: int
    more_y: float


@dataclass(frozen=True)
class ReplayChart:
    columns: tuple[Column, ...]
    width: int
    height: int
    line: float
    bar_width: int
    most: int
    made_x: float | None


def replay_chart(
    harmless: Iterable[tuple[date, int]],
    incidents: Iterable[tuple[date, str, str]],
    *,
    start: date,
    end: date,
    made_on: date | None = None,
) -> ReplayChart:
    """`harmless` by first day of month; `incidents` are day, state and words, drawn bottom up as given."""
    counts = dict(harmless)
    by_month: dict[date, list[tuple[str, str]]] = {}
    for day, state, words in incidents:
        by_month.setdefault(day.replace(day=1), []).append((state, words))
    months = list(_months(start, end))
    tallest = min(MOST_DOTS, max([1, *(len(found) for found in by_month.values())]))
    line = 22 + tallest * (DOT + 2)
    most = max([1, *counts.values()])
    columns = tuple(
        _column(i, month, counts.get(month, 0), by_month.get(month, []), line, most)
        for i, month in enumerate(months)
    )
    width = 2 * LEFT + max(FEWEST, len(months)) * (COLUMN + GAP)
    return ReplayChart(columns, width, line + BAR_HEIGHT + LABELS, line, COLUMN, most, _made(made_on, months))


def _months(start: date, end: date) -> Iterable[date]:
    at = start.replace(day=1)
    while at <= end:
        yield at
        at = date(at.year + at.month // 12, at.month % 12 + 1, 1)


def _column(
    i: int, month: date, harmless: int, found: Sequence[tuple[str, str]], line: float, most: int
) -> Column:
    x = LEFT + i * (COLUMN + GAP)
    middle = x + COLUMN / 2
    height = round(harmless / most * (BAR_HEIGHT - 18), 1) if harmless else 0
    shown = found if len(found) <= MOST_DOTS else found[: MOST_DOTS - 1]
    dots = tuple(
        Dot(middle, line - 10 - k * (DOT + 2), state, words) for k, (state, words) in enumerate(shown)
    )
    return Column(
        x=x,
        middle=middle,
        label=f"{month:%b}",
        year=f"{month:%Y}" if i == 0 or month.month == 1 else "",
        bar_y=line + 2,
        # A thin line where there is any, so that one is not none.
        bar_height=max(height, 2) if harmless else 0,
        harmless=harmless,
        dots=dots,
        more=len(found) - len(shown),
        more_y=line - 6 - len(shown) * (DOT + 2),
    )


def _made(made_on: date | None, months: Sequence[date]) -> float | None:
    """Where the day lies between its month's columns; None outside the picture."""
    if made_on is None or made_on.replace(day=1) not in months:
        return None
    return LEFT + (months.index(made_on.replace(day=1)) + (made_on.day - 1) / 31) * (COLUMN + GAP)
