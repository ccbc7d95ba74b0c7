"""Work in progress week by week, as small pictures with the limit as a line. Pure.

A bar is the average of a week; a dash is a week that is not measured, a line on the foot one with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

from analytics.charts_delivery import EVERY, LEFT, PLOT, SLOT, TOP, Line, Mark, Panel, Piece


@dataclass(frozen=True)
class LimitedPanel(Panel):
    """With a line where the limit is; `limit_words` beside it."""

    limit_y: float | None = None
    limit_words: str = ""


@dataclass(frozen=True)
class Bar:
    """One week: parts from the foot up, as (look, height); None: not measured."""

    begins_on: date
    parts: tuple[tuple[str, float], ...] | None
    words: str
    is_partial: bool = False


def panel(
    key: str, title: str, bars: Sequence[Bar], *, limit: float | None = None, limit_words: str = ""
) -> LimitedPanel:
    tallest = max((sum(height for _, height in bar.parts or ()) for bar in bars), default=0.0)
    step = _step(max(tallest, limit or 0.0))
    top = step * max(1, ceil(max(tallest, (limit or 0.0) * 1.05) / step - 1e-9))
    return LimitedPanel(
        key=key,
        title=title,
        marks=tuple(_mark(number, bar, top) for number, bar in enumerate(bars)),
        lines=tuple(
            Line(_y(step * number, top), f"{step * number:g}") for number in range(round(top / step) + 1)
        ),
        dates=tuple(_dates(bars)),
        limit_y=None if limit is None else _y(limit, top),
        limit_words=limit_words,
    )


def _step(highest: float) -> float:
    """Of 1, 2 or 5 times a power of ten: four lines at most."""
    if highest <= 0:
        return 1.0
    power = 10 ** floor(log10(highest / 4))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor * 4 >= highest - 1e-9))


def _mark(number: int, bar: Bar, top: float) -> Mark:
    x = LEFT + SLOT * number
    pieces, at = [], 0.0
    for look, height in bar.parts or ():
        # A thin line where there is any, so that little is not none.
        drawn = max(round(PLOT * height / top, 1), 1.0) if height else 0.0
        if drawn:
            pieces.append(Piece(look, round(TOP + PLOT - at - drawn, 1), drawn))
        at += drawn
    return Mark(
        x=x, middle=x + SLOT / 2, words=bar.words, is_partial=bar.is_partial, is_gap=bar.parts is None,
        pieces=tuple(pieces),
    )  # fmt: skip


def _y(value: float, top: float) -> float:
    return round(TOP + PLOT - PLOT * value / top, 1)


def _dates(bars: Sequence[Bar]) -> Iterable[tuple[float, str, str]]:
    """Every fourth week by its Monday, the year where it begins."""
    year = None
    for number, bar in enumerate(bars):
        if number % EVERY == 0:
            shown = "" if bar.begins_on.year == year else str(bar.begins_on.year)
            year = bar.begins_on.year
            yield LEFT + SLOT * number + SLOT / 2, f"{bar.begins_on:%-d %b}", shown
