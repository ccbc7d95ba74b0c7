"""What a weekly digest counts: of one week and one scope, in few statements and the same for every reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.days import midnight
from analytics.privacy import gives_away
from analytics.queries.figures import Taxonomy
from changes.models import Deployment, DomainArea
from incidents.models import ActionItem, Incident, Postmortem
from incidents.services.reminding import AGREED, UNFINISHED


@dataclass(frozen=True)
class Count:
    """`number` is None where it is not known, or hidden because one of few is restricted."""

    number: int | None
    is_hidden: bool = False

    @property
    def says_something(self) -> bool:
        return self.is_hidden or bool(self.number)


@dataclass(frozen=True)
class WeekCounts:
    """Of the week from the Monday `begins_on`; what is due is due by the Sunday after it, or was before."""

    begins_on: date
    incidents: Count
    deployments: Count
    postmortems: Count
    actions: Count

    @property
    def ends_on(self) -> date:
        return self.begins_on + timedelta(days=6)

    @property
    def due_by(self) -> date:
        return self.begins_on + timedelta(days=13)

    @property
    def says_something(self) -> bool:
        return any(
            one.says_something for one in (self.incidents, self.deployments, self.postmortems, self.actions)
        )


def counts(begins_on: date, *, scope: str, demo: bool) -> WeekCounts:
    due_by = begins_on + timedelta(days=13)
    incidents = Incident.objects.filter(is_demo=demo).filter(_of_scope(scope, ""))
    began = incidents.counted().annotate(began=Coalesce("impact_started_at", "detected_at", "reported_at"))
    begun = began.filter(began__gte=midnight(begins_on), began__lt=midnight(begins_on + timedelta(days=7)))
    postmortems = Postmortem.objects.filter(
        _of_scope(scope, "incident__"), incident__is_demo=demo, state__in=UNFINISHED, due_on__lte=due_by
    ).exclude(incident__closing_reason__in=Incident.NEVER_COUNTED)
    actions = ActionItem.objects.filter(
        _of_scope(scope, "incident__"), incident__is_demo=demo, state__in=AGREED, due_on__lte=due_by
    )
    return WeekCounts(
        begins_on,
        _counted(begun, "pk"),
        _deployed(begins_on, scope, demo),
        _counted(postmortems, "incident"),
        _counted(actions, "incident"),
    )


def _counted(rows: QuerySet[Any], incident: str) -> Count:
    """All are counted, but not out loud when one of few incidents behind it is restricted."""
    restricted = "is_restricted" if incident == "pk" else "incident__is_restricted"
    found = list(rows.values_list("pk", incident, restricted).distinct())
    behind = {number: hidden for _, number, hidden in found}
    if gives_away(len(behind), sum(behind.values())):
        return Count(None, is_hidden=True)
    return Count(len(found))


def _deployed(begins_on: date, scope: str, demo: bool) -> Count:
    """None where no production deployment was ever told of: that is not known, and no 0."""
    told = Deployment.objects.production().filter(_deployments(scope), repository__is_demo=demo)
    week = told.succeeded().filter(
        finished_at__gte=midnight(begins_on), finished_at__lt=midnight(begins_on + timedelta(days=7))
    )
    number = week.count()
    return Count(number) if number or told.exists() else Count(None)


def _of_scope(scope: str, prefix: str) -> Q:
    return _narrowed(
        scope,
        team=lambda pk: Q(**{f"{prefix}services__team": pk}),
        service=lambda pk: Q(**{f"{prefix}services": pk}),
        area=lambda pk: Q(**{f"{prefix}area__in": _same_area(pk)}),
    )


def _deployments(scope: str) -> Q:
    return _narrowed(
        scope,
        team=lambda pk: Q(service__team=pk),
        service=lambda pk: Q(service=pk),
        area=lambda pk: Q(service__area__in=_same_area(pk)),
    )


def _narrowed(scope: str, **by_kind: Callable[[int], Q]) -> Q:
    """Raises: KeyError or ValueError for a scope that is none."""
    if not scope:
        return Q()
    kind, _, number = scope.partition(":")
    return by_kind[kind](int(number))


def _same_area(pk: int) -> list[int]:
    """With those that were merged into the same."""
    areas = Taxonomy(DomainArea)
    end = areas.resolved.get(pk, pk)
    return [one for one, resolved in areas.resolved.items() if resolved == end] or [pk]
