"""The matched estimate as one frozen report: page, CSV, JSON and API show the same object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analytics import comparisons, reports
from analytics.metrics import Definition, definition, matched_ratio
from analytics.metrics.matched_ratio import MatchedRatio, sentence, shown
from analytics.metrics.sentences import lower
from analytics.privacy import gives_away
from analytics.queries.figures import NO_AREA, Filters, RowKey, Taxonomy, Words, taxonomies
from analytics.queries.ledger import Standing, standing
from analytics.queries.matched import Asked, Behind, Failed, Place, asked
from analytics.stats.matched import areas_disagree
from analytics.stats.matched import matched_ratio as ratio_of

ANY = "Any AI help"


@dataclass(frozen=True)
class MatchedRow:
    """A kind in an area (None: all that the filters leave) beside manual changes."""

    key: str
    area: str | None
    name: str
    is_apart: bool
    found: MatchedRatio
    sentence: str


@dataclass(frozen=True)
class MatchedReport:
    """`cases`: failed changes that were asked about; `waiting`: controls drawn and not answered yet.

    `failed` and `cases` are None where they would give a restricted incident away.
    """

    filters: Filters
    generation: int
    behind: int
    definition: Definition
    kind: str
    kind_name: str
    area_name: str
    rows: tuple[MatchedRow, ...]
    failed: int | None
    cases: int | None
    controls: int
    passed_over: int
    waiting: int
    left_out: int

    @property
    def is_empty(self) -> bool:
        """Nobody was asked anything yet."""
        return self.cases == 0 and not self.controls and not self.waiting


def matched(
    filters: Filters, kind: str = "", stands: Standing | None = None, words: Words | None = None
) -> MatchedReport:
    """Not cached: a few hundred rows and counts, which an answer alters whether or not a cell does."""
    stands = stands or standing()
    areas, kinds = words or taxonomies()
    found = asked(filters, areas, kinds)
    names = {term.slug: term.name for term in areas.standing()}
    chosen = {term.slug: term for term in kinds.standing()}.get(kind)
    place = comparisons.names_area(filters, names)
    cells = _cells(filters, kind, stands, (areas, kinds))
    lines = _areas_of(found, areas) if chosen else _kinds(found, kinds)
    rows = []
    for key, area, name in lines:
        wanted = chosen.pk if chosen else _kind_of(key, kinds)
        spot = f"kind:{kind}" if chosen else key
        ratio = _ratio(found, wanted, area, areas, cells.get((spot, _slug(area, areas))))
        subject = _subject(chosen.name if chosen else name, spot, name if area is not None else place)
        is_apart = key == RowKey.ASSISTED or (chosen is not None and area is None)
        rows.append(MatchedRow(spot, _slug(area, areas), name, is_apart, ratio, sentence(ratio, subject)))
    is_hidden = hides(found)
    return MatchedReport(
        filters=filters,
        generation=stands.last_entry,
        behind=stands.behind,
        definition=definition(matched_ratio),
        kind=kind,
        kind_name=chosen.name if chosen else "",
        area_name=place,
        rows=tuple(sorted(rows, key=_order)),
        failed=None if is_hidden else found.all_failed,
        cases=None if is_hidden else len(found.failed),
        controls=sum(not one.was_passed_over for one in found.like),
        passed_over=sum(one.was_passed_over for one in found.like),
        waiting=found.waiting,
        left_out=found.left_out,
    )


def _order(row: MatchedRow) -> tuple[bool, float, str]:
    ratio = row.found.ratio
    return row.is_apart, -ratio if ratio is not None else 1.0, row.name


def _cells(
    filters: Filters, kind: str, stands: Standing, words: Words
) -> Mapping[tuple[str, str | None], float | None]:
    """The adjusted ratios of what was said before anything failed, beside manual work alone."""
    rows = comparisons.against_baseline(filters, kind, stands, words).rows
    return {(row.key, row.area): row.found.ratio for row in rows if row.found.is_manual}


def _kinds(found: Asked, kinds: Taxonomy) -> Iterator[tuple[str, int | None, str]]:
    """Kinds that anybody named, then any help together."""
    told = [one.said for one in found.failed] + [one.said for one in found.like]
    named = {pk for said in told for pk in said.kinds}
    for term in kinds.standing():
        if term.pk in named:
            yield f"kind:{term.slug}", None, term.name
    if told:
        yield RowKey.ASSISTED.value, None, ANY


def _areas_of(found: Asked, areas: Taxonomy) -> Iterator[tuple[str, int | None, str]]:
    present = {one.place.area for one in found.failed}
    for term in areas.standing():
        if term.pk in present:
            yield "", term.pk, term.name
    if 0 in present:
        yield "", 0, "No area"
    if len(present) > 1:
        yield "", None, "All areas"


def _kind_of(key: str, kinds: Taxonomy) -> int | None:
    slug = key.removeprefix("kind:")
    return next((term.pk for term in kinds.standing() if term.slug == slug), None)


def _slug(area: int | None, areas: Taxonomy) -> str | None:
    if area is None:
        return None
    return areas.terms[area].slug if area else NO_AREA


def _ratio(
    found: Asked, kind: int | None, area: int | None, areas: Taxonomy, cells: float | None
) -> MatchedRatio:
    cases, controls = found.cases(kind, area), found.controls(kind, area)
    told = ratio_of(cases, controls)
    disagree = area is None and told.ratio is not None and areas_disagree(cases, controls, _area)
    return shown(told, crude=cells, disagree=disagree, is_hidden=_is_hidden(found, kind, area))


def _area(place: Any) -> int:
    assert isinstance(place, Place)  # noqa: S101 -- for the type checker
    return place.area


def _is_hidden(found: Asked, kind: int | None, area: int | None) -> bool:
    """Whether either side's failures stand on so few incidents that a restricted one is given away."""
    sides: dict[str, list[Failed]] = {}
    for one in found.failed:
        if area is None or one.place.area == area:
            sides.setdefault(one.case(kind).exposure, []).append(one)
    unasked = [behind for place, behind in found.behind.items() if area is None or place == area]
    return _gives_away(unasked) or any(_gives_away(side) for side in sides.values())


