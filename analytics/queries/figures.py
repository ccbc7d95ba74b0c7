"""Reads of the figures: everything is counted in the database, whatever its size.

Which changes count is said once, by `counted_changes`: the matrix aggregates that very query
(analytics/queries/cells.py) and the lists behind its cells filter it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce

from accounts.days import midnight
from accounts.models import User
from analytics.models import CountedChange, RowCode
from analytics.privacy import gives_away
from changes.models import (
    Assistance,
    AssistanceKind,
    Assistant,
    Change,
    ChangeLink,
    DomainArea,
    FollowUp,
    Origin,
    Service,
    Term,
)
from incidents.models import Cause, Incident
from incidents.queries.causes import StandingCause, standing_causes, standing_named

MATURITY_DAYS = 30
SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)
ASSISTED = (Origin.ASSISTED, Origin.AUTONOMOUS)
COUNTED_CAUSES = (Cause.Status.CONFIRMED, Cause.Status.SUSPECTED)


class Basis(models.TextChoices):
    INCIDENT = "incident", "Linked to an incident"
    UNDONE = "undone", "Undone: reverted, or named by a fix"
    FOLLOW_UP = "follow_up", "Followed up by a fix (estimated)"
    ANY = "any", "Any of the three"


WITH_INCIDENTS = (Basis.INCIDENT, Basis.ANY)
WITH_UNDONE = (Basis.UNDONE, Basis.ANY)
WITH_FOLLOW_UPS = (Basis.FOLLOW_UP, Basis.ANY)


class RowKey(models.TextChoices):
    """The rows beside the kinds of help; a kind's own key is `kind:<slug>`.

    ASSISTED holds each change with any kind, said or not, once.
    """

    NOT_SAID = "not-said", "Kind not said"
    ASSISTED = "assisted", "AI-assisted, any kind"
    MANUAL = "manual", "Manual"
    UNKNOWN = "unknown", "Origin unknown"
    AUTOMATION = "automation", "Automation"
    TOTAL = "total", "All changes"


# AI evidence on an automation makes it assisted; every shipped change stands in exactly one of these.
_ASSISTED = Q(origin_counted__in=ASSISTED)
STANDS: dict[str, Q] = {
    RowKey.NOT_SAID.value: _ASSISTED,
    RowKey.AUTOMATION.value: Q(automation=True) & ~_ASSISTED,
    RowKey.MANUAL.value: Q(automation=False, origin_counted=Origin.MANUAL),
    RowKey.UNKNOWN.value: Q(automation=False, origin_counted=Origin.UNKNOWN),
}
NO_AREA = "none"
ALL_TYPES = "all"


@dataclass(frozen=True)
class Filters:
    """What a figure is about. Days are the organisation's; `start` and `end` are both within."""

    start: date
    end: date
    as_of: date
    demo: bool
    basis: str = Basis.INCIDENT
    service: str = ""
    area: str = ""
    type: str = Change.Type.CODE
    size: str = ""
    origin: str = ""
    assistant: str = ""
    # None: by what is known now; else by what was known at that instant.
    known_at: datetime | None = None

    @property
    def mature_until(self) -> date:
        """The last day whose changes are old enough to have failed."""
        return self.as_of - timedelta(days=MATURITY_DAYS)


def end_of(day: date) -> datetime:
    """The last instant of a day: what was known then is what was known on that day."""
    return midnight(day + timedelta(days=1)) - timedelta(microseconds=1)


SHOWS_DEMO = """
SELECT CASE WHEN EXISTS (SELECT FROM intake_setup WHERE first_real_fact_at IS NOT NULL) THEN false
       ELSE (SELECT COALESCE(bool_and(is_demo), false) FROM changes_repository AS repository
             WHERE EXISTS (SELECT FROM changes_change WHERE repository_id = repository.id)) END
"""


def shows_demo() -> bool:
    """Demonstration data is shown only until the first real fact; the two are never in one figure."""
    with connection.cursor() as cursor:
        cursor.execute(SHOWS_DEMO)
        (found,) = cursor.fetchone()
    return bool(found)


