"""Which services and areas a change touches, from its paths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from accounts.models import User
from changes.facts import FileFact
from changes.models import AreaRule, Change, DomainArea, Repository, Service
from changes.paths import matches, touches
from changes.services.bulk import insert_pairs
from changes.services.repositories import find_or_make_service
from intake import ledger


class PlaceBook:
    """A repository's path rules and services, read once for a batch."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.rules = list(AreaRule.objects.filter(repository=repository).select_related("area"))
        self.services = list(repository.services.select_related("area").order_by("id"))
        self._by_name: dict[str, Service] = {}

    def named(self, name: str) -> Service:
        if name not in self._by_name:
            self._by_name[name] = find_or_make_service(repository=self.repository, name=name)
        return self._by_name[name]

    def services_of(self, change: Change, said: Iterable[str]) -> set[int]:
        by_path = {one.pk for one in self.services if touches(change.paths, one.path_globs)}
        return by_path | {self.named(name).pk for name in said}

    def area_lines(self, paths: Sequence[str], files: Sequence[FileFact] | None) -> Counter[DomainArea]:
        """Lines by area; a path counts 1 where its lines are unknown. The first rule that matches wins."""
        lines = {one.path: (one.added or 0) + (one.deleted or 0) for one in files or ()}
        found: Counter[DomainArea] = Counter()
        for path in paths:
            rule = next((rule for rule in self.rules if matches(path, rule.glob)), None)
            if rule:
                found[rule.area] += max(lines.get(path, 1), 1)
        return found

    def default_area(self, services: set[int]) -> DomainArea | None:
        mine = [one.area for one in self.services if one.pk in services and one.area]
        return max(mine, key=_risk, default=None) or self.repository.default_area

    def place(self, change: Change, services: set[int], files: Sequence[FileFact] | None) -> set[int]:
        """Set the one area that counts, unless a person said it; returns all that it touches."""
        lines = self.area_lines(change.paths, files) if self.rules else Counter()
        if not change.area_said_by_person:
            best = max(lines, key=lambda area: (area.risk_level, lines[area], -area.pk), default=None)
            change.area = best or self.default_area(services)
        return {area.pk for area in lines}


def _risk(area: DomainArea) -> tuple[int, int]:
    return (area.risk_level, -area.pk)


def add_services(wanted: Mapping[Change, set[int]], is_known: bool = True) -> None:
    _add(Change.services.through, "service_id", wanted, is_known)


def add_areas(wanted: Mapping[Change, set[int]], is_known: bool = True) -> None:
    _add(Change.areas_touched.through, "domainarea_id", wanted, is_known)


def _add(through: type, column: str, wanted: Mapping[Change, set[int]], is_known: bool) -> None:
    pairs = [(change.pk, pk) for change, pks in wanted.items() for pk in sorted(pks)]
    if is_known:
        rows = [through(change_id=change, **{column: pk}) for change, pk in pairs]
        through.objects.bulk_create(rows, ignore_conflicts=True)  # type: ignore[attr-defined]
    else:
        insert_pairs(through, ("change_id", column), pairs)


@transaction.atomic
def say_area(*, change_id: int, area: DomainArea | None, by: User | None) -> Change:
    """A person says which area counts; no path rule alters it afterwards. None hands it back to the rules."""
    change = Change.objects.select_for_update(no_key=True).select_related("repository").get(pk=change_id)
    if change.merged_into_id:
        return say_area(change_id=change.merged_into_id, area=area, by=by)
    change.area, change.area_said_by_person = area, area is not None
    if area is None:
        book = PlaceBook(change.repository)
        book.place(change, set(change.services.values_list("pk", flat=True)), None)
    change.version += 1
    change.save(update_fields=["area", "area_said_by_person", "version"])
    ledger.touch(
        ledger.Kind.CHANGE, change.pk, verb="area said", repository_id=change.repository_id,
        actor_id=by.pk if by else None,
    )  # fmt: skip
    return change


@transaction.atomic
def place_again(*, repository: Repository, by: User | None = None) -> int:
    """Apply the repository's path rules and service globs to all its changes anew; says how many moved."""
    book = PlaceBook(repository)
    moved: list[Change] = []
    areas: dict[Change, set[int]] = {}
    services: dict[Change, set[int]] = {}
    for change in Change.objects.current().filter(repository=repository).iterator(chunk_size=2000):
        before = change.area_id
        services[change] = book.services_of(change, ())
        areas[change] = book.place(change, services[change], None)
        if change.area_id != before:
            moved.append(change)
    Change.areas_touched.through.objects.filter(change__repository=repository).delete()
    add_areas(areas)
    add_services(services)
    Change.objects.bulk_update(moved, ["area"], batch_size=500)
    ledger.touch(
        ledger.Kind.CHANGE, *(one.pk for one in moved), verb="placed again", repository_id=repository.pk,
        actor_id=by.pk if by else None,
    )  # fmt: skip
    return len(moved)
