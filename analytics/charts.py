"""Pictures of figures as geometry: the templates draw them as inline SVG, with the table beside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

from design.spans import grouped

LEFT, WIDTH, ROW, TOP_SPACE = 196, 380, 30, 26
FIGURES = 150


@dataclass(frozen=True)
class Mark:
    """One row of the picture: a dot on its interval, or words where there is no rate."""

    key: str
    name: str
    y: float
    is_apart: bool
    words: str
    x: float | None = None
    low: float | None = None
    high: float | None = None
    radius: float = 4.0

    @property
    def length(self) -> float:
        return round((self.high or 0) - (self.low or 0), 1)


@dataclass(frozen=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True)
class RateChart:
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    reference: float | None
    reference_name: str
    height: int
    left: int = LEFT
    right: int = LEFT + WIDTH
    width: int = LEFT + WIDTH + FIGURES
    top: int = TOP_SPACE

    @property
    def bottom(self) -> int:
        return self.height - 8


def rate_chart(report: Any) -> RateChart | None:
    """Rates of all areas together, one row for each kind and the rows beside them; None without any rate."""
    rows = [row for row in report.rows if row.total.n > 0 and row.key != "total"]
    highs = [row.total.high for row in rows if row.total.high is not None]
    if not highs:
        return None
    top = min(1.0, max(0.05, ceil(max(highs) * 20) / 20))
    manual = report.row("manual").total
    return RateChart(
        marks=tuple(_marks(rows, top)),
        ticks=tuple(_ticks(top)),
        reference=_x(manual.rate, top) if manual.rate is not None else None,
        reference_name="manual",
        height=TOP_SPACE + ROW * len(rows) + 12 * _breaks(rows) + 10,
    )


def _breaks(rows: list[Any]) -> int:
    return int(any(row.is_kind for row in rows) and any(not row.is_kind for row in rows))


def _marks(rows: list[Any], top: float) -> Iterator[Mark]:
    gap = 0
    for index, row in enumerate(rows):
        if index and not row.is_kind and rows[index - 1].is_kind:
            gap = 12
        cell = row.total
        y = TOP_SPACE + ROW * index + ROW / 2 + gap
        if cell.rate is None:
            words = "hidden" if cell.failures is None else f"{_number(cell.failures)} of {cell.n}, no rate"
            yield Mark(row.key, row.name, y, not row.is_kind, words)
        else:
            yield Mark(
                row.key,
                row.name,
                y,
                not row.is_kind,
                f"{cell.rate * 100:.1f} %  ({_number(cell.failures)} of {grouped(cell.n)})",
                _x(cell.rate, top),
                _x(cell.low, top),
                _x(cell.high, top),
                3.5 + min(3.0, cell.n**0.5 / 12),
            )


def _x(rate: float, top: float) -> float:
    return round(LEFT + WIDTH * min(rate, top) / top, 1)


def _ticks(top: float) -> Iterator[Tick]:
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2) if top / s <= 6)
    for k in range(int(top / step + 1e-9) + 1):
        yield Tick(_x(k * step, top), f"{k * step * 100:g} %")


def _number(value: float) -> str:
    """Shares of incidents with one decimal at most: 12, 4.5."""
    return f"{round(value, 1):g}"
