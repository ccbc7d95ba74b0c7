"""What GitHub says of comments and checks, as facts: pure functions of a payload.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from changes.facts import ChangeFact, CheckFact, RemarkFact
from changes.forges.github_facts import Payload, needed, part, person, text, time
from intake.sources import Ignored, instant

# What of a check's life has not begun yet; `waiting` is for somebody's leave to deploy.
QUEUED = {"queued", "requested", "waiting", "pending"}
ACTIONS_RUN = "/actions/runs/"


def inline_fact(payload: Payload) -> RemarkFact:
    """A comment on a line: its request comes with it."""
    request = part(payload, "pull_request")
    return _remark(payload, request, "inline")


def thread_fact(payload: Payload) -> RemarkFact:
    """A comment in the conversation of a request; those of issues are none of ours."""
    issue = part(payload, "issue")
    if not isinstance(issue.get("pull_request"), Mapping):
        raise Ignored("A comment on an issue, not on a pull request")
    return _remark(payload, issue, "thread")


def _remark(payload: Payload, request: Payload, kind: str) -> RemarkFact:
    comment = part(payload, "comment")
    user = comment.get("user")
    writer, author = person(user), person(request.get("user"))
    if writer is None or not isinstance(user, Mapping):
        raise Ignored("The comment's account is gone")
    at = time(comment, "created_at")
    told_at = instant(comment.get("updated_at")) or at
    is_gone = payload.get("action") == "deleted"
    return RemarkFact(
        number=str(needed(request, "number")),
        external_id=str(needed(comment, "id")),
        kind=kind,
        at=at,
        told_at=told_at,
        reviewer=writer,
        reviewer_id=f"github:{user.get('id') or writer.login}",
        text=text(comment, "body"),
        is_self=author is not None and author.login == writer.login,
        # When it was deleted is not said; the request it stood on was altered by it.
        deleted_at=max(told_at, instant(request.get("updated_at")) or told_at) if is_gone else None,
    )


def issue_fact(payload: Payload) -> ChangeFact:
    """The little that a conversation's payload says of its request: no commits and no size."""
    issue, request = part(payload, "issue"), part(part(payload, "issue"), "pull_request")
    labels, merged_at = issue.get("labels"), instant(request.get("merged_at"))
    # Older payloads do not say whether a closed one was merged.
    state = "merged" if merged_at else "open" if issue.get("state") == "open" else None
    if state is None and issue.get("state") == "closed" and "merged_at" in request:
        state = "dropped"
    return ChangeFact(
        told_at=time(issue, "updated_at"),
        number=str(needed(issue, "number")),
        state=state,
        merged_at=merged_at,
        closed_at=instant(issue.get("closed_at")) if state in {"merged", "dropped"} else None,
        is_draft=bool(issue["draft"]) if "draft" in issue else None,
        title=text(issue, "title"),
        message=text(issue, "body"),
        url=text(issue, "html_url"),
        labels=tuple(str(one.get("name", "")) for one in labels) if isinstance(labels, list) else None,
        opened_at=instant(issue.get("created_at")),
        author=person(issue.get("user")),
    )


def workflow_run_fact(payload: Payload) -> CheckFact:
    """A run's own time of start is that of its request; when a machine took it is told by going over."""
    run = part(payload, "workflow_run")
    attempt = int(run.get("run_attempt") or 1)
    created, updated = time(run, "created_at"), time(run, "updated_at")
    again = instant(run.get("run_started_at"))
    status = str(run.get("status") or "")
    is_done = status == "completed"
    workflow = payload.get("workflow")
    named = workflow.get("name") if isinstance(workflow, Mapping) else ""
    return CheckFact(
        kind="workflow",
        external_id=str(needed(run, "id")),
        attempt=attempt,
        sha=str(needed(run, "head_sha")),
        name=str(run.get("name") or named or ""),
        branch=str(run.get("head_branch") or ""),
        url=str(run.get("html_url") or ""),
        told_at=updated,
        queued_at=again if attempt > 1 and again else created,
        started_at=updated if status == "in_progress" else None,
        completed_at=updated if is_done else None,
        conclusion=str(run.get("conclusion") or "") if is_done else "",
    )


def workflow_job_fact(payload: Payload) -> CheckFact:
    """A job tells when its run got its first machine; the run itself says when all of it was done."""
    job = part(payload, "workflow_job")
    started = None if str(job.get("status")) in QUEUED else instant(job.get("started_at"))
    queued = instant(job.get("created_at")) or started
    if queued is None:
        raise Ignored("The job says neither when it was made nor when it began")
    return CheckFact(
        kind="workflow",
        external_id=str(needed(job, "run_id")),
        attempt=int(job.get("run_attempt") or 1),
        sha=str(needed(job, "head_sha")),
        name=str(job.get("workflow_name") or ""),
        branch=str(job.get("head_branch") or ""),
        told_at=started or queued,
        queued_at=queued,
        # A job that was passed over has no machine: its start is the moment of the decision.
        started_at=None if job.get("conclusion") == "skipped" else started,
    )


def check_run_fact(payload: Payload) -> CheckFact:
    run = part(payload, "check_run")
    addresses = (run.get("details_url"), run.get("html_url"))
    if any(ACTIONS_RUN in str(address or "") for address in addresses):
        raise Ignored("A job of a workflow run, which tells of itself")
    suite = run.get("check_suite")
    suite = suite if isinstance(suite, Mapping) else {}
    status = str(run.get("status") or "")
    started, completed = instant(run.get("started_at")), instant(run.get("completed_at"))
    is_done = status == "completed"
    queued: datetime = started or completed or time(suite, "created_at")
    return CheckFact(
        kind="check",
        external_id=str(needed(run, "id")),
        sha=str(needed(run, "head_sha")),
        name=str(run.get("name") or ""),
        branch=str(suite.get("head_branch") or ""),
        url=str(run.get("html_url") or run.get("details_url") or ""),
        told_at=completed or started or queued,
        queued_at=queued,
        started_at=None if status in QUEUED else started,
        completed_at=(completed or started or queued) if is_done else None,
        conclusion=str(run.get("conclusion") or "") if is_done else "",
    )
