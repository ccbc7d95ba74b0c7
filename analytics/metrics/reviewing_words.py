"""What the figures of reviewing are read as, group by group. None is not known, never 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import sqrt
from typing import Any

from analytics.metrics.delivery_words import FEWEST_FOR_A_PERCENTAGE, Share, whole
from analytics.stats.ranks import low_rank
from changes.models import Origin, SizeBand

__all__ = ["FEWEST_FOR_A_PERCENTAGE", "Share", "whole"]

ALL, AUTOMATION = "", "automation"
# Below so many there is no median, and no share of answers: a gap.
FEWEST = 5
# A row of fewer people than these could be read as one person's.
FEWEST_REVIEWERS = 3
ORIGINS = {
    "origin:assisted": "AI-assisted",
    "origin:autonomous": "Autonomous agent",
    "origin:manual": "Manual",
    "origin:unknown": "Origin unknown",
    "origin:automation": "Automation",
}
SIZES = {f"size:{value}": str(label) for value, label in SizeBand.choices}
NAMES = {ALL: "All but automations", **ORIGINS, **SIZES}
ASSISTED = (Origin.ASSISTED.value, Origin.AUTONOMOUS.value)


def groups_of(stand: str, size: str) -> list[str]:
    """The groups that a change counts in; an automation is in no baseline, so in none but its own."""
    return [f"origin:{stand}", *([] if stand == AUTOMATION else [ALL, f"size:{size}"])]


@dataclass(frozen=True)
class Middle:
    """A median of changes with the values that bound it (95 %, order statistics; none below 6)."""

    n: int = 0
    median: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def read(cls, found: Mapping[str, Any] | None) -> Middle:
        return cls(*(found[name] for name in ("n", "median", "low", "high"))) if found else cls()

    @property
    def state(self) -> str:
        return "empty" if not self.n else "few" if self.n < FEWEST else "shown"

    @property
    def shown(self) -> float | None:
        return self.median if self.state == "shown" else None


def middle(values: Iterable[float], *, of_ratios: bool = False) -> dict[str, Any]:
    """`of_ratios`: the median of logarithms, so that of two in the middle it is the geometric mean."""
    found = sorted(values)
    n = len(found)
    if not n:
        return {"n": 0, "median": None, "low": None, "high": None}
    one, other = found[(n - 1) // 2], found[n // 2]
    rank = low_rank(n)
    return {
        "n": n,
        "median": round(sqrt(one * other) if of_ratios else (one + other) / 2, 4),
        "low": round(found[rank - 1], 4) if rank else None,
        "high": round(found[n - rank], 4) if rank else None,
    }


@dataclass(frozen=True)
class Group:
    """What merged of one origin, one size, or all; the counts of `queries.reviewing.Merged`."""

    key: str
    merged: int = 0
    sized: int = 0
    too_large: int = 0
    excused: int = 0
    told: int = 0
    unreviewed: int = 0
    reviewed: int = 0
    one_moment: int = 0
    timed: int = 0
    lines: int = 0
    seconds: int = 0
    remarks: int = 0
    remarked_lines: int = 0
    high_risk: int = 0
    high_risk_told: int = 0
    with_seniors: int = 0
    by_senior: int = 0
    pace: Middle = field(default_factory=Middle)
    remarked: Middle = field(default_factory=Middle)

    @classmethod
    def read(cls, key: str, found: Mapping[str, Any] | None) -> Group:
        if not found:
            return cls(key)
        counts: dict[str, int] = {name: found.get(name, 0) for name in COUNTS}
        own = cls(key, **counts)  # type: ignore[arg-type]
        return replace(own, pace=Middle.read(found.get("pace")), remarked=Middle.read(found.get("remarked")))

    @property
    def name(self) -> str:
        return NAMES[self.key]

    @property
    def minutes(self) -> int:
        return round(self.seconds / 60)

    @property
    def large(self) -> Share:
        return Share(self.too_large, self.sized)

    @property
    def unexcused(self) -> Share:
        return Share(self.too_large - self.excused, self.sized)

    @property
    def alone(self) -> Share:
        """Merged without a review by another person."""
        return Share(self.unreviewed, self.told) if self.told else Share(None, 0)

    @property
    def moments(self) -> Share:
        """Reviews of one moment only: how long they took nobody can tell."""
        return Share(self.one_moment, self.reviewed)

    @property
    def senior(self) -> Share:
        return Share(self.by_senior, self.with_seniors) if self.with_seniors else Share(None, 0)

    @property
    def senior_state(self) -> str:
        if not self.high_risk:
            return "empty"
        if not self.high_risk_told:
            return "not_told"
        if not self.with_seniors:
            return "not_designated"
        return "shown" if self.senior.has_rate else "few"


COUNTS = (
    "merged", "sized", "too_large", "excused", "told", "unreviewed", "reviewed", "one_moment", "timed",
    "lines", "seconds", "remarks", "remarked_lines", "high_risk", "high_risk_told", "with_seniors",
    "by_senior",
)  # fmt: skip


@dataclass(frozen=True)
class Day:
    """A day with enough reviewers to be shown; or, without a date, all the others of its week together."""

    on: date | None
    reviewers: int
    over: int


@dataclass(frozen=True)
class Days:
    """Reviewer-days: one reviewer on one day. None: too few for any of it to be shown."""

    limit: int = 0
    reviewers: int | None = 0
    over: int | None = 0
    # (0, 12) : on 12 reviewer-days no large AI-assisted change; the last stands for more as well.
    spread: tuple[tuple[int, int], ...] = ()
    each: tuple[Day, ...] = ()

    @classmethod
    def read(cls, found: Mapping[str, Any] | None) -> Days:
        if not found:
            return cls()
        return cls(
            found["limit"],
            found["reviewers"],
            found["over"],
            tuple((int(large), people) for large, people in found["spread"]),
            tuple(
                Day(date.fromisoformat(on) if on else None, people, over)
                for on, people, over in found["each"]
            ),
        )

    @property
    def share(self) -> Share:
        return Share(self.over, self.reviewers or 0)

    @property
    def state(self) -> str:
        if self.reviewers is None:
            return "hidden"
        return "empty" if not self.reviewers else "shown" if self.share.has_rate else "few"


@dataclass(frozen=True)
class Voices:
    """Answers of one group, or of several that were too small to stand alone."""

    keys: tuple[str, ...]
    yes: int = 0
    not_really: int = 0
    no: int = 0

    @property
    def n(self) -> int:
        return self.yes + self.not_really + self.no

    @property
    def share(self) -> Share:
        return Share(self.yes, self.n)

    @property
    def name(self) -> str:
        return ", ".join(NAMES[key] for key in self.keys) if self.keys else "All answers"


@dataclass(frozen=True)
class Care:
    """`total` is None where there were answers, but too few to be shown."""

    total: Voices | None = field(default_factory=lambda: Voices(()))
    by_origin: tuple[Voices, ...] = ()
    by_size: tuple[Voices, ...] = ()

    @classmethod
    def read(cls, found: Mapping[str, Any] | None) -> Care:
        if not found:
            return cls()
        total, origins, sizes = (_voices(found[name]) for name in ("total", "by_origin", "by_size"))
        return cls(total[0] if total else None, tuple(origins), tuple(sizes))

    @property
    def state(self) -> str:
        if self.total is None:
            return "hidden"
        return "empty" if not self.total.n else "shown" if self.total.share.has_rate else "few"


def _voices(found: Sequence[Any]) -> list[Voices]:
    return [Voices(tuple(keys), *numbers) for keys, *numbers in found]
