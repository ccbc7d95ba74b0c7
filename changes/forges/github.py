"""GitHub: pull requests, reviews, comments, pushes, checks, deployments.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from changes.forges.github_facts import (
    Payload,
    deployment_fact,
    pull_request_fact,
    push_fact,
    repository_fact,
    review_fact,
)
from changes.forges.github_remarks import (
    check_run_fact,
    inline_fact,
    issue_fact,
    thread_fact,
    workflow_job_fact,
    workflow_run_fact,
)
from changes.services.checks import record_checks
from changes.services.deployments import record_deployments
from changes.services.recording import record_changes
from changes.services.repositories import find_or_make_repository
from changes.services.reviews import record_remarks, record_reviews
from intake.models import Delivery
from intake.sources import Ignored, Letter, SignedBody, body_key

PULL_REQUEST_ACTIONS_WITHOUT_CHANGE = {
    "assigned",
    "unassigned",
    "locked",
    "unlocked",
    "milestoned",
    "demilestoned",
}


COMMENT_ACTIONS = {"created", "edited", "deleted"}
# What an event says is told by others, in more detail.
TOLD_BY_OTHERS = {
    "check_suite": "A suite tells nothing that its runs do not",
    "status": "Commit statuses are not read: checks and workflow runs are",
    "pull_request_review_thread": "Whether a thread is resolved is not kept",
}
CHECK_FACTS = {
    "workflow_run": workflow_run_fact,
    "workflow_job": workflow_job_fact,
    "check_run": check_run_fact,
}


class GitHub(SignedBody):
    kind = "github"
    title = "GitHub"
    docs = "https://docs.github.com/webhooks/webhook-events-and-payloads"
    signature_header = "X-Hub-Signature-256"
    signature_prefix = "sha256="
    headers_kept = frozenset({"x-github-event", "x-github-delivery", "x-github-hook-id"})
    mapping_keys = {
        "services": "Which service an environment of a deployment belongs to: {environment: service}."
    }

    def key(self, letter: Letter) -> str:
        # A redelivery keeps the id; without one the body speaks for itself.
        return letter.header("X-GitHub-Delivery") or body_key(letter)

    def event(self, letter: Letter) -> str:
        return letter.header("X-GitHub-Event") or "unknown"

    def handle(self, delivery: Delivery, letter: Letter) -> None:
        handler = HANDLERS.get(self.event(letter))
        if handler is None:
            if reason := TOLD_BY_OTHERS.get(self.event(letter)):
                raise Ignored(reason)
            raise Ignored(f"The event {self.event(letter)!r} means nothing here")
        handler(delivery, letter.document)


def _pull_request(delivery: Delivery, payload: Payload) -> None:
    if payload.get("action") in PULL_REQUEST_ACTIONS_WITHOUT_CHANGE:
        raise Ignored(f"{payload['action']} alters nothing that is kept")
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_changes(repository=repository, facts=[pull_request_fact(payload)], delivery=delivery)


def _review(delivery: Delivery, payload: Payload) -> None:
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_changes(repository=repository, facts=[pull_request_fact(payload)], delivery=delivery)
    record_reviews(repository=repository, facts=[review_fact(payload)], delivery=delivery)


def _inline(delivery: Delivery, payload: Payload) -> None:
    _only_comments(payload)
    fact = inline_fact(payload)
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_changes(repository=repository, facts=[pull_request_fact(payload)], delivery=delivery)
    record_remarks(repository=repository, facts=[fact], delivery=delivery)


def _thread(delivery: Delivery, payload: Payload) -> None:
    _only_comments(payload)
    fact = thread_fact(payload)
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_changes(repository=repository, facts=[issue_fact(payload)], delivery=delivery)
    record_remarks(repository=repository, facts=[fact], delivery=delivery)


def _only_comments(payload: Payload) -> None:
    if payload.get("action") not in COMMENT_ACTIONS:
        raise Ignored(f"{payload.get('action')!r} alters nothing of a comment that is kept")


def _check(event: str, delivery: Delivery, payload: Payload) -> None:
    fact = CHECK_FACTS[event](payload)
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_checks(repository=repository, facts=[fact], delivery=delivery)


def _push(delivery: Delivery, payload: Payload) -> None:
    fact = push_fact(payload)
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_changes(repository=repository, facts=fact.changes, delivery=delivery)


def _deployment(delivery: Delivery, payload: Payload) -> None:
    fact = deployment_fact(payload)
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_deployments(repository=repository, facts=[fact], source=delivery.source, delivery=delivery)


HANDLERS: dict[str, Callable[[Delivery, Payload], None]] = {
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _inline,
    "issue_comment": _thread,
    **{event: partial(_check, event) for event in CHECK_FACTS},
    "push": _push,
    "deployment": _deployment,
    "deployment_status": _deployment,
}
