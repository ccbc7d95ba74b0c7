"""Against the baseline: histories whose truth is known, and one object behind page, CSV, JSON and API."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from analytics import comparisons
from analytics.charts_ratios import ratio_chart
from analytics.comparisons import BaselineReport, RatioRow
from analytics.forms import today
from analytics.queries.figures import Filters
from changes.models import Assistant, Change
from tests import make as makers
from tests.analytics import histories as make
from tests.analytics.histories import AS_OF

pytestmark = pytest.mark.django_db
TOOL = "code-generation"


class History:
    """Groups of like changes of the same quarter, so many of which failed."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or make.day(45)
        self.where = make.repository()
        self.kind = make.kind(TOOL)

    def add(self, origin: str, n: int, failed: int, area: str = "payments", **over: Any) -> list[Change]:
        restricted = over.pop("restricted", 0)
        place = make.area(area)
        changes = []
        for number in range(n):
            fields = {"size_band": "small", **over}
            change = make.shipped(self.where, shipped_at=self.at, area=place, origin=origin, **fields)
            if origin == "assisted":
                make.help_in(change, self.kind)
            if number < failed:
                began = self.at + timedelta(days=3)
                make.cause(make.incident(began_at=began, is_restricted=number < restricted), change)
            changes.append(change)
        return changes


def report(kind: str = "", **over: Any) -> BaselineReport:
    fields = {"start": AS_OF - timedelta(days=364), "end": AS_OF, "as_of": AS_OF, "demo": False, **over}
    return comparisons.against_baseline(Filters(**fields), kind, make.settled())


def row(found: BaselineReport, key: str = f"kind:{TOOL}", area: str | None = None) -> RatioRow:
    return next(one for one in found.rows if (one.key, one.area) == (key, area))


def simpson() -> None:
    """Help is used where work is safe, and twice as bad wherever it is compared with its like."""
    history = History()
    history.add("assisted", 200, 8, area="search")
    history.add("manual", 50, 1, area="search")
    history.add("assisted", 20, 8, area="payments")
    history.add("manual", 200, 40, area="payments")


def test_crude_and_adjusted_differ_in_direction_when_help_is_used_where_work_is_safe() -> None:
    simpson()
    found = row(report())
    assert found.found.ratio == pytest.approx(2.0)
    assert found.found.crude == pytest.approx((16 / 220) / (41 / 250))
    assert found.found.direction_differs
    assert "Simpson's paradox" in found.simpson
    assert "fewer failures (0.44 times as often)" in found.simpson
    assert found.sentence.startswith(
        "Changes with AI help in code generation were linked to incidents 2 times as often as similar manual"
    )
    assert "16 of 220 against 41 of 250" in found.sentence


def test_areas_are_shown_instead_of_one_number_when_they_disagree() -> None:
    history = History()
    history.add("assisted", 200, 40, area="payments")
    history.add("manual", 200, 10, area="payments")
    history.add("assisted", 200, 10, area="search")
    history.add("manual", 200, 40, area="search")
    whole = row(report())
    assert whole.found.ratio is None
    assert "areas disagree" in whole.sentence
    areas = report(TOOL)
    assert [one.area for one in areas.rows] == ["payments", "search", None]
    assert row(areas, area="payments").found.ratio == pytest.approx(4)
    assert row(areas, area="search").found.ratio == pytest.approx(0.25)
    assert row(areas).found.ratio is None


@pytest.mark.parametrize(
    ("own", "other", "words"),
    [
        ((9, 5), (100, 20), "under 10 changes of this kind"),
        ((60, 20), (9, 5), "under 10 changes to compare with"),
        ((60, 2), (100, 20), "there are not enough failures to compare"),
    ],
)
def test_no_ratio_is_given_when_there_is_too_little(
    own: tuple[int, int], other: tuple[int, int], words: str
) -> None:
    history = History()
    history.add("assisted", *own)
    history.add("manual", *other)
    found = row(report()).found
    assert (found.ratio, found.crude, found.what_if, found.refused) == (None, None, (), words)
    assert found.counts == f"{own[1]} of {own[0]} against {other[1]} of {other[0]}"


