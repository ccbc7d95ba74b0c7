"""History read again under changed rules, in the background: in batches, resumable, with how far it came.

What is read again loses the evidence of older versions of the rules; what people said is never touched. A
change whose text is gone keeps its evidence, its verdict and the older rules' version, and is counted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from changes.facts import ChangeFact
from changes.models import Change, ChangeQuerySet, HistoryRun, OriginEvidence, Place, Repository
from changes.origin import Evidence, Rule
from changes.services.declaring import hear_again
from changes.services.remnants import FIELDS, Left, left_of
from changes.services.rules import current_rules
from changes.services.weighing import RENEWED, find_evidence, reweigh, save_evidence
from intake import ledger
from intake.models import Delivery
from intake.sources import Ignored, Letter, Unprocessable, providers

log = logging.getLogger(__name__)
BATCH = 500
ALL = "all"
EVERYWHERE = frozenset(Place.values)
State, Kind = HistoryRun.State, HistoryRun.Kind


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is to do and how far it came, as its cursor keeps it.

    `places`: where rules may find something new. `since`: the version of the rules before that; what was read
    under an older one is looked through everywhere. 0 without places: stored evidence is weighed again, and
    nothing is read.
    """

    since: int = 0
    places: frozenset[str] = frozenset()
    repository: int = 0
    change: int = 0

    @classmethod
    def of(cls, cursor: str) -> Task:
        since, places, repository, change = cursor.split("|")
        found = EVERYWHERE if places == ALL else frozenset(places.split("+")) - {""}
        return cls(int(since), found, int(repository), int(change))

    def __str__(self) -> str:
        places = ALL if self.places == EVERYWHERE else "+".join(sorted(self.places))
        return f"{self.since}|{places}|{self.repository}|{self.change}"

    @property
    def only_weighs(self) -> bool:
        return not self.since and not self.places

    def places_for(self, change: Change) -> frozenset[str]:
        return self.places if change.rules_version >= self.since else EVERYWHERE


@transaction.atomic
def ask_to_read_again(*, places: Iterable[str], by: User | None) -> HistoryRun | None:
    """After a rule changed, all history is due; an unfinished run gives way to one that does its work too.

    None where no change is here yet.
    """
    version = current_rules().version
    task = Task(since=version - 1, places=frozenset(places))
    return _ask(None, task, by)


@transaction.atomic
def ask_to_weigh_again(*, repository: Repository, by: User | None) -> HistoryRun | None:
    """After a policy was stated, ended or revoked: verdicts anew from what is stored."""
    return _ask(repository, Task(), by)


def _ask(repository: Repository | None, task: Task, by: User | None) -> HistoryRun | None:
    running = HistoryRun.objects.unfinished().filter(kind=Kind.RULES, repository=repository)
    for older in running.select_for_update(no_key=True):
        before = Task.of(older.cursor)
        if not task.only_weighs:
            task = Task(min(task.since, before.since), task.places | before.places)
        older.state, older.ended_at = State.SUPERSEDED, timezone.now()
        older.save(update_fields=["state", "ended_at"])
    total = _due(repository, Task()).count()
    if not total:
        return None
    return HistoryRun.objects.create(
        kind=Kind.RULES,
        repository=repository,
        rules_version=current_rules().version,
        cursor=str(task),
        total=total,
        asked_by=by,
    )


def _due(repository: Repository | None, task: Task) -> ChangeQuerySet:
    rows = Change.objects.real().current().order_by("repository_id", "id")
    if repository:
        rows = rows.filter(repository=repository)
    return rows.filter(Q(repository__gt=task.repository) | Q(repository=task.repository, pk__gt=task.change))


def read_some() -> bool:
    """One batch of the oldest unfinished run, kept together with how far it came; False when none is left."""
    try:
        with transaction.atomic():
            run = _unfinished()
            if run is None:
                return False
            _advance(run)
    except Exception as error:
        _fail(error)
        raise
    return True


def _unfinished() -> HistoryRun | None:
    runs = HistoryRun.objects.unfinished().filter(kind=Kind.RULES).order_by("id")
    return runs.select_for_update(skip_locked=True, no_key=True).first()


@transaction.atomic
def _fail(error: Exception) -> None:
    if run := _unfinished():
        run.state, run.ended_at, run.error = State.FAILED, timezone.now(), f"{type(error).__name__}: {error}"
        run.save(update_fields=["state", "ended_at", "error"])


def _advance(run: HistoryRun) -> None:
    task, now = Task.of(run.cursor), timezone.now()
    run.began_at, run.heard_at, run.state = run.began_at or now, now, State.RUNNING
    first = _due(run.repository, task).first()
    if first is None:
        run.state, run.ended_at = State.DONE, now
    else:
        # As whoever records changes does: the repository first, so that neither waits for the other.
        repository = Repository.objects.select_for_update(no_key=True).get(pk=first.repository_id)
        rows = _due(run.repository, task).filter(repository=repository)
        batch = list(rows.select_for_update(no_key=True, of=("self",))[:BATCH])
        reading = _Reading(repository, task)
        run.altered += reading.take(batch)
        run.unreadable += reading.unreadable
        run.done += len(batch)
        run.cursor = str(replace(task, repository=repository.pk, change=batch[-1].pk))
    run.save()


