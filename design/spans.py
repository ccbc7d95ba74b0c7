"""Times and shares in words."""

from __future__ import annotations

from datetime import datetime, timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
DASH = "–"
NARROW = "\N{NARROW NO-BREAK SPACE}"


def short_span(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 05 min`, `2 d 4 h`: the two units that matter, never a negative."""
    whole = round(abs(seconds))
    if whole < _MINUTE:
        text = f"{whole} s"
    elif whole < _HOUR:
        text = f"{whole // _MINUTE} min"
    elif whole < _DAY:
        hours, rest = divmod(whole, _HOUR)
        text = f"{hours} h {rest // _MINUTE:02d} min" if rest >= _MINUTE else f"{hours} h"
    else:
        days, rest = divmod(whole, _DAY)
        text = f"{days} d {rest // _HOUR} h" if rest >= _HOUR and days < 14 else f"{days} d"
    return text if seconds >= 0 else f"−{text}"


def relative(moment: datetime, now: datetime) -> str:
    """`just now`, `5 min ago`, `in 3 d`; months and years beyond 60 days."""
    gap = now - moment
    size = abs(gap)
    if size < timedelta(seconds=45):
        return "just now"
    words = _one_unit(size.total_seconds())
    return f"{words} ago" if gap > timedelta(0) else f"in {words}"


def _one_unit(seconds: float) -> str:
    if seconds < _HOUR:
        return f"{max(1, round(seconds / _MINUTE))} min"
    if seconds < 36 * _HOUR:
        return f"{round(seconds / _HOUR)} h"
    days = round(seconds / _DAY)
    if days < 60:
        return f"{days} d"
    if days < 700:
        return f"{round(days / 30.4)} months"
    return f"{round(days / 365.25)} years"


def grouped(value: float, spec: str = "") -> str:
    """Thousands apart by a narrow space: `12 400`; `spec` is the rest of the format, such as `.0f`."""
    return f"{value:,{spec}}".replace(",", NARROW)


def percent(share: float, digits: int | None = None) -> str:
    """A share of 0..1 as `4.2 %`; a digit after the point only below ten percent."""
    value = share * 100
    if digits is None:
        digits = 1 if 0 < value < 10 else 0
    return f"{value:.{digits}f}\N{NO-BREAK SPACE}%"