def test_no_ratio_is_given_when_most_of_the_work_has_nothing_like_it() -> None:
    history = History()
    history.add("assisted", 40, 8)
    history.add("manual", 40, 8)
    history.add("assisted", 60, 6, size_band="large")
    found = row(report()).found
    assert found.ratio is None
    assert found.comparable_share == pytest.approx(0.4)
    assert "only 40% of this work had similar changes" in found.refused


def test_unmarked_is_the_baseline_when_too_many_origins_are_unknown() -> None:
    history = History()
    history.add("assisted", 100, 20)
    history.add("manual", 60, 6)
    history.add("unknown", 140, 14)
    found = row(report()).found
    assert (found.baseline, found.baseline_changes, found.baseline_failures) == ("unmarked", 200, 20)
    assert found.ratio == pytest.approx(2)
    assert "similar unmarked changes" in row(report()).sentence
    assert found.may_be_reversed
    # A tenth of the unknown with the kind: 21.4 of 114 against 18.6 of 186.
    share, ratio = found.what_if[0]
    assert share == 0.1
    assert ratio == pytest.approx((21.4 / 114) / (18.6 / 186))


def test_unknown_could_not_reverse_it_when_they_are_few_and_harmless() -> None:
    history = History()
    history.add("assisted", 200, 80)
    history.add("manual", 200, 10)
    history.add("unknown", 60, 0)
    found = row(report())
    assert found.found.bound_low == pytest.approx((80 / 260) / (10 / 200))
    assert not found.found.may_be_reversed
    assert "not even the 13 %" in found.unknown_words


def test_quarters_are_compared_apart() -> None:
    """The base rate trebles while help grows: crude says worse, like beside like says equal."""
    early, late = History(make.day(190)), History(make.day(50))
    early.add("assisted", 20, 2)
    early.add("manual", 180, 18)
    late.add("assisted", 180, 54)
    late.add("manual", 20, 6)
    found = row(report()).found
    assert found.ratio == pytest.approx(1)
    assert found.crude == pytest.approx(56 / 24)


def test_assistant_narrows_the_kind_and_not_what_it_is_compared_with() -> None:
    history = History()
    tool = Assistant.objects.create(slug="helper", name="Helper")
    history.add("assisted", 50, 10, assistant=tool)
    history.add("assisted", 50, 30)
    history.add("manual", 100, 10)
    found = row(report(assistant="helper")).found
    assert (found.changes, found.baseline_changes) == (50, 100)
    assert found.ratio == pytest.approx(2)


def test_numerators_are_hidden_when_few_incidents_stand_behind_and_one_is_restricted() -> None:
    history = History()
    history.add("assisted", 40, 2, restricted=1)
    history.add("manual", 100, 20)
    found = row(report())
    assert found.found.is_hidden
    assert found.found.baseline_failures is None
    told = json.dumps(comparisons.as_json(report()), default=str)
    assert "2 of 40" not in told
    assert "hidden, since fewer than 3 incidents" in told


def test_page_csv_json_and_api_tell_the_same(client: Client) -> None:
    history = History(timezone.now() - timedelta(days=45))
    history.add("assisted", 100, 20)
    history.add("manual", 100, 10)
    client.force_login(makers.user())
    page = client.get(reverse("analytics:baseline"))
    shown = page.context["report"]
    told = json.loads(client.get(reverse("analytics:baseline_json")).content)
    api = json.loads(client.get("/api/v1/baseline/").content)
    lines = list(csv.DictReader(StringIO(client.get(reverse("analytics:baseline_csv")).content.decode())))
    assert told["rows"] == api["rows"]
    assert len(shown.rows) == len(told["rows"]) == len(lines) == 2
    for one, other, line in zip(shown.rows, told["rows"], lines, strict=True):
        assert (one.found.ratio, one.found.changes) == (other["ratio"], other["changes"])
        assert (float(line["ratio"]), int(line["changes"])) == (one.found.ratio, one.found.changes)
        assert line["sentence"] == one.sentence == other["sentence"]
        assert one.found.counts in page.content.decode()
    assert shown.rows[0].found.ratio == pytest.approx(2)


