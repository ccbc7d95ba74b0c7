"""A year of known truth through the product's own services: what it says of it, and what it said then."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from analytics import reports
from analytics.models import Signal, SignalShown
from analytics.queries.figures import Filters
from analytics.services.judging import look, run_signals
from analytics.tasks import catch_up
from changes.models import Decision
from changes.services import taxonomy
from tests import make
from tests.analytics import histories
from tests.analytics.known_truth import (
    AREAS,
    BEGIN,
    GENERATION,
    KINDS,
    REFACTORING,
    REWRITING,
    TESTS,
    Year,
    evenings,
)

pytestmark = pytest.mark.django_db
WEEKS = 52
DAY = timedelta(days=1)
# Every week is told; looked back at is each, or each of so many.
EVERY = 1 if os.environ.get("KNOWN_TRUTH") == "full" else 13
HARMFUL = {"stronger_safeguard", "early_sign"}


def filters(at: datetime, *, known: bool = True, **over: Any) -> Filters:
    day = at.date()
    year = Filters(start=day - timedelta(days=364), end=day, as_of=day, demo=False)
    return replace(year, known_at=at if known else None, **over)


def shown(report: reports.MatrixReport) -> list[tuple[Any, ...]]:
    return list(reports.as_table(report))


@pytest.fixture
def told() -> Iterator[tuple[Year, dict[datetime, list[tuple[Any, ...]]]]]:
    """The whole year, and the matrix as each evening showed it."""
    year, matrices = Year(), {}
    for evening in evenings(WEEKS):
        with time_machine.travel(evening, tick=False):
            year.week(evening)
            stands = histories.settled()
            run_signals(on=evening.date(), demo=False, generation=stands.last_entry, now=evening)
            matrices[evening] = shown(reports.matrix(filters(evening, known=False), stands))
    with time_machine.travel(max(matrices), tick=False):
        yield year, matrices


def test_year_is_told_as_it_was_and_recomputed_as_it_was_shown(
    told: tuple[Year, dict[datetime, list[tuple[Any, ...]]]], client: Client
) -> None:
    year, matrices = told
    check_signals_name_what_is_planted_and_nothing_else()
    for evening in [*list(matrices)[::EVERY], max(matrices)]:
        check_week_is_recomputed_as_recorded(evening, matrices[evening])
    client.force_login(make.user(Role.CURATOR))
    last, half = max(matrices), sorted(matrices)[len(matrices) // 2]
    for as_of in (last, half):
        check_page_csv_and_api_agree(client, as_of)
    check_every_cell_equals_its_list(client, last)
    check_every_cell_equals_its_list(client, half, only=f"kind:{REFACTORING}")
    check_cells_equal_the_truth(year, last)


def check_signals_name_what_is_planted_and_nothing_else() -> None:
    named = {(one.kind.slug, one.area and one.area.slug) for one in Signal.objects.filter(state__in=HARMFUL)}
    assert named <= {(GENERATION, "payments"), (GENERATION, None)}
    assert (GENERATION, "payments") in named
    last = SignalShown.objects.order_by("-on").first()
    assert last
    said = {
        (one.kind.slug, one.area.slug if one.area else None): one.state
        for one in SignalShown.objects.filter(on=last.on)
    }
    assert said[GENERATION, "payments"] == "stronger_safeguard"
    assert said[TESTS, None] == "does_better"
    others = {state for (kind, _), state in said.items() if kind not in (GENERATION, TESTS)}
    assert others <= {"no_clear_difference", "not_enough_data", "hidden", "holds_up"}


def check_week_is_recomputed_as_recorded(evening: datetime, matrix: list[tuple[Any, ...]]) -> None:
    recorded = {
        (one.kind_id, one.area_id): (one.state, one.figures)
        for one in SignalShown.objects.filter(on=evening.date(), is_demo=False)
    }
    found = look(as_of=evening.date(), demo=False, known_at=evening).lines
    again = {
        (one.kind.pk, one.area.pk if one.area else None): (
            one.judged.state,
            json.loads(json.dumps(one.figures)),
        )
        for one in found
    }
    assert again == recorded
    assert speaking(shown(reports.matrix(filters(evening), catch_up()))) == speaking(matrix)


def speaking(lines: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of kinds without a change stand there while the kind is offered: that is no figure."""
    return [line for line in lines if line[2] or line[10] or line[13]]


