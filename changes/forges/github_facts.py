"""What GitHub's payloads say, as facts: pure functions of a payload.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from changes.facts import (
    ChangeFact,
    CommitFact,
    DeploymentFact,
    DeploymentStep,
    FileFact,
    Identity,
    PushFact,
    RepositoryFact,
    ReviewFact,
)
from changes.wiring import MERGE_SUBJECT, landed_change
from intake.sources import Ignored, Unprocessable, instant

Payload = Mapping[str, Any]

ZEROS = re.compile(r"^0*$")
# `inactive` is the end of a later one's life, not of this roll-out's; it is not sent, and would say nothing.
DEPLOYMENT_STATES = {
    "queued": "queued", "pending": "queued", "waiting": "queued", "in_progress": "running",
    "success": "succeeded", "failure": "failed", "error": "failed",
}  # fmt: skip
REVIEW_STATES = {"approved", "changes_requested", "commented", "dismissed"}


def part(payload: Payload, name: str) -> Payload:
    found = payload.get(name)
    if not isinstance(found, Mapping):
        raise Unprocessable(f"{name!r} is missing")
    return found


def needed(payload: Payload, name: str) -> Any:
    if payload.get(name) in (None, ""):
        raise Unprocessable(f"{name!r} is missing")
    return payload[name]


def time(payload: Payload, name: str) -> datetime:
    found = instant(payload.get(name))
    if found is None:
        raise Unprocessable(f"{name!r} is missing")
    return found


def text(payload: Payload, name: str) -> str | None:
    """None where the field is absent; an explicit null is an empty text."""
    return str(payload[name] or "") if name in payload else None


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or "github.com"
    except ValueError as error:
        raise Unprocessable(f"The repository's address cannot be read: {error}") from error


def repository_fact(payload: Payload) -> RepositoryFact:
    found = part(payload, "repository")
    address = str(found.get("clone_url") or found.get("html_url") or "")
    return RepositoryFact(
        name=str(needed(found, "full_name")),
        host=_host(address),
        forge_id=str(needed(found, "id")),
        origin_address=address,
        default_branch=str(found.get("default_branch") or found.get("master_branch") or ""),
    )


def person(found: object) -> Identity | None:
    """An account as its no-reply address spells it, so that one rule knows it here and in commits."""
    if not isinstance(found, Mapping) or not found.get("login"):
        return None
    login = str(found["login"])
    is_bot = found.get("type") == "Bot" or login.endswith("[bot]")
    return Identity(login, f"{found.get('id', '')}+{login}@users.noreply.github.com", login, is_bot)


def pull_request_fact(payload: Payload) -> ChangeFact:
    """A review's payload holds a short request: what is absent stays None."""
    found = part(payload, "pull_request")
    head = part(found, "head")
    merged_at = instant(found.get("merged_at"))
    shas = [("head", str(head.get("sha") or ""))]
    if merged_at and found.get("merge_commit_sha"):  # before that it is a test merge that lands nowhere
        shas.append(("merge", str(found["merge_commit_sha"])))
    labels = found.get("labels")
    return ChangeFact(
        told_at=time(found, "updated_at"),
        number=str(needed(found, "number")),
        shas=tuple(pair for pair in shas if pair[1]),
        state="merged" if merged_at else "dropped" if found.get("state") == "closed" else "open",
        is_draft=bool(found["draft"]) if "draft" in found else None,
        title=text(found, "title"),
        message=text(found, "body"),
        url=text(found, "html_url"),
        branch=text(head, "ref"),
        labels=tuple(str(one.get("name", "")) for one in labels) if isinstance(labels, list) else None,
        opened_at=instant(found.get("created_at")),
        ready_at=instant(found.get("updated_at")) if payload.get("action") == "ready_for_review" else None,
        merged_at=merged_at,
        closed_at=instant(found.get("closed_at")),
        additions=found.get("additions"),
        deletions=found.get("deletions"),
        files_changed=found.get("changed_files"),
        commits=found.get("commits"),
        author=person(found.get("user")),
    )


def review_fact(payload: Payload) -> ReviewFact:
    found, request = part(payload, "review"), part(payload, "pull_request")
    state = str(needed(found, "state")).lower()
    if state not in REVIEW_STATES:
        raise Ignored(f"A review that is {state} is not kept")
    user = found.get("user")
    reviewer, author = person(user), person(request.get("user"))
    if reviewer is None or not isinstance(user, Mapping):
        raise Ignored("The review's account is gone")
    return ReviewFact(
        number=str(needed(request, "number")),
        external_id=str(needed(found, "id")),
        state=state,
        submitted_at=time(found, "submitted_at"),
        told_at=instant(found.get("updated_at")) or time(request, "updated_at"),
        reviewer=reviewer,
        reviewer_id=f"github:{user.get('id') or reviewer.login}",
        commit_sha=str(found.get("commit_id") or ""),
        is_self=author is not None and author.login == reviewer.login,
        # A review without words comes with none; one that is emptied afterwards takes them back.
        text=text(found, "body") if found.get("body") or payload.get("action") == "edited" else None,
    )


