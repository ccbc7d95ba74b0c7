"""Readings of what a repository asks to be kept right: told by CI, or read out of a clone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts.days import day_of, organisation_zone
from changes.facts import RepositoryFact
from changes.gitlog import Clone
from changes.manifests.counting import Counted
from changes.manifests.reading import count_days, month_ends, standing
from changes.models import DomainArea, LoadReading, Repository, Service
from changes.paths import touches
from changes.services.repositories import find_or_make_repository
from intake import ledger

Kind = LoadReading.Kind


@dataclass(frozen=True)
class Reading:
    """One count. `service` and `area` empty: of the repository as a whole."""

    kind: str
    on: date
    count: int
    service: Service | None = None
    area: DomainArea | None = None
    source: str = ""


@transaction.atomic
def record_readings(
    *, repository: Repository, readings: Iterable[Reading], told_at: datetime
) -> list[LoadReading]:
    """A later telling of the same day stands; an older one that comes late alters nothing."""
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    kept = [_keep(repository, reading, told_at) for reading in readings]
    if kept:
        ledger.touch(ledger.Kind.REPOSITORY, repository.pk, verb="load_told", repository_id=repository.pk)
    return kept


def _keep(repository: Repository, reading: Reading, told_at: datetime) -> LoadReading:
    told = {"count": reading.count, "source": reading.source[:200], "told_at": told_at}
    row, is_new = LoadReading.objects.get_or_create(
        repository=repository,
        service=reading.service,
        area=reading.area,
        kind=reading.kind,
        on=reading.on,
        defaults=told,
    )
    if not is_new and row.told_at <= told_at:
        row.count, row.source, row.told_at = reading.count, reading.source[:200], told_at
        row.recorded_at = timezone.now()
        row.save(update_fields=["count", "source", "told_at", "recorded_at"])
    return row


@dataclass(frozen=True)
class Measured:
    """One day and one part of a repository; the service is None for the whole."""

    on: date
    sha: str
    service: Service | None
    counted: Counted


def measure_clone(
    *, clone: Clone, repository: Repository, months: int, now: datetime, branch: str = ""
) -> list[Measured]:
    """Counts what stood at the ends of so many months, and stands now, and keeps it.

    Each service that has path rules is counted apart as well. Raises: changes.gitlog.GitError.
    """
    ends = month_ends(day_of(now), months)
    parts = {"": None} | {one.slug: one for one in repository.services.exclude(path_globs=[])}
    keeps = {
        slug: partial(_belongs, globs=tuple(one.path_globs) if one else ()) for slug, one in parts.items()
    }
    days = standing(clone, clone.main_line(branch).head, ends, organisation_zone())
    found = [
        Measured(day.on, day.sha, parts[slug], counted)
        for day in count_days(clone, days, keeps)
        for slug, counted in day.counts.items()
    ]
    readings = [reading for one in found for reading in _readings(one)]
    record_readings(repository=repository, readings=readings, told_at=now)
    return found


def _belongs(path: str, globs: tuple[str, ...]) -> bool:
    return touches([path], globs)


def _readings(one: Measured) -> Iterable[Reading]:
    for kind in (Kind.DEPENDENCIES, Kind.INDIRECT, Kind.SETTINGS):
        count = getattr(one.counted, kind.value)
        if count is not None:
            without = one.counted.reasons.get(kind.value, "")
            source = f"measure_load at {one.sha[:10]}{f', {without}' if without else ''}"
            yield Reading(kind.value, one.on, count, service=one.service, source=source)


def repository_of(*, clone: Clone) -> Repository | None:
    """The one that this clone was imported as, or whose address it has; None where that is not known."""
    known = Repository.objects.filter(clone_path=str(clone.path)).first()
    address = clone.origin_address()
    if known or not address:
        return known
    return find_or_make_repository(
        fact=RepositoryFact(name=clone.names()[0], origin_address=address), with_service=True
    )
