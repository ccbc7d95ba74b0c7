"""Which spans of weeks are to be reckoned anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection

from analytics.flow_weeks import QUARTER, WEEK, Span, last_full, monday
from analytics.models import SpanFigures

# How far back time alone, or what goes on for long, alters a figure; and how far back weeks are kept at all.
RECENT = 27
KEPT = 157
# Where work is counted while it is under way: everything between its beginning and its end.
BY_RANGE = "work"
# Where reviews count in the week that they were done in.
BY_REVIEW = "reviewing"
# Where a week without deployments is none known before the first, and none at all after it.
BY_KNOWN = ("delivery", "time")

Row = tuple[bool, str, date, date]


class Marks:
    """Weeks gathered as rows are altered, then written once. `pages`: those that are reckoned at all."""

    def __init__(self, *, pages: Iterable[str], today: date) -> None:
        self.pages, self.today = tuple(pages), today
        self._weeks: dict[tuple[str, bool], set[date]] = defaultdict(set)
        self._quarters: dict[tuple[str, bool], set[date]] | None = None

    def add(self, rows: Iterable[Row]) -> None:
        """As (demo, how, first week, last week); a range is looked at as far as `RECENT`.

        "moment" and "review": the first week. "since": what is known at all, in every week from the first on.
        """
        for demo, how, first, until in rows:
            last = min(until, monday(self.today))
            if how == "moment":
                self._add([page for page in self.pages if page != BY_RANGE], demo, [first])
            elif how == "review":
                self._add([page for page in self.pages if page == BY_REVIEW], demo, [first])
            elif how == "since":
                begin = max(first, monday(self.today) - KEPT * WEEK)
                self._add([page for page in self.pages if page in BY_KNOWN], demo, _mondays(begin, last))
            elif BY_RANGE in self.pages:
                begin = max(first, monday(self.today) - RECENT * WEEK)
                self._add([BY_RANGE], demo, [first, *_mondays(begin, last)])

    def add_weeks(self, page: str, demo: bool, weeks: Iterable[date]) -> None:
        self._add([page], demo, weeks)

    def _add(self, pages: Iterable[str], demo: bool, weeks: Iterable[date]) -> None:
        first, last = monday(self.today) - KEPT * WEEK, monday(self.today)
        kept = [week for week in weeks if first <= week <= last]
        for page in pages:
            self._weeks[page, demo].update(kept)

    def write(self, *, now: datetime) -> None:
        """With the spans of more weeks that hold any of these weeks."""
        spans = {(page, demo, week, 1) for (page, demo), weeks in self._weeks.items() for week in weeks} | {
            (page, demo, begin, QUARTER)
            for (page, demo), weeks in self._weeks.items()
            for begin in self._of_page(page, demo)
            if any(Span(begin, QUARTER).holds(week) for week in weeks)
        }
        self._weeks.clear()
        mark(spans, now=now)

    def _of_page(self, page: str, demo: bool) -> set[date]:
        if self._quarters is None:
            self._quarters = kept_quarters(self.pages, self.today)
        return self._quarters[page, demo]


def kept_quarters(pages: Iterable[str], today: date) -> dict[tuple[str, bool], set[date]]:
    """Where the spans of 13 weeks begin that are kept: the last, the one before, and those asked for."""
    latest = last_full(today, QUARTER)
    found = {
        (page, demo): {latest.begins_on, latest.before().begins_on}
        for page in pages
        for demo in (False, True)
    }
    rows = SpanFigures.objects.filter(weeks=QUARTER, scope="").values_list("page", "is_demo", "begins_on")
    for page, demo, begin in rows:
        if (page, demo) in found:
            found[page, demo].add(begin)
    return found


def mark(spans: Iterable[tuple[str, bool, date, int]], *, now: datetime) -> None:
    """As (page, demo, Monday, weeks); one that waits keeps its place. In one order, against deadlocks."""
    rows = sorted(spans)
    if not rows:
        return
    pages, demos, begins, weeks = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO analytics_dirtyspan (page, is_demo, begins_on, weeks, since)"
            " SELECT page, is_demo, begins_on, weeks, %s"
            " FROM unnest(%s::text[], %s::bool[], %s::date[], %s::int[])"
            " AS span(page, is_demo, begins_on, weeks)"
            " ON CONFLICT DO NOTHING",
            [now, pages, demos, begins, weeks],
        )


def _mondays(first: date, last: date) -> Iterable[date]:
    week = first
    while week <= last:
        yield week
        week += WEEK
