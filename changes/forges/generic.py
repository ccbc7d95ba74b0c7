"""Any sender of JSON: a change, deployment, review, remark or check; docs/webhooks.md has the fields."""

from __future__ import annotations

import re
from collections.abc import Callable

from changes.facts import (
    ChangeFact,
    DeclaredKind,
    DeploymentFact,
    DeploymentStep,
    FileFact,
    RepositoryFact,
)
from changes.forges.generic_reviews import check_fact, named_change, remark_fact, review_fact
from changes.forges.reading import Reader
from changes.models import Change, Deployment, Origin, Repository
from changes.services.checks import record_checks
from changes.services.deployments import record_deployments
from changes.services.recording import record_changes
from changes.services.repositories import find_or_make_repository
from changes.services.reviews import record_remarks, record_reviews
from intake.models import Delivery
from intake.sources import Letter, SharedSecret, Unprocessable, body_key

STATES = {"open", "merged", "dropped"}
SHA_ROLES = {"head", "merge", "squash", "landed"}


class GenericChange(SharedSecret):
    kind = "generic-change"
    title = "Changes and deployments as JSON"

    def key(self, letter: Letter) -> str:
        return letter.header("Idempotency-Key") or body_key(letter)

    def event(self, letter: Letter) -> str:
        """By a look at the bytes: what is whole and what is not is found out later."""
        found = set(PART.findall(letter.body))
        return next((name for name in PARTS if name.encode() in found), "unknown")

    def handle(self, delivery: Delivery, letter: Letter) -> None:
        document = Reader(letter.document, "")
        name = next((name for name in PARTS if name in letter.document), "")
        if not name:
            raise Unprocessable(f"None of {', '.join(repr(one) for one in PARTS)} is there")
        repository = find_or_make_repository(fact=repository_fact(document.part("repository")))
        PARTS[name](repository, document.part(name), delivery)


def _change(repository: Repository, found: Reader, delivery: Delivery) -> None:
    record_changes(repository=repository, facts=[change_fact(found)], delivery=delivery)


def _deployment(repository: Repository, found: Reader, delivery: Delivery) -> None:
    fact = deployment_fact(found)
    record_deployments(repository=repository, facts=[fact], source=delivery.source, delivery=delivery)


def _review(repository: Repository, found: Reader, delivery: Delivery) -> None:
    fact = review_fact(found)
    record_changes(repository=repository, facts=[named_change(fact)], delivery=delivery)
    record_reviews(repository=repository, facts=[fact], delivery=delivery)


def _remark(repository: Repository, found: Reader, delivery: Delivery) -> None:
    fact = remark_fact(found)
    record_changes(repository=repository, facts=[named_change(fact)], delivery=delivery)
    record_remarks(repository=repository, facts=[fact], delivery=delivery)


def _check(repository: Repository, found: Reader, delivery: Delivery) -> None:
    record_checks(repository=repository, facts=[check_fact(found)], delivery=delivery)


# The first that is there is read.
PARTS: dict[str, Callable[[Repository, Reader, Delivery], None]] = {
    "deployment": _deployment,
    "review": _review,
    "remark": _remark,
    "check": _check,
    "change": _change,
}


PART = re.compile(rb'"(%s)"\s*:\s*\{' % "|".join(PARTS).encode())


def repository_fact(found: Reader) -> RepositoryFact:
    return RepositoryFact(
        name=found.needed("name"),
        host=found.text("host") or "",
        forge_id=found.text("id") or "",
        origin_address=found.text("address") or "",
        default_branch=found.text("default_branch") or "",
    )


def change_fact(found: Reader) -> ChangeFact:
    """`id`, `number` or a commit names it; `at` is the time of the event that tells."""
    number, external = found.text("number") or "", found.text("id") or ""
    commits = found.parts("commits") or []
    shas = tuple((one.choice("role", SHA_ROLES) or "landed", one.needed("sha")) for one in commits)
    times = [(one.needed("sha"), one.time("at")) for one in commits]
    if not (number or external or shas):
        raise Unprocessable("change needs an id, a number or commits: nothing names it")
    state, merged_at = found.choice("state", STATES), found.time("merged_at")
    if state == "merged" and merged_at is None:
        raise Unprocessable("change.merged_at is missing")
    files = found.parts("files")
    return ChangeFact(
        told_at=found.time_needed("at"),
        number=number,
        external_id=external,
        shas=shas,
        state="merged" if merged_at else state,
        type=found.choice("type", set(Change.Type.values)),
        is_draft=found.yes("draft"),
        title=found.text("title"),
        message=found.text("message"),
        url=found.text("url"),
        branch=found.text("branch"),
        labels=found.texts("labels"),
        opened_at=found.time("opened_at"),
        ready_at=found.time("ready_at"),
        commit_times=tuple((sha, at) for sha, at in times if at),
        merged_at=merged_at,
        closed_at=found.time("closed_at"),
        additions=found.count("additions"),
        deletions=found.count("deletions"),
        files_changed=found.count("files_changed"),
        files=None if files is None else tuple(_file(one) for one in files),
        declared_origin=found.choice("origin", set(Origin.values)) or "",
        declared_assistant=found.text("assistant") or "",
        declared_kinds=tuple(
            DeclaredKind(one.needed("kind"), one.text("assistant") or "")
            for one in found.parts("assistances") or ()
        ),
        services=found.texts("services") or (),
    )


def _file(found: Reader) -> FileFact:
    return FileFact(found.needed("path"), found.count("added"), found.count("deleted"))


def deployment_fact(found: Reader) -> DeploymentFact:
    at = found.time_needed("at")
    status = found.choice("status", set(Deployment.Status.values))
    external = found.needed("id")
    step = DeploymentStep(f"{external}:{status}:{at.isoformat()}", status, at) if status else None
    return DeploymentFact(
        external_id=external,
        environment=found.needed("environment"),
        told_at=at,
        is_production=found.yes("is_production"),
        kind=found.choice("kind", set(Deployment.Kind.values)),
        sha=found.text("sha"),
        ref=found.text("ref"),
        url=found.text("url"),
        service=found.text("service") or "",
        requested_at=found.time("requested_at"),
        steps=(step,) if step else (),
    )
