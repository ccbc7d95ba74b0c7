"""The picture of an incident: where each mark stands. Text never lies on text; what does not fit is counted.

One axis of time, four lanes: impact and its phases, alerts, deployments and changes, key moments. What lies
far outside the incident stands in a margin that says how far. Units are those of the SVG's viewBox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

PHASES = {
    "impact_started_at": ("Impact began", "unnoticed"),
    "detected_at": ("Detected", "noticed"),
    "acknowledged_at": ("Acknowledged", "worked"),
    "mitigated_at": ("Mitigated", "mitigated"),
    "resolved_at": ("Resolved", ""),
}
LANES = {"alert": "Alerts", "change": "Deployments", "star": "Key moments"}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEPS = [
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
    *(DAY * n for n in (1, 2, 7, 14, 28, 84, 182)),
]
# Of the incident's length: what lies nearer than this still stands on the axis.
NEAR = 0.35
SHORTEST = timedelta(minutes=3)
# Beyond this an incident without an end is not drawn up to now.
LONGEST_OPEN = timedelta(days=3)
LETTER = 6.1
TIER, LANE, BAR = 16, 34, 24
APART = {"alert": 20, "change": 20, "star": 29}
MARGIN = 84


@dataclass(frozen=True)
class Mark:
    """`lane` is one of LANES. `is_cause`: named as having had a hand in it."""

    lane: str
    at: datetime
    text: str
    is_cause: bool = False


@dataclass(frozen=True)
class Told:
    """`wrong`: names of times that lie before what must come first: no phase is drawn from them."""

    times: Mapping[str, datetime | None]
    wrong: frozenset[str]
    marks: tuple[Mark, ...]
    began: datetime
    now: datetime
    is_over: bool
    zone: tzinfo


@dataclass(frozen=True)
class Segment:
    x: float
    width: float
    phase: str
    label: str
    words: str
    # Its end is not known.
    is_open: bool


@dataclass(frozen=True)
class Label:
    """`x` of the moment, `text_x` and `anchor` of its words, which stand `tier` rows above the bar."""

    x: float
    text_x: float
    y: float
    anchor: str
    text: str


@dataclass(frozen=True)
class Cluster:
    """Marks too close to be told apart share one, with their count or numbers in it."""

    x: float
    text: str
    words: str
    is_cause: bool
    # In a margin: how far off.
    away: str = ""


@dataclass(frozen=True)
class Lane:
    name: str
    key: str
    y: float
    clusters: list[Cluster]


@dataclass(frozen=True)
class Tick:
    x: float
    time: str
    day: str


@dataclass(frozen=True)
class Picture:
    width: int
    height: float
    left: float
    right: float
    # Where the margins end, or None where there is none.
    before_x: float | None
    after_x: float | None
    bar_y: float
    axis_y: float
    segments: list[Segment]
    labels: list[Label]
    lanes: list[Lane]
    ticks: list[Tick]
    is_open: bool


@dataclass(frozen=True)
class _Scale:
    start: datetime
    end: datetime
    x0: float
    x1: float

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(self.x0 + share * (self.x1 - self.x0), 1)

    def holds(self, at: datetime) -> bool:
        return self.start <= at <= self.end


def drawn(told: Told, *, width: int) -> Picture:
    """Below 500 units the lanes' names stand above them, beside them otherwise."""
    is_narrow = width < 500
    left = 0.0 if is_narrow else 104.0
    right = width - 8.0
    start, end = _window(told)
    scale = _scaled(told, start, end, left, right)
    labels = list(_labels(told, scale, left, right))
    tiers = max((label.y for label in labels), default=0)
    bar_y = 4 + tiers * TIER + 8
    placed = [
        Label(one.x, one.text_x, bar_y - 8 - (one.y - 1) * TIER, one.anchor, one.text) for one in labels
    ]
    lanes, y = [], bar_y + BAR + 6
    for key, name in LANES.items():
        marks = [mark for mark in told.marks if mark.lane == key]
        if marks:
            y += 15 if is_narrow else 0
            clusters = list(_clusters(marks, scale, told.zone, left, right))
            lanes.append(Lane(name, key, y + LANE / 2, clusters))
            y += LANE + (10 if any(cluster.away for cluster in clusters) else 0)
    return Picture(
        width=width,
        height=y + 42,
        left=left,
        right=right,
        before_x=scale.x0 - 6 if scale.x0 > left + MARGIN / 2 else None,
        after_x=scale.x1 + 6 if scale.x1 < right - MARGIN / 2 else None,
        bar_y=bar_y,
        axis_y=y + 6,
        segments=list(_segments(told, scale)),
        labels=placed,
        lanes=lanes,
        ticks=list(_ticks(scale, told.zone)),
        is_open=not told.is_over,
    )


