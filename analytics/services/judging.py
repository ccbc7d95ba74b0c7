"""The weekly run of the decision rule: read as known on the day, judged, put into words, kept."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from math import inf, isfinite
from typing import Any

from django.core.cache import cache

from analytics import reports
from analytics.metrics.comparison import compare
from analytics.metrics.error_rates import Measured, nearest
from analytics.metrics.sentences import Compared, noticed, sentence, urgency
from analytics.models import Signal, SignalShown
from analytics.queries.figures import Filters, taxonomies
from analytics.queries.ledger import Standing
from analytics.queries.records import compared_changes, failures, first_day, records
from analytics.services.signals import Said, last_run, record_run, shown_last
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
# What a line tells of itself even where its numerators are hidden.
NEVER_HIDDEN = ("state", "baseline", "unknown_share", "changes", "baseline_changes")
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
            known = {name: getattr(self.judged, name) for name in NEVER_HIDDEN}
            return {**known, "is_hidden": True, "sentence": self.sentence, "noticed": ""}
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
    return _run(as_of, demo, lines, _changes(found))


def _run(as_of: date, demo: bool, lines: list[Line], changes: int) -> Run:
    lines.sort(
        key=lambda line: (-urgency(line.judged.state), line.judged.area is not None, -line.judged.harm_e)
    )
    watched = sum(1 for line in lines if line.area is not None and line.judged.changes >= 20)
    return Run(as_of, demo, tuple(lines), watched, changes)


def look_cached(*, as_of: date, demo: bool, stands: Standing) -> Run:
    """What this week's run said, as it was kept; before it ran a look of today, made once.

    A run is judged weekly: its figures stand until the next, whatever was counted since.
    """
    if kept := _kept(as_of, demo, stands):
        return kept
    key = f"look:{stands.generation}:{demo}:{as_of}:{RULE_VERSION}"
    found: Run | None = cache.get(key)
    if found is None:
        found = look(as_of=as_of, demo=demo)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _kept(today: date, demo: bool, stands: Standing) -> Run | None:
    """This week's run from its record. None: there is none, or other code wrote it."""
    rows = shown_last(demo)
    on = rows[0].on if rows else date.min
    is_whole = all(row.rule_version == RULE_VERSION and "baseline" in row.figures for row in rows)
    if on > today or on.isocalendar()[:2] != today.isocalendar()[:2] or not is_whole:
        return None
    # An incident may have become restricted since.
    hidden = _hidden(on, demo, None, stands)
    lines = [_hide(_line_of(row), hidden) for row in rows]
    return _run(on, demo, lines, compared_changes(as_of=on, demo=demo, stands=stands))


def _line_of(row: SignalShown) -> Line:
    told: dict[str, Any] = {name: value for name, value in row.figures.items() if name in JUDGED}
    told |= {name: inf for name in EVIDENCE if name in told and told[name] is None}
    place = str(row.area_id) if row.area_id else None
    judged = Judged(**{"incidents": 0, **told, "kind": str(row.kind_id), "area": place})
    is_hidden = bool(row.figures.get("is_hidden"))
    numbers = row.figures.get("compared") or asdict(_nothing_of(judged))
    words = row.figures["sentence"], row.figures["noticed"]
    return Line(row.kind, row.area, judged, Compared(**numbers), *words, is_hidden)


JUDGED = {one.name for one in fields(Judged)}
# Kept as nothing where JSON has no number for it.
EVIDENCE = ("harm_e", "harm_e_confirmed", "benefit_e", "holds_e")


def _nothing_of(judged: Judged) -> Compared:
    return Compared(0, judged.changes, 0, judged.baseline_changes)


def _hide(line: Line, hidden: Set[tuple[str, str]]) -> Line:
    """Without its numerators, where the matrix of the same window hides one of them."""
    place = line.area.slug if line.area else reports.ALL_AREAS
    rows = (f"kind:{line.kind.slug}", *BASELINE_GROUPS[line.judged.baseline])
    if not {(row, place) for row in rows} & hidden:
        return line
    return Line(line.kind, line.area, line.judged, _nothing_of(line.judged), HIDDEN, "", True)


def _changes(found: Records) -> int:
    groups = (ASSISTED, MANUAL, UNKNOWN)
    return sum(n for group in groups for n in found.changes.get(group, {}).values())


def _hidden(
    as_of: date, demo: bool, known_at: datetime | None, stands: Standing | None = None
) -> Set[tuple[str, str]]:
    """Rows and areas whose numerator the matrix of the same window hides."""
    filters = Filters(start=first_day(as_of), end=as_of, as_of=as_of, demo=demo, known_at=known_at)
    return reports.outline(filters, stands).hidden


def _line(
    judged: Judged,
    kinds: Mapping[str, Any],
    areas: Mapping[str, Any],
    measured: Mapping[str, Any],
    hidden: Set[tuple[str, str]],
) -> Line:
    kind = kinds[judged.kind]
    area = areas[judged.area] if judged.area is not None else None
    bare = _hide(Line(kind, area, judged, _nothing_of(judged), "", ""), hidden)
    if bare.is_hidden:
        return bare
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
