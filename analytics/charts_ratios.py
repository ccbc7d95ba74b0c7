"""Ratios on a log axis with a line at 1, as geometry: the template draws it as inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

TOP, GAP, BOTTOM = 44, 14, 12
# The axis never ends closer to 1, nor further away; what reaches beyond it ends in an arrow.
CLOSEST, FURTHEST = 2.0, 16.0
TICKS = (1 / 16, 1 / 8, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True)
class Layout:
    """Where the plot stands, how high a row is, and how far below its top the interval runs."""

    left: int
    plot: int
    width: int
    row: int
    down: int

    @property
    def right(self) -> int:
        return self.left + self.plot


# Names to the left and figures to the right; or, for a phone, both above the interval.
WIDE = Layout(left=178, plot=350, width=760, row=46, down=23)
NARROW = Layout(left=8, plot=324, width=340, row=78, down=40)


@dataclass(frozen=True)
class Mark:
    """`x` None: no ratio, and `words` say why. `crude` is drawn hollow, below the adjusted one."""

    name: tuple[str, ...]
    y: float
    is_apart: bool
    is_manual: bool
    figures: str
    counts: str
    words: str
    row: Any
    layout: Layout
    x: float | None = None
    low: float | None = None
    high: float | None = None
    crude: float | None = None
    below: bool = False
    beyond: bool = False

    @property
    def diamond(self) -> str:
        x, y = self.x or 0, self.y
        return f"{x},{y - 6.5} {x + 6.5},{y} {x},{y + 6.5} {x - 6.5},{y}"

    @property
    def arrow_left(self) -> str:
        end = self.layout.left
        return f"{end - 1},{self.y} {end + 7},{self.y - 4.5} {end + 7},{self.y + 4.5}"

    @property
    def arrow_right(self) -> str:
        end = self.layout.right
        return f"{end + 1},{self.y} {end - 7},{self.y - 4.5} {end - 7},{self.y + 4.5}"


@dataclass(frozen=True)
class Tick:
    x: float
    label: str
    is_one: bool


@dataclass(frozen=True)
class RatioChart:
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    separator: float | None
    one: float
    height: float
    layout: Layout
    top: int = TOP

    @property
    def bottom(self) -> float:
        return self.height - BOTTOM


def ratio_chart(rows: Sequence[Any], layout: Layout = WIDE) -> RatioChart | None:
    """Of rows as in `comparisons.RatioRow`, in their order; None without any ratio."""
    if all(row.found.ratio is None for row in rows):
        return None
    axis = _Axis(*_reach(rows), layout)
    first_apart = next((i for i, row in enumerate(rows) if row.is_apart), len(rows))
    parted = 0 < first_apart < len(rows)
    marks = tuple(
        _mark(row, TOP + layout.row * index + layout.down + GAP * (parted and index >= first_apart), axis)
        for index, row in enumerate(rows)
    )
    return RatioChart(
        marks=marks,
        ticks=tuple(_ticks(axis)),
        separator=TOP + layout.row * first_apart + GAP / 2 if parted else None,
        one=axis.at(1.0),
        height=TOP + layout.row * len(rows) + GAP * parted + BOTTOM,
        layout=layout,
    )


def _reach(rows: Sequence[Any]) -> tuple[float, float]:
    """Both ends of the axis: what the intervals need, within limits."""
    found = [row.found for row in rows if row.found.ratio is not None]
    points = [one.ratio for one in found] + [one.crude for one in found if one.crude]
    lows = [*points, *(one.low for one in found)]
    highs = [*points, *(one.high for one in found)]
    low = max(1 / FURTHEST, min([1 / CLOSEST, *(value * 0.93 for value in lows if value > 0)]))
    return low, min(FURTHEST, max([CLOSEST, *(value * 1.07 for value in highs)]))


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    layout: Layout

    def at(self, ratio: float) -> float:
        within = min(self.high, max(self.low, ratio))
        share = (log(within) - log(self.low)) / (log(self.high) - log(self.low))
        return round(self.layout.left + self.layout.plot * share, 1)


def _ticks(axis: _Axis) -> Iterator[Tick]:
    for value in TICKS:
        if axis.low <= value <= axis.high:
            label = f"{value:g}" if value >= 0.25 else f"1/{1 / value:g}"
            yield Tick(axis.at(value), label, value == 1.0)


def _mark(row: Any, y: float, axis: _Axis) -> Mark:
    found = row.found
    plain = {
        "name": tuple(_lines(row.name)),
        "y": y,
        "is_apart": row.is_apart,
        "is_manual": found.is_manual,
        "counts": found.counts,
        "row": row,
        "layout": axis.layout,
    }
    if found.ratio is None:
        return Mark(**plain, figures="no ratio", words=found.refused)
    return Mark(
        **plain,
        figures=f"{_number(found.ratio)} ({found.range})",
        words="",
        x=axis.at(found.ratio),
        low=axis.at(found.low),
        high=axis.at(found.high),
        crude=axis.at(found.crude) if found.crude else None,
        below=found.low < axis.low,
        beyond=found.high > axis.high,
    )


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 0.95 else f"{value:.1f}".removesuffix(".0")


def _lines(name: str, most: int = 24) -> Iterator[str]:
    """A long name in two lines, cut at a space."""
    if len(name) <= most:
        yield name
        return
    cut = name.rfind(" ", 0, most + 1)
    cut = cut if cut > 0 else most
    rest = name[cut:].strip()
    yield name[:cut]
    yield rest if len(rest) <= most else f"{rest[: most - 1]}…"
