"""Agent Trace records of a clone: which commit each speaks of, and the lines that it attests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db import transaction

from changes import gitnotes
from changes.attestation import AGENT_TRACE, Attestation, Unreadable, parse_trace
from changes.gitlog import Clone
from changes.gitnotes import Added
from changes.models import AttestedLines, ChangeIdentity, Repository
from changes.queries.places import classes_of
from changes.services.attested import Share, save_shares
from changes.services.rules import current_rules

MOST_RECORDS = 100_000
ITSELF, EARLIER, NOWHERE = (
    "trace records that name their own commit",
    "trace records that name a commit before theirs",
    "trace records of no change here",
)
# A record, and the commit of the default branch that brought it.
Brought = tuple[str, Attestation]


@transaction.atomic
def read_traces(*, repository: Repository, clone: Clone) -> Counter[str]:
    """Read the records that came since the last reading; returns how many ended how.

    Raises: changes.gitlog.GitError.
    """
    outcomes: Counter[str] = Counter()
    repository = Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    head, known = repository.imported_to or clone.head(), repository.traces_read_to
    if not gitnotes.has_traces(clone, head):
        return outcomes
    is_known = bool(known) and clone.contains(known, head)
    reading = _Reading(repository, clone)
    fresh = reading.records(f"{known}..{head}" if is_known else head, outcomes)
    targets = reading.targets(fresh, outcomes)
    rows = AttestedLines.objects.filter(change__in=targets, format=AGENT_TRACE)
    if is_known and rows.exists():  # what was read of these before is read with it, so that rows stay whole
        every = reading.targets(reading.records(head, Counter()), Counter())
        targets = {pk: every.get(pk, commits) for pk, commits in targets.items()}
    reading.save(targets)
    Repository.objects.filter(pk=repository.pk).update(traces_read_to=head)
    return outcomes


class _Reading:
    def __init__(self, repository: Repository, clone: Clone) -> None:
        self.repository, self.clone = repository, clone
        self.added: dict[str, Added] = {}

    def records(self, revisions: str, outcomes: Counter[str]) -> list[Brought]:
        found: list[Brought] = []
        for sha, line in gitnotes.traces(self.clone, revisions):
            if len(found) >= MOST_RECORDS:
                outcomes["trace records left out: too many"] += 1
                continue
            try:
                found.append((sha, parse_trace(line)))
            except Unreadable as error:
                outcomes[f"trace records not read: {error}"] += 1
        return found

    def targets(
        self, records: Iterable[Brought], outcomes: Counter[str]
    ) -> dict[int, dict[str, list[Attestation]]]:
        """Records by change and by the commit that they speak of."""
        records = list(records)
        shas = {sha for sha, _ in records} | {one.revision for _, one in records}
        changes = self._changes(shas)
        wanted = gitnotes.present(self.clone, set(changes) - set(self.added))
        self.added |= {one.sha: one for one in gitnotes.added(self.clone, sorted(wanted))}
        found: dict[int, dict[str, list[Attestation]]] = defaultdict(lambda: defaultdict(list))
        for brought_by, record in records:
            commit, outcome = commit_of(record, brought_by, self.added)
            outcomes[outcome] += 1
            if commit:
                found[changes[commit]][commit].append(record)
        return found

    def _changes(self, shas: Iterable[str]) -> dict[str, int]:
        rows = ChangeIdentity.objects.filter(
            repository=self.repository, space=ChangeIdentity.Space.SHA, value__in=list(shas)
        )
        return dict(rows.values_list("value", "change_id"))

    def save(self, targets: Mapping[int, Mapping[str, list[Attestation]]]) -> None:
        classes = classes_of(self.repository)
        shares: dict[int, Share] = {}
        for pk, commits in targets.items():
            shares[pk] = Share()
            for sha, records in commits.items():
                # Several records of one commit are one: each of its lines counts once.
                claims = tuple(claim for one in records for claim in one.claims)
                shares[pk].add(replace(records[0], claims=claims), self.added[sha], classes)
        save_shares(self.repository, shares, AGENT_TRACE, current_rules())


def commit_of(record: Attestation, brought_by: str, added: Mapping[str, Added]) -> tuple[str, str]:
    """The commit whose lines a record attests, and which way it names it.

    The reference writer names HEAD at the time of the edit, the commit before; others name the commit itself.
    A revision made no earlier than the record, of the same files, is the commit itself. Else it is the one
    that brought the record, if that touches the files; else, late as it came, what the record names.
    """
    named, brought = added.get(record.revision), added.get(brought_by)
    fits = named is not None and not record.paths.isdisjoint(named.files)
    if named and fits and record.at and named.at >= record.at:
        return named.sha, ITSELF
    if brought and not record.paths.isdisjoint(brought.files):
        return brought.sha, ITSELF if record.revision == brought.sha else EARLIER
    return (named.sha, ITSELF) if named and fits else ("", NOWHERE)