def test_counts_lead_to_as_many_records(client: Client) -> None:
    history = History(timezone.now() - timedelta(days=45))
    history.add("assisted", 40, 8)
    history.add("manual", 60, 6)
    client.force_login(makers.user())
    page = client.get(reverse("analytics:baseline"), {"area": "payments", "kind": TOOL})
    shown = page.context["report"].rows[0].found
    assert f"/matrix/changes/?area=payments&amp;row=kind%3A{TOOL}" in page.content.decode()
    behind = client.get(
        reverse("analytics:matrix_changes"), {"area": "payments", "row": f"kind:{TOOL}"}
    ).context["counts"]
    assert (behind["mature"], behind["linked"]) == (shown.changes, shown.failures)


def test_nothing_to_compare_is_said_when_there_is_no_change(client: Client) -> None:
    client.force_login(makers.user())
    assert "Nothing to compare yet" in client.get(reverse("analytics:baseline")).content.decode()
    assert client.get(reverse("analytics:baseline"), {"kind": "nonsense"}).status_code == 400
    assert client.get(reverse("analytics:baseline_json"), {"from": "yesterday"}).status_code == 400


def test_report_asks_few_questions() -> None:
    simpson()
    stands = make.settled()
    fields: dict[str, Any] = {
        "start": AS_OF - timedelta(days=364),
        "end": AS_OF,
        "as_of": AS_OF,
        "demo": False,
    }
    with CaptureQueriesContext(connection) as first:
        comparisons.against_baseline(Filters(**fields), "", stands)
    assert len(first) <= 12, [one["sql"][:90] for one in first]
    with CaptureQueriesContext(connection) as second:
        comparisons.against_baseline(Filters(**fields), "", stands)
    assert len(second) == 0


@pytest.mark.parametrize("name", ["baseline", "trend"])
def test_page_answers_when_no_day_of_the_window_is_old_enough(client: Client, name: str) -> None:
    history = History(timezone.now() - timedelta(days=5))
    history.add("assisted", 12, 2)
    client.force_login(makers.user())
    young = {"from": (today() - timedelta(days=20)).isoformat()}
    assert client.get(reverse(f"analytics:{name}"), young).status_code == 200
    assert client.get(reverse(f"analytics:{name}_json"), young).status_code == 200


@pytest.mark.parametrize("name", ["baseline", "trend"])
def test_page_asks_twelve_questions_at_most_for_what_is_counted(client: Client, name: str) -> None:
    history = History(timezone.now() - timedelta(days=45))
    history.add("assisted", 12, 2)
    history.add("manual", 12, 2)
    client.force_login(makers.user())
    client.get(reverse(f"analytics:{name}"))
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse(f"analytics:{name}"))
    assert len(asked) <= 12, [one["sql"][:90] for one in asked]


def test_picture_marks_what_reaches_beyond_its_axis_and_draws_no_point_for_a_refusal() -> None:
    history = History()
    history.add("assisted", 40, 20, area="payments")
    history.add("manual", 400, 4, area="payments")
    history.add("assisted", 40, 1, area="search")
    history.add("manual", 400, 4, area="search")
    chart = ratio_chart(report(TOOL).rows)
    assert chart is not None
    marks = {mark.row.area: mark for mark in chart.marks}
    far, refused = marks["payments"], marks["search"]
    assert far.beyond
    assert far.x == far.high == chart.layout.right
    assert (refused.x, refused.words) == (None, "there are not enough failures to compare")
    assert ratio_chart([refused.row]) is None
