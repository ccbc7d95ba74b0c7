"""What tools' own records attest, read from a clone: git-ai notes here, Agent Trace records in `tracing`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction

from changes import gitnotes
from changes.attestation import GIT_AI, UNKNOWN, Attestation, Unreadable, parse_note
from changes.gitlog import Clone
from changes.gitnotes import Added
from changes.models import AttestedLines, ChangeIdentity, Repository
from changes.queries.places import classes_of
from changes.services.attested import Share, save_shares
from changes.services.rules import current_rules
from changes.services.tracing import read_traces

BATCH = 200
MANY = 5000
Progress = Callable[[int, int], None]
Space, Role = ChangeIdentity.Space, ChangeIdentity.Role


@dataclass(slots=True)
class Attested:
    """`outcomes` accounts for every note and record that was looked at: how many ended how."""

    changes: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


def read_attestations(
    *,
    repository: Repository,
    clone: Clone,
    again: bool = False,
    progress: Progress = lambda read, total: None,
) -> Attested:
    """Read what came or changed since the last reading; a note may come to a commit that was read long ago.

    `again` reads all once more: a tool may have a name in the taxonomy by now, a path another class.

    Raises: changes.gitlog.GitError.
    """
    done = Attested()
    if again:
        Repository.objects.filter(pk=repository.pk).update(notes_read_to="", traces_read_to="")
    repository.refresh_from_db()
    _Notes(repository, clone, done.outcomes).read(progress)
    done.outcomes += read_traces(repository=repository, clone=clone)
    repository.refresh_from_db()
    rows = AttestedLines.objects.filter(change__repository=repository, change__merged_into=None)
    done.changes = rows.exclude(contributor=UNKNOWN).values("change").distinct().count()
    return done


class _Notes:
    """git-ai's notes of one clone."""

    def __init__(self, repository: Repository, clone: Clone, outcomes: Counter[str]) -> None:
        self.repository, self.clone, self.outcomes = repository, clone, outcomes
        self.rules = current_rules()
        self.classes = classes_of(repository)
        self.blobs: Mapping[str, str] = {}

    def read(self, progress: Progress) -> None:
        tip = gitnotes.notes_tip(self.clone)
        if not tip and not self.repository.notes_read_to:
            return
        self.blobs = gitnotes.noted(self.clone, tip) if tip else {}
        waiting = self._waiting(tip)
        for at in range(0, len(waiting), BATCH):
            self._take(waiting[at : at + BATCH])
            progress(min(at + BATCH, len(waiting)), len(waiting))
        Repository.objects.filter(pk=self.repository.pk).update(notes_read_to=tip)

    def _waiting(self, tip: str) -> list[int]:
        """Changes with a note that is new, altered or gone, and those not here at the last reading."""
        before = self.repository.notes_read_to
        since = gitnotes.noted_since(self.clone, before, tip) if tip else None
        by_sha = changes_of(self.repository, set(self.blobs) | (since or set()))
        self.outcomes["notes on commits of no change here"] += len(set(self.blobs) - set(by_sha))
        rows = AttestedLines.objects.filter(change__repository=self.repository, format=GIT_AI)
        known = set(rows.values_list("change_id", flat=True))
        if since is None:
            return sorted(set(by_sha.values()) | known)
        return sorted({pk for sha, pk in by_sha.items() if sha in since or pk not in known})

    @transaction.atomic
    def _take(self, batch: Sequence[int]) -> None:
        Repository.objects.select_for_update(no_key=True).get(pk=self.repository.pk)
        names = _names_of(batch)
        every = [sha for roles in names.values() for sha in roles]
        records = self._records(every)
        here = gitnotes.present(self.clone, every)
        added = {one.sha: one for one in gitnotes.added(self.clone, sorted(here))}
        shares = {}
        for pk in batch:
            shares[pk] = Share()
            for sha in counted(names[pk], records, added):
                shares[pk].add(records.get(sha), added.get(sha), self.classes)
        save_shares(self.repository, shares, GIT_AI, self.rules)

    def _records(self, shas: Iterable[str]) -> dict[str, Attestation]:
        by_blob: dict[str, list[str]] = defaultdict(list)
        for sha in shas:
            if sha in self.blobs:
                by_blob[self.blobs[sha]].append(sha)
        found = {}
        for blob, text in gitnotes.texts(self.clone, list(by_blob)):
            record = self._parsed(text, len(by_blob[blob]))
            if record:
                found.update(dict.fromkeys(by_blob[blob], record))
        return found

    def _parsed(self, text: str | None, times: int) -> Attestation | None:
        try:
            if text is None:
                raise Unreadable("the note is too large, or not in the clone")
            record = parse_note(text)
        except Unreadable as error:
            self.outcomes[f"notes not read: {error}"] += times
            return None
        self.outcomes[f"notes {_outcome(record)}"] += times
        return record


def _outcome(record: Attestation) -> str:
    if record.names_ai:
        return "with AI lines" if any(one.tool for one in record.claims) else "with AI lines of no named tool"
    return "with human lines only" if record.claims else "that attest no line"


def changes_of(repository: Repository, shas: Collection[str]) -> dict[str, int]:
    """The change that each of these commits is part of."""
    found: dict[str, int] = {}
    rows = ChangeIdentity.objects.filter(repository=repository, space=Space.SHA)
    waiting: Iterator[str] = iter(sorted(shas))
    while some := list(islice(waiting, MANY)):
        found.update(rows.filter(value__in=some).values_list("value", "change_id"))
    return found


def _names_of(changes: Sequence[int]) -> dict[int, dict[str, str]]:
    """The commits of each change, with their roles."""
    found: dict[int, dict[str, str]] = {pk: {} for pk in changes}
    rows = ChangeIdentity.objects.filter(change__in=changes, space=Space.SHA).order_by("id")
    for pk, sha, role in rows.values_list("change_id", "value", "role"):
        found[pk][sha] = role
    return found


def counted(
    roles: Mapping[str, str], records: Mapping[str, Attestation], added: Mapping[str, Added]
) -> list[str]:
    """Which commits of a change tell of its lines, so that none is told of twice.

    What landed by itself (a squash, the commits of a rebase) comes before the branch that it was made from.
    Of a true merge the branch's own commits come first: notes on merges were seen to speak of other lines.
    """
    landed = [sha for sha, role in roles.items() if role != Role.HEAD]
    groups = (
        [sha for sha in landed if not _is_merge(sha, added)],
        [sha for sha, role in roles.items() if role == Role.HEAD and not _is_merge(sha, added)],
        [sha for sha in landed if _is_merge(sha, added)],
    )
    noted = [group for group in groups if any(sha in records for sha in group)]
    telling = (group for group in noted if any(records[sha].claims for sha in group if sha in records))
    return next(telling, noted[0] if noted else [])


def _is_merge(sha: str, added: Mapping[str, Added]) -> bool:
    return sha in added and len(added[sha].parents) > 1
