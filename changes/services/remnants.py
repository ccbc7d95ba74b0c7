"""What is left of the words that told of changes: the clone, deliveries still kept, the stored text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from changes import gitnotes, origin
from changes.facts import ChangeFact, CommitFact
from changes.gitlog import Clone, GitError, LoggedCommit
from changes.models import Change, ChangeIdentity, Repository
from changes.wiring import landed_change
from intake.models import Delivery, LedgerEntry

Role = ChangeIdentity.Role
IDENTITIES = frozenset({origin.AUTHOR, origin.COMMITTER})
FIELDS = frozenset({origin.BRANCH, origin.LABEL})
LANDED = frozenset({Role.MERGE, Role.SQUASH, Role.LANDED, Role.PUSHED})


@dataclass(slots=True)
class Left:
    """Of one change: its commits as the clone has them, the deliveries to take again, and what is gone."""

    facts: list[ChangeFact] = field(default_factory=list)
    deliveries: list[int] = field(default_factory=list)
    was_imported: bool = False
    lacks_commits: bool = False
    lacks_deliveries: bool = False
    # How many texts were told of it; only the latest is stored.
    texts: int = 0

    def is_whole(self) -> bool:
        told = bool(self.facts or self.deliveries)
        return told and not self.lacks_commits and not self.lacks_deliveries

    def stored_text_serves(self, change: Change, places: Set[str]) -> bool:
        """Whether the text that is stored is all there was, of what these places look at."""
        if places & IDENTITIES:
            return False
        if places <= FIELDS:
            return True
        was_redacted = origin.PERSON in change.title or origin.PERSON in change.message
        return self.texts <= 1 and not (was_redacted and origin.TRAILER in places)


def left_of(repository: Repository, changes: Sequence[Change]) -> dict[int, Left]:
    found = {one.pk: Left() for one in changes}
    names = _names_of(found)
    commits = _commits(repository, [sha for roles in names.values() for sha, _ in roles])
    _add_tellings(found)
    for pk, left in found.items():
        _add_commits(left, names[pk], commits)
    return found


def _names_of(changes: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = ChangeIdentity.objects.filter(change__in=changes, space=ChangeIdentity.Space.SHA).order_by("id")
    for pk, sha, role in rows.values_list("change_id", "value", "role"):
        found[pk].append((sha, role))
    return found


def _commits(repository: Repository, shas: Iterable[str]) -> dict[str, LoggedCommit]:
    """As far as the clone has them; none where it is gone."""
    folder = Path(repository.clone_path)
    if not repository.clone_path or not folder.is_dir():
        return {}
    clone = Clone(folder)
    try:
        here = gitnotes.present(clone, shas)
        return {one.commit.sha: one for one in clone.commits(sorted(here))}
    except GitError:
        return {}  # no repository any more: as good as gone


def _add_commits(left: Left, names: list[tuple[str, str]], commits: dict[str, LoggedCommit]) -> None:
    landed = [sha for sha, role in names if role in LANDED]
    heads = [sha for sha, role in names if role == Role.HEAD]
    for sha in landed:
        if one := commits.get(sha):
            is_merge = len(one.parents) > 1
            left.facts.append(_fact(one, [commits[head].commit for head in heads if head in commits]))
            left.lacks_commits |= is_merge and any(head not in commits for head in heads)
        else:
            left.lacks_commits |= left.was_imported
    left.lacks_commits |= left.was_imported and not landed
    if left.was_imported:
        has_branch = any(role == Role.MERGE for _, role in names)
        left.texts += len(landed) + len(heads) * has_branch


def _fact(one: LoggedCommit, heads: Sequence[CommitFact]) -> ChangeFact:
    is_merge = len(one.parents) > 1
    return landed_change(one.commit, is_merge=is_merge, merged_in=heads if is_merge else ())


def _add_tellings(found: dict[int, Left]) -> None:
    """Which deliveries told of each change, or of a double of it: the newest of each event."""
    stands = {pk: pk for pk in found}
    stands |= dict(Change.objects.filter(merged_into__in=found).values_list("pk", "merged_into_id"))
    rows = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.CHANGE, object_id__in=stands, verb="told")
    told: dict[int, set[int]] = defaultdict(set)
    for pk, delivery in rows.order_by().values_list("object_id", "delivery_id").distinct():
        if not delivery:
            found[stands[pk]].was_imported = True
        else:
            told[stands[pk]].add(delivery)
    wanted = {pk for deliveries in told.values() for pk in deliveries}
    columns = Delivery.objects.filter(pk__in=wanted).values_list("id", "event", "body_purged_at")
    known = {pk: (event, purged_at is None) for pk, event, purged_at in columns}
    for pk, deliveries in told.items():
        newest = {known[one][0]: one for one in sorted(deliveries) if one in known}
        left = found[pk]
        left.deliveries = sorted(one for one in newest.values() if known[one][1])
        left.lacks_deliveries = len(left.deliveries) < len(newest) or not newest
        left.texts += len(newest)