def known(told: Told) -> list[tuple[str, datetime]]:
    """The moments of the phases that can be true, in the order in which they came."""
    found = [(name, told.times.get(name)) for name in PHASES if name not in told.wrong]
    return sorted(((name, at) for name, at in found if at is not None), key=lambda pair: pair[1])


def _window(told: Told) -> tuple[datetime, datetime]:
    """From the first moment to the last; an incident still open lasts until now, within reason."""
    moments = [at for _, at in known(told)] or [told.began]
    start, end = min(moments), max(moments)
    if not told.is_over and told.times.get("resolved_at") is None:
        # What was mitigated is nearly over: its phases are worth the room, and not the waiting behind them.
        is_long = told.now - start > LONGEST_OPEN or told.times.get("mitigated_at") is not None
        end = max(end, end + (end - start) * NEAR + SHORTEST if is_long else told.now)
    return start, max(end, start + SHORTEST)


def _scaled(told: Told, start: datetime, end: datetime, left: float, right: float) -> _Scale:
    """Near marks widen the axis; far ones get a margin."""
    near = (end - start) * NEAR
    ats = [mark.at for mark in told.marks]
    first = min([start, *(at for at in ats if start - near <= at)])
    last = max([end, *(at for at in ats if at <= end + near)])
    room = (last - first) * 0.03
    x0 = left + MARGIN if any(at < first for at in ats) else left + 10
    x1 = right - MARGIN if any(at > last for at in ats) else right - 10
    return _Scale(first - room, last + room, x0, x1)


def _segments(told: Told, scale: _Scale) -> Iterator[Segment]:
    moments = known(told)
    ends = [at for _, at in moments[1:]]
    if moments and moments[-1][0] != "resolved_at":
        ends.append(_window(told)[1] if not told.is_over else moments[-1][1])
    for (name, at), until in zip(moments, ends, strict=False):
        label, phase = PHASES[name]
        x, wide = scale.x(at), scale.x(until) - scale.x(at)
        if wide <= 0 or not phase:
            continue
        is_open = name == moments[-1][0]
        span = "not over" if is_open else words(until - at)
        fits = len(span) * LETTER + 8 <= wide
        told_words = f"{label}, and not over" if is_open else f"{label}, then {span}"
        yield Segment(x, round(wide, 1), phase, span if fits else "", told_words, is_open)


