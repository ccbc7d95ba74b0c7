"""What the five figures of delivery are read as: a share, a spread of times, a count. None is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from analytics.stats import wilson_interval
from analytics.stats.ranks import count_interval
from design.spans import grouped, percent, short_span

FEWEST_FOR_A_PERCENTAGE = 20


def whole(number: int) -> str:
    return grouped(number)


@dataclass(frozen=True)
class Share:
    """So many of so many; a rate only where they are enough for one."""

    k: int | None
    n: int

    @property
    def has_rate(self) -> bool:
        return self.k is not None and self.n >= FEWEST_FOR_A_PERCENTAGE

    @property
    def rate(self) -> float | None:
        return self.k / self.n if self.k is not None and self.has_rate else None

    @property
    def low(self) -> float | None:
        return wilson_interval(self.k, self.n)[0] if self.k is not None and self.has_rate else None

    @property
    def high(self) -> float | None:
        return wilson_interval(self.k, self.n)[1] if self.k is not None and self.has_rate else None

    @property
    def range_words(self) -> str:
        """`6.7 %; 4.0 to 10.9 %`, or nothing below the fewest."""
        if self.rate is None or self.low is None or self.high is None:
            return ""
        return f"{percent(self.rate, 1)}; {self.low * 100:.1f} to {percent(self.high, 1)}"


@dataclass(frozen=True)
class Spread:
    """Seconds. Without `high` where `low` is known: so many are not over that no upper end is known yet."""

    n: int = 0
    median: float | None = None
    low: float | None = None
    high: float | None = None
    p90: float | None = None

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Spread:
        return cls(found.get("n", 0), *(found.get(name) for name in ("median", "low", "high", "p90")))

    def as_figures(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("n", "median", "low", "high", "p90")}

    @property
    def is_open_ended(self) -> bool:
        """Half or more of them are not over."""
        return self.n > 0 and self.median is None

    @property
    def range_words(self) -> str:
        if self.low is None:
            return ""
        end = "with no upper end yet" if self.high is None else f"to {short_span(self.high)}"
        return f"{short_span(self.low)} {end}"


@dataclass(frozen=True)
class Lead(Spread):
    from_commit: int = 0
    from_opening: int = 0
    first_known: int = 0
    not_deployed: int = 0
    no_begin: int = 0
    gaps: int = 0

    @property
    def left_out(self) -> int:
        return self.first_known + self.not_deployed + self.no_begin

    @property
    def state(self) -> str:
        return "shown" if self.n else "left_out" if self.left_out else "empty"


@dataclass(frozen=True)
class Recovery(Spread):
    # None: hidden.
    open: int | None = 0
    missing: int | None = 0
    invalid: int | None = 0
    incidents: int | None = 0
    hidden: bool = False

    @property
    def state(self) -> str:
        if self.hidden:
            return "hidden"
        if not self.incidents:
            return "empty"
        if not self.n:
            return "no_times"
        return "open" if self.is_open_ended else "shown"


@dataclass(frozen=True)
class Rework:
    k: int | None = None
    n: int = 0
    unmeasured: int = 0
    hidden: bool = False

    @property
    def share(self) -> Share:
        return Share(self.k, self.n)

    @property
    def state(self) -> str:
        if not self.n:
            return "empty"
        if self.hidden:
            return "hidden"
        if not self.k and self.unmeasured == self.n:
            return "not_measured"
        return "shown" if self.share.has_rate else "few"

    @property
    def shown(self) -> int | None:
        """What may be said of it: where nobody would tell of rework, none told is not 0."""
        return None if self.state in ("empty", "hidden", "not_measured") else self.k


@dataclass(frozen=True)
class Failures:
    """`judged` deployments are old enough, of services whose incidents are known."""

    judged: int = 0
    failed: int | None = None
    suspected: int | None = None
    pending: int = 0
    pending_failed: int | None = None
    pending_suspected: int | None = None
    unmeasured: int = 0
    unmeasured_failed: int | None = None
    # Incidents of unknown cause, and how many of them could each have had a judged deployment of its own.
    unknown: int | None = 0
    assigned: int | None = None
    services: int = 0
    services_unmeasured: int = 0
    of_no_service: int = 0
    hidden: bool = False

    @property
    def share(self) -> Share:
        return Share(self.failed, self.judged)

    @property
    def most(self) -> Share:
        """If every incident of unknown cause came from a deployment of its own."""
        if self.failed is None or self.assigned is None:
            return Share(None, self.judged)
        return Share(self.failed + self.assigned, self.judged)

    @property
    def state(self) -> str:
        if not self.judged:
            return "pending" if self.pending else "not_measured" if self.unmeasured else "empty"
        if self.hidden:
            return "hidden"
        return "shown" if self.share.has_rate else "few"


@dataclass(frozen=True)
class Count:
    """None as its number: nobody can tell."""

    number: int | None
    weeks: int
    attempts: int = 0
    active_days: int = 0
    # Within the span: what came before is not known.
    known_since: date | None = None
    between: Spread = field(default_factory=Spread)

    @property
    def a_week(self) -> float | None:
        return None if self.number is None or self.known_since else self.number / self.weeks

    @property
    def a_week_range(self) -> tuple[float, float] | None:
        if self.number is None or self.known_since:
            return None
        low, high = count_interval(self.number)
        return low / self.weeks, high / self.weeks

    @property
    def state(self) -> str:
        return "empty" if self.number is None else "since" if self.known_since else "shown"


def plain(value: Any) -> dict[str, Any]:
    """A figure as JSON shows it: what is stored, and what follows from it."""
    found = asdict(value)
    found["state"] = value.state
    if isinstance(value, Count):
        found["a_week"] = value.a_week
        found["a_week_low"], found["a_week_high"] = value.a_week_range or (None, None)
    share = getattr(value, "share", None)
    if share is not None:
        found |= {"rate": share.rate, "low": share.low, "high": share.high}
    if isinstance(value, Failures):
        found["upper_rate"], found["upper_high"] = value.most.rate, value.most.high
    if isinstance(value, Rework):
        found["k"] = value.shown
    return found