class _Reading:
    """One batch of one repository."""

    def __init__(self, repository: Repository, task: Task) -> None:
        self.repository, self.task, self.rules = repository, task, current_rules()
        self.unreadable = 0

    def take(self, batch: Sequence[Change]) -> int:
        """How many verdicts became another."""
        if self.task.only_weighs:
            return self._weigh(batch)
        needs = {one.pk: self.task.places_for(one) for one in batch}
        left = left_of(self.repository, [one for one in batch if not needs[one.pk] <= FIELDS])
        failed = self._take_deliveries(left)
        found: dict[Change, list[Evidence]] = {}
        for change in Change.objects.current().filter(pk__in=needs).order_by("id"):
            facts = _facts(change, needs[change.pk], left.get(change.pk), failed)
            if facts is None:
                self.unreadable += 1
            else:
                found[change] = self._found_in(change, facts)
        save_evidence(found, self.rules, None)
        self._replace({change.pk: needs[change.pk] for change in found})
        altered = self._weigh(list(found))
        for change in found:
            change.rules_version = self.rules.version
        Change.objects.bulk_update(found, ["rules_version", "declared"], batch_size=BATCH)
        return altered

    def _found_in(self, change: Change, facts: Sequence[ChangeFact]) -> list[Evidence]:
        found = []
        for fact in facts:
            mine = find_evidence(fact, self.rules)
            hear_again(change, fact, mine)
            found += mine
        return found

    def _take_deliveries(self, left: Mapping[int, Left]) -> set[int]:
        """Those that nothing here understands any more. The rest tells again, as a replay does."""
        wanted = {pk for one in left.values() if one.is_whole() for pk in one.deliveries}
        failed = set()
        for delivery in Delivery.objects.filter(pk__in=wanted).select_related("source").order_by("id"):
            provider = providers().get(delivery.source.kind)
            letter = Letter(delivery.headers, bytes(delivery.body), delivery.received_at)
            try:
                with transaction.atomic():
                    if provider is None:
                        raise Unprocessable(f"Nothing understands sources of kind {delivery.source.kind!r}")
                    provider.handle(delivery, letter)
            except (Ignored, Unprocessable):
                log.info("Delivery %s could not be read again", delivery.pk, exc_info=True)
                failed.add(delivery.pk)
        return failed

    def _replace(self, needs: Mapping[int, frozenset[str]]) -> None:
        """What an older version of a rule found and this one did not goes; what only means something else now
        says so; what no rule of ours found, such as a declaration, stays."""
        rules = {one.key: one for one in self.rules.book.rules}
        gone, altered = [], []
        for row in OriginEvidence.objects.filter(change__in=needs, rule_key__in=self.rules.in_force):
            if self.rules.in_force[row.rule_key] == row.rule_version:
                continue
            rule = rules.get(row.rule_key)
            if rule is None or row.place in needs[row.change_id] or row.place != rule.place:
                gone.append(row.pk)
            else:
                altered.append(self._in_new_words(row, rule))
        OriginEvidence.objects.filter(pk__in=gone).delete()
        OriginEvidence.objects.bulk_update(altered, RENEWED, batch_size=500)

    def _in_new_words(self, row: OriginEvidence, rule: Rule) -> OriginEvidence:
        row.rule_version, row.origin, row.strength = rule.version, rule.origin, rule.strength
        row.confidence, row.is_automation = rule.confidence, rule.is_automation
        row.assistant = self.rules.assistants.get(rule.assistant) or row.assistant
        row.kind = self.rules.kinds.get(rule.kind)
        return row

    def _weigh(self, changes: Sequence[Change]) -> int:
        altered = reweigh(changes, self.rules)
        pks = [one.pk for one in altered]
        ledger.touch(ledger.Kind.CHANGE, *pks, verb="weighed again", repository_id=self.repository.pk)
        return len(altered)


def _facts(
    change: Change, places: frozenset[str], left: Left | None, failed: Set[int]
) -> list[ChangeFact] | None:
    """What to look through for these places; None where that is gone."""
    if left is None:
        return []  # branch and labels stand in the row, and other meanings need no text
    if left.is_whole() and failed.isdisjoint(left.deliveries):
        return left.facts
    if left.stored_text_serves(change, places):
        told = change.told.get("message", change.told.get("title"))
        at = datetime.fromtimestamp(told / 1_000_000, UTC) if told else change.told_at or change.recorded_at
        return [ChangeFact(told_at=at, title=change.title, message=change.message)]
    return None
