"""The names that changes go by: finding the one that is meant, merging those that were one all along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Q

from changes.attestation import RULE_KEYS
from changes.facts import ChangeFact
from changes.models import (
    AttestedLines,
    Change,
    ChangeIdentity,
    ChangeLink,
    Decision,
    OriginEvidence,
    Repository,
)
from changes.paths import BUILT_IN, PathClasses, counted_lines
from changes.services.beginnings import first_commit
from changes.services.bulk import insert
from changes.services.declaring import joined
from changes.services.featuring import move_words
from changes.services.reviews import move_reviews
from changes.services.rework import move_rework
from changes.services.telling import fold_double

Space, Role = ChangeIdentity.Space, ChangeIdentity.Role
Name = tuple[str, str]
LANDINGS = {Role.MERGE.value, Role.SQUASH.value}
# On the default branch for certain, where a branch's own commit never is.
LANDED = LANDINGS | {Role.LANDED.value}
PARTS = LANDED | {Role.PUSHED.value}
ROLE_RANK = {
    Role.NUMBER: 0, Role.EXTERNAL: 0, Role.GUESS: 1,
    Role.MERGE: 0, Role.SQUASH: 1, Role.LANDED: 2, Role.HEAD: 3, Role.PUSHED: 4,
}  # fmt: skip
MERGED = {Change.State.MERGED, Change.State.SHIPPED}


@dataclass(eq=False, slots=True)
class Entry:
    """One change while tellings are matched to it."""

    change: Change
    number: str = ""
    number_is_guess: bool = False
    external: str = ""
    is_dirty: bool = False
    paths_are_new: bool = False
    names: set[Name] = field(default_factory=set)
    # Commits that it landed as: a second one that only claims the same number is another change.
    landings: set[str] = field(default_factory=set)
    # Every commit of it on the default branch, with its own lines: several where a request was rebased.
    parts: dict[str, int | None] = field(default_factory=dict)
    paths_of_doubles: set[str] = field(default_factory=set)

    @property
    def is_new(self) -> bool:
        return self.change.pk is None

    @property
    def is_in_parts(self) -> bool:
        return len(self.parts) > 1

    @property
    def landed_nobody_knows_where(self) -> bool:
        return self.change.state in MERGED and not self.parts


def names_of(fact: ChangeFact) -> list[tuple[str, str, str]]:
    """Space, role and value of each name that the fact gives."""
    found = []
    if fact.number:
        role = Role.GUESS if fact.number_is_guess else Role.NUMBER
        found.append((Space.NUMBER.value, role.value, fact.number))
    if fact.external_id:
        found.append((Space.EXTERNAL.value, Role.EXTERNAL.value, fact.external_id[:120]))
    found += [(Space.SHA.value, role, sha.lower()) for role, sha in fact.shas if sha]
    return found


def times_of(fact: ChangeFact) -> Iterator[tuple[str, datetime]]:
    """Each commit whose time is told, with it."""
    yield from ((sha.lower(), at) for sha, at in fact.commit_times)
    yield from ((one.sha.lower(), one.at) for one in fact.merged_in)
    if fact.landed:
        yield fact.landed.sha.lower(), fact.landed.at


class Register:
    def __init__(
        self, repository: Repository, facts: Iterable[ChangeFact], classes: PathClasses = BUILT_IN
    ) -> None:
        self.repository = repository
        self.classes = classes
        self.entries: list[Entry] = []
        self.doubles: list[Change] = []
        # Entries that went into another since somebody took them off this list.
        self.folded: list[Entry] = []
        self._owner: dict[Name, Entry] = {}
        self._rows: dict[Name, ChangeIdentity] = {}
        self._dropped: list[str] = []
        self._load({(space, value) for fact in facts for space, _, value in names_of(fact)})

    def _load(self, names: set[Name]) -> None:
        values = {value for _, value in names}
        rows = ChangeIdentity.objects.filter(repository=self.repository, value__in=values)
        found = [row for row in rows if (row.space, row.value) in names]
        ids = {row.change_id for row in found}
        changes = Change.objects.select_for_update(no_key=True).in_bulk(ids) if ids else {}
        entries = {pk: Entry(change) for pk, change in changes.items()}
        telling = ~Q(space=Space.SHA) | Q(role__in=PARTS)
        for row in ChangeIdentity.objects.filter(telling, change_id__in=ids):
            _know(entries[row.change_id], row)
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
            if (space, value) in self._owner and self._meets(fact, space, role, value)
        ]
        same = [(role, one) for role, one in owners if self._may_be(one, fact)]
        if not fact.number and len({one.number for _, one in same} - {""}) > 1:
            # A merge of several requests' branches: it is the one whose name stands strongest, then lowest.
            best = min((pair for pair in same if pair[1].number), key=lambda pair: _claim(*pair))[1]
            same = [(role, one) for role, one in same if one.number in {"", best.number}]
        entry = self._one_of([one for _, one in same], fact) or self._new()
        self._number(entry, fact)
        entry.external = entry.external or fact.external_id[:120]
        for space, role, value in names:
            self._name(entry, space, role, value)
        self._note_plain(entry, fact)
        self._note_times(fact)
        return entry

    def _without_a_taken_guess(self, fact: ChangeFact) -> ChangeFact:
        """A number in a subject gives way to the forge's word, and to the commit that said it first."""
        if not fact.number_is_guess:
            return fact
        landed = {sha.lower() for role, sha in fact.shas if role in LANDINGS}
        told = [self._owner.get((Space.SHA.value, sha)) for sha in landed]
        if any(one and one.number not in {"", fact.number} and not one.number_is_guess for one in told):
            return replace(fact, number="", number_is_guess=False)
        owner = self._owner.get((Space.NUMBER.value, fact.number))
        if owner is None or owner in told or owner.landings & landed or owner.landed_nobody_knows_where:
            return fact
        if owner.number_is_guess and _landed_at(fact.merged_at, landed) < _landed_at(
            owner.change.merged_at, owner.landings
        ):
            self._drop_number(owner)
            return fact
        return replace(fact, number="", number_is_guess=False)

    def _meets(self, fact: ChangeFact, space: str, role: str, value: str) -> bool:
        """Whether the one that already goes by this name is what the fact tells of."""
        row, owner = self._rows[(space, value)], self._owner[(space, value)]
        if space == Space.NUMBER and owner.number_is_guess and not fact.number_is_guess:
            if fact.state != "merged" or {sha.lower() for kind, sha in fact.shas if kind in LANDED}:
                self._give_way(owner, fact)
                return self._owner.get((space, value)) is owner
            return True
        if space != Space.SHA or Role.HEAD not in {role, row.role} or role == row.role:
            return True
        # A branch's commit lands by itself only where nobody says what the request landed as.
        if role in LANDED:
            return owner.landed_nobody_knows_where
        if row.role in LANDED:
            return fact.state == "merged" and not any(kind in PARTS for kind, _ in fact.shas)
        return True

    def _give_way(self, owner: Entry, fact: ChangeFact) -> None:
        """The forge tells of the request by this number: what only guessed it may not be that one."""
        if not owner.landings & {sha.lower() for role, sha in fact.shas if role in LANDED}:
            self._drop_number(owner)

    def _drop_number(self, entry: Entry) -> None:
        name = (Space.NUMBER.value, entry.number)
        self._dropped.append(entry.number)
        self._rows.pop(name, None)
        self._owner.pop(name, None)
        entry.names.discard(name)
        entry.number, entry.number_is_guess, entry.is_dirty = "", False, True

    def _number(self, entry: Entry, fact: ChangeFact) -> None:
        if not fact.number:
            return
        if entry.number_is_guess and not fact.number_is_guess:
            if entry.number != fact.number:
                self._drop_number(entry)
            entry.number_is_guess = False
        elif not entry.number:
            entry.number_is_guess = fact.number_is_guess
        entry.number = entry.number or fact.number

    @staticmethod
    def _may_be(entry: Entry, fact: ChangeFact) -> bool:
        """Two with different numbers are never one."""
        number_fits = not fact.number or entry.number in {"", fact.number} or entry.number_is_guess
        return number_fits and (not fact.external_id or entry.external in {"", fact.external_id[:120]})

    def _one_of(self, found: list[Entry], fact: ChangeFact) -> Entry | None:
        unique = list(dict.fromkeys(found))
        if not unique:
            return None
        unique.sort(
            key=lambda one: (
                not one.number, one.number_is_guess and one.number != fact.number, one.is_new,
                one.change.pk or 0,
            )
        )  # fmt: skip
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
            _know(entry, self._rows[name])
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
            owner.is_dirty = True
            owner.parts.pop(value, None)
            owner.landings.discard(value)
            entry.names.add(name)
        if self._owner[name] is entry:
            _know(entry, row)

    def _note_plain(self, entry: Entry, fact: ChangeFact) -> None:
        """Of the commit that the fact is: what came before it, and how many lines it has itself."""
        if fact.landed is None:
            return
        name = (Space.SHA.value, fact.landed.sha.lower())
        row = self._rows[name]
        if self._owner[name] is not entry:
            return
        lines = counted_lines(fact.files, self.classes) if fact.files is not None else None
        before = (row.parent, row.lines)
        row.parent = fact.parent.lower() or row.parent
        row.lines = row.lines if lines is None else lines
        if before != (row.parent, row.lines):
            entry.names.add(name)
        _know(entry, row)

    def _note_times(self, fact: ChangeFact) -> None:
        for sha, at in times_of(fact):
            name = (Space.SHA.value, sha)
            row = self._rows.get(name)
            if row is not None and (row.at is None or at < row.at):
                row.at = at
                self._owner[name].names.add(name)
                self._owner[name].is_dirty = True

    def _merge(self, survivor: Entry, double: Entry) -> None:
        survivor.paths_of_doubles |= {*survivor.change.paths, *double.change.paths, *double.paths_of_doubles}
        fold_double(survivor.change, double.change)
        survivor.change.declared = joined(survivor.change.declared, double.change.declared)
        survivor.is_dirty = True
        if survivor.number and double.number_is_guess and double.number != survivor.number:
            self._drop_number(double)
        if not survivor.number:
            survivor.number, survivor.number_is_guess = double.number, double.number_is_guess
        survivor.external = survivor.external or double.external
        survivor.landings |= double.landings
        survivor.parts = double.parts | survivor.parts
        survivor.paths_are_new = survivor.paths_are_new or double.paths_are_new
        for name, owner in list(self._owner.items()):
            if owner is double:
                self._owner[name] = survivor
                survivor.names.add(name)
        self.entries.remove(double)
        self.folded.append(double)
        if not double.is_new:
            move_all(double.change, survivor)
            self.doubles.append(double.change)

    def dirty(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_dirty]

    def begin_new(self) -> None:
        """Set the first commit of those that are new: all their names are here."""
        rows: dict[Entry, list[ChangeIdentity]] = defaultdict(list)
        for name, entry in self._owner.items():
            if entry.is_new:
                rows[entry].append(self._rows[name])
        for entry, found in rows.items():
            entry.change.first_commit_at = first_commit(found)

    def save_names(self) -> None:
        new: list[ChangeIdentity] = []
        moved: list[ChangeIdentity] = []
        for entry in self.dirty():
            for name in sorted(entry.names):
                row = self._rows[name]
                row.change = entry.change
                (moved if row.pk else new).append(row)
        if self._dropped:
            guesses = ChangeIdentity.objects.filter(repository=self.repository, role=Role.GUESS)
            guesses.filter(space=Space.NUMBER, value__in=self._dropped).delete()
        insert(new)
        if moved:
            ChangeIdentity.objects.bulk_update(moved, ["change", "role", "parent", "lines", "at"])


