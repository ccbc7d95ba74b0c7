"""Change fail rate

Of the production deployments that are old enough to have failed, the share after which users were hurt.

Numerator: Deployments that a counted incident names as a confirmed cause, themselves or by a change that
they were the first to ship. Yes or no for each: two incidents of one deployment are one failed deployment,
so that the rate never exceeds 100 %. Deployments that are only suspected stand beside it.

Denominator: Deployments that reached users, rollbacks and hotfixes among them, of services whose incidents
are known here, and older than the exposure window (the service's own, else the rules' own, 14 days at
first). Counts are pooled over services and weeks; a mean of ratios is taken nowhere.

Pending: A younger deployment is neither a failure nor a success. It is in no rate; how many there are, and
how many of those failed already, is shown.

Upper end: The rate if every incident of the same weeks and services whose cause nobody has determined had
come from a deployment of its own, of a service that it names (of any, where it names none). The lower end is
the rate itself.

Not measured: A service whose incidents do not reach this product. A person says so in its settings; else any
alert or incident that ever named it shows that they do. Such services, and deployments of no known service,
are in no rate: a rate without a source would be 0 %. How many there are is shown.

Exclusions: Duplicates, false alarms, tests and cancelled incidents; causes that a rule suggested. Below 20
deployments there are counts and no percentage. Where fewer than 3 deployments failed and a restricted
incident alone says so of one, that number is hidden. Any window undercounts: some failures show late.

Range: Wilson's 95 % interval. This is not the failure rate of changes, which has the change as its unit.

Source: Deployments from deploy tools; incidents and their causes from pagers, people and postmortems.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from analytics.metrics.delivery_words import Failures
from analytics.privacy import gives_away
from analytics.queries.delivery import Undetermined

COUNTED = (
    "judged", "failed", "suspected", "pending", "pending_failed", "pending_suspected", "unmeasured",
    "unmeasured_failed",
)  # fmt: skip


Group = tuple[int, ...]


class _Places:
    """Deployments without a failure by service, and which incidents took them."""

    def __init__(self, room: Mapping[int, int]) -> None:
        self.free = dict(room)
        self.taken: defaultdict[int, Counter[Group]] = defaultdict(Counter)

    def take(self, group: Group, tried: set[int]) -> bool:
        """One more of this group finds a place, if need be by moving another: an augmenting path."""
        for service in group:
            if service not in tried and self.free[service] > 0:
                self.free[service] -= 1
                self.taken[service][group] += 1
                return True
        return any(self._moves(group, service, tried) for service in group if service not in tried)

    def _moves(self, group: Group, service: int, tried: set[int]) -> bool:
        tried.add(service)
        for other in [one for one, held in self.taken[service].items() if held]:
            if self.take(other, tried):
                self.taken[service][other] -= 1
                self.taken[service][group] += 1
                return True
        return False


def most_assigned(incidents: Iterable[Group], room: Mapping[int, int]) -> int:
    """How many incidents can each have a deployment of its own, of a service it names; of any if of none.

    `room`: deployments without a failure by service. The largest matching, over groups of incidents that
    name the same services; those that name none take what is left.
    """
    groups = Counter(tuple(sorted(set(one) & room.keys())) if one else None for one in incidents)
    nameless = groups.pop(None, 0)
    places = _Places(room)
    # Once one of a group finds no place, none of it will.
    named = sum(
        next((number for number in range(count) if not places.take(group, set())), count)
        for group, count in groups.items()
        if group is not None
    )
    return named + min(nameless, sum(places.free.values()))


def part(counts: Mapping[str, int], unknown: Undetermined, room: Mapping[int, int]) -> dict[str, Any]:
    """Each number is hidden by itself: few suspected ones hide no rate of many that failed."""
    free = {one: left for one, left in room.items() if left > 0}
    figures: dict[str, Any] = {name: shown(counts, name) for name in COUNTED}
    figures |= {
        "unknown": len(unknown.each),
        "assigned": None if figures["failed"] is None else most_assigned(unknown.each, free),
        "services": counts["services"],
        "services_unmeasured": counts["services_unmeasured"],
        "of_no_service": counts["of_no_service"],
        "hidden": figures["failed"] is None,
    }
    if gives_away(len(unknown.each), unknown.restricted):
        figures |= {"unknown": None, "assigned": None}
    return figures


def shown(counts: Mapping[str, int], name: str) -> int | None:
    """None is hidden."""
    return None if gives_away(counts[name], counts.get(f"{name}_veiled", 0)) else counts[name]


def read(figures: Mapping[str, Any] | None) -> Failures:
    return Failures(**figures["fail"]) if figures else Failures()
