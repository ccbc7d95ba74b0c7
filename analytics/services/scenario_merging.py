"""One scenario for several lessons: two that ask the same become one, and can be taken apart again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import AuditEntry, User
from analytics.models import TestScenario
from analytics.services.scenarios import locked, refuse_reader
from incidents.models import Lesson
from incidents.services.refusals import Refused
from intake import ledger
from intake.ledger import Kind

GATHERED = ("lessons", "services", "kinds")


@transaction.atomic
def merge(*, scenario_id: int, into_id: int, by: User, now: datetime) -> TestScenario:
    """`into` stands for both from now on: it takes the lessons, services, kinds and paths of the other.

    The other keeps its words and its number; its address and its results lead to `into`.
    Raises: Refused for readers, for a merge into itself or into one that is merged itself.
    """
    refuse_reader(by)
    if scenario_id == into_id:
        raise Refused("A scenario cannot be merged into itself.", field="into", code="same")
    # Always in one order, so that two merges at once wait instead of blocking each other.
    rows = {pk: locked(pk, by) for pk in sorted((scenario_id, into_id))}
    scenario, into = rows[scenario_id], rows[into_id]
    for one in (scenario, into):
        if one.merged_into_id is not None:
            raise Refused(f"{one} is merged into another already.", field="into", code="merged")
    for name in GATHERED:
        getattr(into, name).add(*getattr(scenario, name).all())
    into.path_globs = list(dict.fromkeys([*into.path_globs, *scenario.path_globs]))
    into.is_demo = into.is_demo and scenario.is_demo
    into.version += 1
    into.save()
    scenario.merged_into = into
    scenario.version += 1
    scenario.save()
    # What had been merged into this one goes along, so that readers follow one step only.
    TestScenario.objects.filter(merged_into=scenario).update(merged_into=into)
    _note(scenario, "scenario_merged", by, now, into=into.number)
    ledger.touch(Kind.SCENARIO, scenario.pk, into.pk, verb="merged", actor_id=by.pk)
    return into


@transaction.atomic
def take_apart(*, scenario_id: int, by: User, now: datetime) -> TestScenario:
    """It stands on its own again; what the other took over stays there too."""
    refuse_reader(by)
    scenario = locked(scenario_id, by)
    into = scenario.merged_into
    if into is None:
        raise Refused(f"{scenario} is not merged.", code="not_merged")
    scenario.merged_into = None
    scenario.version += 1
    scenario.save()
    _note(scenario, "scenario_taken_apart", by, now, was=into.number)
    ledger.touch(Kind.SCENARIO, scenario.pk, into.pk, verb="taken apart", actor_id=by.pk)
    return scenario


@transaction.atomic
def stand_for(*, scenario_id: int, lesson_id: int, by: User) -> TestScenario:
    """The scenario stands for one more lesson. Raises: Refused where the lesson is not to be seen."""
    refuse_reader(by)
    scenario = locked(scenario_id, by)
    lesson = Lesson.objects.visible_to(by).filter(pk=lesson_id).first()
    if lesson is None:
        raise Refused("This lesson does not exist.", field="lesson", code="unknown_lesson")
    scenario.lessons.add(lesson)
    scenario.is_demo = scenario.is_demo and lesson.is_demo
    scenario.version += 1
    scenario.save()
    ledger.touch(Kind.SCENARIO, scenario.pk, verb="lesson added", actor_id=by.pk)
    return scenario


def _note(scenario: TestScenario, verb: str, by: User, now: datetime, **detail: int) -> None:
    AuditEntry.objects.create(
        at=now, actor=by, verb=verb, target_kind="scenario", target_id=scenario.pk, detail=detail
    )