class Taxonomy:
    """A taxonomy with its merges resolved: every term stands for the one that it ended up in."""

    def __init__(self, model: type[Term]) -> None:
        self.terms: dict[int, Term] = {term.pk: term for term in model.objects.all()}
        self.resolved = {pk: self._end(pk) for pk in self.terms}

    def _end(self, pk: int) -> int:
        seen = {pk}
        while (target := self.terms[pk].merged_into_id) is not None and target not in seen:  # type: ignore[attr-defined]
            seen.add(target)
            pk = target
        return pk

    def standing(self) -> list[Term]:
        return [term for pk, term in self.terms.items() if self.resolved[pk] == pk]

    def offered(self) -> list[tuple[str, str]]:
        """Slug and name of every term that is itself counted, retired ones too."""
        return [(term.slug, term.name) for term in self.standing()]

    def group(self, slug: str) -> list[int]:
        """The ids of every term that is counted under this slug."""
        ends = {self.resolved[pk] for pk, term in self.terms.items() if term.slug == slug}
        return [pk for pk, end in self.resolved.items() if end in ends]

    def pairs(self) -> tuple[list[int], list[int]]:
        return list(self.resolved), list(self.resolved.values())


def counted_changes(filters: Filters, areas: Taxonomy) -> models.QuerySet[Change]:
    """Shipped changes of the window, mature or not, with `counted_as`: their row if no kind was said."""
    changes = Change.objects.shipped_between(
        midnight(filters.start), midnight(filters.end + timedelta(days=1))
    ).filter(repository__is_demo=filters.demo)
    if filters.type != ALL_TYPES:
        changes = changes.filter(type=filters.type)
    if filters.service:
        through = Change.services.through.objects
        changes = changes.filter(Exists(through.filter(change=OuterRef("pk"), service__slug=filters.service)))
    if filters.area:
        changes = changes.filter(_in_area(filters.area, areas))
    if filters.size:
        changes = changes.filter(size_band=filters.size)
    if filters.assistant:
        changes = changes.filter(assistant__in=Taxonomy(Assistant).group(filters.assistant))
    changes = changes.annotate(
        counted_as=Case(
            *(When(stands, then=Value(row)) for row, stands in STANDS.items()),
            output_field=models.CharField(),
        )
    )
    if filters.origin:
        changes = changes.filter(origin_counted=filters.origin)
    return changes


def _in_area(slug: str, areas: Taxonomy) -> Q:
    return Q(area=None) if slug == NO_AREA else Q(area__in=areas.group(slug))


def changes_behind(filters: Filters, row: str, areas: Taxonomy, kinds: Taxonomy) -> models.QuerySet[Change]:
    """The changes that one row counts, mature and pending: filter by area through `filters.area`."""
    if filters.known_at is not None:
        return Change.objects.filter(pk__in=known_changes(filters, row, areas, kinds).values("change"))
    changes = counted_changes(filters, areas)
    if row == RowKey.TOTAL:
        return changes
    counted = Assistance.objects.filter(change=OuterRef("pk"), status__in=SAID, counted=True)
    if row.startswith("kind:"):
        of_kind = counted.filter(kind__in=kinds.group(row.removeprefix("kind:")))
        return changes.filter(Exists(of_kind), STANDS[RowKey.NOT_SAID.value])
    if row == RowKey.ASSISTED:
        return changes.filter(STANDS[RowKey.NOT_SAID.value])
    changes = changes.filter(STANDS[row])
    return changes.exclude(Exists(counted)) if row == RowKey.NOT_SAID else changes


def known_changes(
    filters: Filters, row: str, areas: Taxonomy, kinds: Taxonomy
) -> models.QuerySet[CountedChange]:
    """The facts behind a row as they were known at the instant of the filters."""
    facts = CountedChange.objects.known_at(filters.known_at).filter(
        is_demo=filters.demo, shipped_on__range=(filters.start, filters.end)
    )
    if row.startswith("kind:"):
        facts = facts.filter(rows__overlap=kinds.group(row.removeprefix("kind:")))
    else:
        facts = facts.filter(rows__contains=[RowCode[RowKey(row).name].value])
    if filters.type != ALL_TYPES:
        facts = facts.filter(type=filters.type)
    if filters.service:
        wanted = Service.objects.filter(slug=filters.service).values_list("pk", flat=True)
        facts = facts.filter(services__overlap=list(wanted))
    if filters.area:
        facts = facts.filter(area__in=[0] if filters.area == NO_AREA else areas.group(filters.area))
    if filters.size:
        facts = facts.filter(size_band=filters.size)
    if filters.assistant:
        facts = facts.filter(assistant__in=Taxonomy(Assistant).group(filters.assistant))
    return facts.filter(origin_counted=filters.origin) if filters.origin else facts


def is_mature(filters: Filters) -> Q:
    if filters.known_at is not None:
        known = CountedChange.objects.known_at(filters.known_at)
        return Q(pk__in=known.filter(shipped_on__lte=filters.mature_until).values("change"))
    return Q(shipped_at__lt=midnight(filters.mature_until + timedelta(days=1)))