def hides(found: Asked) -> bool:
    """Whether so few incidents stand behind all of it that a restricted one is given away."""
    return _gives_away([*found.failed, *found.behind.values()])


def _gives_away(side: Sequence[Failed | Behind] | Sequence[Failed] | Sequence[Behind]) -> bool:
    incidents, restricted = set[int](), set[int]()
    for one in side:
        incidents |= one.incidents
        restricted |= one.restricted
    return gives_away(len(incidents), len(restricted))


def _subject(name: str, key: str, area: str) -> str:
    what = "changes with any AI help" if key == RowKey.ASSISTED else f"changes with AI help in {lower(name)}"
    if area in ("No area", "no area"):
        return f"Without an area, {what}"
    return f"In {area}, {what}" if area and area != "All areas" else f"{what[:1].upper()}{what[1:]}"


HEADER = (
    "row", "area", "name", "ratio", "low", "high", "refused", "cases_kind", "cases_manual", "cases_other",
    "cases_unsaid", "controls_kind", "controls_manual", "controls_other", "controls_unsaid", "cases_alone",
    "failed_unasked", "bound_low", "bound_high", "adjusted_ratio_of_cells", "sentence",
)  # fmt: skip


def as_table(report: MatchedReport) -> Iterator[tuple[Any, ...]]:
    for row in report.rows:
        one = row.found
        counts = [
            getattr(side, name) if side else None
            for side in (one.cases, one.controls)
            for name in ("kind", "manual", "other", "unsaid")
        ]
        yield (
            row.key, row.area or reports.ALL_AREAS, row.name, one.ratio, one.low, one.high, one.refused,
            *counts, one.alone, one.unasked, one.bound_low, one.bound_high, one.crude, row.sentence,
        )  # fmt: skip


def as_json(report: MatchedReport) -> dict[str, Any]:
    return {
        "definition": asdict(report.definition),
        "filters": {
            "start": report.filters.start,
            "end": report.filters.end,
            "area": report.filters.area,
            "size": report.filters.size,
            "kind": report.kind,
        },
        "as_of": report.filters.as_of,
        "generation": report.generation,
        "demonstration_data": report.filters.demo,
        "failed": report.failed,
        "cases": report.cases,
        "controls": report.controls,
        "passed_over": report.passed_over,
        "waiting": report.waiting,
        "left_out": report.left_out,
        "rows": [
            {
                "row": row.key,
                "area": row.area,
                "name": row.name,
                **_found(row.found),
                "sentence": row.sentence,
            }
            for row in report.rows
        ],
    }


def _found(one: MatchedRatio) -> dict[str, Any]:
    found = asdict(one)
    found["adjusted_ratio_of_cells"] = found.pop("crude")
    del found["baseline"], found["is_manual"]
    return found
