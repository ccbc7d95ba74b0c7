"""The figures as frozen results: the page, the CSV and the JSON show the same object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache

from analytics.csv_files import csv_text
from analytics.metrics import Definition, definition, failure_rate
from analytics.metrics.failure_rate import FailureRate, Place
from analytics.queries.cells import CellCounts, CellIncidents, cells_and_incidents
from analytics.queries.counted import (
    Scope,
    cells_answer,
    comes_later,
    counted,
    incidents_behind,
    mature_and_pending,
)
from analytics.queries.figures import (
    NO_AREA,
    WITH_INCIDENTS,
    Filters,
    RowKey,
    Taxonomy,
    WithoutChange,
    Words,
    incidents_without_change,
    taxonomies,
)
from analytics.queries.ledger import FEW, Standing, standing
from analytics.queries.strata import area_slug, row_key
from analytics.queries.unlinked import without_change
from analytics.stats.decision import MOST_UNKNOWN

T = TypeVar("T")
ALL_AREAS = "all"
KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Area:
    """A column: `unknown_share` is the share of its changes without a known origin."""

    slug: str
    name: str
    unknown_share: float | None = None

    @property
    def mostly_unknown(self) -> bool:
        return self.unknown_share is not None and self.unknown_share > MOST_UNKNOWN


@dataclass(frozen=True)
class MatrixRow:
    """A kind of help, or one of the rows beside them; `cells` stand in the order of the report's areas."""

    key: str
    name: str
    cells: tuple[FailureRate, ...]
    total: FailureRate

    @property
    def is_kind(self) -> bool:
        return self.key.startswith("kind:")

    @property
    def speaks(self) -> bool:
        """Whether there is anything to show; what was only said afterwards is shown as well."""
        return bool(self.total.n or self.total.pending or self.total.afterwards)


@dataclass(frozen=True)
class MatrixReport:
    filters: Filters
    generation: int
    # How much of the ledger is not counted yet: more than a few, and the page says so.
    behind: int
    definition: Definition
    areas: tuple[Area, ...]
    rows: tuple[MatrixRow, ...]
    without_change: WithoutChange | None
    unknown_share: float | None

    @property
    def is_catching_up(self) -> bool:
        return self.behind > FEW

    @property
    def total(self) -> FailureRate:
        return self.row(RowKey.TOTAL).total

    def row(self, key: str) -> MatrixRow:
        return next(row for row in self.rows if row.key == key)

    @property
    def is_empty(self) -> bool:
        return self.total.n == 0 and self.total.pending == 0

    @cached_property
    def top(self) -> float:
        """Where the scale of the interval bars ends: the highest range that is shown."""
        return max([0.1, *(cell.high for _, _, cell in self.lines() if cell.high is not None)])

    def lines(self) -> Iterator[tuple[MatrixRow, Area, FailureRate]]:
        """Every cell once, row by row, the areas together last."""
        everything = Area(ALL_AREAS, "All areas", self.unknown_share)
        for row in self.rows:
            yield from ((row, area, cell) for area, cell in zip(self.areas, row.cells, strict=True))
            yield row, everything, row.total


def matrix(filters: Filters, stands: Standing | None = None, words: Words | None = None) -> MatrixReport:
    """The failure-rate matrix, cached for what is counted so far: one number, whoever asks.

    `analytics.tasks.catch_up` counts what is new: whoever shows a figure calls it first. `words` spares
    whoever has read them already the reading.
    """
    stands = stands or standing()
    return _cached("matrix", filters, stands, lambda: _matrix(filters, stands, words))


def _cached(name: str, filters: Filters, stands: Standing, build: Callable[[], T]) -> T:
    parameters = repr(sorted(asdict(filters).items()))
    key = f"report:{name}:{stands.generation}:{stands.cells_stand}:{sha256(parameters.encode()).hexdigest()}"
    found: T | None = cache.get(key)
    if found is None:
        found = build()
        cache.set(key, found, KEPT_SECONDS)
    return found


def _matrix(filters: Filters, stands: Standing, words: Words | None = None) -> MatrixReport:
    words = words or taxonomies()
    scope = Scope.of(filters, words[0])
    counts, behind = _counts(scope, stands, words)
    return _report(filters, stands, counts, behind, without_change(scope, stands), words)


