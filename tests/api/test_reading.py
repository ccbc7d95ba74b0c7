"""Lists and single rows of every resource: who reads, what is hidden, how pages go on."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Role, Scope, Team
from accounts.paging import Cursor
from analytics.models import Sample, TestScenario
from changes.models import (
    Assistance,
    AssistanceKind,
    Assistant,
    Change,
    ChangeIdentity,
    CheckRun,
    Environment,
    Feature,
    LoadReading,
    MarkingPolicy,
    Review,
    TestCaseResult,
    TestRun,
)
from config.api import router
from incidents.models import (
    Cause,
    ContributingFactor,
    Control,
    FactorKind,
    Fix,
    Incident,
    Severity,
    TimelineEntry,
)
from tests import make
from tests.api.conftest import Ask

API = "/api/v1"
DAY = date(2026, 3, 1)
# Resources whose rows belong to an incident, and are as private as that is.
PRIVATE = {
    "incidents",
    "causes",
    "controls",
    "fixes",
    "factors",
    "timeline",
    "postmortems",
    "actions",
    "lessons",
    "scenarios",
}


@pytest.fixture
def rows(db: None) -> dict[str, Any]:
    """One row of each resource, by what names it; those of an incident hang on a restricted one."""
    incident = make.incident(is_restricted=True)
    change = make.change()
    lesson = make.lesson(incident)
    scenario = TestScenario.objects.create(number=1, title="Retries", given="a", when="b", then="c")
    scenario.lessons.add(lesson)
    cause = Cause.objects.create(incident=incident, change=change)
    return {
        "assistance-kinds": AssistanceKind.objects.create(slug="guessing", name="Guessing").slug,
        "assistants": Assistant.objects.create(slug="helper", name="Helper").slug,
        "areas": make.area("till").slug,
        "severities": Severity.objects.order_by("rank")[0].slug,
        "factor-kinds": FactorKind.objects.create(slug="fog", name="Fog").slug,
        "teams": Team.objects.create(slug="shop", name="Shop").slug,
        "repositories": change.repository_id,
        "services": make.service().slug,
        "environments": Environment.objects.create(name="staging").pk,
        "changes": change.pk,
        "deployments": make.deployment().pk,
        "load-readings": LoadReading.objects.create(
            repository=change.repository,
            kind="settings",
            on=DAY,
            count=3,
            told_at=datetime(2026, 3, 1, tzinfo=UTC),
        ).pk,
        "check-runs": CheckRun.objects.create(
            repository=change.repository,
            kind="check",
            external_id="1",
            sha="a" * 40,
            queued_at=datetime(2026, 3, 1, tzinfo=UTC),
            told_at=datetime(2026, 3, 1, tzinfo=UTC),
        ).pk,
        "reviews": Review.objects.create(
            change=change,
            external_id="1",
            state="approved",
            submitted_at=datetime(2026, 3, 1, tzinfo=UTC),
            reviewer_in_change=b"1" * 32,
            told_at=datetime(2026, 3, 1, tzinfo=UTC),
        ).pk,
        "test-runs": TestRun.objects.create(
            repository=change.repository, key="1", ran_at=datetime(2026, 3, 1, tzinfo=UTC)
        ).pk,
        "incidents": incident.number,
        "causes": cause.pk,
        "controls": Control.objects.create(cause=cause, change=make.change()).pk,
        "fixes": Fix.objects.create(incident=incident, change=change).pk,
        "factors": ContributingFactor.objects.create(incident=incident, text="No alert").pk,
        "timeline": TimelineEntry.objects.create(
            incident=incident, occurred_at=datetime(2026, 3, 1, tzinfo=UTC), text="Noticed"
        ).pk,
        "postmortems": incident.number,
        "lessons": lesson.pk,
        "actions": make.action(incident).pk,
        "scenarios": scenario.number,
        "features": Feature.objects.create(name="One tap", slug="one-tap").slug,
        "policies": MarkingPolicy.objects.create(repository=change.repository, since=DAY).pk,
        "samples": Sample.objects.create(since=DAY, until=DAY, seed=1, drawn_from=3, population=2).pk,
    }


# Figures are one report each, hints an answer to a text: no lists of rows.
OTHERS = {
    "matrix",
    "baseline",
    "matched",
    "trend",
    "delivery",
    "work",
    "load",
    "time-spent",
    "reviewing",
    "deliveries",
    "wording",
}
RESOURCES = sorted(prefix for prefix, _, _ in router.registry if prefix not in OTHERS)


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_named_person_reads_the_list_and_the_row(resource: str, rows: dict[str, Any], as_user: Ask) -> None:
    person = make.user()
    Incident.objects.get().people.add(person)
    client = as_user(person)
    page = client.get(f"{API}/{resource}/")
    assert page.status_code == 200, page.content
    assert set(page.json()) == {"next", "previous", "results"}
    row = client.get(f"{API}/{resource}/{rows[resource]}/")
    assert row.status_code == 200, row.content
    assert any(row.json().items() >= one.items() for one in page.json()["results"])


@pytest.mark.parametrize("resource", sorted(PRIVATE))
@pytest.mark.parametrize("role", [Role.AUTHOR, Role.ADMIN])
def test_the_restricted_does_not_exist_for_others(
    resource: str, role: Role, rows: dict[str, Any], as_user: Ask
) -> None:
    client = as_user(role=role)
    assert client.get(f"{API}/{resource}/").json()["results"] == []
    assert client.get(f"{API}/{resource}/{rows[resource]}/").status_code == 404


@pytest.mark.parametrize("resource", RESOURCES)
def test_nobody_reads_without_a_key(resource: str, rows: dict[str, Any]) -> None:
    for address in (f"{API}/{resource}/", f"{API}/{resource}/{rows[resource]}/"):
        answer = APIClient().get(address)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_token_without_the_scope_read_reads_nothing(
    resource: str, rows: dict[str, Any], with_token: Ask
) -> None:
    assert with_token(Scope.INCIDENTS_WRITE).get(f"{API}/{resource}/").status_code == 403
    assert with_token(Scope.READ, role=Role.VIEWER).get(f"{API}/{resource}/").status_code == 200


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_filter_runs_when_given_nonsense_or_nothing(
    resource: str, rows: dict[str, Any], author: APIClient
) -> None:
    viewset: Any = next(viewset for prefix, viewset, _ in router.registry if prefix == resource)
    names = viewset.filterset_class.base_filters if viewset.filterset_class else {}
    for name in names:
        for value in ("", "1", "none", "true", "2026-01-02", "x" * 300, "0001-01-01T00:00:00+14:00"):
            answer = author.get(f"{API}/{resource}/", {name: value})
            assert answer.status_code in {200, 400}, (name, value, answer.content)


@pytest.mark.parametrize("resource", RESOURCES)
def test_an_unknown_query_parameter_is_refused(
    resource: str, rows: dict[str, Any], author: APIClient
) -> None:
    answer = author.get(f"{API}/{resource}/", {"servise": "x"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/servise"


def test_pages_go_forth_and_back_when_many_rows_share_a_time(author: APIClient) -> None:
    where, noon = make.repository(), datetime(2026, 4, 1, 12, tzinfo=UTC)
    for number in range(11):
        make.change(repository=where, shipped_at=noon - timedelta(hours=number // 4))
    wanted = [row["id"] for row in author.get(f"{API}/changes/").json()["results"]]
    assert len(wanted) == 11
    seen, address, pages = [], f"{API}/changes/?page_size=3", []
    while address:
        page = author.get(address).json()
        pages.append([row["id"] for row in page["results"]])
        seen += pages[-1]
        last, address = page, page["next"]
    assert seen == wanted
    back = author.get(last["previous"]).json()
    assert [row["id"] for row in back["results"]] == pages[-2]
    first = author.get(author.get(back["previous"]).json()["previous"]).json()
    assert [row["id"] for row in first["results"]] == pages[0]
    assert first["previous"] is None


def test_a_row_that_comes_in_between_moves_no_page(author: APIClient) -> None:
    old = [make.change(shipped_at=datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2, 3)]
    page = author.get(f"{API}/changes/?page_size=2").json()
    make.change(shipped_at=datetime(2026, 2, 1, tzinfo=UTC))
    following = author.get(page["next"]).json()
    assert [row["id"] for row in following["results"]] == [old[0].pk]


@pytest.mark.parametrize(
    "cursor", ["x", "bnVsbA", "WzEsMl0", "W3sidiI6IngifSwxLDBd", "W3sidCI6IjIwMjYifSwxLDBd"]
)
def test_a_cursor_made_elsewhere_is_refused(cursor: str, author: APIClient) -> None:
    make.change()
    assert author.get(f"{API}/changes/", {"cursor": cursor}).status_code == 400


@pytest.mark.parametrize(
    "cursor",
    [
        '[{"v":"a\\u0000"},1,0]',
        '[{"v":Infinity},1,0]',
        '[{"v":true},1,0]',
        '[{"t":"0001-01-01T00:00:00+14:00"},1,0]',
        '[{"t":"2026-01-01T00:00:00"},1,0]',
        '[{"d":"2026-02-30"},1,0]',
        '[{"d":1},1,0]',
        '[{"v":1},%s,0]' % ("9" * 400),
    ],
)
def test_no_cursor_breaks_a_list(cursor: str, rows: dict[str, Any], author: APIClient) -> None:
    text = urlsafe_b64encode(cursor.encode()).decode()
    for resource in RESOURCES:
        answer = author.get(f"{API}/{resource}/", {"cursor": text})
        assert answer.status_code in {200, 400}, (resource, answer.content)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_list_goes_on_behind_its_first_page(
    resource: str, rows: dict[str, Any], author: APIClient
) -> None:
    """The cursor of each order can be written, and read again."""
    Incident.objects.update(is_restricted=False)
    viewset: Any = next(viewset for prefix, viewset, _ in router.registry if prefix == resource)
    asking = viewset(request=SimpleNamespace(user=make.user()), action="list", kwargs={})
    row, field = asking.get_queryset().first(), viewset.page_by.removeprefix("-")
    cursor = Cursor(row.pk if field == "pk" else getattr(row, field), row.pk, backwards=False)
    assert Cursor.decode(cursor.encode()) == cursor
    answer = author.get(f"{API}/{resource}/", {"cursor": cursor.encode()})
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("size", ["0", "201", "-1", "x", "", "9" * 5000])
def test_a_page_size_out_of_range_is_refused(size: str, author: APIClient) -> None:
    assert author.get(f"{API}/changes/", {"page_size": size}).status_code == 400


def test_a_change_that_was_a_double_points_to_the_one_that_holds_it(author: APIClient) -> None:
    kept = make.change()
    double = make.change(merged_into=kept)
    answer = author.get(f"{API}/changes/{double.pk}/")
    assert answer.status_code == 308
    assert answer["Location"].endswith(f"{API}/changes/{kept.pk}/")
    assert [row["id"] for row in author.get(f"{API}/changes/").json()["results"]] == [kept.pk]


def test_changes_are_found_by_what_people_call_them(author: APIClient) -> None:
    change = make.change(title="Round prices half up", paths=["shop/prices.py"], labels=["billing"])
    other = make.change(title="Something else", shipped_at=datetime(2025, 1, 1, tzinfo=UTC))
    for space, value in (("number", "421"), ("sha", "abcdef0123456789")):
        ChangeIdentity.objects.create(
            change=change, repository=change.repository, space=space, role="head", value=value
        )
    asked: list[dict[str, Any]] = [
        {"q": "half up"},
        {"q": "#421"},
        {"q": "ABCDEF01"},
        {"path": "prices"},
        {"label": "billing"},
        {"repository": change.repository_id},
        {"shipped_after": "2026-01-01"},
    ]
    for query in asked:
        found = author.get(f"{API}/changes/", query).json()["results"]
        assert [row["id"] for row in found] == [change.pk], query
    before = author.get(f"{API}/changes/", {"shipped_before": "2026-01-01T00:00:00Z"}).json()
    assert [row["id"] for row in before["results"]] == [other.pk]


def test_a_kind_is_found_only_where_somebody_said_it(author: APIClient) -> None:
    kind = AssistanceKind.objects.create(slug="guessing", name="Guessing")
    merged = AssistanceKind.objects.create(
        slug="guesswork", name="Guesswork", merged_into=kind, merged_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    said, suggested = make.change(origin="assisted"), make.change(origin="assisted")
    Assistance.objects.create(change=said, kind=merged, status="confirmed")
    Assistance.objects.create(change=suggested, kind=kind, status="suggested")

    def ids(**query: str) -> list[int]:
        return [row["id"] for row in author.get(f"{API}/changes/", query).json()["results"]]

    assert ids(kind="guessing") == [said.pk]
    assert ids(kind="none") == [suggested.pk]
    assert ids(suggested_kind="guessing") == [suggested.pk]


def test_no_name_of_a_person_is_in_a_change_or_an_incident(author: APIClient) -> None:
    person = make.user(username="zoe.unmistakable", role_title="on-call engineer")
    incident = make.incident(reported_by=person)
    change = make.change()
    Cause.objects.create(incident=incident, change=change, said_by=person)
    for address in (f"incidents/{incident.number}", "causes", f"changes/{change.pk}"):
        answer = author.get(f"{API}/{address}/")
        assert answer.status_code == 200
        assert b"unmistakable" not in answer.content
    assert author.get(f"{API}/incidents/{incident.number}/").json()["reported_by"] == "on-call engineer"


def test_a_restricted_twin_is_not_named(author: APIClient) -> None:
    kept = make.incident(is_restricted=True)
    double = make.incident(duplicate_of=kept)
    assert author.get(f"{API}/incidents/{double.number}/").json()["duplicate_of"] is None


def test_a_test_run_shows_its_cases(author: APIClient) -> None:
    run = TestRun.objects.create(
        repository=make.repository(), key="1", ran_at=datetime(2026, 3, 1, tzinfo=UTC), failed=1
    )
    TestCaseResult.objects.create(run=run, scenario="TS-1", name="rounds", outcome="failed")
    assert author.get(f"{API}/test-runs/{run.pk}/").json()["cases"][0]["scenario"] == "TS-1"
    assert len(author.get(f"{API}/test-runs/", {"failed": "true", "scenario": "ts-1"}).json()["results"]) == 1


def test_lists_ask_the_database_a_fixed_number_of_times(
    author: APIClient, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        incident, change = make.incident(), make.change()
        incident.services.add(make.service())
        change.services.add(make.service())
        make.lesson(incident)
    for resource in ("incidents", "changes", "lessons", "postmortems"):
        with django_assert_max_num_queries(14):
            assert len(author.get(f"{API}/{resource}/").json()["results"]) == 8


def test_the_matrix_is_the_page_s_own_report(author: APIClient) -> None:
    make.change(shipped_at=datetime.now(UTC) - timedelta(days=90))
    answer = author.get(f"{API}/matrix/", {"basis": "undone"}).json()
    assert answer["filters"]["basis"] == "undone"
    total = next(row for row in answer["rows"] if row["key"] == "total")
    assert total["total"]["n"] == 1
    assert total["total"]["rate"] is None, "one change is not enough for a rate"
    wrong = author.get(f"{API}/matrix/", {"from": "2026-02-30", "basis": "guess"})
    assert {fault["pointer"] for fault in wrong.json()["errors"]} == {"#/from", "#/basis"}


def test_a_change_shows_nothing_of_incidents(author: APIClient) -> None:
    change = make.change(first_incident_at=datetime(2026, 3, 4, tzinfo=UTC))
    assert "first_incident_at" not in author.get(f"{API}/changes/{change.pk}/").json()
    assert Change.objects.get().first_incident_at is not None
