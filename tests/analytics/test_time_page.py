"""Where the time goes, as a page: its sentences are true by the counts, and what is not known is no 0."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.days import midnight
from analytics.flow_weeks import WEEK, Span, label
from analytics.models import ChangeFlow, DeploymentFlow, DirtySpan
from analytics.review_form import ReviewForm
from analytics.services import flow
from analytics.times import TimeReport, report_of
from analytics.views.time_spent import chance, headline
from changes.models import Service
from tests import make
from tests.analytics.flow_rows import HOUR, NOW, at, deployed, shipped

pytestmark = pytest.mark.django_db
# The last week shown, and the two spans of 13 that end with it.
LAST = date(2026, 5, 25)
RECENT = Span(LAST - 12 * WEEK, 13)
PAST = RECENT.before()


@pytest.fixture
def shop() -> Service:
    make.change()
    return make.service("Shop", reports_incidents=True)


def fill(
    shop: Service, *, merged: tuple[int, int], deployments: tuple[int, int], failed: tuple[int, int]
) -> None:
    """So many in the weeks before and in the last ones, spread over the weeks; a known week goes before."""
    deployed(shop, at(-7, PAST.begins_on), is_first_known=True)
    for span, which in ((PAST, 0), (RECENT, 1)):
        weeks = list(span.each())
        for n in range(merged[which]):
            shipped(
                shop, at(n % 3, weeks[n % 13]), (2 + which) * HOUR, waited_for_deployment=HOUR,
                waited_for_review=(5 + which) * HOUR + n, reviews=1, rounds=1, lines=10,
                origin="assisted" if n % 2 else "manual",
            )  # fmt: skip
        for n in range(deployments[which]):
            deployed(shop, at(n % 5, weeks[n % 13]), failed=n < failed[which])


def reckon(*, quarters: bool = True) -> None:
    for week in Span(PAST.begins_on - WEEK, 27).each():
        flow.reckon(page="time", span=Span(week), demo=False, now=NOW)
    for span in (RECENT, PAST) if quarters else ():
        flow.reckon(page="time", span=span, demo=False, now=NOW)


def report(**asked: Any) -> TimeReport:
    form = ReviewForm({"week": label(LAST), **asked}, demo=False)
    assert form.is_valid(), form.errors
    return report_of(form)


def test_the_headline_counts_what_a_plain_query_counts(shop: Service) -> None:
    fill(shop, merged=(40, 52), deployments=(26, 28), failed=(3, 7))
    reckon()
    found = report()
    assert headline(found) == (
        "Over the 13 weeks to 31 May 2026 30 % more changes were merged than in the 13 before (52 and 40); "
        "2 more deployments reached users (28 and 26), and 7 instead of 3 failed."
    )
    since, until = midnight(RECENT.begins_on), midnight(RECENT.ends_on)
    merged = ChangeFlow.objects.filter(merged_at__gte=since, merged_at__lt=until)
    rolled = DeploymentFlow.objects.filter(at__gte=since, at__lt=until, reached_users=True)
    assert (merged.count(), rolled.count(), rolled.filter(failed=True).count()) == (52, 28, 7)
    assert chance(found) == (
        "Chance alone can explain the difference in changes merged, deployments and failures."
    )


def test_a_difference_is_beyond_chance_when_steady_weeks_doubled(shop: Service) -> None:
    fill(shop, merged=(39, 117), deployments=(26, 26), failed=(0, 0))
    reckon()
    found = report()
    assert found.measure("merged").altered is not None
    assert chance(found) == "The difference in changes merged is beyond what chance gives."
    assert "as many deployments reached users as before (26), and 0 failed, as before." in headline(found)


def test_small_counts_get_no_percentage(shop: Service) -> None:
    fill(shop, merged=(8, 13), deployments=(13, 13), failed=(0, 1))
    reckon()
    assert " 5 more changes were merged than in the 13 before (13 and 8);" in headline(report())


def test_nothing_is_compared_when_deployments_are_known_only_since_then(shop: Service) -> None:
    fill(shop, merged=(26, 26), deployments=(0, 13), failed=(0, 2))
    DeploymentFlow.objects.filter(is_first_known=True).update(at=at(3, PAST.begins_on + 3 * WEEK))
    reckon()
    found = report()
    deployments = found.measure("deployments")
    assert (deployments.now, deployments.before) == (13, None)
    assert deployments.weeks[:4] == (None, None, None, 1)
    assert "13 deployments reached users (deployments are known since 25 Dec 2025)" in headline(found)
    assert found.measure("merged").before == 26


def test_how_much_reached_users_is_not_known_when_no_deployment_ever_was(shop: Service) -> None:
    for week in RECENT.each():
        shipped(shop, at(1, week), None, shipped_at=None)
    reckon()
    found = report()
    assert found.measure("deployments").weeks == (None,) * 26
    assert "how many deployments reached users is not known (no deployment is known)." in headline(found)
    assert found.missing["by_merge"] == 13


def test_two_weeks_are_hidden_when_one_would_give_a_restricted_incident_away(shop: Service) -> None:
    fill(shop, merged=(13, 13), deployments=(26, 26), failed=(0, 9))
    deployed(shop, at(6, RECENT.begins_on + 11 * WEEK), failed=True, by_restricted=True)
    reckon()
    failed = report().measure("failed")
    assert (failed.now, failed.before) == (10, 0)
    assert [n for n, count in enumerate(failed.weeks) if count is None] == [22, 24]


def test_medians_of_two_spans_stand_beside_each_other(shop: Service) -> None:
    fill(shop, merged=(60, 60), deployments=(13, 13), failed=(0, 0))
    reckon()
    stage = report().stage("review")
    assert (stage.before.median, stage.now.median) == (5 * HOUR + 29.5, 6 * HOUR + 29.5)
    assert stage.altered is not None
    assert stage.altered.direction == 1
    assert len(stage.weeks) == 26
    assert report().longest["review"][0] in ChangeFlow.objects.values_list("pk", flat=True)


def test_a_scope_has_its_own_figures(shop: Service) -> None:
    fill(shop, merged=(26, 26), deployments=(13, 13), failed=(0, 0))
    shipped(None, at(1, LAST), 60)
    reckon()
    assert report().measure("merged").now == 27
    assert report(scope=f"service:{shop.pk}").measure("merged").now == 26


def test_the_spans_are_asked_for_when_an_earlier_week_is_shown(shop: Service) -> None:
    fill(shop, merged=(26, 26), deployments=(13, 13), failed=(0, 0))
    reckon(quarters=False)
    found = report()
    assert not found.is_reckoned
    assert DirtySpan.objects.filter(page="time", weeks=13).count() == 2
    # Counts add up over weeks and stand all the same; medians do not.
    assert (found.measure("merged").now, found.stage("review").now.n) == (26, 0)


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make.user())
    return client


def get(client: Client, name: str, **asked: str) -> Any:
    return client.get(reverse(f"analytics:{name}"), {"week": label(LAST), **asked})


def test_the_page_says_it_and_draws_it(shop: Service, reader: Client) -> None:
    fill(shop, merged=(40, 52), deployments=(26, 28), failed=(3, 7))
    reckon()
    answer = get(reader, "review_time")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "30 % more changes were merged" in text
    assert text.count('class="picture flow wide"') == 2
    assert "the steps do not add up" in text
    assert "By origin" in text
    assert "style=" not in text


def test_the_page_says_that_nothing_is_known_when_nothing_was_told(reader: Client) -> None:
    answer = get(reader, "review_time")
    assert "Nothing is known of these weeks" in answer.content.decode()
    assert "picture flow" not in answer.content.decode()


def test_a_week_that_is_none_is_refused(reader: Client) -> None:
    for name in ("review_time", "review_time_csv", "review_time_json", "review_time_changes"):
        assert get(reader, name, week="soon").status_code == 400
    assert get(reader, "review_time_changes", stage="rounds").status_code == 404


def test_files_hold_what_the_page_shows(shop: Service, reader: Client) -> None:
    fill(shop, merged=(40, 52), deployments=(26, 28), failed=(3, 7))
    reckon()
    rows = list(csv.DictReader(io.StringIO(get(reader, "review_time_csv").content.decode())))
    weekly = [row for row in rows if row["part"] == "merged" and row["group"] == "all"]
    assert sum(int(row["value"]) for row in weekly) == 92
    told = get(reader, "review_time_json").json()
    assert [one["now"] for one in told["measures"] if one["key"] == "deployments"] == [28]
    assert len(told["weeks"]) == 26
    assert told["stages"][0]["now"]["n"] == 52


def test_the_longest_waits_are_changes_and_no_people(shop: Service, reader: Client) -> None:
    fill(shop, merged=(13, 13), deployments=(13, 13), failed=(0, 0))
    long = make.change(title="The long one", merged_at=at(1, LAST))
    shipped(
        shop, at(2, LAST), 900 * HOUR, change_id=long.pk, waited_for_review=800 * HOUR, reviews=1, rounds=1
    )
    double = make.change(title="The double", merged_into=long)
    shipped(shop, at(2, LAST), None, change_id=double.pk, waited_for_review=900 * HOUR, reviews=1, rounds=1)
    reckon()
    text = get(reader, "review_time_changes", stage="review").content.decode()
    assert "The long one" in text
    assert "33 d" in text
    assert "The double" not in text


def test_the_api_gives_what_the_page_shows(shop: Service, reader: Client) -> None:
    fill(shop, merged=(40, 52), deployments=(26, 28), failed=(3, 7))
    reckon()
    told = reader.get("/api/v1/time-spent/", {"week": label(LAST)})
    assert told.status_code == 200
    assert told.json()["stages"] == get(reader, "review_time_json").json()["stages"]
    assert told.json()["groups"]["origin"][0]["merged"] == 52
    assert reader.get("/api/v1/time-spent/", {"week": "soon"}).status_code == 400


def test_areas_are_named_when_they_are_retired_and_what_has_none_comes_last(shop: Service) -> None:
    old = make.area("zeal", retired_at=NOW)
    for scopes in (["", f"area:{old.pk}"], [""]):
        shipped(None, at(1, LAST), 60, scopes=scopes)
    reckon()
    assert [group.name for group in report().groups["area"]] == ["Zeal", "No area"]


def test_failures_are_not_known_when_no_incident_source_is_connected(shop: Service) -> None:
    dark = make.service("Dark", reports_incidents=False)
    fill(dark, merged=(13, 13), deployments=(13, 26), failed=(0, 0))
    reckon()
    found = report()
    failed = found.measure("failed")
    assert (failed.now, failed.before, set(failed.weeks)) == (None, None, {None})
    assert "and how many failed is not known: no incident source is connected." in headline(found)
    assert found.unmeasured == 26
    # One measured service beside it: its failures count, and weeks without it are gaps.
    deployed(shop, at(1, LAST), failed=True)
    reckon()
    failed = report().measure("failed")
    assert (failed.now, failed.before) == (1, 0)
    assert failed.weeks == (None,) * 25 + (1,)


def test_a_hidden_number_is_not_nought_while_its_weeks_are_reckoned(shop: Service) -> None:
    fill(shop, merged=(13, 13), deployments=(26, 26), failed=(0, 9))
    deployed(shop, at(6, RECENT.begins_on + 11 * WEEK), failed=True, by_restricted=True)
    reckon(quarters=False)
    failed = report().measure("failed")
    assert (failed.now, failed.before, failed.why) == (None, None, "hidden for privacy")
