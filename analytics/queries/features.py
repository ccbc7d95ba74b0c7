"""What features take to keep, counted in the database: any number of windows in one statement.

A double's incidents are its survivor's; of two words on one change in one incident the one that stands.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.days import day_of, midnight
from accounts.models import Role, User
from analytics.flow_weeks import Span
from changes.models import Change, Feature, FeatureQuerySet, Measurement
from changes.paths import CONFIG, PathClasses
from changes.queries.places import path_classes
from incidents.models import ActionItem, Incident

# Beyond so many paths nobody waits for their classes.
MOST_PATHS = 20_000
OPEN_ACTIONS = (ActionItem.State.PROPOSED, ActionItem.State.ACCEPTED, ActionItem.State.IN_PROGRESS)
SETTINGS = (Change.Type.CONFIGURATION, Change.Type.FLAG, Change.Type.INFRASTRUCTURE)


@dataclass(frozen=True, slots=True)
class Window:
    """Days of one feature, both within; None is open: from its first change, or until now."""

    feature: int
    since: date | None = None
    until: date | None = None

    def bounds(self) -> tuple[datetime | None, datetime | None]:
        after = self.until + timedelta(days=1) if self.until else None
        return (midnight(self.since) if self.since else None, midnight(after) if after else None)


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one window. `unsized` of the `shipped` changes tell no lines; so do `fixes_unsized` of the `fixes`.

    `by_restricted`: rework because of restricted incidents alone. `held_by`: production deployments that are
    known to hold its changes, over all time. `estimated`: a clone of one of its repositories is
    read, so that fixes that name nothing are found by the lines that they delete.
    """

    first_shipped_at: datetime | None
    shipped: int
    added: int
    deleted: int
    unsized: int
    settings: int
    services: int
    undone: int
    fixes: int
    fix_lines: int
    fixes_unsized: int
    rewritten: int
    rework: int
    by_restricted: int
    held_by: int
    estimated: bool

    @property
    def net(self) -> int | None:
        """None where no change told its lines."""
        return self.added - self.deleted if self.shipped > self.unsized else None


_IN = "COALESCE(at >= w.since, true) AND COALESCE(at < w.until, true)"
_COUNT = f"""
WITH w AS MATERIALIZED (
    SELECT * FROM unnest(%(features)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])
        WITH ORDINALITY AS w (feature, since, until, place)),
own AS MATERIALIZED (
    SELECT id, feature_id AS feature, repository_id, CASE WHEN state = 'shipped' THEN shipped_at END AS at,
           additions, deletions, type, undone_at
    FROM changes_change WHERE feature_id = ANY(%(features)s) AND merged_into_id IS NULL),
lines AS (
    SELECT place, COUNT(*) AS shipped, COALESCE(SUM(additions), 0) AS added,
           COALESCE(SUM(deletions), 0) AS deleted,
           COUNT(*) FILTER (WHERE additions IS NULL OR deletions IS NULL) AS unsized,
           COUNT(*) FILTER (WHERE type = ANY(%(settings)s)) AS settings
    FROM w JOIN own USING (feature) WHERE at IS NOT NULL AND {_IN} GROUP BY place),
served AS (
    SELECT DISTINCT own.feature, own.at, link.service_id
    FROM own JOIN changes_change_services AS link ON link.change_id = own.id WHERE at IS NOT NULL),
services AS (
    SELECT place, COUNT(DISTINCT service_id) AS services
    FROM w JOIN served USING (feature) WHERE {_IN} GROUP BY place),
undone AS (
    SELECT place, COUNT(*) AS undone
    FROM w JOIN (SELECT feature, undone_at AS at FROM own WHERE undone_at IS NOT NULL) AS gone USING (feature)
    WHERE {_IN} GROUP BY place),
followed AS (
    SELECT own.feature, link.change_id AS fix, 0 AS rewritten
    FROM own JOIN changes_changelink AS link ON link.target_id = own.id AND link.kind = 'fixes'
    UNION ALL
    SELECT own.feature, found.fix_id, found.lines
    FROM own JOIN changes_followup AS found ON found.change_id = own.id),
fix AS (
    SELECT followed.feature, change.id, change.merged_at AS at, SUM(followed.rewritten) AS rewritten,
           COALESCE(change.counted_lines, change.additions + change.deletions) AS lines
    FROM followed JOIN changes_change AS change ON change.id = followed.fix
    WHERE change.merged_into_id IS NULL AND change.merged_at IS NOT NULL
    GROUP BY followed.feature, change.id),
fixes AS (
    SELECT place, COUNT(*) AS fixes, COALESCE(SUM(lines), 0) AS fix_lines,
           COUNT(*) FILTER (WHERE lines IS NULL) AS fixes_unsized, SUM(rewritten) AS rewritten
    FROM w JOIN fix USING (feature) WHERE {_IN} GROUP BY place),
held AS (
    SELECT DISTINCT own.feature, flow.deployment_id, flow.at, flow.is_rework, flow.by_restricted
    FROM own JOIN changes_deployment_changes AS link ON link.change_id = own.id
    JOIN analytics_deploymentflow AS flow ON flow.deployment_id = link.deployment_id),
rework AS (
    SELECT place, COUNT(*) FILTER (WHERE is_rework AND {_IN}) AS rework, COUNT(*) AS held_by,
           COUNT(*) FILTER (WHERE is_rework AND by_restricted AND {_IN}) AS by_restricted
    FROM w JOIN held USING (feature) GROUP BY place)
SELECT (SELECT MIN(at) FROM own WHERE own.feature = w.feature),
       COALESCE(shipped, 0), COALESCE(added, 0), COALESCE(deleted, 0), COALESCE(unsized, 0),
       COALESCE(settings, 0), COALESCE(services, 0), COALESCE(undone, 0), COALESCE(fixes, 0),
       COALESCE(fix_lines, 0), COALESCE(fixes_unsized, 0), COALESCE(rewritten, 0), COALESCE(rework, 0),
       COALESCE(by_restricted, 0), COALESCE(held_by, 0),
       EXISTS (SELECT FROM changes_repository AS repository WHERE repository.clone_path <> ''
               AND repository.id IN (SELECT repository_id FROM own WHERE own.feature = w.feature))
FROM w LEFT JOIN lines USING (place) LEFT JOIN services USING (place) LEFT JOIN undone USING (place)
       LEFT JOIN fixes USING (place) LEFT JOIN rework USING (place)
ORDER BY place
"""


