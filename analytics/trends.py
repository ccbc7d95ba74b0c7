"""The failure rate over time, beside its baseline: page, CSV, JSON and API show the same frozen object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from analytics import reports
from analytics.comparisons import hidden_places, kept, names_area, without_assistant
from analytics.metrics import Definition, definition, trend
from analytics.metrics.trend import WEEKS_TESTED, Point, Verdict, Week, gives_away, point, verdict
from analytics.queries.counted import Period
from analytics.queries.figures import WITH_INCIDENTS, Filters, RowKey
from analytics.queries.ledger import Standing, standing
from analytics.queries.series import BLOCK_DAYS, WEEKS, WeekLine, blocks, restricted_is_known, weekly
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


def over_time(filters: Filters, kind: str = "", stands: Standing | None = None) -> TrendReport:
    """One kind, or any AI help, beside what it is compared with; `filters.origin` is not looked at."""
    stands = stands or standing()
    filters = replace(filters, origin="")
    parameters = (sorted(asdict(filters).items()), kind)
    return kept("trend", parameters, stands, lambda: _over_time(filters, kind, stands))


def _over_time(filters: Filters, kind: str, stands: Standing) -> TrendReport:
    matrix = reports.matrix(filters, stands)
    periods = blocks(filters)
    own = weekly(filters, periods, stands)
    wide = without_assistant(filters)
    others = weekly(wide, periods, stands) if filters.assistant else own
    names = {row.key: row.name for row in matrix.rows}
    key = f"kind:{kind}" if kind else RowKey.ASSISTED.value
    share = reports.matrix(wide, stands).unknown_share
    baseline = baseline_for(share)
    hidden = {row for row, area in hidden_places(filters, stands) if area == reports.ALL_AREAS}
    # What was known at an instant may hold fewer restricted incidents than there are.
    doubtful = filters.known_at is not None and restricted_is_known(filters.demo)
    build = _Builder(filters, periods, hidden, doubtful)
    groups = tuple(sorted(BASELINE_GROUPS[baseline]))
    baseline_name = "Manual" if baseline == MANUAL_BASELINE else "Unmarked: manual or unknown"
    return TrendReport(
        filters=filters,
        generation=stands.last_entry,
        behind=stands.behind,
        definition=definition(trend),
        kind=kind,
        kind_name=names.get(key, ""),
        area_name=names_area(filters, {area.slug: area.name for area in matrix.areas}),
        baseline=baseline,
        unknown_share=share,
        series=(
            build.series(key, names.get(key, kind) if kind else "Any AI help", (key,), own),
            build.series(baseline, baseline_name, groups, others),
        ),
        marked=tuple(_marked(others, number) for number in range(len(periods))),
    )


@dataclass(frozen=True)
class _Builder:
    filters: Filters
    periods: list[Period]
    hidden: set[str]
    doubtful: bool

    def series(self, key: str, name: str, rows: tuple[str, ...], lines: list[WeekLine]) -> Series:
        own = [line for line in lines if line.row in rows]
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
        return Series(key, name, rows, points, self._verdict(own, hides_all))

    def _is_pending(self, period: Period) -> bool:
        return period.end > self.filters.mature_until

    def _sums(self, lines: list[WeekLine], number: int) -> tuple[float, float, float, int]:
        """Changes, failures, incidents behind them at the least, restricted ones at the most."""
        counts = [line.counts for line in lines if line.week // WEEKS == number]
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
        """Of the last weeks that are old enough; the blocks are numbered as they come."""
        mature = sum(not self._is_pending(period) for period in self.periods) * WEEKS
        first, count = max(0, mature - WEEKS_TESTED), min(mature, WEEKS_TESTED)
        if hides_all:
            return Verdict("", count)
        weeks = (
            Week(line.week - first, line.area, line.counts.size, line.counts.n, line.counts.failures)
            for line in lines
            if first <= line.week < mature
        )
        return verdict(weeks, count)


def _marked(lines: list[WeekLine], number: int) -> float | None:
    sums = {RowKey.ASSISTED.value: 0, RowKey.TOTAL.value: 0, RowKey.AUTOMATION.value: 0}
    for line in lines:
        if line.row in sums and line.week // WEEKS == number:
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
