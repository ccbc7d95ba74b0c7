"""Which ten changes to ask about first, so that asking does not itself make a kind look bad. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC

from analytics.first_report.shapes import Candidate, ReportChange
from changes.paths import size_band

MOST = 10
SIZES = {"small": "up to 50 lines", "medium": "51 to 200 lines", "large": "over 200 lines"}


def choose(marked: Sequence[ReportChange], area_of: Mapping[str, str]) -> tuple[tuple[Candidate, ...], int]:
    """Up to five that were undone or followed by a fix, one matched control for each, then others by lot.

    Shape: by date, so that the order does not say which is which; and how many pairs there are.
    """
    open_ones = [one for one in marked if not one.kinds]
    failed = sorted((one for one in open_ones if _came_to_harm(one)), key=lambda one: (one.at, one.key))
    others = {one.key: one for one in open_ones if not _came_to_harm(one)}
    chosen: list[ReportChange] = []
    for one in failed[::-1][: MOST // 2]:
        if control := _control(one, list(others.values()), area_of):
            chosen += [one, control]
            del others[control.key]
    pairs = len(chosen) // 2
    by_lot = sorted(others.values(), key=lambda one: hashlib.sha256(one.key.encode()).digest())
    chosen += by_lot[: MOST - len(chosen)]
    return tuple(_candidate(one) for one in sorted(chosen, key=lambda one: (one.at, one.key))[::-1]), pairs


def _came_to_harm(change: ReportChange) -> bool:
    return change.undone_at is not None or change.followed_at is not None


def _control(
    failed: ReportChange, others: Sequence[ReportChange], area_of: Mapping[str, str]
) -> ReportChange | None:
    """As alike as there is one: area, then size, then the nearest in time."""

    def distance(one: ReportChange) -> tuple[bool, bool, float, str]:
        return (
            area_of[one.key] != area_of[failed.key],
            size_band(one.lines) != size_band(failed.lines),
            abs((one.at - failed.at).total_seconds()),
            one.key,
        )

    return min(others, key=distance, default=None)


def _candidate(one: ReportChange) -> Candidate:
    return Candidate(
        key=one.key,
        label=one.label,
        title=one.title,
        on=one.at.astimezone(UTC).date(),
        tool=", ".join(one.tools) or "A tool that was not named",
        size=SIZES.get(size_band(one.lines), "size unknown"),
        url=one.url,
    )
