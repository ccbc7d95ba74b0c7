"""What is said of work in progress, in whole sentences: each is true by the figure beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from analytics.balance import Balance
from analytics.metrics.work import Work
from design.spans import grouped

NAMES = {
    "changes": "Open changes",
    "drafts": "Open drafts",
    "to_deploy": "Waiting for deployment",
    "checks": "Tests waiting or running",
    "incidents": "Unresolved incidents",
    "postmortems": "Open postmortems",
    "actions": "Open actions",
}
# One, many, and what they do.
NOUNS = {
    "changes": ("change is open", "changes are open"),
    "drafts": ("draft is open", "drafts are open"),
    "to_deploy": ("merged change waits for a deployment", "merged changes wait for a deployment"),
    "checks": ("commit's tests wait or run", "commits have tests that wait or run"),
    "incidents": ("incident is not over", "incidents are not over"),
    "postmortems": ("postmortem is not published", "postmortems are not published"),
    "actions": ("agreed action is not done", "agreed actions are not done"),
}
# Of what the data lacks: one, many.
LACKS = {
    "unopened": (
        "1 change was closed without ever being opened here",
        "{} changes were closed without ever being opened here",
    ),
    "endless": (
        "of 1 that is over nobody knows when it ended",
        "of {} that are over nobody knows when they ended",
    ),
    "reversed": ("1 ends before it begins", "{} end before they begin"),
}
# Smaller differences of averages are not said.
LITTLE = 0.05


class Limit(Protocol):
    @property
    def most(self) -> int | None: ...
    @property
    def oldest_days(self) -> int | None: ...
    @property
    def crossed_since(self) -> datetime | None: ...


@dataclass(frozen=True)
class Sentences:
    state: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    alarm: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        return (*self.over, *self.state, *self.past, *self.alarm)


def sentences(
    sort: str, state: Work | None, now: Work | None, before: Work | None, limit: Limit | None, is_now: bool
) -> Sentences:
    return Sentences(
        state=_state(sort, state, is_now),
        past=_past(now, before),
        over=over_words(sort, state, limit),
        alarm=_alarm(sort, now),
    )


def number(value: float) -> str:
    """Averages with as many digits as mean something."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else grouped(value, ".0f")


def age(days: float) -> str:
    if days >= 1:
        return f"{days:.1f} days" if days < 10 else f"{grouped(days, '.0f')} days"
    minutes = days * 1440
    return f"{minutes / 60:.1f} hours" if minutes >= 60 else f"{minutes:.0f} minutes"


def _state(sort: str, state: Work | None, is_now: bool) -> tuple[str, ...]:
    if state is None:
        return ()
    one, many = NOUNS[sort]
    when = "now" if is_now else "at the end of the week"
    count = state.under_way
    if not count:
        return (f"None at all {when}.",)
    said = [f"{grouped(count)} {one if count == 1 else many} {when}."]
    if state.median_days is not None and state.p85_days is not None and count > 1:
        said.append(
            f"Half are older than {age(state.median_days)}, 15 in 100 older than {age(state.p85_days)}."
        )
    if state.stale:
        said.append(f"{state.stale} {'is' if state.stale == 1 else 'are'} older than 30 days.")
    return tuple(said)


def _past(now: Work | None, before: Work | None) -> tuple[str, ...]:
    if now is None or before is None:
        return ()
    own, past = now.average, before.average
    if max(own, past) == 0:
        return ("None in 26 weeks.",)
    if abs(own - past) <= LITTLE * max(own, past):
        return (f"{number(own)} on average, about as in the 13 weeks before.",)
    more = "more" if own > past else "fewer"
    return (f"{number(own)} on average, {more} than the {number(past)} of the 13 weeks before.",)


def over_words(sort: str, state: Work | None, limit: Limit | None) -> tuple[str, ...]:
    if state is None or limit is None:
        return ()
    said = []
    if limit.most is not None and state.under_way > limit.most:
        said.append(f"{NAMES[sort]}: {state.under_way} at once, where at most {limit.most} were agreed.")
    if limit.oldest_days is not None and (state.oldest_days or 0) > limit.oldest_days:
        said.append(
            f"{NAMES[sort]}: the oldest is {age(state.oldest_days or 0)} old, "
            f"where at most {limit.oldest_days} days were agreed."
        )
    return tuple(said)


def _alarm(sort: str, now: Work | None) -> tuple[str, ...]:
    """Little's law does not hold: what the data lacks, and by how much the average is off."""
    if now is None or now.hides_end:
        return ()
    even = now.balance
    lacking = _lacking(now)
    if even.left is None:
        return (f"{NAMES[sort]}: {lacking}, so that no average can be checked.",) if lacking else ()
    if not even.is_off:
        return ()
    why = lacking or "the data contradicts itself"
    return (
        f"{NAMES[sort]}: {why}. By what was finished the average of 13 weeks should be "
        f"{number(_expected(even))}, and not {number(even.average)}.",
    )


def _expected(even: Balance) -> float:
    return max(0.0, (even.by_throughput or 0.0) + even.edges)


def _lacking(now: Work) -> str:
    said = []
    for name, (one, many) in LACKS.items():
        count = now.figures[name]
        if count:
            said.append(one if count == 1 else many.format(count))
    return ", and ".join(said)
