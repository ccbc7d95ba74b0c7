"""Impact beside burden: worked out by hand, hidden where it must be, never ranked across units."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User
from analytics.charts_feature import Figure, feature_chart
from analytics.impact import EVER, LATELY, in_order, lines, sheet
from analytics.metrics.features import HIDDEN_REWORK, HIDDEN_WORDS, NO_CLONE, NO_DEPLOYMENT, number, signed
from analytics.models import DeploymentFlow
from analytics.queries.features import features_to_answer
from changes.models import Change, ChangeLink, Feature, FollowUp, Measurement, Repository, Service
from changes.services.features import create_feature, measure
from changes.services.featuring import say_feature
from incidents.models import Cause, Incident
from tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 30)  # a Tuesday: the last 13 complete weeks are 30 March to 28 June
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@dataclass
class Story:
    feature: Feature
    changes: list[Change]
    services: list[Service]
    reader: User


@pytest.fixture
def story() -> Story:
    """Four shipped changes: 10 January, 1 February, 15 April and 1 May; the third tells no lines."""
    feature = create_feature(
        by=None, now=NOW, name="One tap", metric="conversion", unit="%", direction="more",
        baseline=60.0, baseline_from=date(2025, 11, 1), baseline_to=date(2025, 12, 31),
        baseline_source="shop",
    )  # fmt: skip
    where = make.repository()
    sizes: list[dict[str, Any]] = [
        {"additions": 100, "deletions": 20},
        {"additions": 40, "deletions": 10, "type": "flag", "undone_at": at(2, 3)},
        {"paths": ["deploy/values.yaml", "shop/pay.py"]},
        {"additions": 30, "deletions": 60, "paths": ["deploy/values.yaml"]},
    ]
    days = [at(1, 10), at(2, 1), at(4, 15), at(5, 1)]
    changes = [
        make.change(repository=where, shipped_at=day, feature=feature, feature_basis="line", **size)
        for day, size in zip(days, sizes, strict=True)
    ]
    services = [make.service("Shop"), make.service("Bank")]
    for change in changes:
        change.services.add(services[0])
    changes[0].services.add(services[1])
    return Story(feature, changes, services, make.user())


def incident(change: Change, began: datetime, status: str = "confirmed", **over: Any) -> Incident:
    found = make.incident(impact_started_at=began, **over)
    Cause.objects.create(incident=found, change=change, status=status)
    return found


def values(one: Story, period: str, user: User | None = None) -> dict[str, int | None]:
    burden = sheet(one.feature, [], user or one.reader, TODAY).burdens[period]
    return {part.key: part.value for part in burden.parts}


def reasons(one: Story, user: User | None = None) -> dict[str, str]:
    found = sheet(one.feature, [], user or one.reader, TODAY).burdens[EVER].parts
    return {part.key: part.reason for part in found if part.value is None}


# ---------------------------------------------------------------- the burden, part by part


def test_each_part_is_as_worked_out_by_hand(story: Story) -> None:
    """100 - 20 + 40 - 10 + 30 - 60 = 80 lines; since 30 March the last alone tells lines: -30."""
    ever, lately = values(story, EVER), values(story, LATELY)
    assert ever == {
        "net_lines": 80, "services": 2, "settings": 1, "config_files": 1, "incidents": 0, "undone": 1,
        "fixes": 0, "rewritten": None, "rework": None, "actions": 0,
    }  # fmt: skip
    assert lately == {
        "net_lines": -30, "services": 1, "settings": 0, "config_files": 1, "incidents": 0, "undone": 0,
        "fixes": 0, "rewritten": None, "rework": None, "actions": 0,
    }  # fmt: skip
    assert reasons(story) == {"rewritten": NO_CLONE, "rework": NO_DEPLOYMENT}
    assert "1 tell no lines" in sheet(story.feature, [], story.reader, TODAY).burdens[EVER].lines.note


def test_nothing_is_0_when_nothing_has_shipped(story: Story) -> None:
    Change.objects.update(state="merged", shipped_at=None)
    assert set(values(story, EVER).values()) == {None}
    assert set(reasons(story).values()) == {"nothing has shipped yet"}


def test_follow_up_fixes_are_counted_once_however_they_are_known(story: Story) -> None:
    """One that names its change and was found by its lines too, one that names, one that never landed."""
    both = make.change(shipped_at=at(4, 20), counted_lines=12)
    names = make.change(shipped_at=at(5, 20), additions=3, deletions=4)
    never = make.change(state="open", shipped_at=None, shipped_basis="", merged_at=None)
    for fix in (both, names, never):
        ChangeLink.objects.create(
            change=fix, kind="fixes", names=f"#{fix.pk}", target=story.changes[0], rule="w"
        )
    FollowUp.objects.create(
        change=story.changes[0], fix=both, at=at(4, 20), lines=7, deleted_lines=9, method_version=1
    )
    Repository.objects.filter(pk=story.changes[0].repository_id).update(clone_path="/srv/shop")
    found = values(story, EVER)
    assert (found["fixes"], found["rewritten"]) == (2, 7)
    part = sheet(story.feature, [], story.reader, TODAY).burdens[EVER].fixes
    assert part.note == "19 lines changed by them"


def rolled(story: Story, *, is_rework: bool, by_restricted: bool = False) -> None:
    deployment = make.deployment(repository=story.changes[0].repository)
    deployment.changes.add(story.changes[0], story.changes[1])
    DeploymentFlow.objects.create(
        deployment=deployment, repository=deployment.repository, is_demo=False, scopes=[""], service=0,
        at=at(4, 10), reached_users=True, failed=False, suspected=False, is_rework=is_rework,
        by_restricted=by_restricted, changes=2, is_first_known=False, is_gap=False,
    )  # fmt: skip


def test_rework_deployments_are_counted_once_each(story: Story) -> None:
    rolled(story, is_rework=False)
    assert values(story, EVER)["rework"] == 0
    rolled(story, is_rework=True)
    assert (values(story, EVER)["rework"], values(story, LATELY)["rework"]) == (1, 1)


def test_rework_is_hidden_when_few_tell_of_a_restricted_incident(story: Story) -> None:
    rolled(story, is_rework=True, by_restricted=True)
    assert reasons(story)["rework"] == HIDDEN_REWORK
    for _ in range(2):
        rolled(story, is_rework=True)
    assert values(story, EVER)["rework"] == 3


# ---------------------------------------------------------------- incidents


def test_only_confirmed_causes_of_counted_incidents_link(story: Story) -> None:
    one = incident(story.changes[0], at(1, 20))
    incident(story.changes[0], at(4, 20), status="suspected")
    incident(story.changes[1], at(4, 21), closing_reason="false_alarm")
    Cause.objects.create(incident=one, change=story.changes[1], status="confirmed")
    incident(story.changes[2], at(5, 20))
    assert (values(story, EVER)["incidents"], values(story, LATELY)["incidents"]) == (2, 1)


def test_a_word_on_a_double_is_a_word_on_its_survivor(story: Story) -> None:
    double = make.change(repository=story.changes[0].repository, merged_into=story.changes[0])
    found = incident(double, at(4, 20))
    assert values(story, EVER)["incidents"] == 1
    Cause.objects.create(incident=found, change=story.changes[0], status="ruled_out")
    assert values(story, EVER)["incidents"] == 0


def test_restricted_incidents_count_for_everybody_and_are_said(story: Story) -> None:
    shown = [incident(story.changes[0], at(4, 1 + day)) for day in range(2)]
    shut = incident(story.changes[0], at(4, 10), is_restricted=True)
    named = make.user()
    shut.people.add(named)
    for user, seen, unseen in ((story.reader, shown, 1), (named, [*shown, shut], 0)):
        found = sheet(story.feature, [], user, TODAY)
        assert found.burdens[EVER].linked.value == 3
        assert {one.incident for one in found.incidents.seen} == set(seen)
        assert found.incidents.unseen == unseen


def test_the_number_is_hidden_from_everybody_when_few_include_a_restricted_one(story: Story) -> None:
    shut = incident(story.changes[0], at(4, 10), is_restricted=True)
    make.action(shut)
    shut.people.add(story.reader)
    for user in (story.reader, make.user(Role.ADMIN)):
        hidden = reasons(story, user)
        assert hidden["incidents"] == hidden["actions"] == HIDDEN_WORDS
    assert [one.incident for one in sheet(story.feature, [], story.reader, TODAY).incidents.seen] == [shut]


def test_open_actions_are_those_not_done(story: Story) -> None:
    one = incident(story.changes[0], at(4, 10))
    make.action(one, state="accepted", created_at=at(4, 11))
    make.action(one, state="done")
    make.action(one, state="proposed", created_at=at(3, 1))
    assert (values(story, EVER)["actions"], values(story, LATELY)["actions"]) == (2, 1)


# ---------------------------------------------------------------- impact, and impact for what it takes


def measured(story: Story, value: float, **over: Any) -> Measurement:
    given: dict[str, Any] = {"begins_on": date(2026, 4, 1), "ends_on": date(2026, 4, 30), "source": "shop"}
    given |= over
    return measure(feature_id=story.feature.pk, value=value, by=None, now=NOW, **given)


@pytest.mark.parametrize(
    ("direction", "value", "over", "words"),
    [
        ("more", 61.5, {}, "+1.5 points, better than before"),
        ("less", 61.5, {}, "+1.5 points, worse than before"),
        ("more", 60.0, {}, "as before"),
        ("more", 60.5, {"low": 59.8, "high": 61.2}, "+0.5 points; the range given includes the baseline"),
        ("more", 60.5, {"low": 60.1}, "+0.5 points, better than before"),
    ],
)
def test_impact_is_told_in_its_direction(
    story: Story, direction: str, value: float, over: dict[str, Any], words: str
) -> None:
    Feature.objects.update(direction=direction)
    story.feature.refresh_from_db()
    measured(story, value, **over)
    impact = sheet(story.feature, story.feature.measurements.all(), story.reader, TODAY).impact
    assert impact is not None
    assert impact.words == words


def test_quotients_are_of_one_part_each_and_none_where_one_is_not_known(story: Story) -> None:
    """2 points over 110 lines carried by 30 April; one incident in April, one before."""
    incident(story.changes[0], at(1, 20))
    incident(story.changes[0], at(4, 20))
    measured(story, 62.0)
    [one] = sheet(story.feature, story.feature.measurements.all(), story.reader, TODAY).densities
    found: dict[str, Any] = {quotient.part: (quotient.amount, quotient.value) for quotient in one.quotients}
    assert found["per 1,000 net lines"] == (110, pytest.approx(2000 / 110))
    assert found["per incident"] == (1, 2.0)
    assert found["per follow-up fix"] == (0, None)
    assert found["per rework deployment"] == (None, None)


def test_nothing_is_compared_when_there_is_no_baseline(story: Story) -> None:
    Feature.objects.update(baseline=None)
    story.feature.refresh_from_db()
    measured(story, 62.0)
    [one] = sheet(story.feature, story.feature.measurements.all(), story.reader, TODAY).densities
    assert one.impact.words == "no baseline to compare with"
    assert {quotient.value for quotient in one.quotients} == {None}


def test_the_newest_period_that_stands_is_the_impact(story: Story) -> None:
    measured(story, 63.0, begins_on=date(2026, 5, 1), ends_on=date(2026, 5, 31))
    measured(story, 62.0)
    gone = measured(story, 99.0, begins_on=date(2026, 6, 1), ends_on=date(2026, 6, 20))
    Measurement.objects.filter(pk=gone.pk).update(taken_back_at=NOW)
    [line] = lines([story.feature], story.reader, TODAY)
    assert line.impact is not None
    assert line.impact.measured.value == 63.0


def test_what_is_not_known_comes_last_in_any_order(story: Story) -> None:
    others = [create_feature(by=None, now=NOW, name=name, metric="m", unit="%") for name in ("A", "Z")]
    make.change(feature=others[1], additions=500, deletions=0)
    found = lines([others[0], story.feature, others[1]], story.reader, TODAY)
    names = [line.feature.name for line in in_order(found, "net_lines", EVER)]
    assert names == ["Z", "One tap", "A"]
    assert [line.feature.name for line in in_order(found, "name", EVER)] == ["A", "One tap", "Z"]


# ---------------------------------------------------------------- what the weekly page asks


def test_the_week_asks_when_the_period_is_over_and_nobody_has_answered(story: Story) -> None:
    assert features_to_answer(story.reader, False, TODAY) == []
    measured(story, 62.0)
    [asked] = features_to_answer(story.reader, False, TODAY)
    assert (asked.feature, asked.ended_on, asked.may_answer) == (story.feature, date(2026, 4, 30), True)
    assert features_to_answer(story.reader, True, TODAY) == []
    Feature.objects.update(measured_until=TODAY)
    assert features_to_answer(story.reader, False, TODAY) == []
    assert len(features_to_answer(story.reader, False, TODAY + timedelta(days=1))) == 1
    Feature.objects.update(worth_it="Yes.", worth_it_at=NOW)
    assert features_to_answer(story.reader, False, TODAY + timedelta(days=1)) == []


@time_machine.travel(NOW, tick=False)
def test_the_weekly_page_asks_within_its_scope(client: Client, story: Story) -> None:
    measured(story, 62.0)
    client.force_login(story.reader)
    shop, other = story.services[0], make.service("Nothing")
    area = make.area()
    Feature.objects.update(area=area)
    for scope, is_asked in (
        ("", True), (f"service:{shop.pk}", True), (f"service:{other.pk}", False), (f"area:{area.pk}", True),
        (f"area:{make.area().pk}", False),
    ):  # fmt: skip
        page = client.get(reverse("analytics:review"), {"scope": scope}).content.decode()
        assert ("measured until 30 Apr 2026" in page) == is_asked, scope


# ---------------------------------------------------------------- pages


@pytest.fixture
def author(client: Client, story: Story) -> Client:
    client.force_login(story.reader)
    return client


def test_pages_ask_few_statements_however_much_there_is(author: Client, story: Story) -> None:
    for number_ in range(4):
        measured(story, 60.0 + number_)
        make.action(incident(story.changes[0], at(4, 10 + number_)))
    for number_ in range(30):
        other = create_feature(by=None, now=NOW, name=f"Feature {number_}", metric="m", unit="%")
        make.action(incident(make.change(feature=other, paths=["a.yaml"]), at(4, 10)))
    say_feature(
        change_ids=[story.changes[0].pk], feature=story.feature, by=story.reader, prompted_by="bulk", now=NOW
    )
    addresses = [
        reverse("analytics:features"),
        reverse("analytics:features") + "?unit=%25&sort=incidents&page=2",
        reverse("analytics:features_csv"),
        story.feature.get_absolute_url(),
    ]
    for address in addresses:
        author.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert author.get(address).status_code == 200
        assert len(asked) <= 12, address


def test_different_units_are_never_put_in_an_order(author: Client, story: Story) -> None:
    create_feature(by=None, now=NOW, name="A slow one", metric="latency", unit="ms")
    for query in ("?sort=impact", "?sort=net_lines&period=lately"):
        page = author.get(reverse("analytics:features") + query).content.decode()
        assert "choose a unit first" in page
        assert page.index("A slow one") < page.index("One tap")
    assert "choose a unit first" not in author.get("/features/?sort=impact&unit=%25").content.decode()


def test_a_restricted_incident_is_named_on_no_page_and_in_no_file(author: Client, story: Story) -> None:
    for number_ in range(3):
        incident(story.changes[0], at(4, 1 + number_), title=f"Open {number_}")
    shut = incident(story.changes[0], at(4, 10), is_restricted=True, title="Secret outage")
    make.action(shut, title="Secret work")
    slug = story.feature.slug
    for name in ("feature", "feature_csv", "feature_json"):
        text = author.get(reverse(f"analytics:{name}", args=[slug])).content.decode()
        assert "Secret" not in text
        assert "Open 1" in text or name != "feature"
    assert "1 restricted, counted and not listed" in author.get(f"/features/{slug}/").content.decode()
    told = author.get(f"/api/v1/features/{slug}/burden/").json()
    assert shut.number not in told["incidents"]
    assert next(one["value"] for one in told["ever"] if one["part"] == "incidents") == 4


@time_machine.travel(NOW, tick=False)
def test_files_leave_empty_what_is_not_known(author: Client, story: Story) -> None:
    rows = list(csv.DictReader(io.StringIO(author.get(reverse("analytics:features_csv")).content.decode())))
    told = [(row["period"], row["net_lines"].lstrip("'"), row["rework"]) for row in rows]
    assert told == [("ever", "80", ""), ("lately", "-30", "")]
    found = author.get(reverse("analytics:features_json")).json()["features"][0]["burden"]["ever"]
    assert found["rework"] == {"value": None, "note": "", "not_known_because": NO_DEPLOYMENT}


def test_a_feature_is_made_measured_answered_and_retired_on_its_page(author: Client) -> None:
    made = author.post(
        reverse("analytics:feature_new"), {"name": "Gift cards", "direction": "more", "metric": "sales"}
    )
    assert made.headers["Location"] == "/features/gift-cards/"
    refused = author.post("/features/gift-cards/measure/", {"value": "5", "begins_on": "2026-03-01"})
    assert refused.status_code == 422
    period = {"begins_on": "2026-03-01", "ends_on": "2026-03-31", "source": "shop", "value": "5"}
    assert author.post("/features/gift-cards/measure/", period | {"low": "6"}).status_code == 422
    author.post("/features/gift-cards/measure/", period)
    author.post("/features/gift-cards/answer/", {"worth_it": "Not yet."})
    author.post("/features/gift-cards/retire/", {"on": "2026-06-01", "reason": "Nobody bought one."})
    feature = Feature.objects.get(slug="gift-cards")
    assert (feature.worth_it, feature.retired_reason) == ("Not yet.", "Nobody bought one.")
    measurement = feature.measurements.get()
    author.post(reverse("analytics:feature_measurement_back", args=["gift-cards", measurement.pk]))
    measurement.refresh_from_db()
    assert measurement.taken_back_at is not None
    author.post("/features/gift-cards/retire/", {"back": "1"})
    feature.refresh_from_db()
    assert feature.retired_on is None


def test_an_edit_that_was_overtaken_changes_nothing(author: Client, story: Story) -> None:
    address = reverse("analytics:feature_edit", args=[story.feature.slug])
    answer = author.post(address, {"name": "Other", "direction": "more", "version": "0"})
    assert answer.status_code == 422
    assert "in the meantime" in answer.content.decode()
    story.feature.refresh_from_db()
    assert story.feature.name == "One tap"


# ---------------------------------------------------------------- many at once


def test_many_are_put_in_as_shown_and_taken_back_as_a_whole(author: Client, story: Story) -> None:
    wanted = [make.change(title=f"Pay by tap {number_}", paths=["shop/tap.py"]) for number_ in range(3)]
    said = make.change(title="Pay by tap, said")
    other = create_feature(by=None, now=NOW, name="Other")
    say_feature(change_ids=[said.pk], feature=other, by=None, prompted_by="api", now=NOW)
    address = reverse("analytics:feature_put", args=[story.feature.slug])
    page = author.get(address, {"words": "tap pay"}).content.decode()
    assert "Yes, put 3 changes in" in page
    assert "1 more matches and is left out" in page
    assert not Change.objects.filter(pk__in=[one.pk for one in wanted]).exclude(feature=None).exists()
    late = make.change(title="Pay by tap, late")
    ids = ",".join(str(one.pk) for one in [*wanted, said])
    with time_machine.travel(NOW, tick=False):
        author.post(address, {"words": "tap pay", "ids": ids})
    assert set(
        Change.objects.filter(feature=story.feature).exclude(pk__in=[one.pk for one in story.changes])
    ) == set(wanted)
    late.refresh_from_db()
    said.refresh_from_db()
    assert (late.feature, said.feature) == (None, other)
    undo = reverse("analytics:feature_put_undo", args=[story.feature.slug])
    assert author.post(undo, {"said_at": "yesterday"}).status_code == 400
    author.post(undo, {"said_at": NOW.isoformat()})
    assert story.feature.changes.count() == 4


@pytest.mark.parametrize("query", ["", "also_said=on"])
def test_nothing_is_offered_when_nothing_narrows(author: Client, story: Story, query: str) -> None:
    page = author.get(reverse("analytics:feature_put", args=[story.feature.slug]) + f"?{query}")
    assert page.status_code == 200
    assert "Yes, put" not in page.content.decode()


def test_a_filter_that_cannot_be_is_told(author: Client, story: Story) -> None:
    address = reverse("analytics:feature_put", args=[story.feature.slug])
    page = author.get(address, {"since": "2026-03-02", "until": "2026-03-01"})
    assert page.status_code == 422
    assert author.post(address, {"words": "x", "ids": ""}).status_code == 400


def test_the_change_page_puts_one_in_and_hands_it_back(author: Client, story: Story) -> None:
    change = make.change(feature_names=["one-tap"], feature_lines=["one-tap"])
    address = reverse("changes:decide_feature", args=[change.pk])
    for sent, feature, basis in (
        ("none", None, "person"), ("one-tap", story.feature, "person"), ("", story.feature, "line"),
    ):  # fmt: skip
        assert author.post(address, {"feature": sent}).status_code == 302
        change.refresh_from_db()
        assert (change.feature, change.feature_basis) == (feature, basis)
    assert author.post(address, {"feature": "nobody-knows"}).status_code == 400


# ---------------------------------------------------------------- over the API


def test_the_api_writes_what_the_pages_write(author: Client, story: Story) -> None:
    def post(path: str, **body: Any) -> Any:
        return author.post(f"/api/v1/{path}", body, content_type="application/json")

    assert post("features/", name="Gift cards", metric="sales", unit="EUR").status_code == 201
    period = {"begins_on": "2026-03-01", "ends_on": "2026-03-31", "source": "shop"}
    assert post("features/gift-cards/measurements/", value=5, low=6, **period).status_code == 422
    told = post("features/gift-cards/measurements/", value=5, **period).json()
    pk = told["measurements"][0]["id"]
    assert post(f"features/gift-cards/measurements/{pk}/take-back/").json()["measurements"][0][
        "taken_back_at"
    ]
    change = make.change()
    assert post("features/gift-cards/changes/", changes=[change.pk]).json() == {"changes": [change.pk]}
    assert post("features/gift-cards/changes/", changes=[change.pk, 10**9]).status_code == 400
    assert post(f"changes/{change.pk}/feature/", feature=None).json()["feature"] is None
    assert post(f"changes/{change.pk}/feature/", as_named=True).json()["feature_basis"] == ""
    assert post(f"changes/{change.pk}/feature/").status_code == 400
    assert post("features/gift-cards/answer/", text="No.").json()["worth_it"] == "No."
    listed = author.get("/api/v1/features/", {"unit": "eur", "answered": "true"}).json()["results"]
    assert [one["slug"] for one in listed] == ["gift-cards"]


# ---------------------------------------------------------------- numbers and picture


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0, "0"), (-0.00001, "−1e-05"), (64.3, "64.3"), (12345.678, "12\u202f346"),
        (-1500, "−1\u202f500"), (3.10000001, "3.1"),
    ],
)  # fmt: skip
def test_numbers_are_written_short(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_sign_stands_before_what_is_more() -> None:
    assert [signed(one) for one in (2.0, 0.0, -2.0)] == ["+2", "0", "−2"]


def test_the_picture_holds_every_figure_on_its_scale() -> None:
    figures = [
        Figure(date(2026, 1, 1), date(2026, 1, 31), 60.0, is_baseline=True),
        Figure(date(2026, 3, 1), date(2026, 3, 31), 62.0, 61.0, 63.0),
    ]
    assert feature_chart(figures[:1]) is None
    chart = feature_chart(figures)
    assert chart is not None
    before, since = chart.marks
    assert before.y == chart.baseline_y
    assert since.high is not None
    assert since.low is not None
    assert since.high < since.y < since.low < before.y
    assert all(chart.left <= mark.x < mark.x2 <= chart.right + 4 for mark in chart.marks)
    assert [words for _, words in chart.ticks] == ["60", "61", "62", "63"]


@pytest.mark.parametrize("value", [0.0, -5.0, 0.00123, 1e9])
def test_a_picture_of_one_figure_has_a_scale(value: float) -> None:
    chart = feature_chart([Figure(date(2026, 1, 1), date(2026, 1, 1), value)])
    assert chart is not None
    assert len({words for _, words in chart.ticks}) == len(chart.ticks) >= 2
    assert 0 <= chart.marks[0].y <= chart.height
