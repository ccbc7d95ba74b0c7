"""Reviews, remarks and checks as any forge may tell them; docs/webhooks.md has the fields."""

from __future__ import annotations

from typing import Any

from changes.facts import ChangeFact, CheckFact, Identity, RemarkFact, ReviewFact
from changes.forges.reading import Reader
from changes.models import CheckRun, Review, ReviewRemark
from intake.sources import Unprocessable

STATUSES = set(CheckRun.Status.values)


def named_change(fact: ReviewFact | RemarkFact) -> ChangeFact:
    """The change that it is about may not have been told of yet."""
    return ChangeFact(told_at=fact.told_at, number=fact.number, external_id=fact.change_id)


def _named(found: Reader) -> dict[str, Any]:
    """The change's name, `number` or `change`, and the row's own `id`."""
    names = {"number": found.text("number") or "", "change_id": (found.text("change") or "")[:120]}
    if not any(names.values()):
        raise found.refusal("number", "or 'change' is missing: nothing names the change")
    return {**names, "external_id": found.needed("id")[:60]}


def _who(found: Reader) -> dict[str, Any]:
    """Whoever wrote, by an account or any other word that stays the same; it is hashed, never kept."""
    account = found.needed("account")
    return {
        "reviewer": Identity(account, found.text("email") or "", account, bool(found.yes("is_bot"))),
        "reviewer_id": f"account:{account.lower()}",
        "is_self": bool(found.yes("is_author")),
    }


def review_fact(found: Reader) -> ReviewFact:
    state = found.choice("state", set(Review.State.values))
    if state is None:
        raise found.refusal("state", "is missing")
    at = found.time_needed("at")
    return ReviewFact(
        **_named(found),
        **_who(found),
        state=state,
        told_at=at,
        submitted_at=found.time("submitted_at") or at,
        commit_sha=found.text("sha") or "",
        is_senior=bool(found.yes("is_senior")),
        comments=found.count("comments"),
        text=found.text("text"),
    )


def remark_fact(found: Reader) -> RemarkFact:
    told_at = found.time_needed("at")
    return RemarkFact(
        **_named(found),
        **_who(found),
        kind=found.choice("kind", set(ReviewRemark.Kind.values)) or ReviewRemark.Kind.THREAD,
        told_at=told_at,
        at=min(found.time("written_at") or told_at, told_at),
        text=found.text("text"),
        deleted_at=told_at if found.yes("deleted") else None,
    )


def check_fact(found: Reader) -> CheckFact:
    at = found.time_needed("at")
    status = found.choice("status", STATUSES)
    if status is None:
        raise found.refusal("status", "is missing")
    attempt = found.count("attempt")
    if attempt is not None and not 1 <= attempt <= 32767:
        raise found.refusal("attempt", f"{attempt} is not a number from 1 to 32767")
    is_done = status == CheckRun.Status.COMPLETED
    started = found.time("started_at")
    return CheckFact(
        kind=found.choice("kind", set(CheckRun.Kind.values)) or CheckRun.Kind.WORKFLOW,
        external_id=found.needed("id")[:60],
        attempt=attempt or 1,
        sha=_sha(found),
        name=found.text("name") or "",
        branch=found.text("branch") or "",
        url=found.text("url") or "",
        told_at=at,
        queued_at=min(found.time("queued_at") or at, started or at, at),
        started_at=started or (at if status == CheckRun.Status.RUNNING else None),
        completed_at=(found.time("completed_at") or at) if is_done else None,
        conclusion=(found.text("conclusion") or "") if is_done else "",
    )


def _sha(found: Reader) -> str:
    sha = found.needed("sha")
    if len(sha) > 64:
        raise Unprocessable("check.sha: longer than any commit's")
    return sha
