"""The weekly run of the decision rule: read as known on the day, judged, put into words, kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any

from django.core.cache import cache

from analytics import reports
from analytics.metrics.comparison import compare
from analytics.metrics.error_rates import Measured, nearest
from analytics.metrics.sentences import Compared, noticed, sentence, urgency
from analytics.models import Signal
from analytics.queries.figures import Filters, taxonomies
from analytics.queries.ledger import Standing
from analytics.queries.records import failures, first_day, records
from analytics.services.signals import Said, last_run, record_run
from analytics.stats.decision import (
    ASSISTED,
    BASELINE_GROUPS,
    MANUAL,
    RULE_VERSION,
    UNKNOWN,
    Judged,
    Records,
    judge,
)
from changes.models import AssistanceKind, DomainArea

KEPT_SECONDS = 3600
HIDDEN = "Hidden for privacy: fewer than 3 incidents stand behind it and one of them is restricted."


@dataclass(frozen=True)
class Line:
    """What is said of one kind in one area (None: in all of them), with all that it rests on."""

    kind: AssistanceKind
    area: DomainArea | None
    judged: Judged
    compared: Compared
    sentence: str
    noticed: str
    # Fewer than three incidents and one of them restricted: its numerators are nobody's.
    is_hidden: bool = False

    @property
    def figures(self) -> dict[str, Any]:
        """As kept with what was shown: no number that JSON cannot hold, none that is hidden."""
        if self.is_hidden:
            return {"state": self.judged.state, "is_hidden": True, "sentence": self.sentence, "noticed": ""}
        found = {**_plain(asdict(self.judged)), "compared": _plain(asdict(self.compared))}
        return {**found, "sentence": self.sentence, "noticed": self.noticed}


@dataclass(frozen=True)
class Run:
    """One look at every kind and every cell; the most urgent first."""

    as_of: date
    demo: bool
    lines: tuple[Line, ...]
    cells: int
    changes_a_year: int

    def errors(self, baseline: str) -> Measured | None:
        """Error rates simulated for this baseline, and for as many cells and changes or more."""
        return nearest(baseline, self.cells, self.changes_a_year)


def look(*, as_of: date, demo: bool, known_at: datetime | None = None) -> Run:
    """Judge every kind and every cell with changes in the last four quarters, as known at an instant."""
    found = records(as_of=as_of, demo=demo, known_at=known_at)
    measured = failures(as_of=as_of, demo=demo, known_at=known_at)
    areas, kinds = taxonomies()
    # What was merged since stands for itself in what was known before.
    kind_terms = {str(pk): term for pk, term in kinds.terms.items() if str(pk) in found.changes}
    area_terms = {str(pk): term for pk, term in areas.terms.items()}
    hidden = _hidden(as_of, demo, known_at)
    lines = [
        _line(one, kind_terms, area_terms, measured, hidden)
        for one in judge(found, sorted(kind_terms, key=int), sorted(area_terms, key=int))
    ]
    lines.sort(
        key=lambda line: (-urgency(line.judged.state), line.judged.area is not None, -line.judged.harm_e)
    )
    watched = sum(1 for line in lines if line.area is not None and line.judged.changes >= 20)
    return Run(as_of, demo, tuple(lines), watched, _changes(found))


def look_cached(*, as_of: date, demo: bool, stands: Standing) -> Run:
    """The look of today, made once for what is counted so far."""
    key = f"look:{stands.generation}:{demo}:{as_of}:{RULE_VERSION}"
    found: Run | None = cache.get(key)
    if found is None:
        found = look(as_of=as_of, demo=demo)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _changes(found: Records) -> int:
    groups = (ASSISTED, MANUAL, UNKNOWN)
    return sum(n for group in groups for n in found.changes.get(group, {}).values())


def _hidden(as_of: date, demo: bool, known_at: datetime | None) -> set[tuple[str, str]]:
    """Rows and areas whose numerator the matrix of the same window hides."""
    filters = Filters(start=first_day(as_of), end=as_of, as_of=as_of, demo=demo, known_at=known_at)
    cells = reports.matrix(filters).lines()
    return {(row.key, area.slug) for row, area, cell in cells if cell.failures is None}


def _line(
    judged: Judged,
    kinds: Mapping[str, Any],
    areas: Mapping[str, Any],
    measured: Mapping[str, Any],
    hidden: set[tuple[str, str]],
) -> Line:
    kind = kinds[judged.kind]
    area = areas[judged.area] if judged.area is not None else None
    place = area.slug if area else reports.ALL_AREAS
    if {(row, place) for row in (f"kind:{kind.slug}", *BASELINE_GROUPS[judged.baseline])} & hidden:
        return Line(
            kind, area, judged, Compared(0, judged.changes, 0, judged.baseline_changes), HIDDEN, "", True
        )
    compared = compare(measured, judged.kind, judged.area, judged.baseline)
    words = sentence(judged.state, kind.name, area.name if area else None, judged.baseline, compared)
    return Line(kind, area, judged, compared, words, noticed(judged.noticeable_ratio, judged.baseline))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value
        for name, value in values.items()
    }


def run_signals(
    *, on: date, demo: bool, generation: int, now: datetime, known_at: datetime | None = None
) -> list[Signal]:
    """Look, and keep what is shown on that day; returns the signals that it opened."""
    run = look(as_of=on, demo=demo, known_at=known_at)
    said = [Said(line.kind, line.area, line.judged, line.figures) for line in run.lines]
    return record_run(said=said, on=on, demo=demo, generation=generation, now=now)


def run_due(*, today: date, demo: bool, stands: Standing, now: datetime) -> bool:
    """The weekly run, once in each of the organisation's weeks, and at once where there was none."""
    last = last_run(demo)
    if last is not None and last.isocalendar()[:2] >= today.isocalendar()[:2]:
        return False
    run_signals(on=today, demo=demo, generation=stands.last_entry, now=now)
    return True
