"""Rows of reviews, remarks and checks, and of what people said of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from analytics.demo import cast
from analytics.demo.history import History
from analytics.demo.places import Places
from analytics.demo.reviewing import SENIORS
from analytics.demo.work import Note, Opinion, Work
from changes.models import (
    Change,
    CheckRun,
    Review,
    ReviewCare,
    ReviewRemark,
    SeniorReviewer,
    SizeException,
)
from changes.services.bulk import insert


def make(history: History, places: Places, rows: Mapping[int, Change]) -> None:
    """`rows`: changes by `id(work)`."""
    pairs = [(work, rows[id(work)]) for work in history.works]
    since = _name_seniors(history.as_of, places)
    insert(
        [
            _review(row, work, one, n, since.get(row.repository_id))
            for work, row in pairs
            for n, one in enumerate(work.reviews, 1)
        ]
    )
    insert([_remark(row, work, one, n) for work, row in pairs for n, one in enumerate(work.remarks, 1)])
    insert([one for work, row in pairs for one in _runs(row, work)])
    insert([_exception(row, work, places) for work, row in pairs if work.exception])
    insert(
        [
            ReviewCare(change=row, answer=answer, on=at.date())
            for work, row in pairs
            for at, answer in work.care
        ]
    )


def _name_seniors(as_of: datetime, places: Places) -> dict[int, datetime]:
    """Put the seniors of some repositories on the list; says since when, by repository."""
    found = {}
    for name, days in cast.SENIORS_SINCE.items():
        repository = places.repositories[name]
        since = found[repository.pk] = as_of - timedelta(days=days)
        for team in dict.fromkeys(part.team for part in cast.PARTS if part.repository == name):
            for number in range(1, SENIORS + 1):
                account = f"{team}-senior-{number}"
                SeniorReviewer.objects.create(repository=repository, account=account, added_at=since)
    return found


def _review(row: Change, work: Work, one: Opinion, number: int, seniors_since: datetime | None) -> Review:
    who = f"{work.part.team}:{one.person}"
    return Review(
        change=row,
        external_id=f"{work.number}-{number}",
        state=one.state,
        submitted_at=one.at,
        commit_sha=one.sha,
        reviewer_in_change=_digest(f"{work.shas[0]}:{who}"),
        reviewer_on_day=_digest(f"{one.at.date()}:{who}"),
        is_bot=one.is_bot,
        is_senior=one.person < SENIORS and seniors_since is not None and seniors_since <= one.at,
        comments=one.comments,
        told_at=one.at,
    )


def _remark(row: Change, work: Work, one: Note, number: int) -> ReviewRemark:
    who = f"{work.part.team}:{one.person}"
    return ReviewRemark(
        change=row,
        external_id=f"{work.number}-{number}",
        kind="inline" if one.is_inline else "thread",
        at=one.at,
        reviewer_in_change=_digest(f"{work.shas[0]}:{who}"),
        reviewer_on_day=_digest(f"{one.at.date()}:{who}"),
        is_self=one.is_self,
        is_bot=one.is_bot,
        is_meaningful=one.is_meaningful and not one.is_self,
        told_at=one.at,
    )


@lru_cache(maxsize=4096)
def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _runs(row: Change, work: Work) -> list[CheckRun]:
    numbers: dict[str, int] = {}
    return [
        CheckRun(
            repository=row.repository,
            kind="workflow",
            external_id=f"{work.number}-{numbers.setdefault(run.sha, len(numbers) + 1)}",
            attempt=run.attempt,
            name="Build and test",
            sha=run.sha,
            branch=row.branch,
            status="completed" if run.completed_at else "running" if run.started_at else "queued",
            conclusion=run.conclusion,
            end_basis="told" if run.completed_at else "",
            url=f"{row.url}/checks",
            queued_at=run.queued_at,
            started_at=run.started_at,
            completed_at=run.completed_at,
            told_at=run.completed_at or run.started_at or run.queued_at,
        )
        for run in work.runs
    ]


def _exception(row: Change, work: Work, places: Places) -> SizeException:
    return SizeException(
        change=row,
        reason=work.exception,
        said_by=places.people[work.number % len(places.people)],
        said_at=work.merged_at or work.opened_at,
    )
