"""The names that changes go by: finding the one that is meant, merging those that were one all along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.db.models import Q

from changes.facts import ChangeFact
from changes.models import (
    Change,
    ChangeIdentity,
    ChangeLink,
    Decision,
    OriginEvidence,
    Repository,
    Review,
)
from changes.services.bulk import insert
from changes.services.telling import fold_double

Space, Role = ChangeIdentity.Space, ChangeIdentity.Role
Name = tuple[str, str]
LANDINGS = {Role.MERGE.value, Role.SQUASH.value}
ROLE_RANK = {
    Role.NUMBER: 0, Role.EXTERNAL: 0, Role.MERGE: 0, Role.SQUASH: 1, Role.LANDED: 2, Role.HEAD: 3,
}  # fmt: skip


@dataclass(eq=False, slots=True)
class Entry:
    """One change while tellings are matched to it."""

    change: Change
    number: str = ""
    external: str = ""
    is_dirty: bool = False
    paths_are_new: bool = False
    names: set[Name] = field(default_factory=set)
    # Commits that it landed as: a second one that only claims the same number is another change.
    landings: set[str] = field(default_factory=set)

    @property
    def is_new(self) -> bool:
        return self.change.pk is None


def names_of(fact: ChangeFact) -> list[tuple[str, str, str]]:
    """Space, role and value of each name that the fact gives."""
    found = []
    if fact.number:
        found.append((Space.NUMBER.value, Role.NUMBER.value, fact.number))
    if fact.external_id:
        found.append((Space.EXTERNAL.value, Role.EXTERNAL.value, fact.external_id[:120]))
    found += [(Space.SHA.value, role, sha.lower()) for role, sha in fact.shas if sha]
    return found


class Register:
    def __init__(self, repository: Repository, facts: Iterable[ChangeFact]) -> None:
        self.repository = repository
        self.entries: list[Entry] = []
        self.doubles: list[Change] = []
        self._owner: dict[Name, Entry] = {}
        self._rows: dict[Name, ChangeIdentity] = {}
        self._load({(space, value) for fact in facts for space, _, value in names_of(fact)})

    def _load(self, names: set[Name]) -> None:
        values = {value for _, value in names}
        rows = ChangeIdentity.objects.filter(repository=self.repository, value__in=values)
        found = [row for row in rows if (row.space, row.value) in names]
        ids = {row.change_id for row in found}
        changes = Change.objects.select_for_update(no_key=True).in_bulk(ids) if ids else {}
        entries = {pk: Entry(change) for pk, change in changes.items()}
        telling = ~Q(space=Space.SHA) | Q(role__in=LANDINGS)
        for row in ChangeIdentity.objects.filter(telling, change_id__in=ids):
            if row.space == Space.NUMBER:
                entries[row.change_id].number = row.value
            elif row.space == Space.EXTERNAL:
                entries[row.change_id].external = row.value
            else:
                entries[row.change_id].landings.add(row.value)
        self.entries = list(entries.values())
        for row in found:
            self._rows[(row.space, row.value)] = row
            self._owner[(row.space, row.value)] = entries[row.change_id]

    def entry_for(self, fact: ChangeFact) -> Entry:
        fact = self._without_a_taken_guess(fact)
        names = names_of(fact)
        owners = [
            (role, self._owner[(space, value)])
            for space, role, value in names
            if (space, value) in self._owner
        ]
        same = [(role, one) for role, one in owners if self._may_be(one, fact)]
        if not fact.number and len({one.number for _, one in same} - {""}) > 1:
            # A merge of several requests' branches: it is the one whose name stands strongest, then lowest.
            best = min((pair for pair in same if pair[1].number), key=lambda pair: _claim(*pair))[1]
            same = [(role, one) for role, one in same if one.number in {"", best.number}]
        entry = self._one_of([one for _, one in same]) or self._new()
        entry.number = entry.number or fact.number
        entry.external = entry.external or fact.external_id[:120]
        for space, role, value in names:
            self._name(entry, space, role, value)
            if role in LANDINGS:
                entry.landings.add(value)
        return entry

    def _without_a_taken_guess(self, fact: ChangeFact) -> ChangeFact:
        owner = self._owner.get((Space.NUMBER.value, fact.number)) if fact.number_is_guess else None
        landed = {sha.lower() for role, sha in fact.shas if role in LANDINGS}
        if owner is None or not owner.landings or owner.landings & landed:
            return fact
        return replace(fact, number="", number_is_guess=False)

    @staticmethod
    def _may_be(entry: Entry, fact: ChangeFact) -> bool:
        """Two with different numbers are never one."""
        number_fits = not fact.number or entry.number in {"", fact.number}
        return number_fits and (not fact.external_id or entry.external in {"", fact.external_id[:120]})

    def _one_of(self, found: list[Entry]) -> Entry | None:
        unique = list(dict.fromkeys(found))
        if not unique:
            return None
        unique.sort(key=lambda one: (not one.number, one.is_new, one.change.pk or 0))
        survivor, *others = unique
        for other in others:
            if not (survivor.external and other.external and survivor.external != other.external):
                self._merge(survivor, other)
        return survivor

    def _new(self) -> Entry:
        entry = Entry(Change(repository=self.repository))
        self.entries.append(entry)
        return entry

    def _name(self, entry: Entry, space: str, role: str, value: str) -> None:
        name = (space, value)
        entry.is_dirty = True
        row = self._rows.get(name)
        if row is None:
            self._rows[name] = ChangeIdentity(repository=self.repository, space=space, role=role, value=value)
            self._owner[name] = entry
            entry.names.add(name)
            return
        owner = self._owner[name]
        if owner is entry:
            if ROLE_RANK[Role(role)] < ROLE_RANK[Role(row.role)]:
                row.role = role
                entry.names.add(name)
        elif _claim(role, entry) < _claim(row.role, owner):
            # Named by two requests: the stronger role has it, then the lower number, in any order of arrival.
            row.role, self._owner[name] = role, entry
            owner.names.discard(name)
            entry.names.add(name)

    def _merge(self, survivor: Entry, double: Entry) -> None:
        fold_double(survivor.change, double.change)
        survivor.is_dirty = True
        survivor.number = survivor.number or double.number
        survivor.external = survivor.external or double.external
        survivor.landings |= double.landings
        survivor.paths_are_new = survivor.paths_are_new or double.paths_are_new
        for name, owner in list(self._owner.items()):
            if owner is double:
                self._owner[name] = survivor
                survivor.names.add(name)
        self.entries.remove(double)
        if not double.is_new:
            move_all(double.change, survivor)
            self.doubles.append(double.change)

    def dirty(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_dirty]

    def save_names(self) -> None:
        new: list[ChangeIdentity] = []
        moved: list[ChangeIdentity] = []
        for entry in self.dirty():
            for name in sorted(entry.names):
                row = self._rows[name]
                row.change = entry.change
                (moved if row.pk else new).append(row)
        insert(new)
        if moved:
            ChangeIdentity.objects.bulk_update(moved, ["change", "role"])


def _claim(role: str, entry: Entry) -> tuple[int, int, str]:
    number = int(entry.number) if entry.number.isdigit() else 1 << 60
    return (ROLE_RANK[Role(role)], number, entry.number)


def move_all(double: Change, survivor_entry: Entry) -> None:
    """What hangs on the double: judgements all of it, findings where the survivor has none like it."""
    survivor = survivor_entry.change
    if survivor._state.adding:  # the survivor is the new one of the two: it takes over the stored row's place
        survivor.save()
    Decision.objects.filter(change=double).update(change=survivor)
    ChangeIdentity.objects.filter(change=double).update(change=survivor)
    kept = OriginEvidence.objects.filter(change=survivor).values_list("rule_key", "excerpt")
    has = set(kept)
    for row in OriginEvidence.objects.filter(change=double):
        if (row.rule_key, row.excerpt) not in has:
            OriginEvidence.objects.filter(pk=row.pk).update(change=survivor)
    reviews = set(Review.objects.filter(change=survivor).values_list("external_id", flat=True))
    Review.objects.filter(change=double).exclude(external_id__in=reviews).update(change=survivor)
    links = set(ChangeLink.objects.filter(change=survivor).values_list("kind", "names"))
    for link in ChangeLink.objects.filter(change=double):
        if (link.kind, link.names) not in links:
            ChangeLink.objects.filter(pk=link.pk).update(change=survivor)
    ChangeLink.objects.filter(target=double).update(target=survivor)
    ChangeLink.objects.filter(change=survivor, target=survivor).update(target=None)
    survivor.services.add(*double.services.all())
    survivor.areas_touched.add(*double.areas_touched.all())
    Change.objects.filter(merged_into=double).update(merged_into=survivor)
    Change.objects.filter(undone_by=double).exclude(pk=survivor.pk).update(undone_by=survivor)
    double.deployments.clear()
    Change.objects.filter(pk=double.pk).update(merged_into=survivor)
