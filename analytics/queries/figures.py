"""Reads of the figures: everything is counted in the database, whatever its size.

Which changes count is said once, by `counted_changes`: the matrix aggregates that very query and the lists
behind its cells filter it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce

from changes.models import (
    Assistance,
    AssistanceKind,
    Assistant,
    Change,
    DomainArea,
    Origin,
    Repository,
    Service,
    Term,
)
from incidents.models import Cause, Incident
from intake.models import Setup

MATURITY_DAYS = 30
SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)
ASSISTED = (Origin.ASSISTED, Origin.AUTONOMOUS)
COUNTED_CAUSES = (Cause.Status.CONFIRMED, Cause.Status.SUSPECTED)


class Basis(models.TextChoices):
    INCIDENT = "incident", "Linked to an incident"
    UNDONE = "undone", "Undone: reverted, or named by a fix"
    ANY = "any", "Either of the two"


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

    @property
    def mature_until(self) -> date:
        """The last day whose changes are old enough to have failed."""
        return self.as_of - timedelta(days=MATURITY_DAYS)


def organisation_zone() -> ZoneInfo:
    return ZoneInfo(settings.ORGANISATION_TIME_ZONE)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), organisation_zone())


def shows_demo() -> bool:
    """Demonstration data is shown only until the first real fact; the two are never in one figure."""
    if Setup.objects.filter(first_real_fact_at__isnull=False).exists():
        return False
    repositories = set(
        Repository.objects.filter(Exists(Change.objects.filter(repository=OuterRef("pk"))))
        .order_by()
        .values_list("is_demo", flat=True)
        .distinct()
    )
    return repositories == {True}


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

    def group(self, slug: str) -> list[int]:
        """The ids of every term that is counted under this slug."""
        ends = {self.resolved[pk] for pk, term in self.terms.items() if term.slug == slug}
        return [pk for pk, end in self.resolved.items() if end in ends]

    def pairs(self) -> tuple[list[int], list[int]]:
        return list(self.resolved), list(self.resolved.values())


def counted_changes(filters: Filters, areas: Taxonomy) -> models.QuerySet[Change]:
    """Shipped changes of the window, mature or not, with `counted_as`: where they stand if no kind was said."""
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
            When(origin_counted__in=ASSISTED, then=Value(RowKey.NOT_SAID.value)),
            When(automation=True, then=Value(RowKey.AUTOMATION.value)),
            default=F("origin_counted"),
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
    changes = counted_changes(filters, areas)
    if row == RowKey.TOTAL:
        return changes
    counted = Assistance.objects.filter(change=OuterRef("pk"), status__in=SAID, counted=True)
    if row.startswith("kind:"):
        of_kind = counted.filter(kind__in=kinds.group(row.removeprefix("kind:")))
        return changes.filter(Exists(of_kind), counted_as=RowKey.NOT_SAID.value)
    if row == RowKey.ASSISTED:
        return changes.filter(counted_as=RowKey.NOT_SAID.value)
    changes = changes.filter(counted_as=row)
    return changes.exclude(Exists(counted)) if row == RowKey.NOT_SAID else changes


def is_mature(filters: Filters) -> Q:
    return Q(shipped_at__lt=midnight(filters.mature_until + timedelta(days=1)))


class CellCounts(NamedTuple):
    """One line of the aggregate: `area` is None for changes without one, `over_all` for all areas together."""

    row: str
    area: int | None
    over_all: bool
    n: int
    failures: float
    suspected: float
    pending: int
    pending_failed: int
    late: int
    afterwards: int
    by_policy: int


class CellIncidents(NamedTuple):
    row: str
    area: int | None
    over_all: bool
    incidents: int
    restricted: bool


# Each incident is one unit: the causes that nobody ruled out and no rule merely suggested share it, a deployment
# whose change nobody can tell keeps its share, and one change never fails more than once.
FACTS = """
base AS MATERIALIZED (
    SELECT b.*,
           (b.shipped_at AT TIME ZONE %(zone)s)::date AS shipped_on,
           (b.shipped_at AT TIME ZONE %(zone)s)::date <= %(mature_until)s AS mature,
           area_map.target AS counted_area
    FROM ({changes}) AS b
    LEFT JOIN unnest(%(area_from)s::bigint[], %(area_to)s::bigint[]) AS area_map(source, target)
           ON area_map.source = b.area_id
),
shares AS (
    SELECT COALESCE(twin.merged_into_id, cause.change_id) AS change_id,
           cause.incident_id,
           cause.status = 'confirmed' AS confirmed,
           cause.weight / NULLIF(SUM(cause.weight) OVER (PARTITION BY cause.incident_id), 0) AS share
    FROM incidents_cause AS cause
    LEFT JOIN changes_change AS twin ON twin.id = cause.change_id AND twin.merged_into_id IS NOT NULL
    WHERE cause.status = ANY(%(counted_causes)s)
),
hits AS MATERIALIZED (
    SELECT base.id, shares.incident_id, shares.confirmed, COALESCE(shares.share, 0) AS share,
           incident.is_restricted,
           (COALESCE(incident.impact_started_at, incident.detected_at, incident.reported_at)
               AT TIME ZONE %(zone)s)::date - base.shipped_on AS age
    FROM shares
    JOIN base ON base.id = shares.change_id
    JOIN incidents_incident AS incident ON incident.id = shares.incident_id
    WHERE incident.duplicate_of_id IS NULL
      AND NOT incident.closing_reason = ANY(%(never_counted)s)
      AND incident.is_demo = %(demo)s
      AND (COALESCE(incident.impact_started_at, incident.detected_at, incident.reported_at)
               AT TIME ZONE %(zone)s)::date <= %(as_of)s
      AND %(with_incidents)s
),
failed AS (
    SELECT id,
           LEAST(1, COALESCE(SUM(share) FILTER (WHERE confirmed AND age BETWEEN 0 AND %(window)s), 0)) AS sure,
           LEAST(1, COALESCE(SUM(share) FILTER (WHERE age BETWEEN 0 AND %(window)s), 0)) AS perhaps,
           COUNT(DISTINCT incident_id) FILTER (WHERE confirmed AND age > %(window)s) AS late
    FROM hits GROUP BY id
),
undoings AS (
    SELECT base.id, (base.undone_at AT TIME ZONE %(zone)s)::date AS undone_on
    FROM base WHERE base.undone_at IS NOT NULL AND %(with_undone)s
    UNION ALL
    SELECT base.id, (COALESCE(fix.merged_at, fix.shipped_at, fix.opened_at) AT TIME ZONE %(zone)s)::date
    FROM changes_changelink AS link
    JOIN base ON base.id = link.target_id
    JOIN changes_change AS fix ON fix.id = link.change_id AND fix.merged_into_id IS NULL
    WHERE link.kind = 'fixes' AND fix.state IN ('merged', 'shipped') AND %(with_undone)s
),
undone AS (
    SELECT base.id,
           bool_or(undone_on - base.shipped_on BETWEEN 0 AND %(window)s) AS in_time,
           bool_or(undone_on - base.shipped_on > %(window)s) AS too_late
    FROM undoings JOIN base USING (id)
    WHERE undone_on <= %(as_of)s
    GROUP BY base.id
),
fact AS MATERIALIZED (
    SELECT base.*,
           GREATEST(COALESCE(failed.sure, 0), COALESCE(undone.in_time, false)::int) AS sure,
           GREATEST(COALESCE(failed.perhaps, 0), COALESCE(undone.in_time, false)::int) AS perhaps,
           COALESCE(failed.late, 0)
               + (COALESCE(undone.too_late, false) AND NOT COALESCE(undone.in_time, false))::int AS late
    FROM base LEFT JOIN failed USING (id) LEFT JOIN undone USING (id)
),
said AS MATERIALIZED (
    SELECT assistance.change_id AS id, kind_map.target AS kind, bool_or(assistance.counted) AS counted
    FROM changes_assistance AS assistance
    JOIN unnest(%(kind_from)s::bigint[], %(kind_to)s::bigint[]) AS kind_map(source, target)
      ON kind_map.source = assistance.kind_id
    JOIN base ON base.id = assistance.change_id
    WHERE assistance.status = ANY(%(said)s)
    GROUP BY assistance.change_id, kind_map.target
),
placed AS (
    SELECT 'kind:' || said.kind AS row_key, NOT (said.counted AND fact.counted_as = 'not-said') AS afterwards, fact.*
    FROM said JOIN fact USING (id)
    UNION ALL
    SELECT fact.counted_as, false, fact.* FROM fact
    WHERE fact.counted_as <> 'not-said'
       OR NOT EXISTS (SELECT 1 FROM said WHERE said.id = fact.id AND said.counted)
    UNION ALL
    SELECT 'manual', true, fact.* FROM fact WHERE fact.origin = 'manual' AND fact.counted_as IN ('unknown', 'not-said')
    UNION ALL
    SELECT 'not-said', true, fact.* FROM fact
    WHERE fact.origin IN ('assisted', 'autonomous') AND fact.counted_as IN ('unknown', 'manual')
      AND NOT EXISTS (SELECT 1 FROM said WHERE said.id = fact.id)
    UNION ALL
    SELECT 'assisted', fact.counted_as <> 'not-said', fact.* FROM fact
    WHERE fact.counted_as = 'not-said'
       OR fact.origin IN ('assisted', 'autonomous') AND fact.counted_as IN ('unknown', 'manual')
    UNION ALL
    SELECT 'total', false, fact.* FROM fact
)
"""
COUNTS = """
SELECT row_key, counted_area, GROUPING(counted_area) = 1,
       COUNT(*) FILTER (WHERE mature AND NOT afterwards),
       COALESCE(SUM(sure) FILTER (WHERE mature AND NOT afterwards), 0)::float8,
       COALESCE(SUM(perhaps - sure) FILTER (WHERE mature AND NOT afterwards), 0)::float8,
       COUNT(*) FILTER (WHERE NOT mature AND NOT afterwards),
       COUNT(*) FILTER (WHERE NOT mature AND NOT afterwards AND sure > 0),
       COALESCE(SUM(late) FILTER (WHERE NOT afterwards), 0)::bigint,
       COUNT(*) FILTER (WHERE mature AND afterwards),
       COUNT(*) FILTER (WHERE mature AND NOT afterwards AND origin_by_policy)
