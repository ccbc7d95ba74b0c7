"""Delivery week by week, as geometry of five small pictures: the template draws them as inline SVG. Pure.

A gap is a dash, none is a line on the foot, and what is not over has no dot but an arrow. Shapes and hatching
tell everything that colour tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from design.spans import percent, short_span

LEFT, TOP, PLOT, FOOT, SLOT = 50, 14, 120, 34, 18
# So many weeks get their date under the axis: every fourth.
EVERY = 4
TICKS = (60, 600, 3600, 6 * 3600, 86400, 3 * 86400, 7 * 86400, 30 * 86400, 90 * 86400, 365 * 86400)
TICK_WORDS = ("1 min", "10 min", "1 h", "6 h", "1 d", "3 d", "7 d", "30 d", "90 d", "1 y")


@dataclass(frozen=True)
class Piece:
    """A part of a bar; `look` is light, solid, hatched or apart."""

    look: str
    y: float
    height: float


@dataclass(frozen=True)
class Mark:
    """One week: a bar of pieces, or a dot on its range, or neither."""

    x: float
    middle: float
    words: str
    is_partial: bool
    is_gap: bool
    pieces: tuple[Piece, ...] = ()
    y: float | None = None
    low: float | None = None
    high: float | None = None
    far: float | None = None
    # Half or more are not over: an arrow instead of a dot; few: a hollow dot.
    is_open: bool = False
    is_few: bool = False


@dataclass(frozen=True)
class Line:
    y: float
    label: str


@dataclass(frozen=True)
class Panel:
    key: str
    title: str
    marks: tuple[Mark, ...]
    lines: tuple[Line, ...]
    # (x, "2 Mar", "2026" where a year begins)
    dates: tuple[tuple[float, str, str], ...]
    top: int = TOP
    foot: int = TOP + PLOT
    left: int = LEFT
    slot: int = SLOT
    height: int = TOP + PLOT + FOOT

    @property
    def width(self) -> int:
        return LEFT + SLOT * len(self.marks) + 8

    @property
    def right(self) -> int:
        return LEFT + SLOT * len(self.marks)

    @property
    def is_empty(self) -> bool:
        return all(one.is_gap for one in self.marks)


Bar = tuple[tuple[str, int], ...]


def panels(weeks: Sequence[Any]) -> tuple[Panel, ...]:
    """Of weeks as in `delivery.DeliveryReport`, the oldest first."""
    return (
        _bars("frequency", "Deployments that reached users", weeks, _frequency, _frequency_words),
        _dots("lead", "Change lead time, median", weeks, _lead_words),
        _bars("fail", "Deployments that failed", weeks, _failures, _failure_words),
        _dots("recovery", "Recovery from failed deployments, median", weeks, _recovery_words),
        _bars("rework", "Deployments that were rework", weeks, _rework, _rework_words),
    )


def _frequency(one: Any) -> Bar | None:
    found = one.frequency
    if found.number is None:
        return None
    return ("light", found.number), ("apart", found.attempts)


def _failures(one: Any) -> Bar | None:
    """A week whose failures are hidden, or that nobody can judge, is a gap."""
    found = one.fail
    if one.frequency.number is None or found.state in ("hidden", "not_measured"):
        return None
    failed, early = found.failed or 0, found.pending_failed or 0
    return (
        ("solid", failed),
        ("light", found.judged - failed),
        ("early", early),
        ("hatched", found.pending - early),
    )


def _rework(one: Any) -> Bar | None:
    found = one.rework
    if one.frequency.number is None or found.state in ("hidden", "not_measured"):
        return None
    return ("solid", found.k or 0), ("light", found.n - (found.k or 0))


def _frequency_words(one: Any) -> str:
    found = one.frequency
    if found.number is None:
        return "not known"
    failed = f", {found.attempts} attempts failed before" if found.attempts else ""
    return f"{found.number} deployments on {found.active_days} days{failed}"


def _failure_words(one: Any) -> str:
    found = one.fail
    if found.state == "not_measured":
        return "not measured: no incident source"
    if found.state == "hidden":
        return "hidden for privacy"
    if one.frequency.number is None:
        return "not known"
    rate = f" ({percent(found.share.rate, 1)})" if found.share.has_rate else ""
    pending = f", {found.pending} pending" if found.pending else ""
    return f"{found.failed or 0} of {found.judged} failed{rate}{pending}"


def _rework_words(one: Any) -> str:
    found = one.rework
    if found.state == "hidden":
        return "hidden for privacy"
    return "not known" if found.shown is None else f"{found.shown} of {found.n} were rework"


def _lead_words(one: Any) -> str:
    found = one.lead
    if not found.n:
        return "no change that can be measured"
    return f"median {short_span(found.median)} of {found.n} changes" + _range(found)


def _recovery_words(one: Any) -> str:
    found = one.recovery
    if found.state == "hidden":
        return "hidden for privacy"
    if not found.n:
        return "no incident by a change"
    if found.is_open_ended:
        count = "half or more" if found.open is None else found.open
        return f"{count} of {found.n} incidents not over: no median yet"
    left = "" if found.open is None else f", {found.open} open"
    return f"median {short_span(found.median)} of {found.n} incidents{left}" + _range(found)


def _range(found: Any) -> str:
    return f" ({found.range_words})" if found.range_words else ""


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
    top = max(step, -(-most // step) * step)
    marks = tuple(
        mark(number, one, words(one), is_gap=bar is None, pieces=tuple(_stack(bar or (), top)))
        for number, (one, bar) in enumerate(zip(weeks, bars, strict=True))
    )
    lines = tuple(Line(_height(value, top), str(value)) for value in range(0, top + 1, step))
    return Panel(key, title, marks, lines, tuple(dates(weeks)))


def _step(most: int) -> int:
    """At most five lines above the foot."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if most <= 5 * step:
                return step
        size *= 10


