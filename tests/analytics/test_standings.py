"""How scenarios stand in CI: the rule, the rows, who is told, the pages and the API."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification, Role, Team, User
from analytics.models import ScenarioStanding, StandingsRead, TestScenario
from analytics.queries.standings import standings as listed
from analytics.scenario_standing import Ran, Seen, Verdict, decide, history
from analytics.services import standings as services
from analytics.services.scenarios import create_scenario
from changes.models import Repository, TestCaseResult, TestRun
from intake import ledger
from tests import make

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
_keys = itertools.count(1)

# --- the rule ----------------------------------------------------------------------------------------------
# A run is "<day> <commit> <suite> <cases> <test>=<outcome> ...": days of March, the test may be left out.
P, F, S, K = "t=passed", "t=failed", "t=skipped", "t=flaky"


def evidence(*lines: str) -> tuple[list[Seen], list[Ran]]:
    seen, ran = [], []
    for number, line in enumerate(lines, 1):
        day, sha, suite, cases, *results = line.split()
        at = datetime(2026, 3, int(day), number % 24, tzinfo=UTC)
        one = Ran(number, suite, "" if sha == "-" else sha, at, int(cases))
        ran.append(one)
        seen += [Seen(one, test, outcome) for test, _, outcome in (told.partition("=") for told in results)]
    return seen, ran


def verdict(*lines: str, now: datetime = NOW) -> Verdict:
    seen, ran = evidence(*lines)
    found = decide(seen, ran, now)
    assert found
    return found


TABLE = {
    "one pass": ([f"20 a unit 100 {P}"], "passing", "", 20),
    "one failure": ([f"20 a unit 100 {F}"], "failing", "", 20),
    "an error": (["20 a unit 100 t=error"], "failing", "", 20),
    "passed after a retry inside the run": ([f"20 a unit 100 {K}"], "flaky", "", 20),
    "passed after the job was run again": ([f"20 a unit 100 {F}", f"21 a unit 100 {P}"], "flaky", "", 20),
    "fails after it passed on the same commit": ([f"20 a unit 9 {P}", f"21 a unit 9 {F}"], "flaky", "", 20),
    "began to fail": (
        [f"18 a unit 9 {P}", f"19 b unit 9 {F}", f"20 c unit 9 {F}"], "failing", "", 19,
    ),
    "was mended": ([f"18 a unit 9 {F}", f"19 b unit 9 {P}", f"20 c unit 9 {P}"], "passing", "", 19),
    "an old commit was run again later": (
        [f"18 a unit 9 {F}", f"19 b unit 9 {P}", f"25 a unit 9 {F}"], "passing", "", 19,
    ),
    "no commit was said": ([f"18 - unit 9 {F}", f"19 - unit 9 {P}"], "passing", "", 19),
    "one of two tests fails": (["20 a unit 9 t=passed u=failed"], "failing", "", 20),
    "one of two tests is skipped": (["20 a unit 9 t=passed u=skipped"], "passing", "", 20),
    "the same name twice in one run": (["20 a unit 9 t=passed t=failed"], "failing", "", 20),
    "the renamed test of a failing one passes": (
        ["18 a unit 9 t=failed", "19 b unit 9 renamed=passed"], "passing", "", 19,
    ),
    "fails in one job, passes in another": (
        [f"20 a py311 9 {P}", f"20 a py312 9 {F}"], "failing", "", 20,
    ),
    "a job of an older commit comes late": (
        [f"20 b py311 9 {P}", f"20 b py312 9 {P}", f"19 a py312 9 {F}"], "passing", "", 20,
    ),
    "fails in a job that did not run on the newest commit": (
        [f"19 a e2e 9 {F}", f"20 b unit 9 {P}"], "failing", "", 19,
    ),
    "skipped": ([f"18 a unit 9 {P}", f"19 b unit 9 {S}", f"20 c unit 9 {S}"], "stale", "skipped", 19),
    "skipped in one job, passing in another": ([f"20 a unit 9 {S}", f"20 a e2e 9 {P}"], "passing", "", 20),
    "gone from a full run": (["18 a unit 100 t=passed", "19 b unit 99", "20 c unit 99"], "stale", "gone", 19),
    "not in a run of a part": (["18 a unit 100 t=passed", "19 b unit 49"], "passing", "", 18),
    "not in a run of another suite": (["18 a unit 100 t=passed", "19 b lint 500"], "passing", "", 18),
    "not in a late run of an older commit": (["18 b unit 9 t=passed", "17 a unit 9"], "passing", "", 18),
    "failed, then gone": (["18 a unit 100 t=failed", "19 b unit 100"], "stale", "gone", 19),
    "gone, then back": (["17 a unit 9 t=passed", "18 b unit 9", "19 c unit 9 t=passed"], "passing", "", 17),
    "moved to another suite": (
        ["17 a unit 9 t=failed", "18 b unit 9", "18 b e2e 9 t=passed"], "passing", "", 18,
    ),
    "not run for 30 days": ([f"1 a unit 9 {F}"], "stale", "not_run", 31),
    "one suite is not run for 30 days": ([f"1 a e2e 9 {F}", f"28 b unit 9 {P}"], "passing", "", 28),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_is_said_when(name: str) -> None:
    lines, state, why, since = TABLE[name]
    found = verdict(*lines)
    assert (found.state, found.why, found.since.day) == (state, why, since)


@pytest.mark.parametrize("name", TABLE)
def test_the_order_of_arrival_alters_nothing(name: str) -> None:
    seen, ran = evidence(*TABLE[name][0])
    for number in range(5):
        shuffled_seen, shuffled_ran = list(seen), list(ran)
        Random(number).shuffle(shuffled_seen)
        Random(number).shuffle(shuffled_ran)
        assert decide(shuffled_seen, shuffled_ran, NOW) == decide(seen, ran, NOW)


def test_nothing_is_said_when_there_is_no_result() -> None:
    assert decide([], evidence("20 a unit 9")[1], NOW) is None


def test_suites_are_told_apart_when_they_differ() -> None:
    found = verdict(f"20 a py311 9 {P}", f"20 a py312 9 {F}", "21 b old 9")
    assert [(one.suite, one.state) for one in found.suites] == [("py311", "passing"), ("py312", "failing")]
    assert (found.last_passed_at, found.last_failed_at) != (None, None)


def test_history_has_one_point_a_commit_in_the_order_they_were_tested() -> None:
    seen, _ = evidence(f"18 a unit 9 {P}", f"19 b unit 9 {F}", f"19 b e2e 9 {P}", f"25 a unit 9 {P}")
    assert [(point.sha, point.state) for point in history(seen)] == [("a", "passing"), ("b", "failing")]


# --- the rows ----------------------------------------------------------------------------------------------


def person(role: Role = Role.AUTHOR) -> User:
    return make.user(role)


def scenario(by: User | None = None, **over: object) -> TestScenario:
    steps = {"given": "a cart", "when": "it is paid", "then": "it is rounded once"}
    values = {"title": "Totals are rounded once", **steps, "by": by or person(), "now": NOW, **over}
    return create_scenario(**values)  # type: ignore[arg-type]


def run(where: Repository, at: datetime, results: Iterable[str], **over: object) -> TestRun:
    """`results` as "TS-1=failed" or "TS-1/test=passed"."""
    values: dict[str, object] = {
        "sha": f"{next(_keys):040x}",
        "branch": "main",
        "suite": "unit",
        "passed": 90,
    }
    found = TestRun.objects.create(repository=where, key=str(next(_keys)), ran_at=at, **(values | over))
    for told in results:
        name, _, outcome = told.partition("=")
        number, _, test = name.partition("/")
        TestCaseResult.objects.create(run=found, scenario=number, name=test or "test", outcome=outcome)
    ledger.touch(ledger.Kind.TEST_RUN, found.pk, verb="recorded", repository_id=where.pk)
    return found


def days(ago: float) -> datetime:
    return NOW - timedelta(days=ago)


def standing(**of: object) -> tuple[str, str]:
    row = ScenarioStanding.objects.get(**of)
    return row.state, row.why


@pytest.mark.django_db
def test_a_standing_follows_the_runs_as_they_come() -> None:
    one, where = scenario(), make.repository()
    run(where, days(3), [f"{one}=passed"])
    assert services.catch_up(now=NOW) == 1
    assert standing() == ("passing", "")
    last = run(where, days(1), [f"{one}=failed"])
    run(where, days(2), [f"{one}=passed"])
    services.catch_up(now=NOW)
    row = ScenarioStanding.objects.get()
    assert (row.state, row.since, row.last_run_id) == ("failing", days(1), last.pk)
    assert (row.last_passed_at, row.last_failed_at) == (days(2), days(1))


@pytest.mark.django_db
def test_each_repository_and_branch_has_its_own() -> None:
    one, here, there = scenario(), make.repository(), make.repository(default_branch="trunk")
    run(here, days(1), [f"{one}=passed"])
    run(here, days(1), [f"{one}=failed"], branch="try")
    run(there, days(1), [f"{one}=flaky"], branch="trunk")
    services.catch_up(now=NOW)
    assert standing(repository=here, branch="main") == ("passing", "")
    assert standing(repository=here, branch="try") == ("failing", "")
    assert standing(repository=there) == ("flaky", "")
    assert listed([one])[one.number].state == "flaky"


@pytest.mark.django_db
def test_it_becomes_stale_by_time_alone_and_branches_are_forgotten() -> None:
    one, where = scenario(), make.repository()
    run(where, days(0), [f"{one}=passed"])
    run(where, days(0), [f"{one}=passed"], branch="try")
    services.catch_up(now=NOW)
    assert services.catch_up(now=NOW + timedelta(days=31)) == 2
    assert [(row.branch, row.state, row.why) for row in ScenarioStanding.objects.all()] == [
        ("main", "stale", "not_run")
    ]
    assert services.catch_up(now=NOW + timedelta(days=60)) == 2
    assert standing() == ("stale", "not_run")


@pytest.mark.django_db
def test_it_is_stale_when_a_full_run_no_longer_holds_it_and_stays_so() -> None:
    one, where = scenario(), make.repository()
    run(where, days(3), [f"{one}=passed"])
    run(where, days(2), [])
    services.catch_up(now=NOW)
    assert standing() == ("stale", "gone")
    for later in (10, 50, 90):
        run(where, NOW + timedelta(days=later - 1), [])
        services.catch_up(now=NOW + timedelta(days=later))
        assert standing() == ("stale", "gone")


@pytest.mark.django_db
def test_what_stands_long_keeps_its_beginning_and_is_the_same_made_anew() -> None:
    one, where = scenario(), make.repository()
    for ago in range(200, 0, -10):
        run(where, days(ago), [f"{one}={'failed' if ago > 150 else 'passed'}"])
    services.catch_up(now=NOW)
    kept = ScenarioStanding.objects.values(*services.WRITTEN).get()
    assert (kept["state"], kept["since"], kept["last_failed_at"]) == ("passing", days(150), days(160))
    run(where, days(0), [f"{one}=passed"])
    services.catch_up(now=NOW)
    assert ScenarioStanding.objects.get().since == days(150)
    services.rebuild(now=lambda: NOW)
    row = ScenarioStanding.objects.get()
    assert (row.since, row.last_failed_at) == (days(150), days(160))


@pytest.mark.django_db
def test_results_of_a_merged_scenario_count_for_the_one_it_was_merged_into() -> None:
    one, other, where = scenario(), scenario(), make.repository()
    TestScenario.objects.filter(pk=other.pk).update(merged_into=one)
    run(where, days(1), [f"{other}=failed"])
    services.catch_up(now=NOW)
    assert standing(scenario=one) == ("failing", "")
    assert not ScenarioStanding.objects.filter(scenario=other).exists()


@pytest.mark.django_db
def test_results_that_came_before_the_scenario_count_once_it_is_written() -> None:
    where = make.repository()
    run(where, days(1), ["TS-1=passed"])
    services.catch_up(now=NOW)
    assert not ScenarioStanding.objects.exists()
    assert str(scenario()) == "TS-1"
    services.catch_up(now=NOW)
    assert standing() == ("passing", "")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_only_new_runs_are_looked_at_again() -> None:
    from django.db import transaction

    one, where = scenario(), make.repository()
    with transaction.atomic():
        run(where, days(1), [f"{one}=passed"])
    assert services.catch_up(now=NOW) == 1
    assert services.catch_up(now=NOW) == 0
    with transaction.atomic():
        run(make.repository(), days(1), [f"{one}=passed"])
    assert services.catch_up(now=NOW) == 1
    # A snapshot from another server's future is no snapshot.
    StandingsRead.objects.update(snapshot="999999999999:999999999999:")
    assert services.catch_up(now=NOW) == 2


# --- who is told -------------------------------------------------------------------------------------------


def told() -> list[tuple[int, str]]:
    return list(Notification.objects.order_by("pk").values_list("user_id", "text"))


@pytest.mark.django_db
def test_the_team_of_the_service_is_told_once_for_each_time_it_begins_to_fail() -> None:
    member, curator = person(), person(Role.CURATOR)
    team = Team.objects.create(name="Till", slug="till")
    team.members.add(member)
    till, where = make.service("Till", team=team), make.repository(name="shop/till")
    one = scenario(services=[till])
    run(where, days(9), [f"{one}=failed"], branch="try")
    run(where, days(9), [f"{one}=passed"])
    services.catch_up(now=NOW)
    assert told() == []
    run(where, days(8), [f"{one}=failed"])
    services.catch_up(now=NOW)
    text = "TS-1 began to fail on main of shop/till: Totals are rounded once"
    assert told() == [(member.pk, text)]
    run(where, days(7), [f"{one}=failed"])
    services.catch_up(now=NOW)
    services.rebuild(now=lambda: NOW)
    assert len(told()) == 1
    run(where, days(6), [f"{one}=passed"])
    services.catch_up(now=NOW)
    run(where, days(5), [f"{one}=failed"])
    services.catch_up(now=NOW)
    assert told() == [(member.pk, text)] * 2
    assert Notification.objects.latest("pk").path == one.get_absolute_url()
    assert not Notification.objects.filter(user=curator).exists()


@pytest.mark.django_db
def test_curators_are_told_when_no_team_guards_it() -> None:
    person()
    curator, one = person(Role.CURATOR), scenario()
    run(make.repository(), days(1), [f"{one}=failed"])
    services.catch_up(now=NOW)
    assert [user for user, _ in told()] == [curator.pk]


@pytest.mark.django_db
def test_nobody_is_told_who_may_not_see_it_or_of_what_is_retired() -> None:
    named, curator = person(Role.CURATOR), person(Role.CURATOR)
    one, retired = hidden_scenario(named), scenario()
    TestScenario.objects.filter(pk=retired.pk).update(state="retired", state_reason="gone")
    run(make.repository(), days(1), [f"{one}=failed", f"{retired}=failed"])
    services.catch_up(now=NOW)
    assert [user for user, _ in told()] == [named.pk]
    assert curator.pk not in {user for user, _ in told()}


def hidden_scenario(named: User) -> TestScenario:
    lesson = make.lesson(make.incident(is_restricted=True, people=[named]))
    return scenario(named, lessons=[lesson])


@pytest.mark.django_db
def test_what_was_told_is_taken_back_when_an_incident_behind_it_becomes_restricted() -> None:
    named, curator = person(Role.CURATOR), person(Role.CURATOR)
    incident = make.incident()
    one = scenario(lessons=[make.lesson(incident)])
    run(make.repository(), days(1), [f"{one}=failed"])
    services.catch_up(now=NOW)
    assert {user for user, _ in told()} == {named.pk, curator.pk}
    incident.people.add(named)
    incident.is_restricted = True
    incident.save()
    ledger.touch(ledger.Kind.INCIDENT, incident.pk, verb="restricted")
    services.catch_up(now=NOW)
    assert [user for user, _ in told()] == [named.pk]


# --- pages and API -----------------------------------------------------------------------------------------


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_the_page_says_how_it_stands_on_each_branch_and_why() -> None:
    reader, where = person(), make.repository(name="shop/till")
    one = scenario(title="Rounded")
    now = timezone.now()
    for ago, outcome in ((5, "passed"), (4, "failed"), (3, "flaky"), (2, "skipped")):
        run(where, now - timedelta(days=ago), [f"{one}={outcome}"], url="https://ci.example/9")
    run(where, now, [f"{one}=passed"], branch="try", suite="py311")
    run(where, now, [f"{one}=failed"], branch="try", suite="py312")
    services.catch_up(now=now)
    page = signed_in(reader).get(one.get_absolute_url()).content.decode()
    assert "Its test is there, but it is skipped" in page
    assert "The last 4 commits, oldest first: 1 passed, 1 failed, 1 flaky, 1 skipped" in page
    assert 'href="https://ci.example/9"' in page
    assert "py311: passing · py312: failing" in page
    assert page.index("<code>main</code>") < page.index("<code>try</code>")


@pytest.mark.django_db
def test_the_page_shows_some_branches_and_says_how_many_more_there_are() -> None:
    one, where = scenario(), make.repository()
    for number in range(12):
        run(where, days(number), [f"{one}=passed"], branch=f"try-{number:02}")
    run(where, days(20), [f"{one}=passed"])
    services.catch_up(now=NOW)
    page = signed_in(person()).get(one.get_absolute_url()).content.decode()
    assert page.index("<code>main</code>") < page.index("<code>try-00</code>")
    assert "<code>try-07</code>" not in page
    assert "5 more branches" in page


@pytest.mark.django_db
def test_the_page_asks_for_a_mark_when_it_never_ran() -> None:
    page = signed_in(person()).get(scenario().get_absolute_url()).content.decode()
    assert "Never run. Tag a test with <code>@TS-1</code>" in page


@pytest.mark.django_db
def test_automated_is_suggested_and_never_set_when_an_accepted_one_passes() -> None:
    author, where = person(), make.repository()
    one = scenario()
    TestScenario.objects.update(state="accepted")
    run(where, days(1), [f"{one}=passed"])
    services.catch_up(now=NOW)
    client = signed_in(author)
    assert "It is automated" in client.get(one.get_absolute_url()).content.decode()
    assert (
        "It is automated" not in signed_in(person(Role.VIEWER)).get(one.get_absolute_url()).content.decode()
    )
    one.refresh_from_db()
    assert one.state == "accepted"
    said = {"state": "automated", "reason": "A test of it passes in CI."}
    assert client.post(reverse("analytics:scenario_state", args=[one.number]), said).status_code == 302
    one.refresh_from_db()
    assert one.state == "automated"


@pytest.mark.django_db
def test_the_list_shows_and_filters_by_how_they_stand() -> None:
    reader, where = person(), make.repository()
    failing, passing, stale, never, elsewhere = (scenario(title=title) for title in "abcde")
    run(where, days(3), [f"{failing}=passed", f"{passing}=failed", f"{stale}=passed"])
    run(where, days(1), [f"{failing}=failed", f"{passing}=passed"])
    run(where, days(1), [f"{elsewhere}=passed"], branch="try")
    services.catch_up(now=NOW)
    client = signed_in(reader)
    lines = client.get(reverse("analytics:scenarios")).context["lines"]
    assert {found.pk: told.state for found, told in lines} == {
        failing.pk: "failing",
        passing.pk: "passing",
        stale.pk: "stale",
        never.pk: "never_run",
        elsewhere.pk: "passing",
    }
    assert {told.on_branch for found, told in lines if found == elsewhere} == {"try"}
    for result, wanted in (("failing", failing), ("stale", stale), ("never_run", never)):
        narrowed = client.get(reverse("analytics:scenarios"), {"result": result})
        assert [found.pk for found, _ in narrowed.context["lines"]] == [wanted.pk]


@pytest.mark.django_db
def test_the_api_gives_the_standings_with_the_scenario() -> None:
    reader, where = person(), make.repository()
    one = scenario()
    last = run(where, days(1), [f"{one}=failed"])
    services.catch_up(now=NOW)
    answer = signed_in(reader).get(f"/api/v1/scenarios/{one.number}/").json()
    assert answer["standings"] == [
        {
            "repository": where.pk,
            "branch": "main",
            "is_default_branch": True,
            "state": "failing",
            "why": "",
            "since": "2026-03-30T12:00:00Z",
            "last_run": last.pk,
            "last_passed_at": None,
            "last_failed_at": "2026-03-30T12:00:00Z",
        }
    ]
    narrowed = signed_in(reader).get("/api/v1/scenarios/", {"result": "passing"}).json()
    assert narrowed["results"] == []


@pytest.mark.django_db
def test_standings_are_read_by_those_who_may_see_the_scenario_alone() -> None:
    named = person()
    one = hidden_scenario(named)
    run(make.repository(), days(1), [f"{one}=failed"])
    services.catch_up(now=NOW)
    address = f"/api/v1/scenarios/{one.number}/"
    assert signed_in(named).get(address).json()["standings"]
    other = signed_in(person(Role.ADMIN))
    assert other.get(address).status_code == 404
    assert other.get(one.get_absolute_url()).status_code == 404
    assert other.get("/api/v1/scenarios/").json()["results"] == []
