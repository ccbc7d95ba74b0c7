"""Demonstration data: made in one go, apart from everything real, and removed in one go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from datetime import date as Date
from random import Random

from django.db import transaction
from django.db.models import Exists, Max, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import notices
from accounts.models import AuditEntry, Team, User
from analytics.demo import (
    cast,
    change_rows,
    control_rows,
    feature_rows,
    incident_rows,
    lesson_rows,
    load_rows,
    places,
    review_rows,
)
from analytics.demo.history import play
from analytics.models import Safeguard, Signal, SignalShown, TestScenario, WorkLimit
from analytics.queries.samples import samples
from analytics.services.demo_weeks import replay
from changes.models import (
    Change,
    CheckRun,
    Deployment,
    Environment,
    Feature,
    MarkingPolicy,
    Repository,
    SeniorReviewer,
    Service,
    SizeException,
    TestRun,
)
from changes.services import shipped_counts
from incidents.models import (
    ActionItem,
    Alert,
    AlertRule,
    Cause,
    Control,
    Fix,
    Incident,
    Lesson,
)
from intake.ledger import Kind, touch
from intake.models import Delivery, LedgerEntry, Setup, Source


class RealDataExists(Exception):
    """There are real repositories or incidents: demonstration data beside them has to be asked for."""


@dataclass(frozen=True)
class Made:
    changes: int
    deployments: int
    incidents: int
    lessons: int
    scenarios: int


def is_present() -> bool:
    return Repository.objects.filter(is_demo=True).exists()


def has_real_data() -> bool:
    return (
        Repository.objects.filter(is_demo=False).exists()
        or Incident.objects.real().exists()
        or Setup.objects.filter(first_real_fact_at__isnull=False).exists()
    )


@transaction.atomic
def make_demo(
    *,
    as_of: Date,
    seed: int = cast.SEED,
    changes: int = cast.CHANGES,
    incidents: int = cast.INCIDENTS,
    weeks: int = cast.WEEKS,
    beside_real: bool = False,
) -> Made | None:
    """Make it, up to the beginning of `as_of`; None where it is there already.

    With `weeks` it is counted at once, and judged for so many weeks as it would have been then.

    Raises: RealDataExists unless `beside_real`.
    """
    if is_present():
        return None
    if has_real_data() and not beside_real:
        raise RealDataExists
    until = datetime.combine(as_of, time.min, tzinfo=UTC)
    history = play(as_of=until, seed=seed, changes=changes, incidents=incidents)
    random = Random(seed + 1)  # noqa: S311  a plot, not a secret
    where = places.make(until)
    by_work, by_rollout = change_rows.make(history, where)
    review_rows.make(history, where, by_work)
    told = incident_rows.make(history, where, by_work, by_rollout, _next(Incident), random)
    control_rows.make(history, where, by_work, told)
    lessons, scenarios = lesson_rows.make(random, history, where, told, _next(TestScenario))
    feature_rows.make(history, where, by_work)
    load_rows.make(until, where, Random(seed + 3))  # noqa: S311  a plot of its own
    _touch_all("demo_made")
    if weeks:
        replay(as_of=as_of, weeks=weeks, people=where.people)
    return Made(len(by_work), len(by_rollout), len(told), len(lessons), len(scenarios))


def _next(model: type[Incident] | type[TestScenario]) -> int:
    return int(model._default_manager.aggregate(last=Max("number"))["last"] or 0) + 1


def _touch_all(verb: str, by: User | None = None) -> None:
    actor_id = by.pk if by else None
    ids_by_repository: dict[int, list[int]] = defaultdict(list)
    for pk, repository_id in Change.objects.demo().values_list("pk", "repository_id"):
        ids_by_repository[repository_id].append(pk)
    for repository_id, ids in ids_by_repository.items():
        touch(Kind.REPOSITORY, repository_id, verb=verb, repository_id=repository_id, actor_id=actor_id)
        touch(Kind.CHANGE, *ids, verb=verb, repository_id=repository_id, actor_id=actor_id)
    for kind, rows in _touched():
        touch(kind, *rows.values_list("pk", flat=True), verb=verb, actor_id=actor_id)


def _touched() -> list[tuple[LedgerEntry.Kind, QuerySet]]:
    return [
        (Kind.SERVICE, Service.objects.filter(is_demo=True)),
        (Kind.DEPLOYMENT, Deployment.objects.filter(repository__is_demo=True)),
        (Kind.TEST_RUN, TestRun.objects.filter(repository__is_demo=True)),
        (Kind.POLICY, MarkingPolicy.objects.filter(repository__is_demo=True)),
        (Kind.FEATURE, Feature.objects.filter(is_demo=True)),
        (Kind.INCIDENT, Incident.objects.demo()),
        (Kind.LESSON, Lesson.objects.filter(is_demo=True)),
        (Kind.SCENARIO, TestScenario.objects.filter(is_demo=True)),
    ]


@transaction.atomic
def remove_demo(*, by: User | None) -> int:
    """Delete all of it, history included, and note when; says how many changes and incidents went.

    What people wrote into demonstration data goes with it; nothing else does. The ledger keeps one entry
    for each removed object, so that whatever was computed from it is computed anew.
    """
    gone = Change.objects.demo().count() + Incident.objects.demo().count()
    earlier = LedgerEntry.objects.aggregate(last=Max("id"))["last"] or 0
    _touch_all("demo_removed", by)
    for rows in _in_order():
        _erase(rows, earlier)
    people = User.objects.filter(username__in=[name for name, _, _ in cast.PEOPLE])
    AuditEntry.objects.filter(actor__in=people).delete()
    _erase(people, earlier)
    shipped_counts.fold()
    Team.objects.filter(slug__in=[cast.TEAM_PREFIX + slug for slug in cast.TEAMS]).delete()
    Setup.objects.get_or_create(pk=1)
    Setup.objects.filter(pk=1).update(demo_removed_at=timezone.now())
    AuditEntry.objects.create(actor=by, verb="demo_removed", target_kind="setup", detail={"rows": gone})
    return gone


def _in_order() -> Iterable[QuerySet]:
    """Each after what protects it. Rows are found by what they hang on: people may have added some."""
    demo_incident, demo_change = Q(incident__is_demo=True), Q(change__repository__is_demo=True)
    lessons = Lesson.objects.filter(Q(is_demo=True) | _only_behind_demo())
    yield WorkLimit.objects.filter(is_demo=True)
    yield SignalShown.objects.filter(is_demo=True)
    yield Safeguard.objects.filter(is_demo=True)
    yield Signal.objects.filter(is_demo=True)
    TestScenario.objects.filter(merged_into__is_demo=True).update(merged_into=None)
    yield TestScenario.objects.filter(is_demo=True)
    yield lessons
    yield Control.objects.filter(Q(cause__incident__is_demo=True) | demo_change)
    yield Cause.objects.filter(demo_incident | demo_change | Q(deployment__repository__is_demo=True))
    yield Fix.objects.filter(demo_incident | demo_change)
    yield ActionItem.objects.filter(demo_incident)
    yield Alert.objects.filter(Q(source__is_demo=True) | demo_incident)
    Incident.objects.filter(duplicate_of__is_demo=True, is_demo=False).update(duplicate_of=None)
    Incident.objects.demo().update(duplicate_of=None)
    yield Incident.objects.demo()
    yield TestRun.objects.filter(repository__is_demo=True)
    yield Deployment.objects.filter(repository__is_demo=True)
    yield samples(demo=True)
    yield CheckRun.objects.filter(repository__is_demo=True)
    yield SizeException.objects.filter(demo_change)
    yield SeniorReviewer.objects.filter(repository__is_demo=True)
    yield Change.objects.demo()
    yield Feature.objects.filter(is_demo=True)
    yield MarkingPolicy.objects.filter(repository__is_demo=True)
    yield Service.objects.filter(is_demo=True)
    yield Repository.objects.filter(is_demo=True)
    yield AlertRule.objects.filter(source__is_demo=True)
    yield Environment.objects.filter(source__is_demo=True)
    yield Delivery.objects.filter(source__is_demo=True)
    yield Source.objects.filter(is_demo=True)


def _only_behind_demo() -> Q:
    """Lessons written from demonstration incidents alone, by whoever tried the product out."""
    through = Lesson.incidents.through.objects.filter(lesson=OuterRef("pk"))
    return Q(Exists(through.filter(incident__is_demo=True))) & ~Q(
        Exists(through.filter(incident__is_demo=False))
    )


LEDGER_KINDS: dict[type[Model], LedgerEntry.Kind] = {
    Change: Kind.CHANGE,
    Deployment: Kind.DEPLOYMENT,
    Feature: Kind.FEATURE,
    Incident: Kind.INCIDENT,
    Lesson: Kind.LESSON,
    MarkingPolicy: Kind.POLICY,
    Repository: Kind.REPOSITORY,
    Service: Kind.SERVICE,
    TestRun: Kind.TEST_RUN,
    TestScenario: Kind.SCENARIO,
}


def _erase(rows: QuerySet, earlier: int) -> None:
    """Delete rows, their history, and what the ledger said of them up to `earlier`."""
    ids = list(rows.values_list("pk", flat=True))
    kind = LEDGER_KINDS.get(rows.model)
    if kind:
        LedgerEntry.objects.filter(kind=kind, object_id__in=ids, id__lte=earlier).delete()
    rows.model._default_manager.filter(pk__in=ids).delete()
    notices.forget(model=rows.model, ids=ids)
    _erase_history(rows.model, ids)


def _erase_history(model: type[Model], ids: list[int]) -> None:
    for relation in model._meta.related_objects:
        event = relation.related_model
        if relation.field.name == "pgh_obj" and isinstance(event, type):
            event._default_manager.filter(pgh_obj_id__in=ids).delete()
