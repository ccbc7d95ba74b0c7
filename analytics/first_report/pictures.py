"""Pictures of the first report as geometry; templates draw them as inline SVG, tables say the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log10

from analytics.first_report.shapes import Comparison, Month, Rate, Report
from analytics.first_report.words import percent, whole

MONTHS_WIDTH, MONTHS_HEIGHT = 680, 190
MONTHS_LEFT, MONTHS_TOP, MONTHS_BOTTOM = 40, 26, 34
FOREST_WIDTH, FOREST_LEFT, FOREST_RIGHT, FOREST_ROW, FOREST_TOP = 680, 158, 470, 26, 28
NAMES = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
         "November", "December")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: the column of all changes, and the marked part at its foot."""

    x: float
    width: float
    y: float
    height: float
    marked_y: float
    marked_height: float
    middle: float
    label: str
    year: str
    words: str
    share: str
    is_part: bool


@dataclass(frozen=True, slots=True)
class Line:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class MonthChart:
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    width: int = MONTHS_WIDTH
    height: int = MONTHS_HEIGHT
    left: int = MONTHS_LEFT
    foot: int = MONTHS_HEIGHT - MONTHS_BOTTOM


@dataclass(frozen=True, slots=True)
class Dot:
    """One rate on its range; `x` None: too few changes for a rate."""

    name: str
    y: float
    words: str
    is_marked: bool
    x: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Forest:
    dots: tuple[Dot, ...]
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]
    height: int
    width: int = FOREST_WIDTH
    left: int = FOREST_LEFT
    right: int = FOREST_RIGHT
    top: int = FOREST_TOP


def month_chart(months: Sequence[Month]) -> MonthChart | None:
    top = max((one.n for one in months), default=0)
    if not top:
        return None
    step = _step(top)
    top = ceil(top / step) * step
    room = MONTHS_HEIGHT - MONTHS_TOP - MONTHS_BOTTOM
    slot = (MONTHS_WIDTH - MONTHS_LEFT) / len(months)
    foot = MONTHS_HEIGHT - MONTHS_BOTTOM
    width = min(36.0, slot * 0.64)

    def high(n: int) -> float:
        return round(room * n / top, 1)

    bars = [
        Bar(
            x=round(MONTHS_LEFT + slot * index + (slot - width) / 2, 1),
            width=round(width, 1),
            y=round(foot - high(one.n), 1),
            height=high(one.n),
            marked_y=round(foot - high(one.marked), 1),
            marked_height=high(one.marked),
            middle=round(MONTHS_LEFT + slot * (index + 0.5), 1),
            label=NAMES[one.first.month - 1][:3],
            year=str(one.first.year) if index == 0 or one.first.month == 1 else "",
            words=f"{NAMES[one.first.month - 1]} {one.first.year}: {one.marked} of {one.n} marked",
            share=percent(one.marked / one.n).replace("\u202f", "") if one.n >= 10 and one.marked else "",
            is_part=one.is_part,
        )
        for index, one in enumerate(months)
    ]
    lines = [Line(round(foot - high(n), 1), whole(n)) for n in range(0, top + 1, step)]
    return MonthChart(tuple(bars), tuple(lines))


def _step(top: int) -> int:
    """So that there are two to five lines."""
    size = 10 ** max(0, int(log10(top)))
    return next(
        (max(1, int(size * part)) for part in (0.2, 0.5, 1, 2) if top / max(1, size * part) <= 5), size
    )


def forest(comparisons: Sequence[Comparison]) -> Forest | None:
    """Rates with their ranges, a pair for each basis; None without any rate."""
    highs = [rate.high for one in comparisons for rate in (one.marked, one.unmarked) if rate.high is not None]
    if not highs:
        return None
    top = min(1.0, max(0.05, ceil(max(highs) * 20) / 20))
    dots: list[Dot] = []
    headings: list[Heading] = []
    y = float(FOREST_TOP)
    for one in comparisons:
        headings.append(Heading(y + 17, one.name))
        y += FOREST_ROW - 2
        for name, rate in (("marked", one.marked), ("unmarked", one.unmarked)):
            dots.append(_dot(name, rate, y + FOREST_ROW / 2, top))
            y += FOREST_ROW
        y += 8
    return Forest(tuple(dots), tuple(headings), tuple(_ticks(top)), int(y))


def _dot(name: str, rate: Rate, y: float, top: float) -> Dot:
    counts = f"{whole(rate.failed)} of {whole(rate.n)}"
    if rate.rate is None or rate.low is None or rate.high is None:
        return Dot(name, y, f"{counts}, no rate", name == "marked")
    return Dot(
        name, y, f"{percent(rate.rate)}  ({counts})", name == "marked",
        _x(rate.rate, top), _x(rate.low, top), _x(rate.high, top),
    )  # fmt: skip


def _x(rate: float, top: float) -> float:
    return round(FOREST_LEFT + (FOREST_RIGHT - FOREST_LEFT) * min(rate, top) / top, 1)


def _ticks(top: float) -> Iterator[Line]:
    step = next(one for one in (0.01, 0.02, 0.05, 0.1, 0.2) if top / one <= 6)
    for index in range(int(top / step + 1e-9) + 1):
        yield Line(_x(index * step, top), f"{index * step * 100:g}\u202f%")


def pictures(report: Report) -> dict[str, MonthChart | Forest | None]:
    return {"months": month_chart(report.months), "forest": forest(report.comparisons)}