def check_page_csv_and_api_agree(client: Client, at: datetime) -> None:
    """Days of the past are shown as known at their end."""
    asked = {"as_of": at.date().isoformat()}
    page = client.get(reverse("analytics:matrix"), asked)
    report = page.context["report"]
    lines = list(csv.reader(StringIO(client.get(reverse("analytics:matrix_csv"), asked).content.decode())))
    assert lines[1:] == [["" if v is None else str(v) for v in line] for line in reports.as_table(report)]
    api = client.get("/api/v1/matrix/", asked).json()
    for row, told in zip(report.rows, api["rows"], strict=True):
        assert told["key"] == row.key
        cells = {area.slug: cell for area, cell in zip(report.areas, row.cells, strict=True)}
        for place, cell in [*cells.items(), (None, row.total)]:
            said = told["total"] if place is None else told["cells"][place]
            assert (said["n"], said["failures"], said["pending"], said["rate"]) == (
                cell.n, cell.failures, cell.pending, cell.rate,
            )  # fmt: skip


def check_every_cell_equals_its_list(client: Client, at: datetime, only: str = "") -> None:
    report = client.get(reverse("analytics:matrix"), {"as_of": at.date().isoformat()}).context["report"]
    for row, area, cell in report.lines():
        if only not in ("", row.key) or not (cell.n or cell.pending):
            continue
        asked = {"as_of": at.date().isoformat(), "row": row.key}
        if area.slug != reports.ALL_AREAS:
            asked["area"] = area.slug
        counts = client.get(reverse("analytics:matrix_changes"), asked).context["counts"]
        assert (counts["mature"], counts["pending"]) == (cell.n, cell.pending), (row.key, area.slug)


def check_cells_equal_the_truth(year: Year, at: datetime) -> None:
    """What was said in time of a change counts where it belongs; failures are those that truly happened."""
    report = reports.matrix(filters(at), catch_up())
    mature = [one for one in year.facts if one.shipped_at.date() <= report.filters.mature_until]
    mature = [one for one in mature if one.shipped_at.date() >= report.filters.start]
    assert report.total.n == len(mature)
    broken = sum(one.fails_at is not None for one in mature)
    assert report.total.failures == pytest.approx(broken, abs=6)  # those of the last weeks are suspected yet
    early = set(Decision.objects.exclude(prompted_by="postmortem").values_list("change", flat=True))
    for kind in (GENERATION, TESTS, REFACTORING):
        helps = {kind} if kind != REFACTORING else set(KINDS) - {GENERATION, TESTS}
        for area in AREAS:
            counted = [
                one
                for one in mature
                if (one.help in helps and one.area == area)
                and (one.is_declared or (one.row is not None and one.row.pk in early))
            ]
            cell = next(c for r, a, c in report.lines() if (r.key, a.slug) == (f"kind:{kind}", area))
            assert cell.n == len(counted)


def test_merged_kind_stands_for_itself_in_what_was_known_before() -> None:
    old, into = histories.kind(REWRITING), histories.kind(REFACTORING)
    where = histories.repository()
    with time_machine.travel(BEGIN, tick=False):
        for _ in range(12):
            histories.help_in(histories.shipped(where, shipped_at=BEGIN - 5 * DAY, origin="assisted"), old)
        catch_up()
        before = look(as_of=BEGIN.date(), demo=False)
    with time_machine.travel(BEGIN + 7 * DAY, tick=False):
        taxonomy.merge_terms(term=old, into=into, by=make.user(Role.CURATOR), now=BEGIN + 7 * DAY)
        catch_up()
        again = look(as_of=BEGIN.date(), demo=False, known_at=BEGIN)
        now = look(as_of=BEGIN.date(), demo=False)
    assert [line.kind.slug for line in before.lines] == [REWRITING]
    assert [line.figures for line in again.lines] == [line.figures for line in before.lines]
    assert [line.kind.slug for line in now.lines] == [REFACTORING]
