"""How often the follow-up rule is right, where developers wrote down themselves what a fix mends. No Django.

The truth is the `Fixes: <commit>` trailer of projects that ask for one (Open vSwitch, DPDK, Linux). Every fix
of the default branch with a trailer is read; the rule is right where the commit that it names is one of those
in the trailer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from changes.blame import (
    METHOD_VERSION,
    WITHIN_DAYS,
    Outcome,
    calls_itself_a_fix,
    mostly_written_by,
    rewritten_by,
)
from changes.gitlog import Clone

TRAILER = re.compile(r"^Fixes:\s*(?:commit\s+)?([0-9a-f]{7,40})\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """A fix with a trailer; `causes` landed before it, `is_near` says that one did so within the days."""

    sha: str
    parent: str
    causes: frozenset[str]
    is_near: bool
    subject_says_so: bool


@dataclass(slots=True)
class Tally:
    fixes: int = 0
    near: int = 0
    named: int = 0
    right: int = 0
    subject_says_so: int = 0
    # Of those whose subject alone calls them a fix.
    named_by_subject: int = 0
    right_by_subject: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    method_version: int = METHOD_VERSION

    def add(self, case: Case, outcome: Outcome, named: str | None) -> None:
        right = named in case.causes
        self.fixes += 1
        self.near += case.is_near
        self.named += named is not None
        self.right += right
        self.subject_says_so += case.subject_says_so
        self.named_by_subject += case.subject_says_so and named is not None
        self.right_by_subject += case.subject_says_so and right
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def audit(clone: Clone, progress: Callable[[int, int], None], every: int = 1) -> Tally:
    """Read each fix with a resolved trailer, or one in `every`, newest first."""
    found = list(cases(clone))[::every]
    tally = Tally()
    for case in found:
        rewrite = rewritten_by(clone, case.sha, case.parent)
        named = mostly_written_by(rewrite, str)
        tally.add(case, rewrite.outcome, named[0] if named else None)
        progress(tally.fixes, len(found))
    return tally


def cases(clone: Clone) -> Iterator[Case]:
    log = list(_log(clone))
    landed = {sha: at for sha, _, at, _, _ in log}
    by_start: dict[str, list[str]] = {}
    for sha in landed:
        by_start.setdefault(sha[:7], []).append(sha)
    for sha, parents, at, subject, body in log:
        told = {name.lower() for name in TRAILER.findall(body)}
        causes = frozenset(
            one for name in told for one in by_start.get(name[:7], ()) if one.startswith(name) and one != sha
        )
        if causes and parents:
            ages = [at - landed[one] for one in causes]
            near = any(0 <= age <= timedelta(days=WITHIN_DAYS).total_seconds() for age in ages)
            yield Case(sha, parents.split()[0], causes, near, calls_itself_a_fix(subject))


def _log(clone: Clone) -> Iterator[tuple[str, str, int, str, str]]:
    told = clone.run("log", "--first-parent", "--no-show-signature", "--no-notes", "-z",
                     "--format=%H%x01%P%x01%ct%x01%s%x01%b")  # fmt: skip
    for record in told.split("\0"):
        if record.count("\x01") >= 4:
            sha, parents, at, subject, body = record.split("\x01", 4)
            yield sha, parents, int(at), subject, body
