"""A clone's history as changes: read once, oldest first, in batches that each keep how far they came."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import connection, transaction

from changes.facts import ChangeFact, CommitFact, DeploymentFact, DeploymentStep, RepositoryFact
from changes.gitlog import Clone, GitError, Line, LoggedCommit
from changes.models import ChangeIdentity, Deployment, HistoryRun, Repository
from changes.services.deployments import record_deployments
from changes.services.import_runs import PART, WHOLE, extent, import_run, note_progress
from changes.services.recording import record_changes
from changes.services.repositories import (
    find_or_make_repository,
    find_or_make_service,
    give_address,
    normalised_address,
)
from changes.services.shipping import declare_for_import
from changes.wiring import landed_change

BATCH = 1000
# A merge of a long-lived branch stands for its newest commits.
MOST_MERGED_IN = 1000
# What is longer is not kept: background work does without that clone.
MOST_PATH = 500
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """`commits` landed on the main line; `read` counts all that git handed out, the branches' too."""

    repository: Repository
    commits: int
    read: int
    changes: int
    deployments: int
    notes: tuple[str, ...] = field(default=())


def import_clone(
    *,
    clone: Clone,
    service: str = "",
    since: str = "",
    branch: str = "",
    again: bool = False,
    tags_as_releases: bool = False,
    progress: Progress,
) -> Imported:
    """Read what the last import has not; run again, it reads no commit twice unless asked to.

    Raises: changes.gitlog.GitError.
    """
    line = clone.main_line(branch)
    repository = _repository(clone, line, service, merged_is_shipped=not tags_as_releases)
    source = _Source.of(clone, repository, line, since=since, again=again)
    with import_run(repository=repository, clone=clone, total=source.total) as run:
        commits = _import_commits(source, repository, run, progress)
        releases = _import_tags(clone, repository, line) if tags_as_releases else 0
    repository.refresh_from_db()
    known = repository.changes.current().count()
    return Imported(repository, commits, clone.read, known, releases, source.notes)


def _import_commits(source: _Source, repository: Repository, run: HistoryRun, progress: Progress) -> int:
    done = 0
    with closing(source.batches()) as batches:
        for facts in batches:
            with transaction.atomic():
                _commit_quickly()
                record_changes(repository=repository, facts=facts, read_back=False)
                last = facts[-1].landed
                Repository.objects.filter(pk=repository.pk).update(imported_to=last.sha if last else "")
                note_progress(run, read=len(facts), cursor=source.extent)
            done += len(facts)
            progress(done, source.total)
    return done