def _labels(told: Told, scale: _Scale, left: float, right: float) -> Iterator[Label]:
    """Each on the lowest row on which it touches no other; `y` is the row, counted from the bar."""
    rows: list[list[tuple[float, float]]] = []
    moments = known(told)
    is_long = bool(moments) and moments[-1][1] - moments[0][1] > timedelta(hours=18)
    # The last first: a line that goes up to a higher row then passes on the left of the words below it.
    for name, at in reversed(moments):
        clock = moment_words(at, told.zone) if is_long else f"{at.astimezone(told.zone):%H:%M}"
        text = f"{PHASES[name][0]} {clock}"
        x, wide = scale.x(at), len(text) * LETTER
        anchor = "start" if x + wide <= right else "end"
        span = (x - 3, x + wide + 6) if anchor == "start" else (x - wide - 6, x + 3)
        if span[0] < left - 4 and anchor == "end":
            anchor, span = "middle", (x - wide / 2 - 4, x + wide / 2 + 4)
        row = next((n for n, taken in enumerate(rows) if not _touches(span, taken)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(span)
        shift = {"start": 3, "end": -3, "middle": 0}[anchor]
        yield Label(x, round(x + shift, 1), row + 1, anchor, text)


def _touches(span: tuple[float, float], taken: list[tuple[float, float]]) -> bool:
    return any(span[0] < other[1] and other[0] < span[1] for other in taken)


def _clusters(marks: list[Mark], scale: _Scale, zone: tzinfo, left: float, right: float) -> Iterator[Cluster]:
    ordered = sorted(marks, key=lambda mark: mark.at)
    numbered = list(enumerate(ordered, 1))
    before = [pair for pair in numbered if pair[1].at < scale.start]
    after = [pair for pair in numbered if pair[1].at > scale.end]
    if before:
        yield _cluster(before, left + MARGIN / 2, zone, f"{_roughly(scale.start - before[-1][1].at)} earlier")
    group: list[tuple[int, Mark]] = []
    for pair in numbered:
        if not scale.holds(pair[1].at):
            continue
        if group and scale.x(pair[1].at) - scale.x(group[0][1].at) > APART[pair[1].lane]:
            yield _cluster(group, _middle(group, scale), zone)
            group = []
        group.append(pair)
    if group:
        yield _cluster(group, _middle(group, scale), zone)
    if after:
        yield _cluster(after, right - MARGIN / 2, zone, f"{_roughly(after[0][1].at - scale.end)} later")


def _middle(group: list[tuple[int, Mark]], scale: _Scale) -> float:
    """Of the first, so that groups keep their distance."""
    return scale.x(group[0][1].at)


def _cluster(group: list[tuple[int, Mark]], x: float, zone: tzinfo, away: str = "") -> Cluster:
    marks = [mark for _, mark in group]
    if marks[0].lane == "star":
        numbers = [number for number, _ in group]
        several = f"{numbers[0]}–{numbers[-1]}" if numbers[-1] < 10 else f"{numbers[0]}+"
        text = f"{numbers[0]}" if len(numbers) == 1 else several
    else:
        text = str(len(marks)) if len(marks) > 1 else ""
    told = "; ".join(f"{moment_words(mark.at, zone)} {mark.text}" for mark in marks)
    return Cluster(round(x, 1), text, told, any(mark.is_cause for mark in marks), away)


def _ticks(scale: _Scale, zone: tzinfo) -> Iterator[Tick]:
    """On round local times, so many that their words keep apart; a day is named where it begins."""
    most = max(2, int((scale.x1 - scale.x0) // 62))
    span = scale.end - scale.start
    step = next((step for step in STEPS if span / step <= most), max(STEPS[-1], span / most))
    day = ""
    for at in _round(scale, step, zone):
        local = at.astimezone(zone)
        named = f"{local:%-d %b}"
        time = named if step >= DAY else f"{local:%H:%M}"
        yield Tick(
            scale.x(at),
            time,
            f"{local:%Y}" if step >= DAY and not day else named if named != day and step < DAY else "",
        )
        day = named


def _round(scale: _Scale, step: timedelta, zone: tzinfo) -> Iterator[datetime]:
    midnight = scale.start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    skipped = max(0, (scale.start.astimezone(zone).replace(tzinfo=None) - midnight) // step)
    place = skipped
    while place - skipped < 400:
        # Wall time plus steps, read back in the zone: round in summer and in winter.
        at = (midnight + place * step).replace(tzinfo=zone).astimezone(UTC)
        place += 1
        if at > scale.end:
            return
        if at >= scale.start:
            yield at


def words(span: timedelta) -> str:
    """`40 s`, `4 min`, `2 h 05 min`, `26 h`, `9 days`: short, and never nothing."""
    seconds = int(abs(span.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days >= 3:
        return f"{days} days"
    if hours >= 10:
        return f"{hours} h"
    if hours:
        return f"{hours} h {minutes % 60:02d} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _roughly(span: timedelta) -> str:
    return words(timedelta(hours=span // HOUR)) if span >= HOUR else words(span)


def moment_words(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%-d %b %H:%M}"


def notes(told: Told) -> list[str]:
    """What the picture cannot show, in sentences."""
    missing = [label.lower() for name, (label, _) in PHASES.items() if told.times.get(name) is None]
    wrong = [PHASES[name][0].lower() for name in PHASES if name in told.wrong]
    found = [f"Not known: {', '.join(missing)}."] if missing else []
    if wrong:
        found.append(f"Not drawn, as it lies before what must come first: {', '.join(wrong)}.")
    return found


def in_words(told: Told) -> list[tuple[str, str]]:
    """Everything in it in order: when, and what."""
    moments = [(at, PHASES[name][0]) for name, at in known(told)]
    moments += [
        (mark.at, f"{mark.text}{' (named as a cause)' if mark.is_cause else ''}") for mark in told.marks
    ]
    return [(moment_words(at, told.zone), text) for at, text in sorted(moments, key=lambda pair: pair[0])]


def stars(marks: Iterable[Mark]) -> list[Mark]:
    """In the order of the numbers in the picture."""
    return sorted((mark for mark in marks if mark.lane == "star"), key=lambda mark: mark.at)
