"""Would it have stopped us

Of past incidents, how many had a change behind them that a rule (a test scenario, a safeguard, or any scope)
applies to, and how many changes that did no harm it would have met on the way.

Counted: Incidents that began in the days asked for, in the area of the rule (without an area: of its
services; without both: all), duplicates, false alarms, tests and cancelled ones left out. Incidents
elsewhere are named apart.

Applies: A confirmed change behind the incident fits every part of the rule: area that counts, kinds of help,
size, services, paths. Kinds are taken as they were said before the change failed. A change that is only
suspected, or whose kind nobody had said, is shown apart and not counted.

Hiding: Restricted incidents count for everyone and are listed without a day; of fewer than 3, in all or that
it would have applied to, of which one is restricted, no number is shown.

Did no harm: Shipped changes of these days that fit, without a confirmed or suspected hand in any counted
incident and not reverted. Those younger than 30 days may still fail, and are said.

Hindsight: What the rule was written from is named and is no merit of it; the day on which it was made
divides hindsight from foresight.

Does not say: That the incident would not have happened. The rule reaches the change; whether it would have
caught the fault, people judge.

Source: The links between incidents and changes, as they stand now; changes of every type.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from analytics.models import RowCode
from analytics.privacy import gives_away
from analytics.queries import replay as queries
from analytics.queries.replay import Asked, Behind, Counts, Met, Month
from analytics.stats import wilson_interval
from analytics.stats.shapes import Interval
from design.spans import grouped

# Below this many changes no rate is shown.
FEWEST_CHANGES = 10

INSTEAD = {
    RowCode.NO_CHANGE: "No change was involved",
    RowCode.NOT_DETERMINED: "The cause was not determined",
    RowCode.UNANSWERED: "Nobody has said yet which change",
    RowCode.DEPLOYMENT_ONLY: "Only the deployment is known, not the change",
}


class Line(NamedTuple):
    """One incident: `met` (a confirmed change fits), `perhaps` (only a suspected one), else why not."""

    incident: int
    began_on: date
    inside: bool
    restricted: bool
    state: str
    words: str
    written_from: bool


@dataclass(frozen=True)
class Replay:
    asked: Asked
    months: tuple[Month, ...]
    lines: tuple[Line, ...]
    all_changes: int
    all_harmful: int
    behind: Behind
    made_on: date | None

    @cached_property
    def inside(self) -> list[Line]:
        return [line for line in self.lines if line.inside]

    @cached_property
    def met(self) -> list[Line]:
        return [line for line in self.inside if line.state == "met"]

    @cached_property
    def elsewhere(self) -> list[Line]:
        return [line for line in self.lines if not line.inside and line.state == "met"]

    @cached_property
    def since(self) -> list[Line]:
        """Incidents that began once it was there: all that is not hindsight."""
        return [line for line in self.inside if self.made_on and line.began_on >= self.made_on]

    @property
    def fitting(self) -> int:
        return sum(month.fitting for month in self.months)

    @property
    def harmful(self) -> int:
        return sum(month.harmful for month in self.months)

    @property
    def harmless(self) -> int:
        return sum(month.harmless for month in self.months)

    @property
    def young(self) -> int:
        return sum(month.young for month in self.months)

    @property
    def undone(self) -> int:
        return sum(month.undone for month in self.months)

    @property
    def suspected(self) -> int:
        return sum(month.suspected for month in self.months)

    @property
    def has_doubt(self) -> bool:
        return any(line.state in ("perhaps", "unsaid") for line in self.lines)

    @cached_property
    def is_hidden(self) -> bool:
        """So few, in all or that it would have applied to, that a restricted one could be guessed."""
        met = [line for line in self.lines if line.state == "met"]
        return gives_away(self.behind.fitting, self.behind.fitting_restricted) or any(
            gives_away(len(few), sum(line.restricted for line in few)) for few in (self.lines, met)
        )

    @property
    def hides_others(self) -> bool:
        return self.is_hidden or gives_away(self.behind.others, self.behind.others_restricted)

    @property
    def rate(self) -> tuple[float, Interval] | None:
        return _rate(self.harmful, self.fitting)

    @property
    def rate_of_others(self) -> tuple[float, Interval] | None:
        return _rate(self.all_harmful - self.harmful, self.all_changes - self.fitting)

    @property
    def for_each(self) -> float | None:
        """Changes that it applies to for each incident that it would have met."""
        met = len(self.met) + len(self.elsewhere)
        return self.fitting / met if met else None


def _rate(harmful: int, changes: int) -> tuple[float, Interval] | None:
    if changes < FEWEST_CHANGES:
        return None
    return harmful / changes, wilson_interval(harmful, changes)


def replay(
    asked: Asked,
    *,
    made_on: date | None = None,
    written_from: Collection[int] = (),
    counts: Counts | None = None,
) -> Replay:
    """`written_from` are ids of incidents that it was made because of: no credit for those."""
    counts = counts or queries.counts(asked)
    return Replay(
        asked=asked,
        months=counts.months,
        lines=tuple(_line(met, met.incident in written_from) for met in queries.incidents(asked)),
        all_changes=counts.all_changes,
        all_harmful=counts.all_harmful,
        behind=counts.behind,
        made_on=made_on,
    )


def _line(met: Met, written_from: bool) -> Line:
    state, words = _state(met)
    return Line(met.incident, met.began_on, met.inside, met.restricted, state, words, written_from)


def _state(met: Met) -> tuple[str, str]:
    if met.confirmed:
        return "met", "Would have applied"
    if met.suspected:
        return "perhaps", "Would have applied to a suspected change"
    if met.unsaid:
        return "unsaid", "Not known: the kind of help was not said before"
    if met.instead:
        return "none", INSTEAD[RowCode(met.instead)]
    return "outside", "Another change was behind it"


def headline(found: Replay, name: str, where: str) -> str:
    """`name` is what is replayed, `where` as in "in payments" or empty."""
    n, met = len(found.inside), len(found.met)
    incidents = f"the last {n} incidents" if n != 1 else "the one incident"
    harmless = f"{grouped(found.harmless)} {_plural(found.harmless, 'change')} that did no harm"
    place = f" {where}" if where else ""
    if found.is_hidden:
        # What did no harm, taken from all that fit, would leave what did.
        fitting = f"{grouped(found.fitting)} {_plural(found.fitting, 'change')}"
        return f"{name} would have applied to {fitting}. Too few incidents{place} to show how many."
    if not n:
        return f"No incident{place} in these days. {name} would have applied to {harmless}."
    return f"{name} would have applied to {met} of {incidents}{place}, and to {harmless}."


def notes(found: Replay) -> list[str]:
    """What the headline leaves out, each a whole sentence."""
    said: list[str] = []
    if found.is_hidden:
        return said
    if found.elsewhere:
        n = len(found.elsewhere)
        said.append(f"Also to {n} {_plural(n, 'incident')} elsewhere.")
    said += _hindsight(found)
    if n := _times(found, "perhaps"):
        said.append(f"{n} more if the changes that are only suspected are confirmed.")
    if n := _times(found, "unsaid"):
        verb = "is" if n == 1 else "are"
        said.append(f"{n} more {verb} not known: the kind of help was not said before it failed.")
    if found.for_each is not None:
        said.append(f"That is about {_about(found.for_each)} for each incident.")
    said += _left_out(found)
    return said


def _times(found: Replay, state: str) -> int:
    return sum(1 for line in found.inside if line.state == state)


def _hindsight(found: Replay) -> list[str]:
    said = []
    own = sum(1 for line in found.met if line.written_from)
    if own:
        said.append(f"{own} of them {'is' if own == 1 else 'are'} what it was written from: no merit of it.")
    if found.made_on and found.made_on <= found.asked.start:
        return said
    if found.made_on:
        met, n = sum(1 for line in found.since if line.state == "met"), len(found.since)
        day = f"{found.made_on.day} {found.made_on:%B %Y}"
        since = f"since then {met} of {n}" if n else "none has happened since"
        said.append(f"Before {day}, when it was made, this is hindsight; {since}.")
    return said


def _left_out(found: Replay) -> list[str]:
    said = []
    if found.suspected:
        said.append(
            f"{grouped(found.suspected)} more {_plural(found.suspected, 'change')} are suspected of harm."
        )
    if found.undone:
        said.append(f"{grouped(found.undone)} more {_plural(found.undone, 'change')} were reverted.")
    if found.young:
        said.append(
            f"{grouped(found.young)} of those without harm shipped within 30 days and may still fail."
        )
    return said


def _about(changes: float) -> str:
    return f"{changes:.1f} changes" if changes < 10 else f"{grouped(round(changes))} changes"


def _plural(n: int, noun: str) -> str:
    return noun if n == 1 else f"{noun}s"
