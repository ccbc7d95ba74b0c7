"""Deployments: folded from their statuses in any order, each holding what landed since the one before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from changes.facts import DeploymentFact
from changes.models import ChangeIdentity, Deployment, DeploymentEvent, Environment, Repository, Service
from changes.services.kinds import hear_kind
from changes.services.repositories import find_or_make_service
from changes.services.shipping import (
    deployments_began_at,
    refresh_all_shipped,
    refresh_holding,
    refresh_shipped,
)
from intake import ledger
from intake.models import Delivery, Source
from intake.services import note_first_real_fact

Status = Deployment.Status
FINAL = {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}
PRODUCTION_NAMES = frozenset({"production", "prod", "live", "prd"})


@dataclass(frozen=True, slots=True)
class Folded:
    status: str = Status.QUEUED
    started_at: datetime | None = None
    finished_at: datetime | None = None


def fold(events: Iterable[tuple[datetime, int, str]], requested_at: datetime | None) -> Folded:
    """The latest status stands; two of one second are ordered by the sender's own rising id."""
    ordered = sorted(events)
    if not ordered:
        return Folded()
    at, _, status = ordered[-1]
    began = next((when for when, _, what in ordered if what == Status.RUNNING), None)
    return Folded(
        status=status,
        started_at=began or (requested_at if status in FINAL else None),
        finished_at=at if status in FINAL else None,
    )


@transaction.atomic
def record_deployments(
    *,
    repository: Repository,
    facts: Iterable[DeploymentFact],
    source: Source | None = None,
    delivery: Delivery | None = None,
) -> list[Deployment]:
    """Upsert by repository and the sender's id; events by their own id. Later changes may fill a gap."""
    facts = list(facts)
    if not facts:
        return []
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    if not repository.is_demo:
        note_first_real_fact(at=timezone.now())
    began_at = deployments_began_at(repository)
    found = {}
    for fact in facts:
        one = _record(repository, fact, source, delivery)
        found[one.pk] = one
    _refresh(repository, list(found.values()), began_at)
    ledger.touch(
        ledger.Kind.DEPLOYMENT, *found, verb="told", repository_id=repository.pk,
        delivery_id=delivery.pk if delivery else None,
    )  # fmt: skip
    return list(Deployment.objects.filter(pk__in=found))


def _record(
    repository: Repository, fact: DeploymentFact, source: Source | None, delivery: Delivery | None
) -> Deployment:
    environment, _ = Environment.objects.get_or_create(source=source, name=fact.environment[:120])
    one, is_new = Deployment.objects.select_for_update(no_key=True, of=("self",)).get_or_create(
        repository=repository,
        external_id=fact.external_id,
        defaults={
            "environment": environment,
            "source": source,
            "delivery": delivery,
            "service": _service(repository, fact, source),
            "is_production": decide_production(environment, fact.is_production),
            "is_gap": True,
        },
    )
    # What a deployment is does not change over its life; what is still unknown is filled in.
    one.sha = one.sha or (fact.sha or "").lower()
    one.ref = one.ref or (fact.ref or "")[:250]
    one.url = one.url or (fact.url or "")[:500]
    one.service = one.service or _service(repository, fact, source)
    one.requested_at = min(filter(None, (one.requested_at, fact.requested_at)), default=None)
    if not is_new and (fact.is_production is not None or environment.is_production is not None):
        one.is_production = decide_production(environment, fact.is_production)
    for step in fact.steps:
        DeploymentEvent.objects.get_or_create(
            deployment=one,
            external_id=step.external_id,
            defaults={"sequence": step.sequence, "status": step.status, "at": step.at, "delivery": delivery},
        )
    folded = fold(one.events.values_list("at", "sequence", "status"), one.requested_at)
    one.status, one.started_at, one.finished_at = folded.status, folded.started_at, folded.finished_at
    hear_kind(one, fact)
    one.save()
    return one


def decide_production(environment: Environment, told: bool | None) -> bool:
    """A person's mapping first, then the sender's own word, then the name."""
    if environment.is_production is not None:
        return environment.is_production
    if told is not None:
        return told
    return environment.name.strip().lower() in PRODUCTION_NAMES


def _service(repository: Repository, fact: DeploymentFact, source: Source | None) -> Service | None:
    """The one named, mapped for the environment, or the repository's only one; else nobody can tell."""
    mapped = (source.mapping or {}).get("services", {}) if source else {}
    name = fact.service or (mapped.get(fact.environment, "") if isinstance(mapped, dict) else "")
    if name:
        return find_or_make_service(repository=repository, name=str(name))
    mine = list(repository.services.order_by("id")[:2])
    return mine[0] if len(mine) == 1 else None


def _refresh(repository: Repository, found: list[Deployment], began_at: datetime | None) -> None:
    through = Deployment.changes.through
    dropped = [one.pk for one in found if one.status != Status.SUCCEEDED]
    lost = through.objects.filter(deployment__in=dropped)
    touched = set(lost.values_list("change_id", flat=True))
    lost.delete()
    # A success that turned into a failure gives back to later ones what it held: all are looked at.
    shas = [one.sha for one in found if one.sha]
    touched |= refresh_holding(repository, None if touched else _oldest_tip(repository, shas), shas)
    held = through.objects.filter(deployment__in=[one.pk for one in found])
    touched |= set(held.values_list("change_id", flat=True))
    # A new first one moves the day from which deployments decide.
    moved = repository.merged_is_shipped and deployments_began_at(repository) != began_at
    shipped = refresh_all_shipped(repository) if moved else refresh_shipped(repository, touched)
    ledger.touch(
        ledger.Kind.CHANGE, *(one.pk for one in shipped), verb="shipping", repository_id=repository.pk
    )


def _oldest_tip(repository: Repository, shas: list[str]) -> datetime:
    named = ChangeIdentity.objects.filter(repository=repository, value__in=shas)
    times = [at for at in named.values_list("change__merged_at", flat=True) if at]
    return min(times, default=timezone.now())


@transaction.atomic
def map_environment(*, environment: Environment, is_production: bool | None, by: User | None) -> int:
    """A person says whether this name means production; its deployments follow. Returns how many altered."""
    environment.is_production = is_production
    environment.save(update_fields=["is_production"])
    if is_production is None:
        return 0
    rows = Deployment.objects.filter(environment=environment).exclude(is_production=is_production)
    altered = list(rows.select_related("repository"))
    rows.update(is_production=is_production)
    for one in altered:
        whole = one.repository.merged_is_shipped
        held = one.changes.values_list("pk", flat=True)
        shipped = refresh_all_shipped(one.repository) if whole else refresh_shipped(one.repository, held)
        actor = by.pk if by else None
        ledger.touch(
            ledger.Kind.DEPLOYMENT, one.pk, verb="mapped", repository_id=one.repository_id, actor_id=actor
        )
        ledger.touch(
            ledger.Kind.CHANGE, *(change.pk for change in shipped), verb="shipping",
            repository_id=one.repository_id, actor_id=actor,
        )  # fmt: skip
    return len(altered)
