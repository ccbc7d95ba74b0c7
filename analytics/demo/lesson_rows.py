"""Rows of lessons, the test scenarios made of them, and what CI says of those."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random

from analytics.demo.history import History
from analytics.demo.incident_rows import Told
from analytics.demo.mishaps import Check
from analytics.demo.places import Places
from analytics.demo.work import Work
from analytics.models import TestScenario
from changes.models import Repository, TestCaseResult, TestRun
from changes.services.bulk import insert
from incidents.models import Lesson

WEEKS_OF_RUNS = 10


def make(
    random: Random, history: History, places: Places, told: list[Told], first_number: int
) -> tuple[list[Lesson], list[TestScenario]]:
    by_mishap: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        # What only a few may see teaches elsewhere.
        if one.outage.mishap.lesson and one.is_written and not one.outage.is_restricted:
            by_mishap[one.outage.mishap.slug].append(one)
    lessons = [_lesson(random, behind, history, places) for behind in by_mishap.values()]
    insert(lessons)
    pairs = list(zip(by_mishap.values(), lessons, strict=True))
    Lesson.incidents.through.objects.bulk_create(
        Lesson.incidents.through(lesson=lesson, incident=one.row)
        for behind, lesson in pairs
        for one in behind
    )
    Lesson.services.through.objects.bulk_create(
        Lesson.services.through(lesson=lesson, service=places.services[behind[0].outage.part.slug])
        for behind, lesson in pairs
    )
    Lesson.kinds.through.objects.bulk_create(
        Lesson.kinds.through(lesson=lesson, assistancekind=places.kinds[kind])
        for behind, lesson in pairs
        for kind in _kinds(behind)
    )
    return lessons, _scenarios(pairs, history, places, first_number)


def _kinds(behind: list[Told]) -> list[str]:
    works: list[Work] = [work for one in behind for work in one.outage.causes]
    return sorted({kind for work in works for kind in work.kinds})[:3]


def _lesson(random: Random, behind: list[Told], history: History, places: Places) -> Lesson:
    mishap = behind[0].outage.mishap
    state = "approved" if len(behind) > 1 or any(one.outage.story for one in behind) else "proposed"
    if mishap.slug == "image-flood":
        state = "retired"
    first = min(one.over_at for one in behind)
    return Lesson(
        text=mishap.lesson,
        why=mishap.why,
        path_globs=[mishap.glob] if mishap.glob else [],
        area=places.areas[behind[0].outage.part.area],
        review_by=(history.as_of + timedelta(days=random.randint(-20, 300))).date(),
        state=state,
        retired_reason="The resizer was replaced by a provider that warms sizes itself."
        if state == "retired"
        else "",
        is_demo=True,
        created_at=min(first + timedelta(days=3), history.as_of),
    )


def _scenarios(
    pairs: list[tuple[list[Told], Lesson]], history: History, places: Places, first_number: int
) -> list[TestScenario]:
    with_check = [
        (behind, lesson, check) for behind, lesson in pairs if (check := behind[0].outage.mishap.check)
    ]
    states = ["automated", "automated", "accepted", "automated", "proposed"]
    scenarios = []
    for nth, (_, lesson, check) in enumerate(with_check):
        state = states[nth % len(states)] if lesson.state == "approved" else "proposed"
        scenarios.append(_scenario(check, lesson, first_number + nth, state))
    insert(scenarios)
    both = list(zip(with_check, scenarios, strict=True))
    TestScenario.lessons.through.objects.bulk_create(
        TestScenario.lessons.through(testscenario=scenario, lesson=lesson)
        for (_, lesson, _), scenario in both
    )
    TestScenario.services.through.objects.bulk_create(
        TestScenario.services.through(
            testscenario=scenario, service=places.services[behind[0].outage.part.slug]
        )
        for (behind, _, _), scenario in both
    )
    TestScenario.kinds.through.objects.bulk_create(
        TestScenario.kinds.through(testscenario=scenario, assistancekind=places.kinds[kind])
        for (behind, _, _), scenario in both
        for kind in _kinds(behind)
    )
    by_repository: dict[str, list[TestScenario]] = defaultdict(list)
    for (behind, _, _), scenario in both:
        if scenario.state == TestScenario.State.AUTOMATED:
            by_repository[behind[0].outage.part.repository].append(scenario)
    for name, automated in by_repository.items():
        _runs(places.repositories[name], automated, history)
    return scenarios


def _scenario(check: Check, lesson: Lesson, number: int, state: str) -> TestScenario:
    return TestScenario(
        number=number,
        title=check.title,
        given=check.given,
        when=check.when,
        then=check.then,
        area=lesson.area,
        path_globs=lesson.path_globs,
        state=state,
        is_demo=True,
        created_at=lesson.created_at,
    )


def _runs(repository: Repository, scenarios: list[TestScenario], history: History) -> None:
    """One run a week; the first scenario of a repository failed until some weeks ago, one is red now."""
    name = repository.name.removeprefix("larkfield/")
    landed = [work for work in history.works if work.part.repository == name and work.merged_at]
    runs = []
    for week in range(WEEKS_OF_RUNS, 0, -1):
        at = history.as_of - timedelta(days=week * 7 - 6, hours=20)
        runs.append(_run(repository, scenarios, landed, at, week))
    TestRun.objects.bulk_create(run for run, _ in runs)
    TestCaseResult.objects.bulk_create(case for _, cases in runs for case in cases)


def _run(
    repository: Repository, scenarios: list[TestScenario], landed: list[Work], at: datetime, week: int
) -> tuple[TestRun, list[TestCaseResult]]:
    head = max((work for work in landed if work.merged_at and work.merged_at < at), key=_merged, default=None)
    outcomes = [_outcome(scenario, week) for scenario in scenarios]
    run = TestRun(
        repository=repository,
        key=f"demo-{at:%Y-%m-%d}",
        sha=head.shas[1] if head else "",
        branch="main",
        suite="regression",
        ran_at=at,
        passed=outcomes.count("passed") + 412,
        failed=outcomes.count("failed"),
        flaky=outcomes.count("flaky"),
        skipped=6,
        recorded_at=at,
    )
    cases = [
        TestCaseResult(
            run=run,
            scenario=str(scenario),
            suite="regression",
            name=f"{scenario} {scenario.title}",
            outcome=outcome,
            seconds=0.2 + (scenario.number * 37 % 50) / 20,
            message="expected one charge of 80.00, found two" if outcome == "failed" else "",
        )
        for scenario, outcome in zip(scenarios, outcomes, strict=True)
    ]
    return run, cases


def _outcome(scenario: TestScenario, week: int) -> str:
    if scenario.number % 7 == 0 and week == 1:
        return "failed"
    if scenario.number % 5 == 2 and week > 6:
        return "failed"
    return "flaky" if scenario.number % 6 == 3 and week in {2, 5} else "passed"


def _merged(work: Work) -> datetime:
    return work.merged_at or work.opened_at