class WithoutChange(NamedTuple):
    """Counted incidents of the window that name no change, and what was answered instead.

    The answers are None where one of them would give away a restricted incident: with one hidden alone the
    others would tell it.
    """

    total: int
    no_change: int | None
    not_determined: int | None
    unanswered: int | None
    deployment_only: int | None
    restricted: bool

    @classmethod
    def of(cls, parts: Mapping[str, tuple[int, int]]) -> WithoutChange | None:
        """By part how many, and how many of these are restricted. None: they are few in all."""
        whole, restricted = (sum(numbers) for numbers in zip(*parts.values(), strict=True))
        if gives_away(whole, restricted):
            return None
        are_hidden = any(gives_away(*numbers) for numbers in parts.values())
        told = {name: None if are_hidden else n for name, (n, _) in parts.items()}
        return cls(total=whole, **told, restricted=restricted > 0)


def incidents_without_change(filters: Filters, areas: Taxonomy) -> WithoutChange | None:
    began = Coalesce("impact_started_at", "detected_at", "reported_at")
    incidents = (
        Incident.objects.counted()
        .filter(is_demo=filters.demo)
        .annotate(began=began)
        .filter(began__gte=midnight(filters.start), began__lt=midnight(filters.end + timedelta(days=1)))
    )
    if filters.service:
        through = Incident.services.through.objects
        incidents = incidents.filter(
            Exists(through.filter(incident=OuterRef("pk"), service__slug=filters.service))
        )
    if filters.area:
        incidents = incidents.filter(_in_area(filters.area, areas))
    causes = standing_causes().filter(incident=OuterRef("pk"), status__in=COUNTED_CAUSES)
    incidents = incidents.exclude(Exists(causes.filter(change__isnull=False))).annotate(
        by_deployment=Exists(causes.filter(deployment__isnull=False))
    )
    by_deployment = Q(by_deployment=True)
    answer = Incident.CauseAnswer
    parts = {
        "no_change": ~by_deployment & Q(cause_answer=answer.NO_CHANGE),
        "not_determined": ~by_deployment & Q(cause_answer=answer.NOT_DETERMINED),
        "unanswered": ~by_deployment & Q(cause_answer__in=[answer.OPEN, answer.CHANGES]),
        "deployment_only": by_deployment,
    }
    among = {"all": Q(), "restricted": Q(is_restricted=True)}
    figures = incidents.aggregate(**{
        f"{name}_{which}": models.Count("pk", filter=part & rows)
        for name, part in parts.items()
        for which, rows in among.items()
    })  # fmt: skip
    return WithoutChange.of({name: (figures[f"{name}_all"], figures[f"{name}_restricted"]) for name in parts})


def linked(changes: models.QuerySet[Change], filters: Filters, user: User) -> models.QuerySet[Change]:
    """Those that failed, as the basis counts it and as far as the reader may see the incident."""
    seen = Incident.objects.visible_to(user).counted().filter(is_demo=filters.demo)
    causes = standing_named(Q(status__in=COUNTED_CAUSES, incident__in=seen), changes, tell="stands_for")
    if filters.basis == Basis.INCIDENT:
        # The causes of these changes are looked for, not these changes among those of all causes.
        return Change.objects.filter(pk__in=causes)
    fix = ChangeLink.objects.filter(target=OuterRef("pk"), kind=ChangeLink.Kind.FIXES)
    follow_ups = FollowUp.objects.filter(change=OuterRef("pk"), fix__merged_into=None)
    by_incident = Q(pk__in=causes) if filters.basis in WITH_INCIDENTS else Q()
    undone = Q(undone_at__isnull=False) | Q(Exists(fix)) if filters.basis in WITH_UNDONE else Q()
    followed_up = Q(Exists(follow_ups)) if filters.basis in WITH_FOLLOW_UPS else Q()
    return changes.filter(by_incident | undone | followed_up)


def causes_of(changes: Sequence[int], filters: Filters) -> models.QuerySet[StandingCause]:
    """The links that count, or would once confirmed, annotated with the change that each `stands_for`.

    Ask `visible_to` of the incidents before showing one.
    """
    return (
        standing_causes(changes)
        .filter(status__in=COUNTED_CAUSES)
        .filter(incident__in=Incident.objects.counted().filter(is_demo=filters.demo))
        .select_related("incident", "incident__severity")
        .order_by("incident__number")
    )


# Areas and kinds of help.
Words = tuple[Taxonomy, Taxonomy]


def taxonomies() -> Words:
    return Taxonomy(DomainArea), Taxonomy(AssistanceKind)


def services_offered(demo: bool) -> models.QuerySet[Service]:
    return Service.objects.filter(is_demo=demo)


def incident_is_known(demo: bool) -> bool:
    return Incident.objects.counted().filter(is_demo=demo).exists()