def counted(windows: Sequence[Window]) -> list[Counted]:
    """In the order of the windows, in one statement."""
    if not windows:
        return []
    bounds = [one.bounds() for one in windows]
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "features": [one.feature for one in windows],
                "since": [since for since, _ in bounds],
                "until": [until for _, until in bounds],
                "settings": [one.value for one in SETTINGS],
            },
        )
        return [_counted(row) for row in cursor.fetchall()]


def _counted(row: Sequence[Any]) -> Counted:
    names = [field.name for field in fields(Counted)]
    return Counted(**dict(zip(names, row, strict=True)))


# ---------------------------------------------------------------- incidents


@dataclass(frozen=True, slots=True)
class Linked:
    """A counted incident with a confirmed cause in the feature. Ask `is_seen` before showing it."""

    incident: Incident
    began_on: date
    is_seen: bool


@dataclass(frozen=True, slots=True)
class Action:
    """An open action item of such an incident."""

    action: ActionItem
    incident: int
    made_on: date


_CONFIRMED = """
WITH own AS MATERIALIZED (
    SELECT id, feature_id AS feature FROM changes_change
    WHERE feature_id = ANY(%(features)s) AND merged_into_id IS NULL),
named AS (
    SELECT id, id AS stands_for, feature FROM own
    UNION ALL
    SELECT double.id, own.id, own.feature
    FROM own JOIN changes_change AS double ON double.merged_into_id = own.id),
standing AS (
    SELECT DISTINCT ON (cause.incident_id, named.stands_for) named.feature, cause.incident_id, cause.status
    FROM named JOIN incidents_cause AS cause ON cause.change_id = named.id
    ORDER BY cause.incident_id, named.stands_for,
             cause.status = 'suggested', cause.said_at DESC, cause.id DESC)
SELECT DISTINCT feature, incident_id FROM standing WHERE status = 'confirmed'
"""


def linked(features: Sequence[int], user: User) -> dict[int, list[Linked]]:
    """Counted incidents by feature, restricted ones with the others, the newest first."""
    if not features:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_CONFIRMED, {"features": list(features)})
        pairs = cursor.fetchall()
    if not pairs:
        return {}
    seen = Incident.objects.visible_to(user).filter(pk=OuterRef("pk"))
    rows = (
        Incident.objects.counted()
        .filter(pk__in={pk for _, pk in pairs})
        .annotate(began=Coalesce("impact_started_at", "detected_at", "reported_at"), is_seen=Exists(seen))
        .select_related("severity")
    )
    by_pk = {one.pk: Linked(one, day_of(one.began), one.is_seen) for one in rows}
    found: dict[int, list[Linked]] = defaultdict(list)
    for feature, pk in pairs:
        if pk in by_pk:
            found[feature].append(by_pk[pk])
    for incidents in found.values():
        incidents.sort(key=lambda one: (one.began_on, one.incident.pk), reverse=True)
    return dict(found)


