"""Kinds of help against their baseline: page, CSV, JSON and API show the same frozen object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, astuple, dataclass, replace
from hashlib import sha256
from math import inf
from typing import Any, TypeVar

from django.core.cache import cache

from analytics import reports
from analytics.metrics import Definition, adjusted_ratio, definition
from analytics.metrics.adjusted_ratio import Ratio, Sides, ratio_of, sentence, simpson, unknown_words
from analytics.metrics.comparison import Measured
from analytics.metrics.recall import HiddenWork, Undiluted, hidden_work
from analytics.metrics.sentences import lower
from analytics.queries.figures import NO_AREA, Filters, RowKey, Words, taxonomies
from analytics.queries.ledger import Standing, standing
from analytics.queries.strata import strata
from analytics.reports import Outline
from analytics.stats.decision import BASELINE_GROUPS, baseline_for

T = TypeVar("T")
KEPT_SECONDS = 3600
Hidden = AbstractSet[tuple[str, str]]


@dataclass(frozen=True)
class RatioRow:
    """One line of the picture: a kind in an area (None: all that the filters leave) beside its baseline."""

    key: str
    area: str | None
    name: str
    # Any kind together, or all areas together: stands apart from the lines that it holds.
    is_apart: bool
    found: Ratio
    sentence: str
    simpson: str
    unknown_words: str


@dataclass(frozen=True)
class BaselineReport:
    """`kind`: the slug of the kind whose areas are compared; empty: every kind is."""

    filters: Filters
    generation: int
    behind: int
    definition: Definition
    kind: str
    kind_name: str
    area_name: str
    rows: tuple[RatioRow, ...]

    @property
    def is_empty(self) -> bool:
        return not self.rows

    @property
    def uses_unmarked(self) -> bool:
        return any(not row.found.is_manual for row in self.rows)

    @property
    def uses_manual(self) -> bool:
        return any(row.found.is_manual for row in self.rows)

    @property
    def paradoxes(self) -> list[RatioRow]:
        return [row for row in self.rows if row.simpson]

    @property
    def with_unknown(self) -> list[RatioRow]:
        return [row for row in self.rows if row.found.has_bounds]


def kept(name: str, parameters: Any, stands: Standing, build: Callable[[], T]) -> T:
    """Made once for what is counted so far."""
    digest = sha256(repr(parameters).encode()).hexdigest()
    key = f"report:{name}:{stands.generation}:{stands.cells_stand}:{digest}"
    found: T | None = cache.get(key)
    if found is None:
        found = build()
        cache.set(key, found, KEPT_SECONDS)
    return found


def against_baseline(
    filters: Filters, kind: str = "", stands: Standing | None = None, words: Words | None = None
) -> BaselineReport:
    """`filters.origin` is not looked at: a comparison needs both sides."""
    stands = stands or standing()
    filters = replace(filters, origin="")
    parameters = (sorted(asdict(filters).items()), kind)
    return kept(
        "baseline", parameters, stands,
        lambda: _against_baseline(filters, kind, stands, words or taxonomies()),
    )  # fmt: skip


def without_assistant(filters: Filters) -> Filters:
    """What the other side is counted from: manual work has no assistant to be narrowed to."""
    return replace(filters, assistant="")


def hidden_places(own: Outline, beside: Outline) -> Hidden:
    """Rows and areas whose numerator the matrix hides; the other side's as no assistant narrows it."""
    if beside is own:
        return own.hidden
    others = {place for place in beside.hidden if place[0] in _OTHERS}
    return {place for place in own.hidden if place[0] not in _OTHERS} | others


COMPARED_WITH = (RowKey.MANUAL.value, RowKey.UNKNOWN.value)
_OTHERS = frozenset({RowKey.MANUAL.value, RowKey.UNKNOWN.value, RowKey.TOTAL.value, RowKey.AUTOMATION.value})


def _against_baseline(filters: Filters, kind: str, stands: Standing, words: Words) -> BaselineReport:
    wide = without_assistant(filters)
    outline = reports.outline(filters, stands, words)
    beside = reports.outline(wide, stands, words) if filters.assistant else outline
    shares: dict[str | None, float | None] = {None: beside.unknown_share}
    shares.update((area.slug, area.unknown_share) for area in beside.areas)
    hidden = hidden_places(outline, beside)
    areas = {area.slug: area.name for area in outline.areas}
    names = outline.names
    chosen = [f"kind:{kind}"] if kind else [key for key in names if key not in _OTHERS]
    if filters.assistant:
        measured = strata(filters, chosen, stands, words) | strata(wide, COMPARED_WITH, stands, words)
    else:
        measured = strata(filters, [*chosen, *COMPARED_WITH], stands, words)
    if kind:
        lines = _areas_of(f"kind:{kind}", areas, measured)
    else:
        lines = _kinds(names, measured)
    place = names_area(filters, areas)
    sides = Sides(measured)
    rows = []
    for key, area, name, is_apart in lines:
        found = ratio_of(
            sides, key, area, shares.get(area), is_hidden=_is_hidden(key, area, shares.get(area), hidden)
        )
        subject = _subject(names.get(key, key), key, areas.get(area, "") if area else place)
        rows.append(
            RatioRow(
                key, area, name, is_apart, found, sentence(found, subject, filters.basis), simpson(found),
                unknown_words(found),
            )
        )  # fmt: skip
    return BaselineReport(
        filters=filters,
        generation=stands.last_entry,
        behind=stands.behind,
        definition=definition(adjusted_ratio),
        kind=kind,
        kind_name=names.get(f"kind:{kind}", "") if kind else "",
        area_name=place,
        rows=tuple(sorted(rows, key=_order)),
    )