def push_fact(payload: Payload) -> PushFact:
    """What landed on the default branch. A merge's own branch commits stand before it in the list."""
    ref = str(needed(payload, "ref"))
    default = part(payload, "repository").get("default_branch") or ""
    if ref.startswith("refs/tags/") or "gh-readonly-queue/" in ref:
        raise Ignored(f"A push to {ref} lands nothing")
    after = str(payload.get("after") or "")
    if payload.get("deleted") or (after and ZEROS.match(after)):
        raise Ignored("A branch was deleted")
    if ref != f"refs/heads/{default}":
        raise Ignored("Not the default branch: its requests tell of it")
    facts = list(_landed(payload, [one for one in payload.get("commits") or [] if isinstance(one, Mapping)]))
    if not facts:
        raise Ignored("No commit is listed")
    return PushFact(str(default), bool(payload.get("forced")), tuple(facts))


def _commit(found: Payload) -> CommitFact:
    def identity(name: str) -> Identity | None:
        who = found.get(name)
        if not isinstance(who, Mapping):
            return None
        login = str(who.get("username") or "")
        return Identity(str(who.get("name") or ""), str(who.get("email") or ""), login)

    at = time(found, "timestamp")
    return CommitFact(str(needed(found, "id")), str(found.get("message") or ""), at, identity("author"),
                      identity("committer"))  # fmt: skip


def _landed(payload: Payload, commits: list[Payload]) -> Iterator[ChangeFact]:
    """No parents are told. A merge that the forge itself made is pushed with its branch and nothing else."""
    waiting: list[Payload] = []
    before = "" if payload.get("forced") or payload.get("created") else _sha(payload, "before")
    after = _sha(payload, "after")
    for commit in commits:
        if _is_merge(commit) and _is_forges(commit):
            yield landed_fact(commit, merged_in=tuple(_commit(one) for one in waiting))
            waiting, before = [], _sha(commit, "id")
        else:
            waiting.append(commit)
    for commit in waiting:
        sha = _sha(commit, "id")
        yield landed_fact(commit, parent=before, is_sure=len(commits) == 1 or sha == after)
        before = sha


def _sha(payload: Payload, name: str) -> str:
    found = str(payload.get(name) or "")
    return "" if ZEROS.match(found) else found


def _is_merge(commit: Payload) -> bool:
    return bool(MERGE_SUBJECT.match(str(commit.get("message") or "")))


def _is_forges(commit: Payload) -> bool:
    """The button and the queue sign as the forge; a merge made on somebody's machine is that person's."""
    who = commit.get("committer")
    return isinstance(who, Mapping) and (
        who.get("username") == "web-flow" or who.get("email") == "noreply@github.com"
    )


def landed_fact(
    found: Payload, *, merged_in: tuple[CommitFact, ...] = (), parent: str = "", is_sure: bool = True
) -> ChangeFact:
    """Paths are told where the sender lists them; a merge lists its own only."""
    names = [found.get(key) for key in ("added", "modified", "removed")]
    paths = dict.fromkeys(str(path) for part in names if isinstance(part, list) for path in part)
    files = tuple(FileFact(path) for path in paths) if paths and not _is_merge(found) else None
    return landed_change(
        _commit(found), is_merge=_is_merge(found), merged_in=merged_in, files=files, parent=parent,
        is_sure=is_sure,
    )  # fmt: skip


def deployment_fact(payload: Payload) -> DeploymentFact:
    found = part(payload, "deployment")
    status = payload.get("deployment_status")
    steps: tuple[DeploymentStep, ...] = ()
    if isinstance(status, Mapping) and (known := DEPLOYMENT_STATES.get(str(status.get("state", "")).lower())):
        number = int(needed(status, "id"))
        steps = (DeploymentStep(str(number), known, time(status, "created_at"), number),)
    production = found.get("production_environment")
    task = str(found.get("task") or "").lower()
    return DeploymentFact(
        external_id=str(needed(found, "id")),
        environment=str(found.get("original_environment") or needed(found, "environment")),
        told_at=time(found, "updated_at"),
        is_production=production if isinstance(production, bool) else None,
        # "deploy" where nobody chose a word: says nothing.
        kind=next((kind for kind in ("rollback", "hotfix") if kind in task), None),
        sha=str(found.get("sha") or ""),
        ref=str(found.get("ref") or ""),
        requested_at=instant(found.get("created_at")),
        steps=steps,
    )
