"""Which deployment holds which change, and when a change shipped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Min, OuterRef, Q, Subquery

from accounts.models import User
from changes.models import Change, ChangeIdentity, Deployment, Repository
from changes.paths import touches
from intake import ledger

State = Change.State


def lanes_of(repository: Repository) -> list[tuple[int | None, int]]:
    """Pairs of service and environment that had a success."""
    rows = Deployment.objects.filter(repository=repository, status=Deployment.Status.SUCCEEDED)
    return list(rows.order_by().values_list("service_id", "environment_id").distinct())


def refresh_holding(repository: Repository, since: datetime | None, shas: Iterable[str] = ()) -> set[int]:
    """Recompute what the repository's deployments hold, for changes that landed from `since` on.

    A deployment whose commit is not known to have landed is a gap, until it is. Returns what to look at.
    """
    rows = Deployment.objects.filter(repository=repository)
    if not rows.exists():
        return set()
    touched: set[int] = set()
    for service_id, environment_id in lanes_of(repository):
        touched |= _refresh_lane(repository, service_id, environment_id, since, set(shas))
    return touched


def with_tip(repository: Repository) -> dict[str, Subquery]:
    landed = ChangeIdentity.objects.filter(
        repository=repository, space=ChangeIdentity.Space.SHA, value=OuterRef("sha"), change__merged_into=None
    )
    return {"tip_at": Subquery(landed.values("change__merged_at")[:1])}


def _refresh_lane(
    repository: Repository,
    service_id: int | None,
    environment_id: int,
    since: datetime | None,
    shas: set[str],
) -> set[int]:
    """Each success holds what landed after the furthest point of the successes before it, up to its own."""
    lane = Deployment.objects.filter(
        repository=repository,
        service=service_id,
        environment_id=environment_id,
        status=Deployment.Status.SUCCEEDED,
    )
    globs = lane.select_related("service").first()
    path_globs = globs.service.path_globs if globs and globs.service else []
    furthest: datetime | None = None
    touched: set[int] = set()
    altered: list[int] = []
    for one in lane.annotate(**with_tip(repository)).order_by("finished_at", "pk"):
        tip: datetime | None = one.tip_at  # type: ignore[attr-defined]
        went_back = tip is not None and furthest is not None and tip < furthest
        if _place(one, is_gap=tip is None, went_back=went_back):
            altered.append(one.pk)
        start, furthest = furthest, max(filter(None, (furthest, tip)), default=None)
        is_affected = since is None or (tip is not None and tip >= since) or one.sha in shas
        if is_affected:
            held = _hold(one, start, tip, path_globs)
            touched |= held
            altered += [one.pk] if held else []
    ledger.touch(ledger.Kind.DEPLOYMENT, *dict.fromkeys(altered), verb="placed", repository_id=repository.pk)
    return touched


def _place(one: Deployment, *, is_gap: bool, went_back: bool) -> bool:
    """Whether its commit is known, and whether it lies behind what the lane had reached before."""
    before = (one.is_gap, one.kind, one.kind_basis)
    one.is_gap = is_gap
    settle_kind(one, went_back=went_back)
    if before == (one.is_gap, one.kind, one.kind_basis):
        return False
    Deployment.objects.filter(pk=one.pk).update(is_gap=one.is_gap, kind=one.kind, kind_basis=one.kind_basis)
    return True


def settle_kind(one: Deployment, *, went_back: bool) -> None:
    """A person's word, else the sender's, else a rollback where it went back to an older commit."""
    kinds, basis = Deployment.Kind, Deployment.KindBasis
    if one.kind_basis == basis.PERSON:
        return
    if one.kind_told:
        one.kind, one.kind_basis = one.kind_told, basis.TOLD
    elif went_back:
        one.kind, one.kind_basis = kinds.ROLLBACK, basis.OLDER
    else:
        one.kind, one.kind_basis = kinds.PLANNED, basis.NONE


def _hold(one: Deployment, start: datetime | None, tip: datetime | None, globs: Sequence[str]) -> set[int]:
    wanted: set[int] = set()
    if tip is not None and (start is None or tip > start):
        landed = Change.objects.current().filter(repository_id=one.repository_id, merged_at__lte=tip)
        if start is not None:
            landed = landed.filter(merged_at__gt=start)
        wanted = {pk for pk, paths in landed.values_list("pk", "paths") if not globs or touches(paths, globs)}
    through = Deployment.changes.through
    held = set(through.objects.filter(deployment=one).values_list("change_id", flat=True))
    if held - wanted:
        through.objects.filter(deployment=one, change_id__in=held - wanted).delete()
    through.objects.bulk_create(
        [through(deployment_id=one.pk, change_id=pk) for pk in sorted(wanted - held)], ignore_conflicts=True
    )
    return held ^ wanted


def refresh_shipped(repository: Repository, change_ids: Iterable[int]) -> list[Change]:
    """Set when these changes shipped, and on what basis; returns those that altered."""
    first = Min(
        "deployments__finished_at",
        filter=Q(deployments__status=Deployment.Status.SUCCEEDED, deployments__is_production=True),
    )
    altered: list[Change] = []
    began_at = deployments_began_at(repository)
    rows = Change.objects.filter(pk__in=set(change_ids)).annotate(first_deployed_at=first)
    for change in rows:
        before = (change.state, change.shipped_at, change.shipped_basis)
        settle_shipped(change, repository, change.first_deployed_at, began_at)
        if before != (change.state, change.shipped_at, change.shipped_basis):
            altered.append(change)
    if altered:
        Change.objects.bulk_update(altered, ["state", "shipped_at", "shipped_basis"], batch_size=500)
    return altered


def deployments_began_at(repository: Repository) -> datetime | None:
    """The first production success that is known, whenever it was told."""
    known = Deployment.objects.production().succeeded().filter(repository=repository)
    found: datetime | None = known.aggregate(at=Min("finished_at"))["at"]
    return found


def refresh_all_shipped(repository: Repository) -> list[Change]:
    landed = Change.objects.current().filter(repository=repository).exclude(merged_at=None)
    return refresh_shipped(repository, landed.values_list("pk", flat=True))


def settle_shipped(
    change: Change, repository: Repository, deployed_at: datetime | None, began_at: datetime | None = None
) -> None:
    """First successful production deployment holding it, else its merge where that is declared.

    What landed before the first deployment that is known of shipped by one that nobody told: where merges
    count, its merge stands. From then on an import's declaration gives way to deployments; a person's stays.
    """
    is_merged = change.state in {State.MERGED, State.SHIPPED}
    ships_by_merge = repository.merged_is_shipped
    if ships_by_merge and began_at and change.merged_at:
        if change.merged_at <= began_at:
            deployed_at = None
        elif not repository.shipping_said_by_person:
            ships_by_merge = False
    if deployed_at is not None and is_merged:
        change.state, change.shipped_at = State.SHIPPED, deployed_at
        change.shipped_basis = Change.ShippedBasis.DEPLOYMENT
    elif is_merged and ships_by_merge and change.merged_at:
        change.state, change.shipped_at = State.SHIPPED, change.merged_at
        change.shipped_basis = Change.ShippedBasis.MERGE
    elif is_merged:
        change.state, change.shipped_at, change.shipped_basis = State.MERGED, None, ""


def declare_for_import(*, repository: Repository) -> None:
    """A first import says that merges ship, whatever told of the repository before; a person's word stays."""
    if not (repository.imported_to or repository.merged_is_shipped or repository.shipping_said_by_person):
        declare_merged_is_shipped(repository=repository, is_so=True, by=None)


@transaction.atomic
def declare_merged_is_shipped(*, repository: Repository, is_so: bool, by: User | None) -> int:
    """Whether a merge counts as shipped where no deployment tells; says how many changes altered."""
    actor = by.pk if by else None
    row = Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    row.merged_is_shipped = repository.merged_is_shipped = is_so
    row.shipping_said_by_person = repository.shipping_said_by_person = by is not None
    row.save(update_fields=["merged_is_shipped", "shipping_said_by_person"])
    altered = refresh_all_shipped(row)
    ledger.touch(
        ledger.Kind.REPOSITORY, row.pk, verb="shipping declared", repository_id=row.pk, actor_id=actor
    )
    ledger.touch(
        ledger.Kind.CHANGE,
        *(one.pk for one in altered),
        verb="shipping",
        repository_id=row.pk,
        actor_id=actor,
    )
    return len(altered)
