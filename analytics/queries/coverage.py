"""Which lessons a test stands for, what CI says of it, and which incidents repeated a lesson."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Min

from accounts.days import day_of
from accounts.models import User
from analytics.models import ScenarioStanding, TestScenario
from analytics.queries.standings import names
from changes.models import TestCaseResult
from incidents.models import Incident, Lesson

State = ScenarioStanding.State
PASSED = (TestCaseResult.Outcome.PASSED, TestCaseResult.Outcome.FLAKY)


@dataclass(frozen=True)
class Told:
    """One lesson: how its tests stand, since when a test of it has passed, and when it came up again.

    `states` are those of every scenario's standings on default branches; `shown` are the scenarios that the
    reader may see; `proven_from` is the day of the first pass. `repeats` are days of counted incidents that
    taught it again, after it was written.
    """

    lesson: Lesson
    written_on: date
    scenarios: tuple[TestScenario, ...]
    states: frozenset[str]
    proven_from: date | None
    repeats: tuple[date, ...]
    kinds: tuple[str, ...] = field(default=())
    shown: tuple[TestScenario, ...] = ()


def told(user: User, demo: bool) -> list[Told]:
    """Every standing lesson that the reader may see, the newest first; eight queries."""
    lessons = list(
        Lesson.objects.visible_to(user).filter(is_demo=demo).exclude(state=Lesson.State.RETIRED)
        .select_related("area").prefetch_related("kinds")
    )  # fmt: skip
    scenarios = _scenarios()
    found = {scenario.pk: scenario for many in scenarios.values() for scenario in many}
    states, passed = _states(found), _first_passes(found)
    repeats = _repeats(lessons)
    seen = set(TestScenario.objects.visible_to(user).filter(pk__in=found).values_list("pk", flat=True))
    return [
        Told(
            lesson=lesson,
            written_on=day_of(lesson.created_at),
            scenarios=tuple(behind := scenarios.get(lesson.pk, [])),
            states=frozenset(state for one in behind for state in states.get(one.pk, ())),
            proven_from=min((passed[one.pk] for one in behind if one.pk in passed), default=None),
            repeats=tuple(day for day in repeats.get(lesson.pk, ()) if day > day_of(lesson.created_at)),
            kinds=tuple(kind.name for kind in lesson.kinds.all()),
            shown=tuple(one for one in behind if one.pk in seen),
        )
        for lesson in lessons
    ]


def _scenarios() -> dict[int, list[TestScenario]]:
    """By lesson, those that stand; a merged one counts through the one it was merged into."""
    found: dict[int, list[TestScenario]] = defaultdict(list)
    standing = TestScenario.objects.filter(merged_into=None).exclude(state=TestScenario.State.RETIRED)
    for scenario in standing.prefetch_related("lessons").order_by("number"):
        for lesson in scenario.lessons.all():
            found[lesson.pk].append(scenario)
    return found


def _states(scenarios: dict[int, TestScenario]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = ScenarioStanding.objects.filter(scenario__in=scenarios).values_list(
        "scenario", "state", "branch", "repository__default_branch"
    )
    for pk, state, branch, default in rows:
        if not default or branch in ("", default):
            found[pk].add(state)
    return found


def _first_passes(scenarios: dict[int, TestScenario]) -> dict[int, date]:
    called = names(scenarios.values())
    rows = (
        TestCaseResult.objects.filter(scenario__in=called, outcome__in=PASSED)
        .order_by().values_list("scenario").annotate(at=Min("run__ran_at"))
    )  # fmt: skip
    found: dict[int, date] = {}
    for name, at in rows:
        pk = called[name]
        found[pk] = min(found.get(pk, date.max), day_of(at))
    return found


def _repeats(lessons: list[Lesson]) -> dict[int, list[date]]:
    found: dict[int, list[date]] = defaultdict(list)
    rows = (
        Incident.objects.counted()
        .filter(lessons__in=lessons)
        .values_list("lessons", "impact_started_at", "detected_at", "reported_at")
    )
    for lesson, impact, detected, reported in rows:
        found[lesson].append(day_of(impact or detected or reported))
    return found
