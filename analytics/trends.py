"""The failure rate over time, beside its baseline: page, CSV, JSON and API show the same frozen object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from analytics import reports
from analytics.comparisons import hidden_places, kept, names_area, without_assistant
from analytics.metrics import Definition, definition, trend
from analytics.metrics.trend import WEEKS_TESTED, Point, Verdict, point, verdict
from analytics.privacy import gives_away
from analytics.queries.counted import Period
from analytics.queries.figures import WITH_INCIDENTS, Filters, RowKey, Words, taxonomies
from analytics.queries.ledger import Standing, standing
from analytics.queries.series import (
    WEEKS,
    BlockLine,
    Read,
    WeekLine,
    blocks,
    restricted_is_known,
    weeks_of,
)
from analytics.spans import BLOCK_DAYS
from analytics.stats.decision import BASELINE_GROUPS, MANUAL_BASELINE, baseline_for


@dataclass(frozen=True)
class Series:
    """One line of the picture: `rows` are the matrix's rows that it adds up."""

    key: str
    name: str
    rows: tuple[str, ...]
    points: tuple[Point, ...]
    verdict: Verdict


@dataclass(frozen=True)
class TrendReport:
    filters: Filters
    generation: int
    behind: int
    definition: Definition
    kind: str
    kind_name: str
    area_name: str
    baseline: str
    unknown_share: float | None
    series: tuple[Series, ...]
    # Share of changes marked as AI-assisted in each block: a habit, printed and never tested.
    marked: tuple[float | None, ...]

    @property
    def is_empty(self) -> bool:
        return not any(one.n for series in self.series for one in series.points)

    @property
    def has_rate(self) -> bool:
        return any(one.rate is not None for series in self.series for one in series.points)

    @property
    def pending(self) -> tuple[Point, ...]:
        return tuple(one for one in self.series[0].points if one.is_pending)


def over_time(
    filters: Filters, kind: str = "", stands: Standing | None = None, words: Words | None = None
) -> TrendReport:
    """One kind, or any AI help, beside what it is compared with; `filters.origin` is not looked at."""
    stands = stands or standing()
    filters = replace(filters, origin="")
    parameters = (sorted(asdict(filters).items()), kind)
    return kept("trend", parameters, stands, lambda: _over_time(filters, kind, stands, words or taxonomies()))


def _over_time(filters: Filters, kind: str, stands: Standing, words: Words) -> TrendReport:
    wide = without_assistant(filters)
    outline = reports.outline(filters, stands, words)
    beside = reports.outline(wide, stands, words) if filters.assistant else outline
    periods = blocks(filters)
    names = outline.names
    key = f"kind:{kind}" if kind else RowKey.ASSISTED.value
    share = beside.unknown_share
    baseline = baseline_for(share)
    hidden = {row for row, area in hidden_places(outline, beside) if area == reports.ALL_AREAS}
    # What was known at an instant may hold fewer restricted incidents than there are.
    doubtful = filters.known_at is not None and restricted_is_known(filters.demo)
    groups = tuple(sorted(BASELINE_GROUPS[baseline]))
    build = _Builder(filters, periods, hidden, doubtful)
    own, others = build.counts(Read(filters, stands, words), Read(wide, stands, words), key, groups)
    baseline_name = "Manual" if baseline == MANUAL_BASELINE else "Unmarked: manual or unknown"
    return TrendReport(
        filters=filters,
        generation=stands.last_entry,
        behind=stands.behind,
        definition=definition(trend),
        kind=kind,
        kind_name=names.get(key, ""),
        area_name=names_area(filters, {area.slug: area.name for area in outline.areas}),
        baseline=baseline,
        unknown_share=share,
        series=(
            build.series(key, names.get(key, kind) if kind else "Any AI help", (key,), own),
            build.series(baseline, baseline_name, groups, others),
        ),
        marked=tuple(_marked(others.blocks, number) for number in range(len(periods))),
    )


@dataclass(frozen=True)
class _Counts:
    """By block; and, of each row, by week, area and size of the weeks that are tested, numbered from 0."""

    blocks: list[BlockLine]
    weeks: Mapping[str, list[WeekLine]]