def _order(row: RatioRow) -> tuple[bool, float, float]:
    """The highest first, then those without a ratio by their size; what holds the others comes last."""
    if row.found.ratio is None:
        return row.is_apart, inf, -row.found.changes
    return row.is_apart, -row.found.ratio, 0


def _kinds(names: Mapping[str, str], measured: Measured) -> Iterator[tuple[str, str | None, str, bool]]:
    for key, name in names.items():
        if key.startswith("kind:") and measured.get(key):
            yield key, None, name, False
    if measured.get(RowKey.NOT_SAID):
        yield RowKey.NOT_SAID.value, None, str(RowKey.NOT_SAID.label), True
    if measured.get(RowKey.ASSISTED):
        yield RowKey.ASSISTED.value, None, "Any AI help", True


def _areas_of(
    key: str, areas: Mapping[str, str], measured: Measured
) -> Iterator[tuple[str, str | None, str, bool]]:
    present = {spot.area for spot in measured.get(key, {})}
    for slug, name in areas.items():
        if slug in present:
            yield key, slug, name, False
    if len(present) > 1:
        yield key, None, "All areas", True


def _is_hidden(key: str, area: str | None, share: float | None, hidden: Hidden) -> bool:
    """The unknown are read for the bounds as well, whatever the baseline is."""
    place = area if area is not None else reports.ALL_AREAS
    groups = BASELINE_GROUPS[baseline_for(share)] | {RowKey.UNKNOWN.value}
    return any((row, place) in hidden for row in (key, *groups))


def names_area(filters: Filters, areas: Mapping[str, str]) -> str:
    """The chosen area's name; empty: all of them."""
    if filters.area == NO_AREA:
        return "no area"
    return areas.get(filters.area, filters.area) if filters.area else ""


def _subject(name: str, key: str, area: str) -> str:
    what = f"changes with AI help in {lower(name)}"
    if key == RowKey.ASSISTED:
        what = "changes with any AI help"
    elif key == RowKey.NOT_SAID:
        what = "changes with AI help of a kind not said"
    if area in ("No area", "no area"):
        return f"Without an area, {what}"
    return f"In {area}, {what}" if area else f"{what[:1].upper()}{what[1:]}"


HEADER = (
    "row", "area", "name", "baseline", "changes", "failures", "baseline_changes", "baseline_failures",
    "ratio", "low", "high", "crude_ratio", "comparable_share", "refused", "unknown_share", "bound_low",
    "bound_high", "sentence", "sampled_check", "hidden_share", "hidden_low", "hidden_high",
    "ratio_without_hidden", "low_without_hidden", "high_without_hidden",
)  # fmt: skip


def as_table(report: BaselineReport) -> Iterator[tuple[Any, ...]]:
    """What a sampled check says of hidden AI work stands on the lines against unmarked changes alone."""
    hidden = hidden_work(report.filters, report.rows)
    without = {(one.key, one.area): one for one in hidden.rows} if hidden else {}
    for row in report.rows:
        one = row.found
        yield (
            row.key, row.area or reports.ALL_AREAS, row.name, one.baseline, one.changes, one.failures,
            one.baseline_changes, one.baseline_failures, one.ratio, one.low, one.high, one.crude,
            one.comparable_share, one.refused, one.unknown_share, one.bound_low, one.bound_high, row.sentence,
            *_hidden_columns(None if one.is_manual else hidden, without.get((row.key, row.area))),
        )  # fmt: skip


def _hidden_columns(hidden: HiddenWork | None, without: Undiluted | None) -> tuple[Any, ...]:
    share = (hidden.line.sample.pk, *astuple(hidden.share)) if hidden else (None,) * 4
    ratio = (without.value, without.low, without.high) if without else (None,) * 3
    return *share, *ratio


def as_json(report: BaselineReport) -> dict[str, Any]:
    """Whoever asks. The sampled check is read now; the ratios are those of the report's generation."""
    filters = asdict(report.filters)
    return {
        "definition": asdict(report.definition),
        "filters": {**filters, "basis": str(report.filters.basis), "kind": report.kind},
        "as_of": report.filters.as_of,
        "generation": report.generation,
        "demonstration_data": report.filters.demo,
        "hidden_work": _hidden_json(hidden_work(report.filters, report.rows)),
        "rows": [
            {
                "row": row.key,
                "area": row.area,
                "name": row.name,
                **{name: value for name, value in asdict(row.found).items() if name != "what_if"},
                "what_if": [{"share_assisted": share, "ratio": ratio} for share, ratio in row.found.what_if],
                "sentence": row.sentence,
                "simpson": row.simpson,
                "unknown": row.unknown_words,
            }
            for row in report.rows
        ],
    }


def _hidden_json(hidden: HiddenWork | None) -> dict[str, Any] | None:
    if hidden is None:
        return None
    sample = hidden.line.sample
    said = hidden.line.estimate.answers
    return {
        "sampled_check": sample.pk,
        "drawn_at": sample.drawn_at,
        "population": sample.population,
        "answers": asdict(said),
        "share_of_unmarked": asdict(hidden.share),
        "recall": asdict(hidden.line.estimate.recall),
        "rows": [
            {"row": one.key, **{name: value for name, value in asdict(one).items() if name != "key"}}
            for one in hidden.rows
        ],
    }
