"""What was made above what reached users, week by week on one time axis, as geometry. Pure.

Every band has an axis of its own from zero and its own unit: nothing is drawn against a second axis. The
same bands are laid out wide, with the two sums beside them, and narrow, with the sums above them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from math import ceil, floor, log10
from typing import Any

from analytics.charts_bands import (
    Band,
    Bars,
    Dots,
    Layout,
    Level,
    Path,
    Piece,
    Slot,
    Sum,
    SumLine,
    TimeChart,
)
from design.spans import grouped, short_span

QUARTER = 13
GAP = 34
HEAD = 36
NICE_SPANS = (
    60, 300, 600, 1200, 1800, 3600, 2 * 3600, 3 * 3600, 4 * 3600, 6 * 3600, 8 * 3600, 12 * 3600, 16 * 3600,
    86400, 36 * 3600, 2 * 86400, 3 * 86400, 4 * 86400, 5 * 86400, 7 * 86400, 10 * 86400, 14 * 86400,
    21 * 86400, 28 * 86400, 42 * 86400, 56 * 86400, 91 * 86400, 182 * 86400, 364 * 86400, 728 * 86400,
)  # fmt: skip
# No lower ceiling: one event is no tall bar.
FEW = 4
# From so many values on a week's range may raise the ceiling; a wider one is cut off, its dot never.
SURE = 20


def chart(
    rows: Sequence[Bars | Dots], weeks: Sequence[date], layout: Layout, *, is_partial: bool
) -> TimeChart:
    frame = _Frame(weeks, layout, is_partial)
    bands: list[Band] = []
    y = float(HEAD)
    for row in rows:
        y += 26 if row.heading else 0
        bands.append(frame.bars(row, y) if isinstance(row, Bars) else frame.dots(row, y))
        y = bands[-1].foot + GAP
    return TimeChart(
        layout=layout,
        bands=tuple(bands),
        dates=tuple(frame.dates()),
        since=frame.x(QUARTER),
        until=frame.x(2 * QUARTER),
        foot=bands[-1].foot if bands else y,
    )


class _Frame:
    def __init__(self, weeks: Sequence[date], layout: Layout, is_partial: bool) -> None:
        self.weeks, self.layout, self.is_partial = weeks, layout, is_partial
        self.slot = (layout.right - layout.left) / max(1, len(weeks))

    def x(self, number: int) -> float:
        return round(self.layout.left + self.slot * number, 1)

    def dates(self) -> Iterator[tuple[float, str, str]]:
        """The first Monday of a month; in a narrow picture of every second one."""
        every = 1 if self.layout.beside else 2
        months = [n for n, week in enumerate(self.weeks) if week.day <= 7 and week.month % every == 0]
        year = 0
        for number in months:
            week = self.weeks[number]
            yield (
                round(self.x(number) + self.slot / 2, 1),
                f"{week:%-d %b}",
                str(week.year) if week.year != year else "",
            )
            year = week.year

    def bars(self, row: Bars, y: float) -> Band:
        top = self._top(row, y)
        foot = top + self.layout.plot
        highest = max((self._height(row, number) for number in range(len(self.weeks))), default=0)
        ceiling = _nice(max(highest, FEW))
        slots = tuple(self._bar(row, number, ceiling, foot) for number in range(len(self.weeks)))
        return Band(
            key=row.key,
            title=row.title,
            unit=row.unit,
            heading=row.heading,
            y=y,
            top=top,
            foot=foot,
            ceiling=short(ceiling),
            slots=slots,
            levels=() if row.beside else tuple(self._means(row, ceiling, foot)),
            sums=row.sums,
            lines=self._lines(row.sums, y, top),
            paths=self._paths(slots, top, [look for look, _, _ in row.looks]),
            empty=row.why if all(slot.is_gap for slot in slots) else "",
        )

    def _height(self, row: Bars, number: int) -> int:
        values = [weeks[number] or 0 for _, _, weeks in row.looks]
        return max(values) if row.beside else sum(values)

    def _bar(self, row: Bars, number: int, ceiling: float, foot: float) -> Slot:
        values = [(look, name, weeks[number]) for look, name, weeks in row.looks]
        wide = self.slot * 0.74
        x, at = self.x(number) + self.slot * 0.13, foot
        pieces = []
        part = wide / len(values) if row.beside else wide
        for place, (look, _, value) in enumerate(values):
            height = self.layout.plot * (value or 0) / ceiling
            at = (foot if row.beside else at) - height
            if value:
                left = x + part * place if row.beside else x
                pieces.append(Piece(look, round(left, 1), round(at, 1), round(part, 1), round(height, 1)))
        known = [f"{grouped(value)} {name}" for _, name, value in values if value is not None]
        words = ", ".join(known) if known else row.why or "not known"
        young = row.young[number] if row.young else None
        said = f"{words}; {young} too young to tell" if young and known else words
        return self._slot(number, said, is_gap=not known, pieces=tuple(pieces), is_young=bool(young))

    def _slot(self, number: int, words: str, **more: Any) -> Slot:
        week = self.weeks[number]
        partial = self.is_partial and number == len(self.weeks) - 1
        until = week + timedelta(days=6)
        said = f"{week:%-d %b} to {until:%-d %b %Y}: {words}{', not over yet' if partial else ''}"
        return Slot(
            x=self.x(number),
            width=round(self.slot, 1),
            middle=round(self.x(number) + self.slot / 2, 1),
            words=said,
            is_partial=partial,
            **more,
        )

    def _means(self, row: Bars, ceiling: float, foot: float) -> Iterator[Level]:
        """Only of halves of which every week is known."""
        for begin in (0, QUARTER):
            halves = [weeks[begin : begin + QUARTER] for _, _, weeks in row.looks]
            known = [one for half in halves for one in half if one is not None]
            if len(known) < QUARTER * len(halves):
                continue
            mean = sum(known) / QUARTER
            y = round(foot - self.layout.plot * mean / ceiling, 1)
            yield Level(self.x(begin), round(self.slot * QUARTER, 1), y, f"{_mean(mean)} a week")

    def _paths(self, slots: Sequence[Slot], top: float, looks: Sequence[str]) -> tuple[Path, ...]:
        is_empty = all(slot.is_gap for slot in slots)
        ground = {slot: _box(slot.x, top, slot.width, self.layout.plot) for slot in slots}
        hatched = [
            slot for slot in slots if slot.is_young or (slot.is_gap and not slot.is_dot and not is_empty)
        ]
        parts = {"gap": [ground[slot] for slot in hatched]}
        for look in looks:
            parts[look] = [
                _box(one.x, one.y, one.width, one.height)
                for slot in slots
                for one in slot.pieces
                if one.look == look
            ]
        ranged = [slot for slot in slots if slot.low is not None]
        radius = 3.6 if self.layout.beside else 2.6
        parts["bar"] = [f"M{slot.middle:g} {slot.high or 0:g}V{slot.low or 0:g}" for slot in ranged]
        for look, is_few in (("dot", False), ("few", True)):
            parts[look] = [
                _circle(slot.middle, slot.y, radius)
                for slot in slots
                if slot.y is not None and slot.is_few == is_few
            ]
        parts["partial"] = [ground[slot] for slot in slots if slot.is_partial]
        return tuple(Path(look, "".join(drawn)) for look, drawn in parts.items() if drawn)

    def _top(self, row: Bars | Dots, y: float) -> float:
        """Above a narrow band stands a line for each sum."""
        lines = sum(1 + one.is_apart for one in row.sums)
        return y + self.layout.title + (0 if self.layout.beside else 16 * (lines - 1))

    def _lines(self, sums: tuple[Sum, ...], y: float, top: float) -> tuple[SumLine, ...]:
        if self.layout.beside is None:
            return tuple(_line(one, y + 31 + 16 * n) for n, one in enumerate(sums))
        if len(sums) == 1:
            return (_line(sums[0], top, top + 24, top + 45),)
        step = (self.layout.plot + 10) / len(sums)
        return tuple(
            _line(one, at, at, at + 17, is_small=True)
            for one, at in ((one, top + 12 + step * n) for n, one in enumerate(sums))
        )

    def dots(self, row: Dots, y: float) -> Band:
        top = self._top(row, y)
        foot = top + self.layout.plot
        found = [one for one in row.weeks if one is not None and one.median is not None]
        halves = [one for one in (row.before, row.now) if one.median is not None]
        highs = [one.median for one in [*found, *halves]]
        highs += [one.high for one in [*halves, *(f for f in found if f.n >= SURE)] if one.high is not None]
        is_time = row.unit == "seconds"
        # Few rounds: room above, so that no dot sits on the ceiling.
        ceiling = _nice(max(highs, default=0) * (1 if is_time else 1.15), is_time=is_time)
        slots = tuple(self._dot(row, number, ceiling, foot) for number in range(len(self.weeks)))
        return Band(
            key=row.key,
            title=row.title,
            unit=row.unit,
            heading=row.heading,
            y=y,
            top=top,
            foot=foot,
            ceiling=short_span(ceiling) if is_time else short(ceiling),
            slots=slots,
            levels=tuple(self._medians(row, ceiling, foot)),
            sums=row.sums,
            lines=self._lines(row.sums, y, top),
            paths=self._paths(slots, top, []),
            empty="" if found else row.why,
        )

    def _dot(self, row: Dots, number: int, ceiling: float, foot: float) -> Slot:
        one = row.weeks[number]
        if one is None or one.median is None:
            return self._slot(
                number,
                "not known" if one is None else "nothing measured",
                is_gap=True,
                is_dot=one is not None,
            )
        scale = _Scale(ceiling, foot, self.layout.plot)
        said = f"{_value(one.median, row.unit)}, {one.n} change{'' if one.n == 1 else 's'}"
        if one.low is not None:
            said += f", {_value(one.low, row.unit)} to {_value(one.high, row.unit)}"
        return self._slot(
            number,
            said,
            is_gap=False,
            y=scale.y(one.median),
            low=None if one.low is None else scale.y(one.low),
            high=None if one.high is None else scale.y(one.high),
            is_few=one.low is None,
        )

    def _medians(self, row: Dots, ceiling: float, foot: float) -> Iterator[Level]:
        scale = _Scale(ceiling, foot, self.layout.plot)
        for begin, one in ((0, row.before), (QUARTER, row.now)):
            if one.median is None:
                continue
            top = None if one.high is None else scale.y(one.high)
            height = None if one.low is None or top is None else round(scale.y(one.low) - top, 1)
            yield Level(
                self.x(begin),
                round(self.slot * QUARTER, 1),
                scale.y(one.median),
                _value(one.median, row.unit),
                top,
                height,
            )


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z"


def _circle(x: float, y: float, radius: float) -> str:
    wide = 2 * radius
    return f"M{x - radius:g} {y:g}a{radius} {radius} 0 1 0 {wide:g} 0a{radius} {radius} 0 1 0 {-wide:g} 0z"


def _line(one: Sum, y: float, value_y: float = 0, change_y: float = 0, *, is_small: bool = False) -> SumLine:
    said = {field.name: getattr(one, field.name) for field in fields(one)}
    return SumLine(**said, y=round(y, 1), value_y=value_y, change_y=change_y, is_small=is_small)


@dataclass(frozen=True)
class _Scale:
    ceiling: float
    foot: float
    plot: float

    def y(self, value: float) -> float:
        return round(self.foot - self.plot * min(value, self.ceiling) / self.ceiling, 1)


def _value(value: float, unit: str) -> str:
    return short_span(value) if unit == "seconds" else f"{value:g}"


def _mean(mean: float) -> str:
    return short(round(mean)) if mean >= 100 else f"{mean:.1f}".removesuffix(".0")


def _nice(highest: float, *, is_time: bool = False) -> float:
    """The first round number that is no lower; never 0."""
    if is_time:
        return next((span for span in NICE_SPANS if span >= highest), ceil(highest / 864000) * 864000)
    if highest <= 4:
        return max(1, ceil(highest))
    power = 10.0 ** floor(log10(highest))
    return float(next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= highest))


def short(value: float) -> str:
    """`840`, `12 k`, `1.5 M`."""
    for size, letter in ((1e6, "M"), (1e4, "k")):
        if value >= size:
            size = 1e3 if letter == "k" else size
            return f"{value / size:.1f}".removesuffix(".0") + f"\u202f{letter}"
    return grouped(value, ".0f")


@dataclass(frozen=True)
class Step:
    """A part of the way from the first commit to production, as wide as its median is long."""

    number: int
    key: str
    x: float
    width: float
    words: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


LINE = 1000


def way(steps: Sequence[tuple[str, str, Any]]) -> tuple[Step, ...]:
    """Of (key, name, spread); empty where nothing is measured. The widths share the line."""
    known = [(key, name, one.median) for key, name, one in steps if one.median]
    whole = sum(median for _, _, median in known)
    numbers = {key: number for number, (key, _, _) in enumerate(steps, 1)}
    found, x = [], 0.0
    for key, name, median in known:
        width = LINE * median / whole
        words = f"{name}: {short_span(median)}"
        found.append(Step(numbers[key], key, round(x, 1), round(max(2.0, width - 3), 1), words))
        x += width
    return tuple(found)
