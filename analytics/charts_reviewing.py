"""Reviewing week by week, as geometry of small pictures in the frame of those of delivery. Pure.

A gap is a dash; a median of few has a hollow dot. Shapes and hatching tell everything that colour tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from analytics.charts_delivery import PLOT, TOP, Line, Panel, Piece, dates, mark
from design.spans import grouped

Bar = tuple[tuple[str, int], ...]
# A picture begins and ends at one of these, times ten or a hundred.
STEPS = (1, 2, 5)


def panels(weeks: Sequence[Any], limit: int) -> tuple[Panel, ...]:
    """Of weeks as in `reviewing.ReviewingReport`, the oldest first; `limit`: the reviewable size."""
    return (
        _paces(weeks),
        _remarks(weeks),
        _bars("large", f"Merged changes, and those over {limit} lines", weeks, _large, _large_words),
        _bars("alone", "Merged changes, and those without a review", weeks, _alone, _alone_words),
        _bars("days", "Reviewer-days, and those over the limit", weeks, _days, _days_words),
        _bars("care", "Answers: reviewed as carefully as it needs?", weeks, _care, _care_words),
    )


def _large(one: Any) -> Bar | None:
    found = one.whole
    if not found.sized:
        return None
    return (
        ("solid", found.too_large - found.excused),
        ("hatched", found.excused),
        ("light", found.sized - found.too_large),
    )


def _alone(one: Any) -> Bar | None:
    found = one.whole
    return (("solid", found.unreviewed), ("light", found.told - found.unreviewed)) if found.told else None


def _days(one: Any) -> Bar | None:
    found = one.days
    return (("solid", found.over), ("light", found.reviewers - found.over)) if found.reviewers else None


def _care(one: Any) -> Bar | None:
    found = one.care.total
    if found is None or not found.n:
        return None
    return ("light", found.yes), ("hatched", found.not_really), ("solid", found.no)


def _large_words(one: Any) -> str:
    found = one.whole
    if not found.sized:
        return "no merged change of known size"
    return f"{_of(found.large)} larger, {found.excused} of them with an exception"


def _alone_words(one: Any) -> str:
    found = one.whole
    if not found.told:
        return "no merged change whose reviews are told"
    return f"{_of(found.alone)} without a review"


def _days_words(one: Any) -> str:
    if one.days.reviewers is None:
        return "too few reviewers to be shown"
    return f"{_of(one.days.share)} over the limit" if one.days.reviewers else "no review by a person"


def _care_words(one: Any) -> str:
    found = one.care.total
    if found is None:
        return "too few answers to be shown"
    return f"{found.yes} yes, {found.not_really} not really, {found.no} no" if found.n else "no answer"


def _of(share: Any) -> str:
    return f"{share.k} of {share.n}"


def _bars(
    key: str,
    title: str,
    weeks: Sequence[Any],
    parts: Callable[[Any], Bar | None],
    words: Callable[[Any], str],
) -> Panel:
    bars = [parts(one) if one.is_reckoned else None for one in weeks]
    most = max((sum(height for _, height in bar) for bar in bars if bar), default=0)
    step = _step(most)
    top = max(step, ceil(most / step) * step)
    marks = tuple(
        mark(number, one, words(one), is_gap=bar is None, pieces=tuple(_stack(bar or (), top)))
        for number, (one, bar) in enumerate(zip(weeks, bars, strict=True))
    )
    lines = tuple(Line(_height(value / top), _tick(value)) for value in range(0, int(top) + 1, int(step)))
    return Panel(key, title, marks, lines, tuple(dates(weeks)))


def _stack(bar: Bar, top: float) -> Iterator[Piece]:
    at = 0
    for look, number in bar:
        if number:
            high = _height((at + number) / top)
            yield Piece(look, high, round(_height(at / top) - high, 1))
            at += number


def _step(most: float, least: float = 1) -> float:
    """At most five lines above the foot."""
    size = 10.0 ** floor(log10(most)) / 10 if most > 0 else least
    steps = (step * times for times in (size, size * 10) for step in STEPS)
    return max(least, next(step for step in steps if most <= 5 * step))


def _height(share: float) -> float:
    return round(TOP + PLOT - PLOT * min(max(share, 0.0), 1.0), 1)


def _tick(value: float) -> str:
    return grouped(value, ".10g")


@dataclass(frozen=True)
class _Scale:
    """Where a value stands, as a share of the height; and the lines of the picture."""

    share: Callable[[float], float]
    ticks: Sequence[float]


def _logarithmic(known: Sequence[float]) -> _Scale:
    positive = [value for value in known if value > 0] or [1.0, 10.0]
    powers = range(floor(log10(min(positive))), ceil(log10(max(positive))) + 1)
    ticks = [step * 10.0**power for power in powers for step in STEPS]
    least = max(tick for tick in ticks if tick <= min(positive))
    most = min(tick for tick in ticks if tick >= max(*positive, 2 * least))
    shown = [tick for tick in ticks if least <= tick <= most]

    def share(value: float) -> float:
        return log10(max(value, least) / least) / log10(most / least)

    return _Scale(share, [tick for tick in shown if len(shown) < 8 or f"{tick:g}"[0] == "1"])


def _linear(known: Sequence[float]) -> _Scale:
    most = max(known, default=0.0)
    step = _step(most, 0.0) if most > 0 else 1.0
    count = max(1, ceil(most / step))
    return _Scale(lambda value: value / (count * step), [step * number for number in range(count + 1)])


def _paces(weeks: Sequence[Any]) -> Panel:
    found = [one.whole.pace for one in weeks]
    words = "Lines for each reviewer minute, median"
    return _dots("pace", words, weeks, found, _logarithmic(_known(found)), "lines a minute")


def _remarks(weeks: Sequence[Any]) -> Panel:
    found = [one.whole.remarked for one in weeks]
    words = "Meaningful remarks per 100 lines, median"
    return _dots("remarks", words, weeks, found, _linear(_known(found)), "remarks")


def _known(found: Sequence[Any]) -> list[float]:
    return [
        value
        for one in found
        if one.shown is not None
        for value in (one.shown, one.low, one.high)
        if value is not None
    ]


def _dots(
    key: str, title: str, weeks: Sequence[Any], found: Sequence[Any], scale: _Scale, unit: str
) -> Panel:
    def y(value: float | None) -> float | None:
        return None if value is None else _height(scale.share(value))

    marks = tuple(
        mark(
            number,
            week,
            _words(one, unit),
            is_gap=one.shown is None,
            y=y(one.shown),
            low=y(one.low) if one.shown is not None else None,
            high=y(one.high) if one.shown is not None else None,
            is_few=one.low is None,
        )
        for number, (week, one) in enumerate(zip(weeks, found, strict=True))
    )
    lines = tuple(Line(y(tick) or 0.0, _tick(tick)) for tick in scale.ticks)
    return Panel(key, title, marks, lines, tuple(dates(weeks)))


def _words(one: Any, unit: str) -> str:
    if not one.n:
        return "nothing that can be measured"
    if one.shown is None:
        return f"{one.n} changes, too few for a median"
    between = "" if one.low is None else f" ({_figure(one.low)} to {_figure(one.high)})"
    return f"{_figure(one.shown)} {unit}{between}, {one.n} changes"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


@dataclass(frozen=True)
class Column:
    """So many reviewer-days with so many large AI-assisted changes; beyond the limit it is solid."""

    label: str
    words: str
    share: float
    reviewers: int
    is_over: bool

    @property
    def width(self) -> float:
        """Of 200."""
        return round(200 * self.share, 1)


def columns(spread: Sequence[tuple[int, int]], limit: int, most_shown: int) -> tuple[Column, ...]:
    """One for each number from 0 to the highest, none left out."""
    counts = dict(spread)
    total = sum(counts.values())
    if not total:
        return ()
    return tuple(
        Column(
            label=f"{number} or more" if number == most_shown else str(number),
            words=f"{counts.get(number, 0)} of {total} reviewer-days",
            share=counts.get(number, 0) / total,
            reviewers=counts.get(number, 0),
            is_over=number > limit,
        )
        for number in range(max(max(counts), limit) + 1)
    )
