"""Recall

The share of AI-assisted changes that carry a marker of a tool, estimated from a sampled check.

Numerator: Shipped changes that are AI-assisted and carry a strong marker: an author, a trailer, a footer, a
label, a record of lines. "Told at all" counts those as well that only a declaration or a person's word tells.

Denominator: All changes that AI helped with: those that are known, and an estimate of those among the untold,
whose origin is unknown or manual on a marking policy's word alone.

Method: When a check is drawn, its changes are counted by what tells their origin, and lots are drawn from the
untold; the seed is kept. Of n answers, a with AI help give the exact interval of a draw without replacement
from N (Wright 1991): all K are kept for which neither so many nor so few come up in 2.5 % of the draws.
The known part needs no estimate and is added to both ends. The estimate itself is N times a over those that
somebody could say.

Cannot say: Counts as manual at the lower end and as assisted at the upper one. What was passed over counts
the same; what is open behind the last answer was not asked, and the rest is a smaller random sample.

Hidden work: The share of the unmarked (manual and unknown together) that is estimated to be assisted. A ratio
R against unmarked changes, of which a share h is hidden AI work that fails as often as the marked work does,
would be (1 - h) R / (1 - h R) against manual ones (misclassified exposure with specificity 1: Copeland and
others 1977). Where h R reaches 1 there is no limit.

Exclusions: Automations without AI help, and whatever is not code. An answer said after the change failed
counts here, and in no rate. Under 10 answers no comparison rests on a check; one of another team or
repository says nothing here.

Source: Changes, their evidence, and decisions that a sample prompted. The share with a marker by month is a
habit that jumps, so it is never read as use of AI.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Protocol

from analytics.metrics.adjusted_ratio import Ratio
from analytics.queries.figures import Filters
from analytics.queries.samples import Line, serving
from analytics.stats.sampling import Bounds, undiluted
from changes.models import Service


class Row(Protocol):
    """A line of a comparison."""

    @property
    def key(self) -> str: ...
    @property
    def area(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def found(self) -> Ratio: ...


@dataclass(frozen=True)
class Undiluted:
    """A ratio against unmarked changes, and what it would be against manual ones; None is no limit."""

    key: str
    area: str | None
    name: str
    ratio: float
    value: float | None
    low: float
    high: float | None


@dataclass(frozen=True)
class HiddenWork:
    """`share`: of the unmarked, estimated to be assisted, by the check of `line`."""

    line: Line
    share: Bounds
    rows: tuple[Undiluted, ...]


def hidden_work(filters: Filters, rows: Iterable[Row]) -> HiddenWork | None:
    """None without a check that serves, or without a comparison with unmarked changes.

    A check of today says nothing of what was known on a past day.
    """
    diluted = [row for row in rows if not row.found.is_manual]
    if not diluted or filters.known_at is not None:
        return None
    line = serving(
        demo=filters.demo, start=filters.start, end=filters.end, team_id=_team(filters), repository_id=None
    )
    if line is None:
        return None
    share = line.estimate.hidden_in_unmarked
    found = tuple(one for row in diluted if (one := _undiluted(row, share)) is not None)
    return HiddenWork(line, share, found)


def _team(filters: Filters) -> int | None:
    if not filters.service:
        return None
    return Service.objects.filter(slug=filters.service).values_list("team", flat=True).first()


def _undiluted(row: Row, share: Bounds) -> Undiluted | None:
    """The interval takes the ends of both the ratio and the hidden share."""
    found = row.found
    if found.ratio is None or found.low is None or share.value is None:
        return None
    ends = (share.low, share.high)
    high = max(undiluted(found.high, end) for end in ends) if found.high is not None else float("inf")
    return Undiluted(
        row.key,
        row.area,
        row.name,
        found.ratio,
        _finite(undiluted(found.ratio, share.value)),
        min(undiluted(found.low, end) for end in ends),
        _finite(high),
    )


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
