"""A feature's metric against its baseline, as geometry: the template draws it as inline SVG. Pure.

Each figure is a bar as long as its period; a range stands on it only where the source gave one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import floor, log10

from design.spans import grouped

WIDTH, LEFT, RIGHT, TOP, PLOT, FOOT = 640, 64, 16, 16, 170, 30


@dataclass(frozen=True)
class Figure:
    """What is drawn: a value of a period, both days within."""

    begins_on: date
    ends_on: date
    value: float
    low: float | None = None
    high: float | None = None
    words: str = ""
    is_baseline: bool = False


@dataclass(frozen=True)
class Mark:
    x: float
    x2: float
    y: float
    words: str
    is_baseline: bool
    low: float | None
    high: float | None

    @property
    def middle(self) -> float:
        return round((self.x + self.x2) / 2, 1)


@dataclass(frozen=True)
class FeatureChart:
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    days: tuple[tuple[float, str, str], ...]
    baseline_y: float | None
    width: int = WIDTH
    height: int = TOP + PLOT + FOOT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    foot: int = TOP + PLOT


def feature_chart(figures: Sequence[Figure]) -> FeatureChart | None:
    """None without a measurement: a baseline alone says nothing."""
    if not any(not one.is_baseline for one in figures):
        return None
    first, last = min(one.begins_on for one in figures), max(one.ends_on for one in figures)
    ends = [value for one in figures for value in (one.low, one.value, one.high) if value is not None]
    bottom, top, step = _scale(min(ends), max(ends))
    days = max((last - first).days, 1)

    def across(day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / days, 1)

    def up(value: float) -> float:
        return round(TOP + PLOT * (top - value) / (top - bottom), 1)

    marks = tuple(_mark(one, across, up) for one in figures)
    count = round((top - bottom) / step)
    baseline = next((mark.y for mark in marks if mark.is_baseline), None)
    return FeatureChart(
        marks=marks,
        ticks=tuple((up(bottom + step * n), _words(bottom + step * n, step)) for n in range(count + 1)),
        days=((LEFT, "start", _day(first)), (WIDTH - RIGHT, "end", _day(last))),
        baseline_y=baseline,
    )


def _mark(one: Figure, across: Callable[[date], float], up: Callable[[float], float]) -> Mark:
    x, x2 = across(one.begins_on), across(one.ends_on)
    return Mark(
        x=x,
        x2=max(x2, x + 4),
        y=up(one.value),
        words=one.words,
        is_baseline=one.is_baseline,
        low=None if one.low is None else up(one.low),
        high=None if one.high is None else up(one.high),
    )


def _scale(low: float, high: float) -> tuple[float, float, float]:
    """Round ends around all values, from 0 where that wastes little; three to five steps."""
    if low > 0 and low < high / 2 or low == high > 0:
        low = 0.0
    if high < 0 and high > low / 2:
        high = 0.0
    room = (high - low) or abs(high) or 1.0
    size = 10 ** floor(log10(room / 4))
    step = next(size * many for many in (1, 2, 2.5, 5, 10) if room / (size * many) <= 4)
    bottom, top = floor(low / step) * step, -floor(-high / step) * step
    return bottom, max(top, bottom + step), step


def _words(value: float, step: float) -> str:
    digits = max(0, -floor(log10(step))) + (1 if f"{step:e}".startswith("2.5") else 0)
    text = grouped(abs(value), f".{digits}f")
    return f"−{text}" if value < 0 and text.strip("0.") else text


def _day(day: date) -> str:
    return f"{day:%-d %b %Y}"
