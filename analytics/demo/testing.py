"""Tests of a commit as a forge tells them: waiting for a machine, running, done; tried again now and then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from analytics.demo.work import Run, Work

TOLD = timedelta(days=400)  # before that, no check was told
# Minutes that the tests of a repository take; the platform's are run where nobody tells of them.
MINUTES = {"payments": 14, "storefront": 22, "identity": 9, "compliance": 7, "warehouse": 18}
CROWDED = ("storefront", timedelta(days=70))  # since then its machines are too few


def runs(random: Random, as_of: datetime, work: Work, pushed: Sequence[tuple[str, datetime]]) -> list[Run]:
    """All that were told by `as_of` of these commits: pairs of a commit and the time of its push."""
    minutes = MINUTES.get(work.part.repository)
    if minutes is None or as_of - work.opened_at > TOLD:
        return []
    found: list[Run] = []
    for sha, at in pushed:
        one = _run(random, as_of, work, sha, at, 1)
        found.append(one)
        if one.conclusion == "failure" and one.completed_at and random.random() < 0.5:
            again = one.completed_at + timedelta(minutes=random.uniform(1, 15))
            if again < min(work.merged_at or as_of, as_of):
                found.append(_run(random, as_of, work, sha, again, 2))
    if work.state == "open" and not work.is_draft and random.random() < 0.6:
        at = max(as_of - timedelta(minutes=random.uniform(0.2, 16)), work.opened_at)
        found.append(_run(random, as_of, work, work.shas[1], at, 1))
    elif work.state == "open" and random.random() < 0.04:
        found.append(Run(work.opened_at, None, None, "", work.shas[1]))  # a machine that never comes
    return found


def _run(random: Random, as_of: datetime, work: Work, sha: str, at: datetime, attempt: int) -> Run:
    repository, since = CROWDED
    is_crowded = work.part.repository == repository and as_of - at < since
    started = at + timedelta(seconds=4 + random.expovariate(1 / (620 if is_crowded else 70)))
    took = MINUTES[work.part.repository] * random.lognormvariate(0, 0.25)
    completed = started + timedelta(minutes=took)
    weights = [84, 13, 2, 1] if attempt == 1 else [70, 30, 0, 0]
    conclusion = random.choices(["success", "failure", "cancelled", "timed_out"], weights)[0]
    if started > as_of:
        return Run(at, None, None, "", sha, attempt)
    if completed > as_of:
        return Run(at, started, None, "", sha, attempt)
    return Run(at, started, completed, conclusion, sha, attempt)
