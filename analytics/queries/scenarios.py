"""Reads of test scenarios, and of lessons that have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.db import models
from django.db.models import Exists, OuterRef

from accounts.models import AuditEntry, User
from analytics.feature_files import Written
from analytics.likeness import alike
from analytics.models import TestScenario
from analytics.queries.figures import shows_demo
from incidents.models import Incident, Lesson

MOST_NEAR = 3
# Fewer letters than these say too little to look for the like.
ENOUGH_TO_COMPARE = 20
WORDS = ("title", "given", "when", "then")


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


def lessons_without_test(user: User, demo: bool | None = None) -> models.QuerySet[Lesson]:
    """Standing lessons that no scenario stands for, the newest first."""
    covered = TestScenario.lessons.through.objects.filter(
        lesson=OuterRef("pk"), testscenario__merged_into=None
    ).exclude(testscenario__state=TestScenario.State.RETIRED)
    lessons = Lesson.objects.visible_to(user).exclude(state=Lesson.State.RETIRED).exclude(Exists(covered))
    if not (shows_demo() if demo is None else demo):
        lessons = lessons.filter(is_demo=False)
    return lessons.select_related("area").order_by("-created_at", "-id")
