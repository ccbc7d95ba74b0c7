"""Reads of test scenarios: how they fare in CI, and which lessons have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef

from accounts.models import AuditEntry, User
from analytics.feature_files import Written
from analytics.likeness import alike
from analytics.models import TestScenario
from analytics.queries.figures import shows_demo
from changes.models import TestCaseResult
from incidents.models import Incident, Lesson

Outcome = TestCaseResult.Outcome
MOST_NEAR = 3
# Fewer letters than these say too little to look for the like.
ENOUGH_TO_COMPARE = 20
WORDS = ("title", "given", "when", "then")
FAILING = (Outcome.FAILED, Outcome.ERROR)


@dataclass(frozen=True)
class Standing:
    """What CI last said of a scenario: failing if any repository's latest run of it failed."""

    state: str = "never_run"
    label: str = "Never run"
    ran_at: datetime | None = None


def standings(scenarios: Iterable[TestScenario]) -> dict[int, Standing]:
    """By scenario number, over the latest run of each test case; one query for the whole list."""
    numbers = {str(scenario): scenario.number for scenario in scenarios}
    latest = (
        TestCaseResult.objects.filter(scenario__in=numbers)
        .order_by("scenario", "run__repository_id", "suite", "name", "-run__ran_at", "-id")
        .distinct("scenario", "run__repository_id", "suite", "name")
        .values_list("scenario", "outcome", "run__ran_at")
    )
    found: dict[int, list[tuple[str, datetime]]] = {}
    for name, outcome, ran_at in latest:
        found.setdefault(numbers[name], []).append((outcome, ran_at))
    return {number: _standing(found.get(number, [])) for number in numbers.values()}


def _standing(results: list[tuple[str, datetime]]) -> Standing:
    if not results:
        return Standing()
    outcomes = {outcome for outcome, _ in results}
    ran_at = max(at for _, at in results)
    if outcomes & set(FAILING):
        return Standing("failing", "Failing", ran_at)
    if Outcome.FLAKY in outcomes:
        return Standing("flaky", "Flaky", ran_at)
    if Outcome.PASSED in outcomes:
        return Standing("passing", "Passing", ran_at)
    return Standing("skipped", "Skipped", ran_at)


def results_of(scenario: TestScenario) -> models.QuerySet[TestCaseResult]:
    return (
        TestCaseResult.objects.filter(scenario=str(scenario))
        .select_related("run__repository")
        .order_by("-run__ran_at", "-id")
    )


def for_list(user: User) -> models.QuerySet[TestScenario]:
    """Standing scenarios; those of the demonstration step aside once there are real facts."""
    scenarios = TestScenario.objects.visible_to(user).filter(merged_into=None)
    if not shows_demo():
        scenarios = scenarios.filter(is_demo=False)
    return scenarios.select_related("area").prefetch_related("kinds", "lessons")


def near(user: User, words: Mapping[str, str], *, but: int | None = None) -> list[TestScenario]:
    """Standing scenarios that say nearly the same, in their titles or in all, at most three.

    `words` has title, given, when and then; too few of them are like nothing.
    """
    if len(" ".join(words.values()).strip()) < ENOUGH_TO_COMPARE:
        return []
    standing = TestScenario.objects.visible_to(user).filter(merged_into=None)
    standing = standing.exclude(state=TestScenario.State.RETIRED).exclude(number=but or 0)
    texts = {number: parts for number, *parts in standing.values_list("number", *WORDS)}
    found = Counter[int]()
    for mine, theirs in (
        (words["title"], {number: parts[0] for number, parts in texts.items()}),
        (" ".join(words.values()), {number: " ".join(parts) for number, parts in texts.items()}),
    ):
        for number, score in alike(mine, theirs):
            found[number] = max(found[number], round(1000 * score))
    rows = {one.number: one for one in standing.filter(number__in=found).prefetch_related("lessons")}
    return [rows[number] for number, _ in found.most_common(MOST_NEAR)]


def words_of(scenario: TestScenario) -> dict[str, str]:
    return {name: getattr(scenario, name) for name in WORDS}


def states_of(scenario: TestScenario) -> models.QuerySet[AuditEntry]:
    """Every state it was put into, with the reason, the newest first."""
    return AuditEntry.objects.filter(
        target_kind="scenario", target_id=scenario.pk, verb__startswith="scenario_"
    ).select_related("actor")


def written(scenarios: models.QuerySet[TestScenario], user: User) -> list[Written]:
    """For export, by area and number; incidents are named only to those who may see them."""
    incidents = models.Prefetch(
        "lessons__incidents", Incident.objects.visible_to(user).order_by("number"), to_attr="shown"
    )
    ordered = scenarios.select_related("area").prefetch_related("kinds", "lessons", incidents)
    found = [
        Written(
            number=scenario.number,
            title=scenario.title,
            given=scenario.given,
            when=scenario.when,
            then=scenario.then,
            area=scenario.area.name if scenario.area else "",
            area_slug=scenario.area.slug if scenario.area else "",
            kind_slugs=tuple(kind.slug for kind in scenario.kinds.all()),
            notes=tuple(_note(lesson) for lesson in scenario.lessons.all()),
        )
        for scenario in ordered
    ]
    return sorted(found, key=lambda scenario: (scenario.area == "", scenario.area, scenario.number or 0))


def _note(lesson: Lesson) -> str:
    behind = ", ".join(str(incident) for incident in lesson.shown)  # type: ignore[attr-defined]
    return f"Lesson: {lesson.text}" + (f" ({behind})" if behind else "")


def lessons_without_test(user: User) -> models.QuerySet[Lesson]:
    """Standing lessons that no scenario stands for, the newest first."""
    covered = TestScenario.lessons.through.objects.filter(
        lesson=OuterRef("pk"), testscenario__merged_into=None
    ).exclude(testscenario__state=TestScenario.State.RETIRED)
    lessons = Lesson.objects.visible_to(user).exclude(state=Lesson.State.RETIRED).exclude(Exists(covered))
    if not shows_demo():
        lessons = lessons.filter(is_demo=False)
    return lessons.select_related("area").order_by("-created_at", "-id")