def _stack(bar: Bar, top: int) -> Iterator[Piece]:
    at = 0
    for look, number in bar:
        if number:
            high = _height(at + number, top)
            yield Piece(look, high, round(_height(at, top) - high, 1))
            at += number


def _height(value: float, top: float) -> float:
    return round(TOP + PLOT - PLOT * value / top, 1)


def _dots(key: str, title: str, weeks: Sequence[Any], words: Callable[[Any], str]) -> Panel:
    """On a logarithmic scale: minutes and weeks stand in one picture."""
    found = [getattr(one, key) for one in weeks]
    known = [
        value
        for one in found
        for value in (one.median, one.low, one.high, one.p90 if key == "lead" else None)
        if value is not None
    ]
    least, most = _ends(known)

    def y(value: float | None) -> float | None:
        if value is None:
            return None
        share = log(max(value, least) / least) / log(most / least)
        return round(TOP + PLOT - PLOT * min(share, 1.0), 1)

    marks = tuple(
        mark(
            number,
            week,
            words(week),
            is_gap=not one.n,
            y=y(one.median),
            low=y(one.low),
            high=y(one.high) if one.high is not None or one.low is None else float(TOP),
            far=y(one.p90) if key == "lead" else None,
            is_open=one.is_open_ended,
            is_few=one.low is None,
        )
        for number, (week, one) in enumerate(zip(weeks, found, strict=True))
    )
    lines = tuple(
        Line(y(tick) or 0.0, label)
        for tick, label in zip(TICKS, TICK_WORDS, strict=True)
        if least <= tick <= most
    )
    return Panel(key, title, marks, lines, tuple(dates(weeks)))


def _ends(known: Sequence[float]) -> tuple[float, float]:
    """The ticks around what is known."""
    if not known:
        return TICKS[2], TICKS[6]
    least = max((tick for tick in TICKS if tick <= min(known)), default=TICKS[0])
    most = min((tick for tick in TICKS if tick >= max(known)), default=max(*known, TICKS[-1]))
    return (least, most) if most > least else (least, least * 10)


def mark(number: int, one: Any, words: str, **over: Any) -> Mark:
    """One week as every picture of weeks begins it; `over`: what is drawn there."""
    x = LEFT + SLOT * number
    begin = one.span.begins_on
    partial = ", not over yet" if one.is_partial else ""
    return Mark(
        x=x,
        middle=x + SLOT / 2,
        words=f"Week of {begin:%-d %b %Y}{partial}: {words if one.is_reckoned else 'being reckoned'}",
        is_partial=one.is_partial,
        **over,
    )


def dates(weeks: Sequence[Any]) -> Iterator[tuple[float, str, str]]:
    """Every fourth week by its Monday, the year where it begins."""
    year = 0
    for number in range(0, len(weeks), EVERY):
        begin = weeks[number].span.begins_on
        yield (
            LEFT + SLOT * number + SLOT / 2,
            f"{begin:%-d %b}",
            str(begin.year) if begin.year != year else "",
        )
        year = begin.year
