"""The shapes of pictures that stack bands of weeks on one time axis: `charts_time` lays them out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layout:
    """In units of the picture. `beside`: where the sums stand; None: above the band."""

    width: int
    left: int
    right: int
    plot: int
    title: int
    beside: int | None


WIDE = Layout(width=1000, left=52, right=708, plot=78, title=26, beside=736)
NARROW = Layout(width=360, left=42, right=354, plot=64, title=44, beside=None)


@dataclass(frozen=True)
class Piece:
    """A part of a bar; `look` names its pattern."""

    look: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Slot:
    """One week of one band: pieces of a bar, a dot on its range, or a gap with its reason in `words`."""

    x: float
    width: float
    middle: float
    words: str
    is_partial: bool
    is_gap: bool
    pieces: tuple[Piece, ...] = ()
    y: float | None = None
    low: float | None = None
    high: float | None = None
    is_few: bool = False
    # Of a band of medians: where nothing was measured there is nothing to hatch.
    is_dot: bool = False
    # More may be told of this week yet.
    is_young: bool = False


@dataclass(frozen=True)
class Path:
    """All that looks alike in a band, as one path of SVG: pages of many weeks stay small and quick."""

    look: str
    d: str


@dataclass(frozen=True)
class Level:
    """Half a band wide: the mean of its weeks, or its median with the range around it."""

    x: float
    width: float
    y: float
    label: str
    top: float | None = None
    height: float | None = None

    @property
    def end(self) -> float:
        return round(self.x + self.width, 1)


@dataclass(frozen=True)
class Sum:
    """What stands beside a band: of the last 13 weeks, of those before, and how the two differ."""

    now: str
    before: str
    change: str
    note: str
    name: str = ""
    # The note is long and stands on a line of its own.
    is_apart: bool = False
    # The note says that chance does not explain it.
    is_sure: bool = False


@dataclass(frozen=True)
class SumLine(Sum):
    """Where one stands: its name, its value, and how it altered."""

    y: float = 0
    value_y: float = 0
    change_y: float = 0
    # One of two beside the same band.
    is_small: bool = False

    @property
    def note_y(self) -> float:
        return self.change_y + 17

    @property
    def short(self) -> str:
        return "" if self.is_apart else ", ".join(part for part in (self.change, self.note) if part)

    @property
    def second_y(self) -> float:
        """Of the note below, in a narrow picture."""
        return self.y + 16


@dataclass(frozen=True)
class Band:
    key: str
    title: str
    unit: str
    # The heading of a group of bands, before its first one.
    heading: str
    y: float
    top: float
    foot: float
    ceiling: str
    slots: tuple[Slot, ...]
    levels: tuple[Level, ...]
    sums: tuple[Sum, ...]
    lines: tuple[SumLine, ...]
    # From back to front; looks `bar`, `dot` and `few` are of medians, `gap` is hatched, `partial` a frame.
    paths: tuple[Path, ...]
    # Words across the band where there is nothing to draw.
    empty: str = ""

    @property
    def middle(self) -> float:
        return round((self.top + self.foot) / 2, 1)


@dataclass(frozen=True)
class TimeChart:
    layout: Layout
    bands: tuple[Band, ...]
    # (x, "2 Mar", "2026" where a year begins)
    dates: tuple[tuple[float, str, str], ...]
    # Where the last 13 weeks begin and end.
    since: float
    until: float
    foot: float

    @property
    def height(self) -> float:
        return self.foot + 42

    @property
    def half(self) -> float:
        return round((self.layout.left + self.since) / 2, 1)

    @property
    def recent_width(self) -> float:
        return round(self.until - self.since, 1)

    @property
    def ground_height(self) -> float:
        return round(self.foot - 26, 1)

    @property
    def foot_below(self) -> float:
        return self.foot + 5

    @property
    def recent(self) -> float:
        return round((self.since + self.until) / 2, 1)


@dataclass(frozen=True)
class Bars:
    """Counts by week, from the foot up as (look, weeks); `beside` puts the looks next to each other."""

    key: str
    title: str
    unit: str
    looks: tuple[tuple[str, str, tuple[int | None, ...]], ...]
    sums: tuple[Sum, ...]
    heading: str = ""
    beside: bool = False
    why: str = ""
    # How many of each week are too young for the last word.
    young: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Dots:
    """Medians by week, each as (median, low, high, n) or None, and of the two halves."""

    key: str
    title: str
    unit: str
    weeks: tuple[Any, ...]
    before: Any
    now: Any
    sums: tuple[Sum, ...]
    heading: str = ""
    why: str = "nothing is measured in these weeks"
