"""Changes as senders and imports tell of them: any order and any repetition give the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from changes.facts import ChangeFact, FileFact
from changes.models import Change, ChangeIdentity, ChangeLink, Deployment, Repository
from changes.origin import Evidence
from changes.queries.judgements import Judgements
from changes.services import links as linking
from changes.services.beginnings import begin_known
from changes.services.bulk import insert
from changes.services.checks import settle_checks_of
from changes.services.declaring import hear, standing
from changes.services.featuring import place_named
from changes.services.parts import all_by_agents, find_wholes, lessen_agents
from changes.services.places import PlaceBook, add_areas, add_services
from changes.services.register import Entry, Register, names_of
from changes.services.rules import Rules, current_rules
from changes.services.shipping import refresh_holding, refresh_shipped, settle_shipped
from changes.services.telling import settle_parts, tell
from changes.services.weighing import (
    find_evidence,
    of_fields,
    reweigh,
    save_assistances,
    save_evidence,
    weigh_change,
)
from changes.wiring import Link, links
from intake import ledger
from intake.models import Delivery
from intake.services import note_first_real_fact

SAVED = [
    field.name
    for field in Change._meta.concrete_fields
    if field.name not in {"id", "repository", "recorded_at"}
]


@transaction.atomic
def record_changes(
    *,
    repository: Repository,
    facts: Iterable[ChangeFact],
    delivery: Delivery | None = None,
    read_back: bool = True,
) -> list[Change]:
    """Upsert by identities; a telling that meets two changes merges them, unless their numbers differ.

    Returns the changes that stand for the facts, each once, as the database holds them at the end (without
    `read_back`, as they were written first). All of one repository are taken one after another.
    """
    facts = list(facts)
    if not facts:
        return []
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    if not repository.is_demo:
        note_first_real_fact(at=timezone.now())
    changes = _Recording(repository, current_rules(), delivery).take(facts)
    if read_back:
        _read_back(changes)
    return changes


class _Recording:
    """One batch, from tellings to saved rows."""

    def __init__(self, repository: Repository, rules: Rules, delivery: Delivery | None) -> None:
        self.repository, self.rules, self.delivery = repository, rules, delivery
        self.places = PlaceBook(repository)
        self.found: dict[Entry, list[Evidence]] = defaultdict(list)
        self.links: dict[Entry, list[Link]] = defaultdict(list)
        self.files: dict[Entry, Sequence[FileFact]] = {}
        self.said_services: dict[Entry, set[str]] = defaultdict(set)

    def take(self, facts: Sequence[ChangeFact]) -> list[Change]:
        register = Register(self.repository, facts, self.places.classes)
        standing = [self._tell(register, fact) for fact in facts]
        entries = register.dirty()
        known = any(not entry.is_new for entry in entries) or bool(register.doubles)
        self._save(register, entries, known)
        self._join_parts(entries)
        self._follow(entries, facts, known)
        settle_checks_of(self.repository, [entry.change.pk for entry in entries])
        ledger.touch(
            ledger.Kind.CHANGE,
            *(entry.change.pk for entry in entries),
            *(double.pk for double in register.doubles),
            verb="told",
            repository_id=self.repository.pk,
            delivery_id=self.delivery.pk if self.delivery else None,
        )
        dirty = set(entries)
        in_order = dict.fromkeys(entry for entry in standing if entry in dirty)
        return [entry.change for entry in in_order]

    def _tell(self, register: Register, fact: ChangeFact) -> Entry:
        entry = register.entry_for(fact)
        while register.folded:
            self._fold(entry, register.folded.pop())
        entry.is_dirty = True
        paths = [*entry.change.paths, *entry.paths_of_doubles]
        if tell(entry.change, fact, self.rules.book, self.places.classes):
            entry.paths_are_new = True
            self.files[entry] = fact.files or ()
        if entry.is_in_parts:
            # Each part has files of its own; where all meet, a path weighs one.
            settle_parts(entry.change, entry.parts, paths)
            entry.paths_are_new = True
            self.files[entry] = ()
        if entry.change.delivery_id is None:
            entry.change.delivery = self.delivery
        found = find_evidence(fact, self.rules)
        hear(entry.change, fact, found)
        self.found[entry] += found
        self.said_services[entry] |= set(fact.services)
        for subject, body in _words_of(fact):
            self.links[entry] += links(subject, body)
        return entry

    def _fold(self, entry: Entry, gone: Entry) -> None:
        self.found[entry] += self.found.pop(gone, [])
        self.links[entry] += self.links.pop(gone, [])
        self.said_services[entry] |= self.said_services.pop(gone, set())
        if gone in self.files:
            self.files.setdefault(entry, self.files.pop(gone))

    def _save(self, register: Register, entries: list[Entry], known: bool) -> None:
        place_named([entry.change for entry in entries], is_demo=self.repository.is_demo)
        services: dict[Entry, set[int]] = {}
        areas: dict[Entry, set[int]] = {}
        for entry in entries:
            change = entry.change
            services[entry] = self.places.services_of(change, self.said_services[entry])
            areas[entry] = set()
            if entry.is_new or entry.paths_are_new or change.area_id is None:
                areas[entry] = self.places.place(change, services[entry], self.files.get(entry))
            if entry.is_new:
                settle_shipped(change, self.repository, None)
        new = [entry.change for entry in entries if entry.is_new]
        old = [entry.change for entry in entries if not entry.is_new]
        judgements = Judgements.of(old or new, is_known=known)
        self._weigh_new(entries, judgements)
        register.begin_new()
        insert(new)
        register.save_names()
        begin_known(old)
        evidence = save_evidence(
            {entry.change: self.found[entry] for entry in entries}, self.rules, self.delivery, known
        )
        for change in old:
            weigh_change(change, evidence.get(change.pk, []), judgements, self.rules)
            change.version += 1
        if old:
            Change.objects.bulk_update(old, SAVED, batch_size=200)
        weighed = {one: evidence.get(one.pk, []) for one in [*new, *old]}
        save_assistances(weighed, judgements, self.rules, known)
        add_services({entry.change: pks for entry, pks in services.items()}, known)
        add_areas({entry.change: pks for entry, pks in areas.items()}, known)

    def _weigh_new(self, entries: list[Entry], judgements: Judgements) -> None:
        """So that a new row is written once, with its verdict."""
        for entry in entries:
            if entry.is_new:
                found = {(one.rule_key, one.excerpt): one for one in self.found[entry]}
                found |= {(one.rule_key, one.excerpt): one for one in of_fields(entry.change, self.rules)}
                found = standing(entry.change.declared).of(found)
                weigh_change(entry.change, list(found.values()), judgements, self.rules)

    def _join_parts(self, entries: list[Entry]) -> None:
        """A request that was rebased landed as several commits: once all are known they are one change."""
        for whole in find_wholes(self.repository, [entry.change for entry in entries]):
            is_agents = all_by_agents(whole.changes)
            _Recording(self.repository, self.rules, self.delivery).take([whole.fact])
            if not is_agents:
                lessen_agents(whole.request, self.rules)

    def _follow(self, entries: list[Entry], facts: Sequence[ChangeFact], known: bool) -> None:
        """What other rows must learn from these: links, undoing, deployments that hold them."""
        changes = [entry.change for entry in entries]
        names = [f"#{value}" if space == ChangeIdentity.Space.NUMBER else value
                 for fact in facts for space, _, value in names_of(fact)]  # fmt: skip
        looked_at = linking.add_links(
            self.repository,
            {entry.change: self.links[entry] for entry in entries if self.links[entry]},
            names,
        )
        refresh_undoing(changes, looked_at, self.rules)
        if Deployment.objects.filter(repository=self.repository).exists():
            landed = [one.merged_at for one in changes if one.merged_at]
            held = refresh_holding(self.repository, min(landed), names) if landed else set()
            own = {one.pk for one in changes}
            shipped = refresh_shipped(self.repository, held | own)
            # Those of this batch are touched with it; that others shipped, or no longer have, is told here.
            ledger.touch(
                ledger.Kind.CHANGE, *(one.pk for one in shipped if one.pk not in own), verb="shipping",
                repository_id=self.repository.pk,
            )  # fmt: skip
        elif known:  # new rows were settled before they were written
            refresh_shipped(self.repository, [one.pk for one in changes])


def _words_of(fact: ChangeFact) -> list[tuple[str, str]]:
    """Subject and body of each text that may link; branch commits of a merge undo only inside it."""
    found = [(fact.title or "", fact.message or "")]
    if fact.landed:
        subject, _, body = fact.landed.message.partition("\n")
        found.append((subject, body))
    return found


def refresh_undoing(changes: Sequence[Change], looked_at: set[int], rules: Rules) -> None:
    """Look again at what these changes undo and at what undoes them; a new failure time moves what counts."""
    undoing = [linking.Kind.REVERTS, linking.Kind.REAPPLIES]
    ids = [change.pk for change in changes]
    rows = ChangeLink.objects.filter(kind__in=undoing).exclude(target=None)
    looked_at |= set(rows.filter(change__in=ids).values_list("target_id", flat=True))
    looked_at |= set(rows.filter(target__in=ids).values_list("target_id", flat=True))
    altered = linking.refresh_undone(sorted(looked_at)) if looked_at else []
    if not altered:
        return
    reweigh(altered, rules)
    for change in altered:
        ledger.touch(
            ledger.Kind.CHANGE, change.pk, verb="undoing looked at", repository_id=change.repository_id
        )


def _read_back(changes: Sequence[Change]) -> None:
    """The rows as they ended, in the objects that callers hold; of a double, the one that stands for it."""
    fresh = Change.objects.in_bulk([one.pk for one in changes])
    joined = Change.objects.in_bulk([one.merged_into_id for one in fresh.values() if one.merged_into_id])
    fresh = {pk: joined.get(one.merged_into_id or 0, one) for pk, one in fresh.items()}
    for change in changes:
        change.__dict__.update(
            {name: value for name, value in fresh[change.pk].__dict__.items() if name != "_state"}
        )
