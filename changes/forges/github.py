"""GitHub: pull requests, reviews, pushes, deployments. https://docs.github.com/webhooks/webhook-events-and-payloads"""

from __future__ import annotations

from changes.forges.github_facts import (
    Payload,
    deployment_fact,
    pull_request_fact,
    push_fact,
    repository_fact,
    review_fact,
)
from changes.services.deployments import record_deployments
from changes.services.recording import record_changes
from changes.services.repositories import find_or_make_repository
from changes.services.reviews import record_reviews
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


def _push(delivery: Delivery, payload: Payload) -> None:
    fact = push_fact(payload)
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_changes(repository=repository, facts=fact.changes, delivery=delivery)


def _deployment(delivery: Delivery, payload: Payload) -> None:
    fact = deployment_fact(payload)
    repository = find_or_make_repository(fact=repository_fact(payload))
    record_deployments(repository=repository, facts=[fact], source=delivery.source, delivery=delivery)


HANDLERS = {
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "push": _push,
    "deployment": _deployment,
    "deployment_status": _deployment,
}
