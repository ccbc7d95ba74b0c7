"""Work in progress

What is under way at once: open changes, changes that wait for a deployment, tests that run, incidents that go
on, postmortems and actions that are not finished.

Average: The time that each thing was under way within the span, added up, divided by the length of the span:
one that was open all week counts 1, one that was open for a day 1/7. Never how many were opened in it.

Begins and ends: An open change from the moment it was ready (a draft until then, counted apart) to its merge
or closing. A merged change waits for deployment from its merge to the first successful production deployment
that holds it, where any deployment of its repository is known and the merge came after the first one; what no
deployment took in 90 days is taken as no part of one and waits no longer. Tests of one commit count once,
while any of its runs is waiting or running, for every service of the repository; a run of which no end was
told in 7 days is taken as lost. An incident from its beginning until it is mitigated or resolved; duplicates,
false alarms, tests and cancelled ones never count. A postmortem, where one is due or was begun, from the end
of its incident until it is published; one that is said not to be required counts nowhere. An action from the
day it was agreed until it is done or declined; one that is only proposed is not under way.

Ages: Of what is under way at the end of the span, or now: the median and the age that 85 % stay below. All of
it is counted, so that there is no range of chance. More than 30 days is called stale.

Check: Little's law. The average must be what was finished a day, times the average time that it took, but for
the edges of the span, which are known to the second and shown. What is left is a fault of the data, said in
words from 5 % of the average on.

Missing: Where nobody tells of openings, deployments or test runs of a scope, there is no figure, and not 0.

Source: The narrow rows of changes, deployments and incidents, check runs, postmortems and the history of
actions. Restricted incidents count for everyone; their names show to the people on them only. Where fewer
than 3 incidents stand behind a number and one of them is restricted, it is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from accounts.days import midnight
from analytics.balance import Balance, balance
from analytics.flow_weeks import Span
from analytics.models.flow import ReviewRules
from analytics.privacy import gives_away
from analytics.queries import work as facts

VERSION = 5
# In the order of the page; as in WorkLimit.
SORTS = ("changes", "drafts", "to_deploy", "checks", "incidents", "postmortems", "actions")
DAY = 86400
# Nothing is told of what stands at the end of a span.
AT_ITS_END: Mapping[str, Any] = {
    "under_way": 0, "stale": 0, "median_since": None, "p85_since": None, "oldest_since": None,
}  # fmt: skip
NOBODY_TELLS = {
    "changes": "nobody tells when changes are opened here",
    "drafts": "nobody tells when changes are opened here",
    "to_deploy": "no deployment is known here",
    "checks": "nobody tells of test runs here",
    "incidents": "no incident was ever recorded",
    "postmortems": "no incident was ever recorded",
    "actions": "no incident was ever recorded",
}


def reckon(span: Span, demo: bool, rules: ReviewRules, now: datetime) -> dict[str, dict[str, Any]]:
    since, until = midnight(span.begins_on), min(midnight(span.ends_on), now)
    if until <= since:
        return {"": {"seconds": 0, "sorts": {}}}
    given = facts.parameters(demo=demo, since=since, until=until)
    sums, unopened = facts.sums(given), facts.unopened(given)
    seconds = (until - since).total_seconds()
    found: dict[str, dict[str, Any]] = {"": {"seconds": seconds, "sorts": {}}}
    for scope, sort in facts.known(given) | sums.keys():
        kept = found.setdefault(scope, {"seconds": seconds, "sorts": {}})
        requests, commits = unopened.get(scope, (0, 0)) if sort == "changes" else (0, 0)
        own = sums.get((scope, sort), facts.Sums())
        hides_end = gives_away(own.left_over, own.left_veiled)
        # A week is shown for what stands at its end, 13 weeks for their average.
        hides = gives_away(own.things, own.veiled) or (hides_end and span.weeks == 1)
        own = facts.Sums() if hides else replace(own, **AT_ITS_END) if hides_end else own
        kept["sorts"][sort] = {
            **asdict(own), "unopened": requests, "commits": commits, "hides": hides, "hides_end": hides_end,
        }  # fmt: skip
    return found


@dataclass(frozen=True)
class Work:
    """One sort in one span, as it is shown; ages are as of `at`."""

    sort: str
    seconds: float
    figures: Mapping[str, Any]
    at: datetime

    @property
    def average(self) -> float:
        return float(self.figures["inside"]) / self.seconds

    @property
    def hides_end(self) -> bool:
        """What stands at its end is so few that a restricted incident could be guessed."""
        return bool(self.figures.get("hides_end"))

    @property
    def under_way(self) -> int:
        return int(self.figures["under_way"])

    @property
    def stale(self) -> int:
        return int(self.figures["stale"])

    @property
    def median_days(self) -> float | None:
        return self._age("median_since")

    @property
    def p85_days(self) -> float | None:
        return self._age("p85_since")

    @property
    def oldest_days(self) -> float | None:
        return self._age("oldest_since")

    def _age(self, name: str) -> float | None:
        since = self.figures[name]
        if since is None:
            return None
        return max(0.0, (self.at - datetime.fromtimestamp(since, UTC)).total_seconds() / DAY)

    @property
    def balance(self) -> Balance:
        one = self.figures
        return balance(
            seconds=self.seconds,
            inside=one["inside"],
            finished=one["finished"],
            whole=one["whole"],
            before=one["before"],
            after=one["after"],
            unmeasured=one["unopened"] + one["endless"] + one["reversed"],
        )


def hides(figures: Mapping[str, Any] | None, sort: str) -> bool:
    """So few incidents stand behind it that a restricted one could be guessed."""
    return bool(figures and figures["sorts"].get(sort, {}).get("hides"))


def shown(figures: Mapping[str, Any] | None, sort: str, at: datetime) -> Work | None:
    """None: not measured, hidden, or not reckoned."""
    if not figures or not figures["seconds"] or sort not in figures["sorts"] or hides(figures, sort):
        return None
    return Work(sort, figures["seconds"], figures["sorts"][sort], at)
