"""Trend: rises and their absence by known truth, blocks that stand still, one object behind every form."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics import trends
from analytics.forms import today
from analytics.metrics.trend import verdict
from analytics.queries.figures import Filters
from analytics.queries.series import blocks
from analytics.spans import BLOCK_DAYS
from analytics.trends import TrendReport
from tests import make as makers
from tests.analytics import histories as make
from tests.analytics.histories import AS_OF

pytestmark = pytest.mark.django_db


def filters(**over: Any) -> Filters:
    fields = {"start": AS_OF - timedelta(days=364), "end": AS_OF, "as_of": AS_OF, "demo": False, **over}
    return Filters(**fields)


def report(kind: str = "", **over: Any) -> TrendReport:
    return trends.over_time(filters(**over), kind, make.settled())


def ship(day: date, origin: str, n: int, failed: int, area: str = "payments", **over: Any) -> None:
    at = datetime.combine(day, time(12), UTC)
    restricted = over.pop("is_restricted", False)
    where = over.pop("where")
    for number in range(n):
        change = make.shipped(
            where, shipped_at=at, area=make.area(area), origin=origin, size_band="small", **over
        )
        if number < failed:
            incident = make.incident(began_at=at + timedelta(days=2), is_restricted=restricted and not number)
            make.cause(incident, change)


def test_blocks_are_the_same_four_weeks_on_every_day() -> None:
    found = blocks(filters())
    assert {(one.end - one.start).days for one in found} == {BLOCK_DAYS - 1}
    assert all(one.start.weekday() == 0 for one in found)
    later = blocks(filters(start=AS_OF - timedelta(days=360), end=AS_OF + timedelta(days=4)))
    assert set(found[1:-1]) <= set(later)
    past = blocks(filters(end=AS_OF - timedelta(days=100)))
    assert all(one.end <= AS_OF - timedelta(days=100) for one in past)


def test_rise_is_told_when_the_rate_trebles_among_the_same_areas() -> None:
    where = make.repository()
    for number, block in enumerate(blocks(filters())):
        ship(block.start, "assisted", 30, 1 + 2 * max(0, number - 3), where=where)
        ship(block.start, "manual", 30, 2, where=where)
    assisted, manual = report().series
    assert (assisted.verdict.name, manual.verdict.name) == ("Going up", "No clear trend")
    assert "beyond what chance gives" in assisted.verdict.words
    assert "a slow change could still be hidden" in manual.verdict.words
    assert "stable" not in manual.verdict.words


def test_no_trend_is_told_when_work_only_moves_to_a_riskier_area() -> None:
    where = make.repository()
    wanted = blocks(filters())
    for number, block in enumerate(wanted):
        safe = 40 - 3 * number
        ship(block.start, "assisted", safe, 0, area="search", where=where)
        ship(block.start, "assisted", 40 - safe, (40 - safe) // 3, area="payments", where=where)
    found = report().series[0]
    rates = [one.rate for one in found.points if one.rate is not None]
    assert rates[-1] > 3 * (rates[1] or 0.01)
    assert found.verdict.name == "No clear trend"


def test_window_is_too_short_when_it_holds_less_than_twenty_six_weeks() -> None:
    ship(AS_OF - timedelta(days=60), "assisted", 20, 5, where=make.repository())
    found = report(start=AS_OF - timedelta(days=120)).series[0].verdict
    assert found.name == "No clear trend"
    assert "the test needs 26 weeks" in found.words


def test_young_blocks_are_pending_and_have_no_rate() -> None:
    where = make.repository()
    ship(AS_OF - timedelta(days=80), "assisted", 20, 5, where=where)
    ship(AS_OF - timedelta(days=6), "assisted", 20, 5, where=where)
    points = report().series[0].points
    pending = [one for one in points if one.is_pending]
    assert pending == list(points[-len(pending) :])
    assert sum(one.n for one in pending) == 20
    assert {one.rate for one in pending} == {None}
    assert sum(one.n for one in points) == 40
    assert [one.rate for one in points if one.n and not one.is_pending] == [0.25]


def test_counts_and_no_rate_are_shown_when_a_block_is_small() -> None:
    ship(AS_OF - timedelta(days=80), "assisted", 9, 3, where=make.repository())
    [found] = [one for one in report().series[0].points if one.n]
    assert (found.state, found.rate, found.failures) == ("few", None, 3)


def test_numerator_of_a_block_is_hidden_and_never_of_one_alone_when_an_incident_is_restricted() -> None:
    where = make.repository()
    wanted = blocks(filters())
    for number in (3, 4, 5):
        ship(
            wanted[number].start,
            "assisted",
            20,
            1 if number == 4 else 5,
            where=where,
            is_restricted=number == 4,
        )
    points = report().series[0].points
    hidden = [number for number, one in enumerate(points) if one.failures is None]
    assert 4 in hidden
    assert len(hidden) == 2
    assert points[4].n == 20
    assert points[4].rate is None


def test_verdict_is_the_same_in_any_order_and_strata_without_failures_say_nothing() -> None:
    weeks = [(n, "a", "small", 10, 1 + n // 6) for n in range(26)]
    quiet = [(n, "b", "small", 500 - 19 * n, 0) for n in range(26)]
    assert verdict(weeks, 26) == verdict([*quiet, *weeks[::-1]], 26)
    assert verdict(quiet, 26).p == 1


def test_unmarked_is_the_baseline_when_too_many_origins_are_unknown() -> None:
    where = make.repository()
    day = AS_OF - timedelta(days=80)
    for origin, n in (("assisted", 20), ("manual", 10), ("unknown", 30)):
        ship(day, origin, n, 0, where=where)
    found = report()
    assert (found.baseline, found.series[1].key) == ("unmarked", "unmarked")
    assert sum(one.n for one in found.series[1].points) == 40
    assert [share for share in found.marked if share is not None] == [pytest.approx(1 / 3)]


def test_page_csv_json_and_api_tell_the_same(client: Client) -> None:
    where = make.repository()
    day = today() - timedelta(days=80)
    ship(day, "assisted", 40, 8, where=where)
    ship(day, "manual", 40, 2, where=where)
    client.force_login(makers.user())
    page = client.get(reverse("analytics:trend"))
    shown = page.context["report"]
    told = json.loads(client.get(reverse("analytics:trend_json")).content)
    api = json.loads(client.get("/api/v1/trend/").content)
    lines = list(csv.DictReader(StringIO(client.get(reverse("analytics:trend_csv")).content.decode())))
    assert told["series"] == api["series"]
    flat = [(series, one) for series in shown.series for one in series.points]
    assert len(flat) == len(lines)
    in_json = [one for series in told["series"] for one in series["points"]]
    for (series, one), line, other in zip(flat, lines, in_json, strict=True):
        assert (line["series"], int(line["changes"]), float(line["failures"])) == (
            series.key,
            one.n,
            one.failures,
        )
        assert (other["n"], other["failures"], other["rate"]) == (one.n, one.failures, one.rate)
        assert line["rate"] == ("" if one.rate is None else str(one.rate))
    assert "20.0 % (8 of 40" in page.content.decode()


def test_page_says_so_when_there_is_nothing(client: Client) -> None:
    client.force_login(makers.user())
    assert "No four weeks to show" in client.get(reverse("analytics:trend")).content.decode()
    assert client.get(reverse("analytics:trend"), {"kind": "nonsense"}).status_code == 400
    short = {"from": (today() - timedelta(days=3)).isoformat()}
    assert client.get(reverse("analytics:trend"), short).status_code == 200


def test_too_few_failures_are_told_apart_from_no_trend() -> None:
    weeks = [(n, "a", "small", 10, float(n in {3, 20})) for n in range(26)]
    found = verdict(weeks, 26)
    assert found.is_thin
    assert "too few failures in 26 weeks" in found.words
