"""Shares of a month's changes as stacked columns. Pure: measures in the picture's own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 34.0, 4.0, 6.0, 20.0, 120.0
STEP, GAP, LEAST = 26.0, 4.0, 12


@dataclass(frozen=True)
class Piece:
    part: str
    y: float
    height: float


@dataclass(frozen=True)
class Column:
    """`label` under it only where there is room for one."""

    x: float
    middle: float
    pieces: tuple[Piece, ...]
    label: str
    words: str


@dataclass(frozen=True)
class Stacked:
    width: float
    height: float
    left: float
    right: float
    bar: float
    ticks: tuple[tuple[float, str], ...]
    columns: tuple[Column, ...]

    @property
    def base(self) -> float:
        return TOP + HEIGHT

    @property
    def foot(self) -> float:
        return self.base + 14

    @property
    def text_x(self) -> float:
        return self.left - 5


def stacked(months: Sequence[tuple[date, Sequence[tuple[str, int]], str]]) -> Stacked:
    """Of each month: its day, its parts from the bottom up with their numbers, and it in words."""
    room = LEFT + max(LEAST, len(months)) * STEP + RIGHT
    every = max(1, -(-len(months) // 12))
    columns = []
    for place, (month, parts, words) in enumerate(months):
        x = LEFT + place * STEP + GAP / 2
        label = f"{month:%b}" if place % every == 0 else ""
        if label and (place == 0 or month.month <= every):
            label = f"{month:%b %y}" if every > 1 or place == 0 else f"{month:%b}"
        columns.append(Column(x, x + (STEP - GAP) / 2, _pieces(parts), label, words))
    ticks = tuple((TOP + HEIGHT * (1 - share), f"{share:.0%}".replace("%", " %")) for share in (0, 0.5, 1))
    return Stacked(room, TOP + HEIGHT + BOTTOM, LEFT, room - RIGHT, STEP - GAP, ticks, tuple(columns))


def _pieces(parts: Sequence[tuple[str, int]]) -> tuple[Piece, ...]:
    whole = sum(n for _, n in parts)
    found, y = [], TOP + HEIGHT
    for part, n in parts:
        height = HEIGHT * n / whole if whole else 0.0
        y -= height
        if n:
            found.append(Piece(part, round(y, 2), round(height, 2)))
    return tuple(found)