FROM placed GROUP BY GROUPING SETS ((row_key, counted_area), (row_key))
"""
INCIDENTS = """
SELECT row_key, counted_area, GROUPING(counted_area) = 1,
       COUNT(DISTINCT hits.incident_id), bool_or(hits.is_restricted)
FROM placed JOIN hits USING (id)
WHERE NOT afterwards AND hits.age >= 0
GROUP BY GROUPING SETS ((row_key, counted_area), (row_key))
"""
COLUMNS = ("id", "area_id", "shipped_at", "origin", "origin_by_policy", "undone_at", "counted_as")


def cell_counts(filters: Filters, areas: Taxonomy, kinds: Taxonomy) -> list[CellCounts]:
    return [CellCounts(*line) for line in _run(COUNTS, filters, areas, kinds)]


def cell_incidents(filters: Filters, areas: Taxonomy, kinds: Taxonomy) -> list[CellIncidents]:
    """How many incidents stand behind each cell's numerator, and whether one of them is restricted."""
    return [CellIncidents(*line) for line in _run(INCIDENTS, filters, areas, kinds)]


def _run(select: str, filters: Filters, areas: Taxonomy, kinds: Taxonomy) -> list[tuple[Any, ...]]:
    query = counted_changes(filters, areas).order_by().values(*COLUMNS).query
    changes, values = query.sql_with_params()
    named = {f"c{i}": value for i, value in enumerate(values)}
    changes = changes % tuple(f"%({name})s" for name in named)
    area_from, area_to = areas.pairs()
    kind_from, kind_to = kinds.pairs()
    parameters: Mapping[str, Any] = {
        **named,
        "zone": settings.ORGANISATION_TIME_ZONE,
        "mature_until": filters.mature_until,
        "as_of": filters.as_of,
        "window": MATURITY_DAYS,
        "area_from": area_from,
        "area_to": area_to,
        "kind_from": kind_from,
        "kind_to": kind_to,
        "counted_causes": list(COUNTED_CAUSES),
        "never_counted": list(Incident.NEVER_COUNTED),
        "said": list(SAID),
        "demo": filters.demo,
        "with_incidents": filters.basis in (Basis.INCIDENT, Basis.ANY),
        "with_undone": filters.basis in (Basis.UNDONE, Basis.ANY),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {FACTS.format(changes=changes)} {select}", parameters)  # noqa: S608 -- fixed text
        return cursor.fetchall()


class WithoutChange(NamedTuple):
    """Counted incidents of the window that name no change: what was answered instead."""

    no_change: int
    not_determined: int
    unanswered: int
    deployment_only: int
    restricted: bool

    @property
    def total(self) -> int:
        return self.no_change + self.not_determined + self.unanswered + self.deployment_only


def incidents_without_change(filters: Filters, areas: Taxonomy) -> WithoutChange:
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
    causes = Cause.objects.filter(incident=OuterRef("pk"), status__in=COUNTED_CAUSES)
    incidents = incidents.exclude(Exists(causes.filter(change__isnull=False))).annotate(
        by_deployment=Exists(causes.filter(deployment__isnull=False))
    )
    by_deployment = Q(by_deployment=True)
    answer = Incident.CauseAnswer
    counted = models.Count
    figures = incidents.aggregate(
        no_change=counted("pk", filter=~by_deployment & Q(cause_answer=answer.NO_CHANGE)),
        not_determined=counted("pk", filter=~by_deployment & Q(cause_answer=answer.NOT_DETERMINED)),
        unanswered=counted("pk", filter=~by_deployment & Q(cause_answer__in=[answer.OPEN, answer.CHANGES])),
        deployment_only=counted("pk", filter=by_deployment),
        restricted=counted("pk", filter=Q(is_restricted=True)),
    )
    return WithoutChange(**{**figures, "restricted": figures["restricted"] > 0})


def causes_of(changes: Sequence[int], filters: Filters) -> models.QuerySet[Cause]:
    """The links that count, or would once confirmed: ask `visible_to` of the incidents before showing one."""
    return (
        Cause.objects.filter(change__in=changes, status__in=COUNTED_CAUSES)
        .filter(incident__in=Incident.objects.counted().filter(is_demo=filters.demo))
        .select_related("incident", "incident__severity")
        .order_by("incident__number")
    )


def taxonomies() -> tuple[Taxonomy, Taxonomy]:
    return Taxonomy(DomainArea), Taxonomy(AssistanceKind)


def services_offered(demo: bool) -> models.QuerySet[Service]:
    return Service.objects.filter(is_demo=demo)
