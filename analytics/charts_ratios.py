"""Ratios on a log axis with a line at 1, as geometry: the template draws it as inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

NAMES, PLOT, FIGURES = 178, 350, 232
ROW, TOP, GAP, BOTTOM = 46, 44, 14, 12
# The axis never ends closer to 1, nor further away; what reaches beyond it ends in an arrow.
CLOSEST, FURTHEST = 2.0, 16.0
TICKS = (1 / 16, 1 / 8, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


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
        return f"{NAMES - 1},{self.y} {NAMES + 7},{self.y - 4.5} {NAMES + 7},{self.y + 4.5}"

    @property
    def arrow_right(self) -> str:
        end = NAMES + PLOT
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
    left: int = NAMES
    right: int = NAMES + PLOT
    width: int = NAMES + PLOT + FIGURES
    top: int = TOP

    @property
    def bottom(self) -> float:
        return self.height - BOTTOM


def ratio_chart(rows: Sequence[Any]) -> RatioChart | None:
    """Of rows as in `comparisons.RatioRow`, in their order; None without any row."""
    if not rows:
        return None
    reach = _reach(rows)
    first_apart = next((i for i, row in enumerate(rows) if row.is_apart), len(rows))
    parted = 0 < first_apart < len(rows)
    marks = tuple(
        _mark(row, TOP + ROW * index + ROW / 2 + (GAP if parted and index >= first_apart else 0), reach)
        for index, row in enumerate(rows)
    )
    return RatioChart(
        marks=marks,
        ticks=tuple(_ticks(reach)),
        separator=TOP + ROW * first_apart + GAP / 2 if parted else None,
        one=_x(1.0, reach),
        height=TOP + ROW * len(rows) + (GAP if parted else 0) + BOTTOM,
    )


def _reach(rows: Sequence[Any]) -> tuple[float, float]:
    """Both ends of the axis: what the intervals need, within limits."""
    found = [row.found for row in rows if row.found.ratio is not None]
    points = [one.ratio for one in found] + [one.crude for one in found if one.crude]
    lows = [*points, *(one.low for one in found)]
    highs = [*points, *(one.high for one in found)]
    low = max(1 / FURTHEST, min([1 / CLOSEST, *(value * 0.93 for value in lows if value > 0)]))
    return low, min(FURTHEST, max([CLOSEST, *(value * 1.07 for value in highs)]))


def _x(ratio: float, reach: tuple[float, float]) -> float:
    low, high = reach
    within = min(high, max(low, ratio))
    return round(NAMES + PLOT * (log(within) - log(low)) / (log(high) - log(low)), 1)


def _ticks(reach: tuple[float, float]) -> Iterator[Tick]:
    for value in TICKS:
        if reach[0] <= value <= reach[1]:
            label = f"{value:g}" if value >= 0.25 else f"1/{1 / value:g}"
            yield Tick(_x(value, reach), label, value == 1.0)


def _mark(row: Any, y: float, reach: tuple[float, float]) -> Mark:
    found = row.found
    plain = {
        "name": tuple(_lines(row.name)),
        "y": y,
        "is_apart": row.is_apart,
        "is_manual": found.is_manual,
        "counts": found.counts,
        "row": row,
    }
    if found.ratio is None:
        return Mark(**plain, figures="no ratio", words=found.refused)
    return Mark(
        **plain,
        figures=f"{_number(found.ratio)} ({found.range})",
        words="",
        x=_x(found.ratio, reach),
        low=_x(found.low, reach),
        high=_x(found.high, reach),
        crude=_x(found.crude, reach) if found.crude else None,
        below=found.low < reach[0],
        beyond=found.high > reach[1],
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
