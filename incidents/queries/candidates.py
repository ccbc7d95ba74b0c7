"""Which changes may have had a hand in an incident, each with its reasons in words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q

from changes.models import (
    Assistance,
    Change,
    ChangeIdentity,
    ChangeLink,
    ChangeQuerySet,
    Deployment,
    OriginEvidence,
    Service,
)
from incidents.models import Cause, Incident

WINDOW = timedelta(days=7)
# A change undone this soon after impact began is named, whatever it shipped to.
UNDONE_WITHIN = timedelta(days=7)
MOST = 20


@dataclass
class Candidate:
    change: Change
    reasons: list[str]
    # The larger, the likelier: sorts the list and is never shown as a probability.
    rank: float
    cause: Cause | None = None

    @property
    def number(self) -> str:
        names = {identity.space: str(identity) for identity in self.change.identities.all()}
        return (
            names.get(ChangeIdentity.Space.NUMBER)
            or names.get(ChangeIdentity.Space.SHA)
            or f"{self.change.pk}"
        )


@dataclass
class _Found:
    reasons: list[str] = field(default_factory=list)
    rank: float = 0

    def add(self, reason: str, rank: float) -> None:
        self.reasons.append(reason)
        self.rank += rank


def candidates(incident: Incident, window: timedelta = WINDOW) -> list[Candidate]:
    """The likeliest first, at most MOST; changes that somebody has judged already are left out."""
    found: defaultdict[int, _Found] = defaultdict(_Found)
    _shipped_before(incident, window, found)
    _deployed_before(incident, window, found)
    _undone_after(incident, found)
    _named_by_fixes(incident, found)
    judged = set(incident.causes.values_list("change_id", flat=True))
    likeliest = sorted(found.keys() - judged, key=lambda pk: (-found[pk].rank, -pk))[:MOST]
    changes = shown(Change.objects.filter(pk__in=likeliest)).in_bulk()
    return [Candidate(changes[pk], found[pk].reasons, found[pk].rank) for pk in likeliest if pk in changes]


def shown(changes: ChangeQuerySet) -> ChangeQuerySet:
    """With all that the form shows of a change, in a fixed number of queries."""
    return changes.for_list().prefetch_related(
        "identities",
        "services",
        Prefetch("evidence", OriginEvidence.objects.select_related("assistant", "kind")),
        Prefetch("assistances", Assistance.objects.select_related("kind")),
    )


def _of_kind(incident: Incident) -> ChangeQuerySet:
    """Demonstration data and real data never meet."""
    return Change.objects.current().filter(repository__is_demo=incident.is_demo)


def _shipped_before(incident: Incident, window: timedelta, found: defaultdict[int, _Found]) -> None:
    services = {service.pk: service for service in incident.services.all()}
    rows = (
        _of_kind(incident)
        .shipped()
        .filter(services__in=services, shipped_at__range=(incident.began_at - window, incident.began_at))
        .values_list("pk", "shipped_at", "services")
    )
    by_change: defaultdict[tuple[int, datetime], list[Service]] = defaultdict(list)
    for pk, shipped_at, service_id in rows:
        if shipped_at is not None:
            by_change[pk, shipped_at].append(services[service_id])
    for (pk, shipped_at), touched in by_change.items():
        names = " and ".join(sorted(service.name for service in touched))
        found[pk].add(
            f"shipped to {names} {words(incident.began_at - shipped_at)} before impact",
            10 + _nearness(incident.began_at - shipped_at),
        )


def _deployed_before(incident: Incident, window: timedelta, found: defaultdict[int, _Found]) -> None:
    """Also what shipped elsewhere or earlier, when a roll-out to these services carried it just before."""
    deployments = (
        Deployment.objects.production()
        .filter(
            service__in=incident.services.all(),
            finished_at__range=(incident.began_at - window, incident.began_at),
            repository__is_demo=incident.is_demo,
        )
        .exclude(kind=Deployment.Kind.ROLLBACK)
        .order_by("-finished_at")
    )
    rows = deployments.values_list("changes", "finished_at", "service__name", "status")
    seen: set[int] = set()
    for pk, finished_at, service, status in rows:
        if pk is None or finished_at is None or pk in seen:
            continue
        seen.add(pk)
        before = incident.began_at - finished_at
        if status == Deployment.Status.FAILED:
            found[pk].add(
                f"in a failed roll-out to {service} {words(before)} before impact", 8 + _nearness(before)
            )
        elif status == Deployment.Status.SUCCEEDED and not found[pk].reasons:
            found[pk].add(f"rolled out to {service} {words(before)} before impact", 9 + _nearness(before))
    for pk in [pk for pk, what in found.items() if not what.reasons]:
        del found[pk]


def _undone_after(incident: Incident, found: defaultdict[int, _Found]) -> None:
    undone = (
        _of_kind(incident)
        .filter(services__in=incident.services.all())
        .filter(undone_at__range=(incident.began_at, incident.began_at + UNDONE_WITHIN))
        .filter(Q(shipped_at=None) | Q(shipped_at__lte=incident.began_at))
        .distinct()
    )
    for pk, undone_at in undone.values_list("pk", "undone_at"):
        if undone_at is None:
            continue
        found[pk].add(f"undone {words(undone_at - incident.began_at)} after impact began", 20)


def _named_by_fixes(incident: Incident, found: defaultdict[int, _Found]) -> None:
    kinds = [ChangeLink.Kind.REVERTS, ChangeLink.Kind.FIXES]
    links = ChangeLink.objects.filter(
        change__in=incident.fixes.values("change"), kind__in=kinds, target__merged_into=None
    ).exclude(target=None)
    for link in links.select_related("change"):
        if link.target_id:
            verb = "reverted" if link.kind == ChangeLink.Kind.REVERTS else "named"
            found[link.target_id].add(f"{verb} by the fix “{link.change}”", 30)


def _nearness(before: timedelta) -> float:
    """From 5 for the same minute down to nearly 0 after days."""
    return 5 / (1 + before.total_seconds() / 3600)


def words(span: timedelta) -> str:
    """`14 minutes`, `3 hours`, `2 days`: the largest unit that tells enough."""
    minutes = int(span.total_seconds() // 60)
    for unit, size in [("day", 24 * 60), ("hour", 60)]:
        if minutes >= 2 * size or (minutes >= size and unit == "hour"):
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes else "less than a minute"


def search(incident: Incident, query: str) -> list[Change]:
    """Changes by number, commit or words of their title, for what the rules did not find."""
    query = query.strip().lstrip("#!")
    if len(query) < 2 and not query.isdigit():
        return []
    named = ChangeIdentity.objects.filter(
        Q(value=query) | Q(space=ChangeIdentity.Space.SHA, value__startswith=query)
    )
    found = _of_kind(incident).filter(Q(pk__in=named.values("change")) | Q(title__icontains=query))
    return list(shown(found).order_by("-shipped_at", "-pk")[:10])