def open_actions(incidents: Iterable[Linked]) -> list[Action]:
    wanted = {one.incident.pk: one.incident for one in incidents}
    if not wanted:
        return []
    rows = ActionItem.objects.filter(incident__in=wanted, state__in=OPEN_ACTIONS)
    return [Action(row, row.incident_id, day_of(row.created_at)) for row in rows]


# ---------------------------------------------------------------- configuration

_PATHS = """
SELECT feature_id, repository_id, path, bool_or(at >= %(since)s AND at < %(until)s)
FROM (SELECT feature_id, repository_id, shipped_at AS at, unnest(paths) AS path FROM changes_change
      WHERE feature_id = ANY(%(features)s) AND merged_into_id IS NULL AND state = 'shipped') AS touched
GROUP BY feature_id, repository_id, path LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class ConfigPaths:
    """How many different configuration files its changes touched: ever, and in some weeks."""

    ever: int
    lately: int


def config_paths(features: Sequence[int], weeks: Span) -> dict[int, ConfigPaths] | None:
    """None where there are more paths than anybody waits for."""
    if not features:
        return {}
    asked: dict[str, Any] = {"features": list(features), "most": MOST_PATHS + 1}
    asked |= {"since": midnight(weeks.begins_on), "until": midnight(weeks.ends_on)}
    with connection.cursor() as cursor:
        cursor.execute(_PATHS, asked)
        rows = cursor.fetchall()
    if len(rows) > MOST_PATHS:
        return None
    classes = path_classes(row[1] for row in rows) if rows else {}
    return _classed(rows, classes, features)


def _classed(
    rows: Iterable[tuple[int, int, str, bool]], classes: Mapping[int, PathClasses], features: Iterable[int]
) -> dict[int, ConfigPaths]:
    ever: dict[int, int] = defaultdict(int)
    lately: dict[int, int] = defaultdict(int)
    for feature, repository, path, is_late in rows:
        if classes.get(repository, PathClasses()).of(path) == CONFIG:
            ever[feature] += 1
            lately[feature] += is_late
    return {pk: ConfigPaths(ever[pk], lately[pk]) for pk in features}


# ---------------------------------------------------------------- what is measured, and what to ask


def latest_measurements(features: Sequence[int]) -> dict[int, Measurement]:
    """Of each the one whose period ended last; what was taken back counts in nothing."""
    rows = Measurement.objects.filter(feature__in=features, taken_back_at=None)
    return {one.feature_id: one for one in rows.order_by("ends_on", "said_at", "pk")}


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """A feature whose measurement period ended on a day, and of which nobody said whether it was worth it."""

    feature: Feature
    ended_on: date
    measured: Measurement | None
    may_answer: bool


def to_answer(rows: FeatureQuerySet, today: date) -> FeatureQuerySet:
    """Those whose period is over and that have no answer, with `period_ended`: the longest waiting first."""
    standing = Measurement.objects.filter(feature=OuterRef("pk"), taken_back_at=None).order_by()
    last = standing.values("feature").annotate(last=Max("ends_on")).values("last")
    dated = rows.annotate(period_ended=Coalesce("measured_until", Subquery(last)))
    return dated.filter(worth_it="", period_ended__lt=today).order_by("period_ended", "name", "pk")


def in_scope(rows: FeatureQuerySet, scope: str) -> FeatureQuerySet:
    """Of "area:2" those of the area; of "service:3" or "team:1" those that a shipped change of it is in."""
    sort, _, number = scope.partition(":")
    if not number:
        return rows
    if sort == "area":
        return rows.filter(area=int(number))
    place = {"service": int(number)} if sort == "service" else {"service__team": int(number)}
    through = Change.services.through.objects.filter(**place, change__state=Change.State.SHIPPED)
    return rows.filter(Exists(through.filter(change__feature=OuterRef("pk"))))


def features_to_answer(user: User, demo: bool, today: date | None = None) -> list[ToAnswer]:
    """What the weekly page asks: was this worth the ongoing hassle? In two statements."""
    today = today or day_of(timezone.now())
    rows: list[Any] = list(to_answer(Feature.objects.filter(is_demo=demo), today))
    latest = latest_measurements([one.pk for one in rows]) if rows else {}
    may = user.at_least(Role.AUTHOR)
    return [ToAnswer(one, one.period_ended, latest.get(one.pk), may) for one in rows]