@dataclass(frozen=True)
class _Builder:
    filters: Filters
    periods: list[Period]
    hidden: set[str]
    doubtful: bool

    def counts(self, read: Read, beside: Read, key: str, groups: tuple[str, ...]) -> tuple[_Counts, _Counts]:
        """Of one row, and of what it is compared with: read together where nothing sets them apart."""
        others = (*groups, *MARKED)
        if read.filters != beside.filters:
            return self._counts(read, (key,), (key,)), self._counts(beside, others, groups)
        both = self._counts(read, (key, *others), (key, *groups))
        return both, both

    def _counts(self, read: Read, rows: tuple[str, ...], tested: tuple[str, ...]) -> _Counts:
        weeks = self._tested_weeks()
        return _Counts(read.by_block(self.periods, rows), read.weekly(weeks, tested) if weeks else {})

    def _mature_weeks(self) -> int:
        return sum(not self._is_pending(period) for period in self.periods) * WEEKS

    def _tested_weeks(self) -> list[Period]:
        """The last weeks that are old enough; none where they are too few for the test."""
        mature = self._mature_weeks()
        if mature < WEEKS_TESTED:
            return []
        return weeks_of(self.periods, self.filters.end)[mature - WEEKS_TESTED : mature]

    def series(self, key: str, name: str, rows: tuple[str, ...], counts: _Counts) -> Series:
        own = [line for line in counts.blocks if line.row in rows]
        sums = [self._sums(own, number) for number in range(len(self.periods))]
        gone = self._gone(sums, all_of_them=bool(self.hidden & set(rows)))
        points = tuple(
            point(
                period.start,
                min(period.end, self.filters.end),
                is_pending=self._is_pending(period),
                n=int(n),
                failures=failures,
                may_give_away=number in gone,
            )
            for number, (period, (n, failures, _, _)) in enumerate(zip(self.periods, sums, strict=True))
        )
        hides_all = bool(self.periods) and len(gone) == len(self.periods)
        tested = [line for row in rows for line in counts.weeks.get(row, ())]
        return Series(key, name, rows, points, self._verdict(tested, hides_all))

    def _is_pending(self, period: Period) -> bool:
        return period.end > self.filters.mature_until

    def _sums(self, lines: list[BlockLine], number: int) -> tuple[float, float, float, int]:
        """Changes, failures, incidents behind them at the least, restricted ones at the most."""
        counts = [line.counts for line in lines if line.block == number]
        return (
            sum(one.n for one in counts),
            sum(one.failures for one in counts),
            sum(one.incidents for one in counts),
            sum(one.restricted for one in counts),
        )

    def _gone(self, sums: list[tuple[float, float, float, int]], *, all_of_them: bool) -> set[int]:
        """Blocks without their numerator; never just one, for the matrix tells the sum of them all."""
        if self.filters.basis not in WITH_INCIDENTS:
            return set()
        if all_of_them:
            return set(range(len(sums)))
        gone = {
            number
            for number, (_, _, incidents, restricted) in enumerate(sums)
            if gives_away(incidents, restricted + self.doubtful)
        }
        if len(gone) == 1 and len(sums) > 1:
            gone.add(min((n for n in range(len(sums)) if n not in gone), key=lambda n: (sums[n][2], -n)))
        return gone

    def _verdict(self, lines: list[WeekLine], hides_all: bool) -> Verdict:
        """Of the last weeks that are old enough."""
        count = min(self._mature_weeks(), WEEKS_TESTED)
        if hides_all:
            return Verdict("", count)
        return verdict(lines, count)


MARKED = (RowKey.ASSISTED.value, RowKey.TOTAL.value, RowKey.AUTOMATION.value)


def _marked(lines: list[BlockLine], number: int) -> float | None:
    sums = dict.fromkeys(MARKED, 0)
    for line in lines:
        if line.row in sums and line.block == number:
            sums[line.row] += line.counts.n
    asked = sums[RowKey.TOTAL.value] - sums[RowKey.AUTOMATION.value]
    return sums[RowKey.ASSISTED.value] / asked if asked else None


HEADER = (
    "series", "name", "from", "to", "state", "changes", "failures", "rate", "low", "high", "verdict",
    "marked_share",
)  # fmt: skip


def as_table(report: TrendReport) -> Iterator[tuple[Any, ...]]:
    for series in report.series:
        for one, marked in zip(series.points, report.marked, strict=True):
            yield (
                series.key, series.name, one.start, one.end, one.state, one.n, one.failures, one.rate,
                one.low, one.high, series.verdict.name, marked,
            )  # fmt: skip


def as_json(report: TrendReport) -> dict[str, Any]:
    filters = asdict(report.filters)
    return {
        "definition": asdict(report.definition),
        "filters": {**filters, "basis": str(report.filters.basis), "kind": report.kind},
        "as_of": report.filters.as_of,
        "generation": report.generation,
        "demonstration_data": report.filters.demo,
        "baseline": report.baseline,
        "unknown_share": report.unknown_share,
        "bucket_days": BLOCK_DAYS,
        "series": [
            {
                "key": series.key,
                "name": series.name,
                "points": [asdict(one) for one in series.points],
                "verdict": {**asdict(series.verdict), "words": series.verdict.words},
            }
            for series in report.series
        ],
        "marked_share": list(report.marked),
    }
