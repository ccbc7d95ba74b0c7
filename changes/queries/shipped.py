"""How many changes shipped, by place and origin, read from the counts that the database keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.db.models import Q, QuerySet, Sum

from changes.models import Origin, Repository, ShippedCount
from intake.queries import in_view

MARKED = Q(origin__in=[Origin.ASSISTED, Origin.AUTONOMOUS])


class Counts(NamedTuple):
    shipped: int = 0
    marked: int = 0


def shipped_of_repositories(repositories: Iterable[int]) -> Mapping[int | None, Counts]:
    """Those with none are left out."""
    return _by("repository", Q(repository__in=list(repositories)))


def shipped_in_areas() -> Mapping[int | None, Counts]:
    """What is in view of a list, by area; None: in no area."""
    return _by("area", Q())


def origins_of_repository(repository: Repository) -> Counter[str]:
    """How many shipped of each origin."""
    return _origins(ShippedCount.objects.filter(repository=repository))


def origins_in_areas(areas: Iterable[int]) -> Counter[str]:
    """The same of what is in view of a list, in any of these areas."""
    return _origins(in_view(ShippedCount.objects.filter(area__in=list(areas)), "repository__is_demo"))


def _origins(counts: QuerySet[ShippedCount]) -> Counter[str]:
    rows = counts.values_list("origin").annotate(shipped=Sum("n"))
    return Counter({origin: shipped for origin, shipped in rows if shipped})


def _by(place: str, where: Q) -> dict[int | None, Counts]:
    rows = in_view(ShippedCount.objects.filter(where), "repository__is_demo").values_list(place)
    found = rows.annotate(shipped=Sum("n"), marked=Sum("n", filter=MARKED, default=0))
    return {pk: Counts(shipped, marked) for pk, shipped, marked in found}
