"""Lessons become test scenarios: written, changed, moved from state to state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Model

from accounts.models import AuditEntry, Role, User
from analytics.feature_files import Written, faults
from analytics.models import TestScenario
from incidents.models import Lesson
from incidents.services.refusals import Conflict, Refused
from intake import ledger
from intake.ledger import Kind

State = TestScenario.State
WORDS = ("title", "given", "when", "then")
PLAIN = (*WORDS, "area", "path_globs")
LINKED = ("lessons", "services", "kinds")
# Key of the advisory lock under which numbers are given out, one after the other.
NUMBERS = 0x48_49_4E_54


@transaction.atomic
def create_scenario(
    *,
    title: str,
    given: str,
    when: str,
    then: str,
    by: User,
    now: datetime,
    lessons: Iterable[Lesson] = (),
    area: Model | None = None,
    services: Iterable[Model] = (),
    kinds: Iterable[Model] = (),
    path_globs: Iterable[str] = (),
) -> TestScenario:
    """A new scenario, proposed, with the next number.

    Raises: Refused for readers and for what is not Gherkin.
    """
    refuse_reader(by)
    behind = list(lessons)
    _refuse_hidden(behind, by)
    words = {"title": title, "given": given, "when": when, "then": then}
    scenario = TestScenario(
        area=area,  # type: ignore[misc]
        path_globs=list(path_globs),
        is_demo=bool(behind) and all(lesson.is_demo for lesson in behind),
        created_at=now,
        **_checked(words),
    )
    scenario.number = _next_number()
    scenario.save()
    scenario.lessons.set(behind)
    scenario.services.set(services)  # type: ignore[arg-type]
    scenario.kinds.set(kinds)  # type: ignore[arg-type]
    _touched(scenario, "created", by)
    return scenario


@transaction.atomic
def edit_scenario(*, scenario_id: int, by: User, expected_version: int, **fields: Any) -> TestScenario:
    """Change some of the fields; the others stay.

    Raises: Conflict when somebody else saved since `expected_version`, Refused as `create_scenario` does.
    """
    refuse_reader(by)
    unknown = set(fields) - {*PLAIN, *LINKED}
    if unknown:
        raise Refused(f"A scenario has no {', '.join(sorted(unknown))}.", code="unknown_field")
    scenario = locked(scenario_id, by)
    if scenario.version != expected_version:
        theirs = {name: getattr(scenario, name) for name in WORDS}
        raise Conflict(theirs=theirs, yours={name: str(fields.get(name, "")) for name in WORDS})
    _refuse_hidden(fields.get("lessons", ()), by)
    words = _checked({name: fields.get(name, getattr(scenario, name)) for name in WORDS})
    for name, value in {**{k: v for k, v in fields.items() if k in PLAIN}, **words}.items():
        setattr(scenario, name, value)
    scenario.version += 1
    scenario.save()
    for name in LINKED:
        if name in fields:
            getattr(scenario, name).set(fields[name])
    _touched(scenario, "edited", by)
    return scenario


@transaction.atomic
def set_state(*, scenario_id: int, state: str, by: User, now: datetime, reason: str = "") -> TestScenario:
    """Raises: Refused for readers, for an unknown state and for retiring without a reason."""
    refuse_reader(by)
    if state not in State.values:
        raise Refused(f"{state!r} is no state of a scenario.", field="state", code="unknown_state")
    reason = reason.strip()
    if state == State.RETIRED and not reason:
        raise Refused(
            "Say why it is retired: a lesson must not die unnoticed.", field="reason", code="no_reason"
        )
    scenario = locked(scenario_id, by)
    before, scenario.state, scenario.state_reason = scenario.state, State(state), reason
    scenario.version += 1
    scenario.save()
    AuditEntry.objects.create(
        at=now,
        actor=by,
        verb="scenario_state",
        target_kind="scenario",
        target_id=scenario.pk,
        detail={"from": before, "to": state, "reason": reason},
    )
    _touched(scenario, f"state:{state}", by)
    return scenario


def locked(scenario_id: int, by: User) -> TestScenario:
    """Raises: TestScenario.DoesNotExist also where `by` may not see it."""
    return TestScenario.objects.visible_to(by).select_for_update(of=("self",)).get(pk=scenario_id)


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERS])
    return (TestScenario.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def _checked(words: dict[str, str]) -> dict[str, str]:
    """The words as they are stored: the title on one line, the steps without blank ends.

    Raises: Refused for what is not Gherkin, naming the field.
    """
    done = {name: text.replace("\r\n", "\n").strip() for name, text in words.items()}
    done["title"] = " ".join(done["title"].split())
    for field, reason in faults(Written(None, done["title"], done["given"], done["when"], done["then"])):
        raise Refused(reason, field=field, code="not_gherkin")
    return done


def refuse_reader(by: User) -> None:
    if not by.at_least(Role.AUTHOR):
        raise Refused("Readers do not write test scenarios.", code="role")


def _refuse_hidden(lessons: Iterable[Lesson], by: User) -> None:
    ids = {lesson.pk for lesson in lessons}
    if Lesson.objects.visible_to(by).filter(pk__in=ids).count() != len(ids):
        raise Refused("One of these lessons does not exist.", field="lessons", code="unknown_lesson")


def _touched(scenario: TestScenario, verb: str, by: User) -> None:
    ledger.touch(Kind.SCENARIO, scenario.pk, verb=verb, actor_id=by.pk)
