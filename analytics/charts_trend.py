"""Failure rates over time with their ranges, as geometry: the template draws it as inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

LEFT, RIGHT, TOP, PLOT, FOOT = 92, 14, 34, 230, 96
SLOT, WIDEST = 52, 116
FULL = 800
APART = 7
# Blocks of four weeks in the 26 of the test.
TESTED = 6.5


@dataclass(frozen=True)
class Dot:
    """One series in one block: a rate on its range, or counts where there is none."""

    x: float
    words: str
    is_first: bool
    is_small: bool
    y: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def square(self) -> tuple[float, float]:
        return self.x - 4.5, (self.y or 0) - 4.5


@dataclass(frozen=True)
class Block:
    x: float
    middle: float
    label: str
    year: str
    is_pending: bool
    # What stands under the axis, one line for each series: its number of changes.
    numbers: tuple[str, ...]
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Line:
    y: float
    label: str


@dataclass(frozen=True)
class TrendChart:
    blocks: tuple[Block, ...]
    lines: tuple[Line, ...]
    names: tuple[str, ...]
    pending_x: float | None
    # Where the weeks begin and end over which the trend is tested; None: too few of them.
    tested: tuple[float, float] | None
    width: float
    height: int = TOP + PLOT + FOOT
    left: int = LEFT
    top: int = TOP
    foot: int = TOP + PLOT

    @property
    def right(self) -> float:
        return self.width - RIGHT

    @property
    def pending_width(self) -> float:
        return round(self.right - (self.pending_x or 0), 1)

    @property
    def number_rows(self) -> tuple[tuple[str, float], ...]:
        return tuple((name, self.foot + 58 + 17 * index) for index, name in enumerate(self.names))


def trend_chart(series: Sequence[Any]) -> TrendChart | None:
    """Of series as in `trends.Series`; None without any rate."""
    highs = [one.high for line in series for one in line.points if one.high is not None]
    if not highs:
        return None
    top = min(1.0, max(0.05, ceil(_ceiling(series, highs) * 20) / 20))
    count = len(series[0].points)
    slot = min(WIDEST, max(SLOT, (FULL - LEFT - RIGHT) / count))
    blocks = tuple(_block(series, number, slot, top) for number in range(count))
    return TrendChart(
        blocks=blocks,
        lines=tuple(_lines(top)),
        names=tuple(line.name.split(":")[0] for line in series),
        pending_x=next((one.x for one in blocks if one.is_pending), None),
        tested=_tested(blocks, slot),
        width=round(LEFT + slot * count + RIGHT, 1),
    )


def _tested(blocks: Sequence[Block], slot: float) -> tuple[float, float] | None:
    mature = sum(not one.is_pending for one in blocks)
    if mature < TESTED:
        return None
    return round(LEFT + slot * (mature - TESTED), 1), round(LEFT + slot * mature, 1)


def _ceiling(series: Sequence[Any], highs: list[float]) -> float:
    """The highest range, unless it is one of few changes: those may be cut off, as their dot is not."""
    sure = [one.high for line in series for one in line.points if one.high is not None and not one.is_small]
    rates = [one.rate for line in series for one in line.points if one.rate is not None]
    ceiling: float = max([*(sure or highs), *(1.15 * rate for rate in rates)])
    return ceiling


def _block(series: Sequence[Any], number: int, slot: float, top: float) -> Block:
    point = series[0].points[number]
    x = LEFT + slot * number
    middle = x + slot / 2
    is_new_year = number == 0 or series[0].points[number - 1].start.year != point.start.year
    return Block(
        x=round(x, 1),
        middle=round(middle, 1),
        label=f"{point.start:%-d %b}",
        year=str(point.start.year) if is_new_year else "",
        is_pending=point.is_pending,
        numbers=tuple(_whole(line.points[number].n) for line in series),
        dots=tuple(
            _dot(line, line.points[number], middle + (APART if index else -APART), index == 0, top)
            for index, line in enumerate(series)
        ),
    )


def _dot(series: Any, point: Any, x: float, is_first: bool, top: float) -> Dot:
    words = f"{series.name}, {point.start:%-d %b %Y} to {point.end:%-d %b %Y}: {_counts(point)}"
    if point.rate is None:
        return Dot(round(x, 1), words, is_first, True)
    return Dot(
        round(x, 1),
        words,
        is_first,
        point.is_small,
        _y(point.rate, top),
        _y(point.low, top),
        _y(point.high, top),
    )


def _counts(point: Any) -> str:
    if point.failures is None:
        return f"{_whole(point.n)} changes, failures hidden for privacy"
    counts = f"{round(point.failures, 1):g} of {_whole(point.n)}"
    if point.rate is None:
        return f"{counts} so far" if point.is_pending else f"{counts}, no rate"
    return f"{point.rate * 100:.1f} % ({counts}; {point.low * 100:.1f} to {point.high * 100:.1f} %)"


def _y(rate: float, top: float) -> float:
    return round(TOP + PLOT - PLOT * min(rate, top) / top, 1)


def _lines(top: float) -> Iterator[Line]:
    step = next(one for one in (0.01, 0.02, 0.05, 0.1, 0.2) if top / one <= 6)
    for index in range(int(top / step + 1e-9) + 1):
        yield Line(_y(index * step, top), f"{index * step * 100:g}\u202f%")


def _whole(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")