def _commit_quickly() -> None:
    """Nobody waits for the disk: what a crash takes is a batch and the mark behind it, and is read again."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO OFF")


def _repository(clone: Clone, line: Line, service: str, *, merged_is_shipped: bool) -> Repository:
    address = clone.origin_address()
    if address:
        _give_address(clone, address)
    name = clone.names()[0] if address else _free_name(clone)
    fact = RepositoryFact(name=name, origin_address=address, default_branch=line.branch)
    repository = find_or_make_repository(
        fact=fact, merged_is_shipped=merged_is_shipped, with_service=not service
    )
    if service:
        find_or_make_service(repository=repository, name=service)
    if merged_is_shipped:
        declare_for_import(repository=repository)
    path = str(clone.path)
    if len(path) <= MOST_PATH and repository.clone_path != path:
        repository.clone_path = path
        repository.save(update_fields=["clone_path"])
    return repository


def _free_name(clone: Clone) -> str:
    """Without an origin address only the folder tells: another repository may lie in one of the same name.

    It is the same where the clone holds what was read last, or lies where that one lay.
    """
    names = clone.names()
    nameless = Repository.objects.filter(origin_address="", forge_id="", host="", name__in=names)
    taken = {one.name: one for one in nameless}
    for name in names:
        known = taken.get(name)
        if known is None or _is_of(known, clone):
            return name
    raise GitError("other repositories have its name; give it an address: git remote add origin ADDRESS")


def _is_of(known: Repository, clone: Clone) -> bool:
    if known.clone_path == str(clone.path):
        return True
    if known.imported_to:
        return clone.holds(known.imported_to)
    # Nothing was read of it: another clone that cannot be read may still lie where it was imported from.
    return not (known.clone_path and Path(known.clone_path).is_dir())


def _give_address(clone: Clone, address: str) -> None:
    """What was read of this very clone before somebody gave it an address is the same repository."""
    nameless = Repository.objects.filter(origin_address="", forge_id="", host="", is_demo=False)
    known = nameless.filter(clone_path=str(clone.path)).exclude(imported_to="").first()
    is_new = not Repository.objects.filter(origin_address=normalised_address(address)).exists()
    if known and is_new and clone.holds(known.imported_to):
        give_address(repository=known, address=address)


@dataclass(frozen=True, slots=True)
class _Source:
    """What this import has to read, and what it cannot see."""

    clone: Clone
    revisions: str
    since: str
    total: int
    branches: Branches
    cut: frozenset[str]
    # Whether, with this, the history was read from its beginning.
    extent: str
    notes: tuple[str, ...]

    @classmethod
    def of(cls, clone: Clone, repository: Repository, line: Line, *, since: str, again: bool) -> _Source:
        cut = frozenset(clone.cut())
        is_limited = bool(since or cut)
        before = extent(repository) or (WHOLE if repository.imported_to else "")
        again = again or (before == PART and not is_limited)
        revisions, note = (line.head, "") if again else _unread(clone, repository, line.head)
        is_part = is_limited and (again or before != WHOLE)
        branches = Branches(clone, revisions)
        return cls(
            clone=clone,
            revisions=revisions,
            since=since,
            total=clone.count(revisions, since) if since else branches.landed,
            branches=branches,
            cut=cut,
            extent=PART if is_part else WHOLE,
            notes=tuple(filter(None, (line.note, note, _what_is_cut(cut)))),
        )

    def batches(self) -> Generator[list[ChangeFact], None, None]:
        """Oldest first; the branch commits of the next batch are read while this one is written."""
        with closing(self._logged()) as commits, ThreadPoolExecutor(1) as reader:
            waiting: Callable[[], list[ChangeFact]] | None = None
            while batch := list(islice(commits, BATCH)):
                following = self._prepare(batch, reader)
                if waiting:
                    yield waiting()
                waiting = following
            if waiting:
                yield waiting()

    def _logged(self) -> Generator[LoggedCommit, None, None]:
        try:
            yield from self.clone.first_parents(self.revisions, self.since)
        except GitError as error:
            if self.clone.is_partial():
                raise GitError(
                    f"it is a partial clone, without the files that sizes are counted from; a full one is "
                    f"needed ({error})"
                ) from error
            raise

    def _prepare(
        self, batch: Sequence[LoggedCommit], reader: ThreadPoolExecutor
    ) -> Callable[[], list[ChangeFact]]:
        brought = {
            one.commit.sha: self.branches.brought_in_by(one.parents) for one in batch if len(one.parents) > 1
        }
        wanted = [sha for shas in brought.values() for sha in shas]
        read = reader.submit(lambda: {one.commit.sha: one.commit for one in self.clone.commits(wanted)})
        return lambda: [self._fact(one, brought.get(one.commit.sha, ()), read.result()) for one in batch]

    def _fact(self, one: LoggedCommit, brought: Sequence[str], by_sha: dict[str, CommitFact]) -> ChangeFact:
        return landed_change(
            one.commit,
            is_merge=len(one.parents) > 1,
            merged_in=[by_sha[sha] for sha in brought if sha in by_sha],
            # Where the parents are missing, git shows all files as new.
            files=None if one.commit.sha in self.cut else one.files,
            parent=one.parents[0] if len(one.parents) == 1 else "",
        )


def _unread(clone: Clone, repository: Repository, head: str) -> tuple[str, str]:
    """From where the last import came to; where that was rewritten, from where the two part."""
    known = repository.imported_to
    if not known:
        return head, ""
    if clone.contains(known, head):
        return f"{known}..{head}", ""
    base = clone.merge_base(known, head)
    if not base:
        return head, "the last import's newest commit is not known here: all is read"
    gone = clone.count(f"{head}..{known}")
    return (
        f"{base}..{head}",
        f"the main line was rewritten: {gone} commits read before are not in it any more",
    )


def _what_is_cut(cut: frozenset[str]) -> str:
    if not cut:
        return ""
    return (
        f"this clone is shallow: {len(cut)} of its commits lack their parents. What landed before them is "
        "missing, and their own size is unknown. After `git fetch --unshallow`, the next import reads all"
    )


class Branches:
    """Which commits each merge brought in; only names are held."""

    def __init__(self, clone: Clone, revisions: str) -> None:
        # A name stands in several rows and is held once.
        names: dict[str, str] = {}
        self._parents = {
            names.setdefault(sha, sha): tuple(names.setdefault(one, one) for one in parents)
            for sha, parents in clone.parents(revisions)
        }
        self._taken = set(self._main_line())
        self.landed = len(self._taken)

    def _main_line(self) -> Iterator[str]:
        # The newest comes first; what its first parents do not reach came in by a merge.
        sha = next(iter(self._parents), "")
        while sha in self._parents:
            yield sha
            sha = next(iter(self._parents[sha]), "")

    def brought_in_by(self, parents: Sequence[str]) -> list[str]:
        found: list[str] = []
        waiting = list(parents[1:])
        while waiting:
            sha = waiting.pop()
            if sha in self._taken or sha not in self._parents:
                continue
            self._taken.add(sha)
            found.append(sha)
            waiting.extend(self._parents[sha])
        return found[:MOST_MERGED_IN]


def _import_tags(clone: Clone, repository: Repository, line: Line) -> int:
    """Each tag as a production deployment of what the main line held by then; says how many there are.

    A planned one each: a release of an older line holds older commits, and rolls nothing back.
    """
    tags = {f"tag:{tag.name}"[:120]: tag for tag in clone.tags()}
    stored = Deployment.objects.filter(repository=repository, external_id__in=tags).exclude(kind_told="")
    known = set(stored.values_list("external_id", flat=True))
    new = {key: tag for key, tag in tags.items() if key not in known}
    named = ChangeIdentity.objects.filter(repository=repository, value__in=[tag.sha for tag in new.values()])
    landed = set(named.values_list("value", flat=True))
    record_deployments(
        repository=repository,
        facts=[
            DeploymentFact(
                external_id=key,
                environment="production",
                told_at=tag.at,
                is_production=True,
                kind=Deployment.Kind.PLANNED,
                sha=tag.sha if tag.sha in landed else clone.merge_base(tag.sha, line.head) or tag.sha,
                ref=tag.name,
                requested_at=tag.at,
                steps=(DeploymentStep(key, Deployment.Status.SUCCEEDED, tag.at),),
            )
            for key, tag in new.items()
        ],
    )
    return len(tags)