def _counts(
    scope: Scope, stands: Standing, words: Words
) -> tuple[dict[Place, CellCounts], dict[Place, CellIncidents]]:
    """The counts of each cell, and the incidents behind them where these could be guessed."""
    areas, kinds = words
    filters = scope.filters
    by_cells = cells_answer(scope, stands) and not comes_later(filters, stands)
    lines = counted(filters, mature_and_pending(filters), stands=stands, scope=scope)
    counts = {}
    for (row, area), found in failure_rate.cells(lines).items():
        place = row_key(row, kinds), _area_slug(area, areas)
        counts[place] = found._replace(row=place[0])
    behind: dict[Place, CellIncidents] = {}
    if filters.basis in WITH_INCIDENTS and failure_rate.may_give_away(counts.values(), by_cells):
        behind = _behind(scope, areas, kinds)
    return counts, behind


@dataclass(frozen=True)
class Outline:
    """What the pages beside the matrix need of it: its rows and areas, and what it hides."""

    areas: tuple[Area, ...]
    # By key.
    names: dict[str, str]
    unknown_share: float | None
    hidden: frozenset[Place]


def outline(filters: Filters, stands: Standing | None = None, words: Words | None = None) -> Outline:
    stands, words = stands or standing(), words or taxonomies()
    counts, behind = _counts(Scope.of(filters, words[0]), stands, words)
    columns, unknown = _shares(counts, words[0])
    names = dict(_names({row for row, _ in counts}, words[1]))
    return Outline(columns, names, unknown[ALL_AREAS], frozenset(_hidden(counts, behind)))


def plain_matrix(filters: Filters) -> MatrixReport:
    """The same in plain SQL over the base tables: what cells are held against, and much slower."""
    areas, kinds = taxonomies()
    found, incidents = cells_and_incidents(filters, areas, kinds)
    counts, behind = _by_place(found, areas, kinds), _by_place(incidents, areas, kinds)
    without = incidents_without_change(filters, areas)
    return _report(filters, standing(), counts, behind, without, (areas, kinds))


def _report(
    filters: Filters,
    stands: Standing,
    counts: dict[Place, CellCounts],
    behind: dict[Place, CellIncidents],
    without: WithoutChange | None,
    words: Words,
) -> MatrixReport:
    areas, kinds = words
    columns, unknown = _shares(counts, areas)
    measured = {place: failure_rate.measure(found, unknown.get(place[1])) for place, found in counts.items()}
    hidden = _hidden(counts, behind)
    measured |= {place: failure_rate.without_numerator(measured[place]) for place in hidden & set(measured)}
    if filters.basis in WITH_INCIDENTS:
        some = _restricted(counts, behind)
        for place, parts in failure_rate.parts_to_hide(counts, some, hidden).items():
            measured[place] = failure_rate.without(measured[place], parts)
    inner = {p: c for p, c in measured.items() if p[0] != RowKey.TOTAL and p[1] != ALL_AREAS}
    measured |= failure_rate.with_levels(inner)
    return MatrixReport(
        filters=filters,
        generation=stands.last_entry,
        behind=stands.behind,
        definition=definition(failure_rate),
        areas=columns,
        rows=tuple(_rows(measured, columns, kinds, unknown)),
        without_change=without,
        unknown_share=unknown[ALL_AREAS],
    )


def _area_slug(area: int | None, areas: Taxonomy) -> str:
    return ALL_AREAS if area is None else area_slug(area, areas)


def _behind(scope: Scope, areas: Taxonomy, kinds: Taxonomy) -> dict[Place, CellIncidents]:
    found: dict[Place, CellIncidents] = {}
    for row, area, over_all, incidents, restricted in incidents_behind(scope):
        place = row_key(row, kinds), _area_slug(None if over_all else area, areas)
        found[place] = CellIncidents(place[0], area, over_all, incidents, restricted)
    return found


def _by_place(lines: list[Any], areas: Taxonomy, kinds: Taxonomy) -> dict[Place, Any]:
    """Lines of an aggregate by (row, area), ids turned into slugs."""
    found: dict[Place, Any] = {}
    for line in lines:
        row = line.row
        if row.startswith("kind:"):
            row = f"kind:{kinds.terms[int(row.removeprefix('kind:'))].slug}"
        if line.over_all:
            area = ALL_AREAS
        else:
            area = NO_AREA if line.area is None else areas.terms[line.area].slug
        found[row, area] = line._replace(row=row)
    return found


