"""Which services and areas a change touches, from its paths; the rules that say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from changes.facts import FileFact
from changes.models import AreaRule, Change, DomainArea, PathClassRule, Repository, Service
from changes.paths import matches, touches
from changes.queries.places import classes_of
from changes.services.bulk import insert_pairs
from changes.services.repositories import find_or_make_service, make_service
from intake import ledger


class PlaceBook:
    """A repository's path rules, path classes and services, read once for a batch."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.classes = classes_of(repository)
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
        lines = {
            one.path: (one.added or 0) + (one.deleted or 0)
            for one in files or ()
            if self.classes.counts(one.path)
        }
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


@dataclass(frozen=True, slots=True)
class TakenArea:
    """A suggestion that somebody took: the area's name as they want it, and the paths that are it."""

    name: str
    globs: tuple[str, ...]
    risk_level: int = DomainArea.Risk.MEDIUM


@transaction.atomic
def take_areas(*, repository: Repository, taken: Sequence[TakenArea], by: User | None) -> list[AreaRule]:
    """Path rules for these areas, deeper folders first; an area of that name is used where there is one.

    A path that has a rule keeps it. Changes are placed by whoever runs `ask_to_place` after this.
    """
    actor = by.pk if by else None
    known = set(AreaRule.objects.filter(repository=repository).values_list("glob", flat=True))
    wanted = {glob: one for one in taken for glob in one.globs if glob not in known}
    areas = {one.name: _area(one, actor) for one in wanted.values()}
    # The first rule that matches wins, so a folder stands before the one that holds it.
    in_order = sorted(wanted, key=lambda glob: (-glob.count("/"), glob))
    start = 10 * (len(known) + 1)
    rules = AreaRule.objects.bulk_create(
        AreaRule(
            repository=repository,
            glob=glob[:300],
            area=areas[wanted[glob].name],
            position=min(start + 10 * at, 32000),
        )
        for at, glob in enumerate(in_order)
    )
    if rules:
        ledger.touch(
            ledger.Kind.REPOSITORY, repository.pk, verb="path rules taken", repository_id=repository.pk,
            actor_id=actor,
        )  # fmt: skip
    return rules


def _area(one: TakenArea, actor: int | None) -> DomainArea:
    name = one.name.strip()[:80]
    known = DomainArea.objects.offered().filter(name__iexact=name).first()
    if isinstance(known, DomainArea):
        return known
    base = slugify(name)[:50] or "area"
    slug, number = base, 1
    while DomainArea.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    made = DomainArea.objects.create(name=name, slug=slug, risk_level=one.risk_level)
    ledger.touch(ledger.Kind.TAXONOMY, made.pk, verb="area made", actor_id=actor)
    return made


@transaction.atomic
def take_services(
    *, repository: Repository, taken: Sequence[tuple[str, str]], by: User | None
) -> list[Service]:
    """A service for each pair of name and glob whose paths are not a service of the repository yet."""
    known = {glob for one in repository.services.all() for glob in one.path_globs}
    made = [
        make_service(repository=repository, name=name.strip(), path_globs=[glob])
        for name, glob in taken
        if glob not in known and name.strip()
    ]
    if made:
        ledger.touch(
            ledger.Kind.REPOSITORY, repository.pk, verb="services taken", repository_id=repository.pk,
            actor_id=by.pk if by else None,
        )  # fmt: skip
    return made


@transaction.atomic
def add_path_class(*, repository: Repository, glob: str, path_class: str, by: User | None) -> PathClassRule:
    """As the last of the repository's own rules; one for the same paths says something else from now on."""
    rules = PathClassRule.objects.select_for_update().filter(repository=repository)
    rule = rules.filter(glob=glob).first()
    if rule is None:
        last = rules.order_by("-position").values_list("position", flat=True).first() or 0
        rule = PathClassRule(repository=repository, glob=glob, position=min(last + 10, 32000))
    rule.path_class = path_class
    rule.save()
    ledger.touch(
        ledger.Kind.REPOSITORY, repository.pk, verb="path class said", repository_id=repository.pk,
        actor_id=by.pk if by else None,
    )  # fmt: skip
    return rule
