"""Lessons proven and repeated, actions done: what may be said, and what may not."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from analytics.metrics.afterwards import afterwards
from analytics.metrics.coverage import coverage
from analytics.models import ScenarioStanding, TestScenario
from analytics.queries.afterwards import Around, around, finished
from analytics.queries.coverage import Told, told
from analytics.stats import chance_of_so_few, time_ratio_interval
from changes.models import TestCaseResult, TestRun
from incidents.models import ActionItem, Incident, Lesson
from tests.analytics import histories
from tests.analytics.test_scenarios import person, scenario, signed_in

TODAY = date(2026, 6, 30)


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def lesson(text: str, days_ago: float, *incidents: Incident, **over: Any) -> Lesson:
    found = Lesson.objects.create(text=text, created_at=ago(days_ago), **over)
    found.incidents.set(incidents)
    return found


def stands(one: TestScenario, state: str, branch: str = "main", passed_days_ago: float | None = None) -> None:
    where = histories.repository(default_branch="main")
    ScenarioStanding.objects.create(
        scenario=one, repository=where, branch=branch, state=state, since=timezone.now()
    )
    if passed_days_ago is not None:
        run = TestRun.objects.create(repository=where, key="1", branch=branch, ran_at=ago(passed_days_ago))
        TestCaseResult.objects.create(run=run, scenario=str(one), name="t", outcome="passed")


@pytest.mark.django_db
def test_lesson_is_as_covered_as_its_worst_test() -> None:
    author = person()
    area = histories.area("payments")
    lessons = [lesson(f"Lesson {n}", 300, area=area) for n in range(5)]
    tests = [scenario(author, title=f"T{n}", lessons=[one]) for n, one in enumerate(lessons[:4])]
    stands(tests[0], "passing", passed_days_ago=100)
    stands(tests[0], "failing", branch="feature/x")
    stands(tests[1], "passing")
    stands(tests[1], "failing")
    stands(tests[2], "stale")
    found = coverage(told(author, False), timezone.now().date())
    assert found.total is not None
    assert found.total.counts == {"proven": 1, "failing": 1, "stale": 1, "written": 1, "none": 1}
    assert [row.name for row in found.areas] == ["Payments"]
    assert [row.name for row in found.kinds] == ["Any change"]


@pytest.mark.django_db
def test_retired_scenario_covers_nothing_and_a_merged_one_counts_through_the_other() -> None:
    author = person()
    one, other = lesson("One", 300), lesson("Other", 300)
    gone = scenario(author, lessons=[one])
    TestScenario.objects.filter(pk=gone.pk).update(state="retired", state_reason="x")
    into = scenario(author, title="Into", lessons=[other])
    merged = scenario(author, title="Merged")
    TestScenario.objects.filter(pk=merged.pk).update(merged_into=into)
    run = TestRun.objects.create(repository=histories.repository(), key="1", ran_at=ago(50))
    TestCaseResult.objects.create(run=run, scenario=str(merged), name="t", outcome="passed")
    found = {row.lesson.pk: row for row in told(author, False)}
    assert not found[one.pk].scenarios
    assert found[other.pk].proven_from == ago(50).date()


@pytest.mark.django_db
def test_repeats_fall_into_the_time_with_or_without_a_test() -> None:
    author = person()
    first = histories.incident(began_at=ago(301))
    again = [histories.incident(began_at=ago(days)) for days in (200, 150, 50)]
    never = histories.incident(began_at=ago(40), status="closed", closing_reason="false_alarm")
    held = lesson("Held", 300, first, *again, never)
    stands(scenario(author, lessons=[held]), "passing", passed_days_ago=100)
    found = coverage(told(author, False), timezone.now().date())
    assert (found.covered.repeats, found.uncovered.repeats) == (1, 2)
    assert found.covered.years == pytest.approx(100 / 365.25)
    assert found.uncovered.years == pytest.approx(200 / 365.25)
    assert "too little to compare" in found.sentence


def made_up(repeats_before: int, repeats_after: int) -> Told:
    written = TODAY - timedelta(days=730)
    proven = TODAY - timedelta(days=365)
    return Told(
        lesson=Lesson(text="x"), written_on=written, scenarios=(TestScenario(number=1),),
        states=frozenset({"passing"}), proven_from=proven,
        repeats=(*[written + timedelta(days=9)] * repeats_before, *[proven] * repeats_after),
    )  # fmt: skip


def test_sentence_says_whether_it_pays() -> None:
    assert "less often with a test" in coverage([made_up(12, 1)], TODAY).sentence
    assert "no clear difference" in coverage([made_up(4, 3)], TODAY).sentence
    assert "more often with a test" in coverage([made_up(1, 14)], TODAY).sentence


@pytest.mark.django_db
def test_restricted_lesson_is_in_nobody_elses_coverage() -> None:
    secret = histories.incident(began_at=ago(9), is_restricted=True)
    lesson("Hidden words", 5, secret)
    client = signed_in(person())
    for name in ("coverage", "coverage_csv", "coverage_json"):
        answer = client.get(reverse(f"analytics:{name}"))
        assert answer.status_code == 200
        assert b"Hidden words" not in answer.content
    assert client.get(reverse("analytics:coverage_json")).json()["rows"] == []


def done(of: Incident, days_ago: float, state: str = "done") -> ActionItem:
    return ActionItem.objects.create(incident=of, title="Add a guard", state=state, state_since=ago(days_ago))


@pytest.mark.django_db
def test_incidents_like_its_own_are_counted_before_and_since() -> None:
    area, other = histories.area("payments"), histories.area("search")
    mine = histories.incident(began_at=ago(210), area=area)
    for days in (400, 300, 250, 190, 30):
        histories.incident(began_at=ago(days), area=area)
    histories.incident(began_at=ago(220), area=other)
    histories.incident(began_at=ago(230), area=area, status="closed", closing_reason="duplicate")
    action = done(mine, 200)
    done(mine, 3, state="accepted")
    histories.settled()
    [found] = around(list(finished(person(), False)), timezone.now().date())
    assert found.action == action
    assert (found.before, found.after) == (3, 2)
    assert found.since == max(found.done_on - timedelta(days=365), ago(400).date())


def spell(before: int, after: int, days: int = 365) -> Around:
    done_on = TODAY - timedelta(days=days)
    return Around(ActionItem(), done_on - timedelta(days=365), done_on, TODAY, before, after)


@pytest.mark.parametrize(
    ("around_it", "state", "words"),
    [
        (spell(12, 1), "fewer", "Chance alone does this"),
        (spell(3, 2), "unclear", "No clear difference: 3 like it in the year before, 2 in the year since"),
        (spell(1, 15), "more", "More: 1 like it"),
        (spell(0, 4), "nothing", "Nothing to fall from"),
        (spell(12, 0, days=40), "early", "Too early: judged after 90 days"),
    ],
)
def test_verdict_says_what_the_counts_allow(around_it: Around, state: str, words: str) -> None:
    found = afterwards(around_it)
    assert found.state == state
    assert words in found.sentence


def test_ratio_over_time_turns_with_the_spans() -> None:
    one, other = time_ratio_interval(8, 2.0, 4, 1.0), time_ratio_interval(4, 1.0, 8, 2.0)
    assert one.ratio == pytest.approx(1)
    assert one.low == pytest.approx(1 / other.high)
    assert time_ratio_interval(0, 1, 0, 1).ratio is None
    assert time_ratio_interval(0, 1, 5, 1).low == 0
    assert time_ratio_interval(5, 1, 0, 1).high == float("inf")


def test_chance_is_the_binomial_tail() -> None:
    assert chance_of_so_few(0, 1, 4, 1) == pytest.approx(1 / 16)
    assert chance_of_so_few(1, 1, 3, 1) == pytest.approx(5 / 16)
    assert chance_of_so_few(4, 1, 0, 1) == pytest.approx(1)


@pytest.mark.parametrize(("rate", "ratio"), [(3.0, 1.0), (6.0, 0.4), (12.0, 2.0)])
def test_range_over_time_covers_as_it_claims(rate: float, ratio: float) -> None:
    dice = random.Random(7)
    hits = 0
    for _ in range(1500):
        before, after = (poisson(dice, mean) for mean in (rate * 2, rate * ratio))
        low, high = time_ratio_interval(after, 1.0, before, 2.0)[1:]
        hits += low <= ratio <= high
    assert 0.93 <= hits / 1500 <= 0.985


def poisson(dice: random.Random, mean: float) -> int:
    n, at = 0, dice.expovariate(1)
    while at < mean:
        n, at = n + 1, at + dice.expovariate(1)
    return n


@pytest.mark.django_db
def test_effects_page_hides_actions_of_restricted_incidents(django_assert_max_num_queries: Any) -> None:
    done(histories.incident(began_at=ago(300)), 200)
    secret = histories.incident(began_at=ago(300), is_restricted=True)
    ActionItem.objects.create(incident=secret, title="Hidden words", state="done", state_since=ago(200))
    histories.settled()
    client = signed_in(person())
    with django_assert_max_num_queries(12):
        page = client.get(reverse("analytics:effects")).content.decode()
    assert "Add a guard" in page
    for name in ("effects", "effects_csv", "effects_json"):
        assert b"Hidden words" not in client.get(reverse(f"analytics:{name}")).content


@pytest.mark.django_db
def test_empty_pages_say_what_comes_here() -> None:
    client = signed_in(person())
    assert b"No lesson yet" in client.get(reverse("analytics:coverage")).content
    assert b"No action is done yet" in client.get(reverse("analytics:effects")).content
