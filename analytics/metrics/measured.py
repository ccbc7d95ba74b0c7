"""How often the basis "follow_up" is right: measured, and measured again by `manage.py audit_follow_up PATH`.

The truth is the `Fixes: <commit>` trailer that developers of these projects write themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from analytics.stats import wilson_interval
from changes.blame import WITHIN_DAYS
from design.spans import grouped


@dataclass(frozen=True)
class Measured:
    """`named`: fixes for which the rule named a change, `right` of them the one in the trailer.

    `near`: fixes whose cause landed within 30 days; `found` of those were named rightly.
    """

    project: str
    fixes: int
    named: int
    right: int
    near: int

    @property
    def precision(self) -> str:
        return _share(self.right, self.named)

    @property
    def recall(self) -> str:
        return _share(self.right, self.near)


def _share(part: int, whole: int) -> str:
    low, high = wilson_interval(part, whole)
    share, low, high = (f"{100 * value:.0f}" for value in (part / whole, low, high))  # type: ignore[assignment]
    return f"{grouped(part)} of {grouped(whole)} = {share} % ({low} to {high} %)"


# Method version 1; of DPDK every eighth fix (`--every 8`).
FOLLOW_UP = (
    Measured("Open vSwitch", fixes=1366, named=184, right=163, near=395),
    Measured("DPDK", fixes=1830, named=207, right=174, near=358),
)

FOLLOW_UP_WORDS = (
    f"A later change that calls itself a fix landed within {WITHIN_DAYS} days, and most of the lines that it "
    "deleted or changed were written by this one. An estimate from git blame, never used for a safeguard. "
    "Measured against the Fixes trailers that developers write: of the changes that it named, the right ones "
    "were "
    + " and ".join(f"{one.precision} in {one.project}" for one in FOLLOW_UP)
    + "; of fixes whose cause was that young it found "
    + " and ".join(f"{one.recall} in {one.project}" for one in FOLLOW_UP)
    + ". A fix that only adds lines names nothing."
)