def _hidden(counts: Iterable[Place], behind: dict[Place, Any]) -> set[Place]:
    """The cells whose numerator could give away a restricted incident."""
    total = behind.get((RowKey.TOTAL, ALL_AREAS))
    if total is None:
        return set()
    return set(counts) if failure_rate.must_hide(total) else failure_rate.to_hide(behind)


def _restricted(counts: dict[Place, CellCounts], behind: dict[Place, CellIncidents]) -> Set[Place]:
    """The cells with a restricted incident behind them, by whatever was asked."""
    found: dict[Place, Any] = behind or counts
    return {place for place, one in found.items() if one.restricted} & counts.keys()


def _shares(
    counts: dict[Place, CellCounts], areas: Taxonomy
) -> tuple[tuple[Area, ...], dict[str, float | None]]:
    """The columns with the share of unknown origins in each, and the same by slug, all areas among them."""
    by_area: dict[str, list[CellCounts]] = {}
    for (_, area), cell in counts.items():
        by_area.setdefault(area, []).append(cell)
    columns = tuple(_columns(counts, areas))
    unknown = {
        area: failure_rate.unknown_share(by_area.get(area, ()))
        for area in [*(c.slug for c in columns), ALL_AREAS]
    }
    return tuple(replace(one, unknown_share=unknown[one.slug]) for one in columns), unknown


def _columns(counts: dict[Place, CellCounts], areas: Taxonomy) -> Iterator[Area]:
    present = {area for row, area in counts if row == RowKey.TOTAL}
    # What was merged since stands for itself in a figure of the time before.
    for term in areas.terms.values():
        if term.slug in present:
            yield Area(term.slug, term.name)
    if NO_AREA in present:
        yield Area(NO_AREA, "No area")


def _names(present: Set[str], kinds: Taxonomy) -> Iterator[tuple[str, str]]:
    """Every row's key and name: the kinds in use, and those of which there is something to tell."""
    for pk, term in kinds.terms.items():
        if f"kind:{term.slug}" in present or (term.retired_at is None and kinds.resolved[pk] == pk):
            yield f"kind:{term.slug}", term.name
    yield from ((key.value, str(key.label)) for key in RowKey)


def _rows(
    cells: dict[Place, FailureRate],
    columns: tuple[Area, ...],
    kinds: Taxonomy,
    unknown: dict[str, float | None],
) -> Iterator[MatrixRow]:
    empty = {area: FailureRate(unknown_share=share) for area, share in unknown.items()}
    slugs = [column.slug for column in columns]
    for key, name in _names({row for row, _ in cells}, kinds):
        of_row = tuple(cells.get((key, area)) or empty[area] for area in [*slugs, ALL_AREAS])
        yield MatrixRow(key, name, of_row[:-1], of_row[-1])


HEADER = (
    "row", "area", "changes", "failures", "suspected", "rate", "low", "high", "state", "unknown_share",
    "pending", "pending_failed", "late_failures", "said_afterwards", "manual_by_policy",
)  # fmt: skip


def as_table(report: MatrixReport) -> Iterator[tuple[Any, ...]]:
    for row, area, cell in report.lines():
        yield (
            row.name, area.name, cell.n, cell.failures, cell.suspected, cell.rate, cell.low, cell.high,
            cell.state_name, cell.unknown_share, cell.pending, cell.pending_failed, cell.late,
            cell.afterwards, cell.by_policy,
        )  # fmt: skip


def as_csv(report: MatrixReport) -> str:
    return csv_text(HEADER, as_table(report))


def as_json(report: MatrixReport) -> dict[str, Any]:
    filters = asdict(report.filters)
    del filters["known_at"]
    return {
        "definition": asdict(report.definition),
        "filters": {**filters, "basis": str(report.filters.basis)},
        "as_of": report.filters.as_of,
        "known_at": report.filters.known_at,
        "generation": report.generation,
        "demonstration_data": report.filters.demo,
        "unknown_share": report.unknown_share,
        "areas": [asdict(area) for area in report.areas],
        "rows": [
            {
                "key": row.key,
                "name": row.name,
                "cells": {a.slug: asdict(c) for a, c in zip(report.areas, row.cells, strict=True)},
                "total": asdict(row.total),
            }
            for row in report.rows
        ],
        "incidents_without_change": report.without_change._asdict() if report.without_change else None,
    }
