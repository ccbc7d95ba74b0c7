"""Shipped changes by month as small columns: all of them, and in front those that are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from changes.queries.places import Month

HEIGHT, STEP, WIDTH = 64, 20, 14


@dataclass(frozen=True)
class Bar:
    """Measures in the picture's own units, from its upper left corner."""

    x: int
    y: float
    height: float
    marked_y: float
    marked_height: float
    label: str
    share: float


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]
    width: int
    height: int
    first: str
    last: str


def month_bars(months: Sequence[Month]) -> Bars | None:
    """None of fewer than two months: one column compares nothing."""
    if len(months) < 2:
        return None
    scale = HEIGHT / max(one.shipped for one in months)
    bars = [
        Bar(
            x=number * STEP,
            y=round(HEIGHT - one.shipped * scale, 1),
            height=round(one.shipped * scale, 1),
            marked_y=round(HEIGHT - one.marked * scale, 1),
            marked_height=round(one.marked * scale, 1),
            label=f"{one.month:%b %Y}: {one.marked} of {one.shipped} marked",
            share=one.share,
        )
        for number, one in enumerate(months)
    ]
    return Bars(
        bars,
        STEP * (len(months) - 1) + WIDTH,
        HEIGHT,
        f"{months[0].month:%b %Y}",
        f"{months[-1].month:%b %Y}",
    )
