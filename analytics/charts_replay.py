"""The past as a picture: incidents above, changes without harm below, month by month. Pure geometry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

COLUMN, GAP, DOT, RADIUS, MOST_DOTS = 42, 10, 11, 5, 8
BAR_HEIGHT, LABELS, LEFT = 84, 30, 8
# Below this many columns they are drawn as wide as if there were as many.
FEWEST = 12


@dataclass(frozen=True)
class Dots:
    """Incidents of one month of which the same is said; `path` draws their circles about its middle."""

    path: str
    state: str
    words: str


@dataclass(frozen=True)
class Column:
    """A month; whatever is drawn in it stands left or right of its `middle`."""

    middle: float
    label: str
    year: str
    bar_height: float
    number_y: float
    harmless: int
    dots: tuple[Dots, ...]
    more: int
    more_y: float
    # The column in words, for who does not see it.
    told: str


@dataclass(frozen=True)
class ReplayChart:
    columns: tuple[Column, ...]
    width: int
    height: int
    line: float
    bar_x: float
    bar_y: float
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
    return ReplayChart(
        columns=columns,
        width=width,
        height=line + BAR_HEIGHT + LABELS,
        line=line,
        bar_x=-COLUMN / 2,
        bar_y=line + 2,
        bar_width=COLUMN,
        most=most,
        made_x=_made(made_on, months),
    )


def _months(start: date, end: date) -> Iterable[date]:
    at = start.replace(day=1)
    while at <= end:
        yield at
        at = date(at.year + at.month // 12, at.month % 12 + 1, 1)


def _column(
    i: int, month: date, harmless: int, found: Sequence[tuple[str, str]], line: float, most: int
) -> Column:
    height = round(harmless / most * (BAR_HEIGHT - 18), 1) if harmless else 0
    shown = found if len(found) <= MOST_DOTS else found[: MOST_DOTS - 1]
    more = len(found) - len(shown)
    year = f"{month:%Y}" if i == 0 or month.month == 1 else ""
    # A thin line where there is any, so that one is not none.
    bar_height = max(height, 2) if harmless else 0
    return Column(
        middle=LEFT + i * (COLUMN + GAP) + COLUMN / 2,
        label=f"{month:%b}",
        year=year,
        bar_height=bar_height,
        number_y=line + 14 + bar_height,
        harmless=harmless,
        dots=tuple(_dots(shown, line)),
        more=more,
        more_y=line - 6 - len(shown) * (DOT + 2),
        told=_told(f"{month:%b} {year}".strip(), harmless, [words for _, words in shown], more),
    )


def _dots(found: Sequence[tuple[str, str]], line: float) -> Iterable[Dots]:
    """Bottom up; those of which the same is said follow each other."""
    height = 0
    for (state, words), same in groupby(found):
        first, height = height, height + len(list(same))
        circles = [_circle(line - 10 - k * (DOT + 2)) for k in range(first, height)]
        yield Dots("".join(circles), state, words)


def _circle(y: float) -> str:
    half = f"a{RADIUS} {RADIUS} 0 1 0"
    return f"M{-RADIUS} {y:g}{half} {2 * RADIUS} 0{half} {-2 * RADIUS} 0z"


def _told(month: str, harmless: int, shown: Iterable[str], more: int) -> str:
    counts = Counter(shown)
    said = [f"{words}, {n} times" if n > 1 else words for words, n in counts.items()]
    said += [f"{more} more incidents"] if more else []
    return "; ".join([f"{month}: {harmless} harmless", *said])


def _made(made_on: date | None, months: Sequence[date]) -> float | None:
    """Where the day lies between its month's columns; None outside the picture."""
    if made_on is None or made_on.replace(day=1) not in months:
        return None
    return LEFT + (months.index(made_on.replace(day=1)) + (made_on.day - 1) / 31) * (COLUMN + GAP)