def _know(entry: Entry, row: ChangeIdentity) -> None:
    """What an identity says of the change that goes by it."""
    if row.space == Space.NUMBER:
        entry.number, entry.number_is_guess = row.value, row.role == Role.GUESS
    elif row.space == Space.EXTERNAL:
        entry.external = row.value
    elif row.role in PARTS:
        entry.parts[row.value] = row.lines
        if row.role in LANDINGS:
            entry.landings.add(row.value)
    else:
        entry.parts.pop(row.value, None)


def _landed_at(at: datetime | None, shas: Iterable[str]) -> tuple[bool, float, str]:
    return (at is None, at.timestamp() if at else 0.0, min(shas, default=""))


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
    move_words(double, survivor)
    told = _move_attested(double, survivor)
    kept = OriginEvidence.objects.filter(change=survivor).values_list("rule_key", "excerpt")
    has = set(kept)
    for row in OriginEvidence.objects.filter(change=double).exclude(rule_key__in=told):
        if (row.rule_key, row.excerpt) not in has:
            OriginEvidence.objects.filter(pk=row.pk).update(change=survivor)
    move_reviews(double, survivor)
    links = set(ChangeLink.objects.filter(change=survivor).values_list("kind", "names"))
    for link in ChangeLink.objects.filter(change=double):
        if (link.kind, link.names) not in links:
            ChangeLink.objects.filter(pk=link.pk).update(change=survivor)
    ChangeLink.objects.filter(target=double).update(target=survivor)
    ChangeLink.objects.filter(change=survivor, target=survivor).update(target=None)
    move_rework(double, survivor)
    survivor.services.add(*double.services.all())
    survivor.areas_touched.add(*double.areas_touched.all())
    Change.objects.filter(merged_into=double).update(merged_into=survivor)
    Change.objects.filter(undone_by=double).exclude(pk=survivor.pk).update(undone_by=survivor)
    double.deployments.clear()
    Change.objects.filter(pk=double.pk).update(merged_into=survivor)


def _move_attested(double: Change, survivor: Change) -> list[str]:
    """Attested lines where the survivor has none: those of both would count twice what both tell of.

    Where both have some, the next import reads all anew. Returns the rules whose evidence stays behind.
    """
    has = set(AttestedLines.objects.filter(change=survivor).values_list("format", flat=True))
    rows = AttestedLines.objects.filter(change=double)
    rows.exclude(format__in=has).update(change=survivor)
    if rows.exists():
        Repository.objects.filter(pk=survivor.repository_id).update(notes_read_to="", traces_read_to="")
    return [RULE_KEYS[one] for one in has]
