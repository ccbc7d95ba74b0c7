"""Error rates of the decision rule, measured by simulation for the baseline and number of cells in use.

`manage.py simulate_rule` measures them anew; the figures stand beside this file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analytics.stats import wilson_interval
from analytics.stats.decision import MANUAL_BASELINE, UNMARKED_BASELINE
from analytics.stats.shapes import Interval
from analytics.stats.simulation import Design, ErrorRates

MEASURED_IN = Path(__file__).with_name("error_rates.json")
Key = tuple[str, int, int]
# Cells -> kinds and areas; changes a year as in a small and a middling organisation. A busier one is told
# the rates of the largest that was measured, with its size beside them.
SHAPES = {20: (5, 4), 60: (5, 12), 120: (10, 12)}
VOLUMES = (2_200, 10_000)
DESIGNS: tuple[Key, ...] = tuple(
    (baseline, cells, changes)
    for changes in VOLUMES
    for cells in SHAPES
    for baseline in (MANUAL_BASELINE, UNMARKED_BASELINE)
)
# Where nobody says "manual": the share of AI help that is marked lies between 16 % and 49 % where it was
# measured; the rest hides among the unmarked.
RECALL_WHEN_UNMARKED = 0.33


@dataclass(frozen=True)
class Measured:
    """The design that is nearest to the one in use, and what was seen there."""

    baseline: str
    cells: int
    changes_a_year: int
    rates: ErrorRates

    def range_of(self, share: float) -> Interval:
        """A share of simulated years with its plausible range."""
        return wilson_interval(share * self.rates.years, self.rates.years)


def design_of(key: Key) -> Design:
    baseline, cells, changes = key
    kinds, areas = SHAPES[cells]
    if baseline == MANUAL_BASELINE:
        return Design(areas=areas, kinds=kinds, changes_a_year=changes)
    return Design(
        areas=areas, kinds=kinds, changes_a_year=changes, recall=RECALL_WHEN_UNMARKED, said_manual=0.0
    )


@lru_cache(maxsize=1)
def measured() -> tuple[Measured, ...]:
    rows = json.loads(MEASURED_IN.read_text())
    return tuple(
        Measured(row.pop("baseline"), row.pop("cells"), row.pop("changes_a_year"), ErrorRates(**row))
        for row in rows
    )


def nearest(baseline: str, cells: int, changes_a_year: int) -> Measured | None:
    """The measured design of this baseline that is just as large in cells and changes, or larger.

    More cells and more changes mean more chances to be wrong, so the error is stated on the safe side.
    """
    fitting = [one for one in measured() if one.baseline == baseline]
    larger = [one for one in fitting if one.cells >= cells and one.changes_a_year >= changes_a_year]
    if larger:
        return min(larger, key=lambda one: (one.cells, one.changes_a_year))
    return max(fitting, key=lambda one: (one.cells, one.changes_a_year), default=None)
