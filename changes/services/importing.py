"""A clone's history as changes: read once, oldest first, in batches that each keep how far they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db import transaction
from django.utils import timezone

from changes.facts import ChangeFact, CommitFact, DeploymentFact, DeploymentStep, RepositoryFact
from changes.gitlog import Clone, LoggedCommit
from changes.models import ChangeIdentity, Deployment, Repository
from changes.services.deployments import record_deployments
from changes.services.recording import record_changes
from changes.services.repositories import find_or_make_repository, find_or_make_service
from changes.services.shipping import declare_merged_is_shipped
from changes.wiring import landed_change

BATCH = 500
# A merge of a long-lived branch stands for its newest commits.
MOST_MERGED_IN = 1000
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    repository: Repository
    commits: int
    changes: int
    deployments: int


def import_clone(
    *, clone: Clone, service: str = "", since: str = "", tags_as_releases: bool = False, progress: Progress
) -> Imported:
    """Read what the last import has not; run again, it reads no commit twice.

    Raises: changes.gitlog.GitError.
    """
    head = clone.head()
    repository = _repository(clone, service, merged_is_shipped=not tags_as_releases)
    revisions = _unread(clone, repository, head)
    total = clone.count(revisions, since)
    branches = Branches(clone, revisions)
    read = 0
    commits = clone.first_parents(revisions, since)
    while batch := list(islice(commits, BATCH)):
        facts = list(_facts(clone, batch, branches))
        with transaction.atomic():
            record_changes(repository=repository, facts=facts, read_back=False)
            Repository.objects.filter(pk=repository.pk).update(imported_to=batch[-1].commit.sha)
        read += len(batch)
        progress(read, total)
    releases = _record_tags(clone, repository) if tags_as_releases else []
    repository.refresh_from_db()
    return Imported(repository, read, repository.changes.current().count(), len(releases))


def _repository(clone: Clone, service: str, *, merged_is_shipped: bool) -> Repository:
    fact = RepositoryFact(
        name=clone.name(), origin_address=clone.origin_address(), default_branch=clone.branch()
    )
    repository = find_or_make_repository(
        fact=fact, merged_is_shipped=merged_is_shipped, with_service=not service
    )
    if service:
        find_or_make_service(repository=repository, name=service)
    if merged_is_shipped and not repository.imported_to and not _has_shipped(repository):
        # Whatever told of it before: the first import says so for it, and a person may say otherwise after.
        declare_merged_is_shipped(repository=repository, is_so=True, by=None)
    return repository


def _has_shipped(repository: Repository) -> bool:
    """Where deployments tell, or merges already count, nothing is left to declare."""
    deployments = Deployment.objects.production().succeeded()
    return repository.merged_is_shipped or deployments.filter(repository=repository).exists()


def _unread(clone: Clone, repository: Repository, head: str) -> str:
    """From where the last import came to; all of it where that was rewritten."""
    known = repository.imported_to
    return f"{known}..{head}" if known and clone.contains(known) else head


class Branches:
    """Which commits each merge brought in; only names are held."""

    def __init__(self, clone: Clone, revisions: str) -> None:
        self._parents = dict(clone.parents(revisions))
        self._taken = set(self._main_line())

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


def _facts(clone: Clone, batch: Sequence[LoggedCommit], branches: Branches) -> Iterator[ChangeFact]:
    brought = {one.commit.sha: branches.brought_in_by(one.parents) for one in batch if len(one.parents) > 1}
    wanted = [sha for shas in brought.values() for sha in shas]
    by_sha: dict[str, CommitFact] = {one.commit.sha: one.commit for one in clone.commits(wanted)}
    for one in batch:
        merged_in = [by_sha[sha] for sha in brought.get(one.commit.sha, ()) if sha in by_sha]
        is_merge = len(one.parents) > 1
        parent = one.parents[0] if len(one.parents) == 1 else ""
        yield landed_change(
            one.commit, is_merge=is_merge, merged_in=merged_in, files=one.files, parent=parent
        )


def _record_tags(clone: Clone, repository: Repository) -> list[Deployment]:
    """Each tag as a production deployment of what the main line held by then."""
    tags = clone.tags()
    landed = set(
        ChangeIdentity.objects.filter(repository=repository, value__in=[tag.sha for tag in tags]).values_list(
            "value", flat=True
        )
    )
    return record_deployments(
        repository=repository,
        facts=[
            DeploymentFact(
                external_id=f"tag:{tag.name}"[:120],
                environment="production",
                told_at=timezone.now(),
                is_production=True,
                sha=tag.sha if tag.sha in landed else clone.merge_base(tag.sha) or tag.sha,
                ref=tag.name,
                requested_at=tag.at,
                steps=(DeploymentStep(f"tag:{tag.name}"[:120], Deployment.Status.SUCCEEDED, tag.at),),
            )
            for tag in tags
        ],
    )
