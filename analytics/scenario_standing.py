"""What test results say of a scenario on one branch: passing, failing, flaky or stale, and since when.

Results are looked at by suite and commit, commits in the order in which they were first tested, so that a
late result or a run repeated on an old commit changes nothing of what newer commits say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

NOT_RUN = timedelta(days=30)
# A run without the scenario tells that its test is gone if it has at least this share of the cases that the
# last run with it had: fewer are a part of the suite.
FULL = 0.5

PASSING, FAILING, FLAKY, STALE, SKIPPED = "passing", "failing", "flaky", "stale", "skipped"
GONE, LONG_AGO = "gone", "not_run"
FAILED_OUTCOMES = frozenset({"failed", "error"})
PASSED_OUTCOMES = frozenset({"passed", "flaky"})
WORST = ("error", "failed", "flaky", "passed", "skipped")
# The first that any test, suite or job shows is what is said of all of them.
BY_WEIGHT = (FAILING, FLAKY, PASSING, SKIPPED)


@dataclass(frozen=True, slots=True)
class Ran:
    """One upload: the cases that it counted, of one suite at one commit."""

    run: int
    suite: str
    sha: str
    at: datetime
    cases: int

    @property
    def commit(self) -> str:
        """Where no commit was said, each run stands for one of its own."""
        return self.sha or f"run {self.run}"


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of one test of the scenario in one run."""

    ran: Ran
    test: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Point:
    """One commit of the history."""

    sha: str
    at: datetime
    state: str
    run: int


@dataclass(frozen=True, slots=True)
class OfSuite:
    """`state` as of the last commit that ran it; `left`: why that says nothing of today, if so."""

    suite: str
    state: str
    since: datetime
    at: datetime
    left: str
    left_at: datetime
    # Whether another state came before: else `since` is only as far as one can see.
    was_other: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    state: str
    why: str
    since: datetime
    is_since_known: bool
    last_run: int
    last_passed_at: datetime | None
    last_failed_at: datetime | None
    suites: tuple[OfSuite, ...]


def decide(seen: Sequence[Seen], ran: Iterable[Ran], now: datetime) -> Verdict | None:
    """None without any result. `ran` are all runs of the branch, those without the scenario too."""
    if not seen:
        return None
    runs = {one.run: one for one in (*ran, *(found.ran for found in seen))}
    suites = tuple(
        _of_suite(suite, results, [one for one in runs.values() if one.suite == suite], now)
        for suite, results in sorted(_grouped(seen, lambda found: found.ran.suite).items())
    )
    state, why, since, is_known = _together(suites)
    return Verdict(
        state,
        why,
        since,
        is_known,
        max((found.ran for found in seen), key=lambda one: (one.at, one.run)).run,
        _latest(seen, PASSED_OUTCOMES),
        _latest(seen, FAILED_OUTCOMES),
        suites,
    )


def history(seen: Sequence[Seen]) -> list[Point]:
    """One point a commit over all suites, the oldest first."""
    points = []
    for commit in _in_order(found.ran for found in seen):
        results = [found for found in seen if found.ran.commit == commit]
        by_suite = _grouped(results, lambda found: found.ran.suite).values()
        first = min((found.ran for found in results), key=lambda one: (one.at, one.run))
        state = _worst(_at_commit(some) for some in by_suite)
        points.append(Point(first.sha, first.at, state, max(found.ran.run for found in results)))
    return points


def _of_suite(suite: str, seen: Sequence[Seen], ran: Sequence[Ran], now: datetime) -> OfSuite:
    order = _in_order(ran)
    by_commit = _grouped(seen, lambda found: found.ran.commit)
    held = [commit for commit in order if commit in by_commit]
    last = held[-1]
    state = _at_commit(by_commit[last])
    first, was_other = last, False
    for commit in reversed(held):
        if _at_commit(by_commit[commit]) != state:
            was_other = True
            break
        first = commit
    at = max(found.ran.at for found in by_commit[last])
    left, left_at = _left(ran, order, last, at, now)
    since = min(found.ran.at for found in by_commit[first])
    return OfSuite(suite, state, since, at, left, left_at, was_other)


def _left(
    ran: Sequence[Ran], order: Sequence[str], last: str, at: datetime, now: datetime
) -> tuple[str, datetime]:
    """Why the last result says nothing of today, and since when: it ran without the test, or long ago."""
    size = max(one.cases for one in ran if one.commit == last)
    later = set(order[order.index(last) + 1 :])
    without = [one.at for one in ran if one.commit in later and one.cases >= FULL * size]
    if without:
        return GONE, min(without)
    return (LONG_AGO, at + NOT_RUN) if at + NOT_RUN <= now else ("", at)


def _together(suites: Sequence[OfSuite]) -> tuple[str, str, datetime, bool]:
    """One failing suite is failing; what is gone or long ago counts only where nothing else is left."""
    live = [one for one in suites if not one.left]
    if not live:
        newest = max(suites, key=lambda one: one.at)
        return STALE, newest.left, newest.left_at, True
    worst = _worst(one.state for one in live)
    same = [one for one in live if one.state == worst]
    if worst in (FAILING, FLAKY):
        since = min(same, key=lambda one: one.since)
        return worst, "", since.since, since.was_other
    changed = [one for one in same if one.was_other]
    latest = max(changed, key=lambda one: one.since, default=None)
    since = latest or min(same, key=lambda one: one.since)
    state, why = (STALE, SKIPPED) if worst == SKIPPED else (worst, "")
    return state, why, since.since, since.was_other


def _at_commit(seen: Sequence[Seen]) -> str:
    """Of one suite at one commit: the worst of its tests."""
    return _worst(_of_test(some) for some in _grouped(seen, lambda found: found.test).values())


def _of_test(seen: Sequence[Seen]) -> str:
    """Within one run the worst of equal names counts; both outcomes in two runs of one commit are flaky."""
    by_run = _grouped(seen, lambda found: str(found.ran.run)).values()
    outcomes = {min((found.outcome for found in some), key=WORST.index) for some in by_run}
    failed, passed = outcomes & FAILED_OUTCOMES, outcomes & PASSED_OUTCOMES
    if "flaky" in outcomes or (failed and passed):
        return FLAKY
    return FAILING if failed else PASSING if passed else SKIPPED


def _worst(states: Iterable[str]) -> str:
    return min(states, key=BY_WEIGHT.index)


def _in_order(ran: Iterable[Ran]) -> list[str]:
    """Commits by when they were first tested."""
    first: dict[str, tuple[datetime, int]] = {}
    for one in ran:
        key = (one.at, one.run)
        first[one.commit] = min(first.get(one.commit, key), key)
    return sorted(first, key=lambda commit: first[commit])


def _latest(seen: Sequence[Seen], outcomes: frozenset[str]) -> datetime | None:
    return max((found.ran.at for found in seen if found.outcome in outcomes), default=None)


def _grouped(seen: Iterable[Seen], key: Callable[[Seen], str]) -> Mapping[str, list[Seen]]:
    found: defaultdict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        found[key(one)].append(one)
    return found
