"""Impact density

What a feature does for its metric, beside what it takes to keep: two parts that are shown side by side, and
never added up into one number.

Impact: The metric of the team's choice as a source measured it over a period, less its baseline; counted as
better in the direction that the team stated. The newest measurement that stands is shown; what was taken back
counts in nothing. A range is shown as its source gives it and is never reckoned here.

Burden: Each part by itself, since the first change of the feature shipped and in the last 13 complete
weeks. Net lines are those added less those deleted in shipped changes, with how many of these tell no
lines. Services are those that shipped changes touched. Configuration is counted twice: shipped changes of
settings, flags or infrastructure, and the different configuration files that shipped changes touched.
Incidents are counted ones with a confirmed cause in the feature, by the day on which they began. Undone are
changes of it that were reverted. Follow-up fixes are merged changes that name one of its changes as what
they fix, or that deleted mostly its lines within 30 days (an estimate), with the lines that they changed
and the lines of the feature that they rewrote. Rework deployments are rollbacks, hotfixes and deployments
that first shipped a repair, where they held a change of it. Open actions are action items of its incidents
that are not done, by the day on which they were written.

Quotient: Impact divided by one part of the burden, for each measurement of one feature, where both are known
and the part is above 0: a feature against its own past. Lines are those carried at the end of the period,
everything else is of the period itself.

Comparisons: Features with different units are never put in an order; a list of one unit is in the order that
its reader picks, by name unless one is picked.

Exclusions: Changes in no feature, and doubles. A change is in one feature: by a person's word, else by a line
“Feature: name” in its text or a label “feature:name”. What depends on the feature without being a part of it
is not seen here.

Hiding: Restricted incidents count for everybody; under 3 incidents of which one is restricted no number is
shown, and only incidents that the reader may open are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from analytics.privacy import gives_away
from analytics.queries.features import Action, ConfigPaths, Counted, Linked, Window
from changes.models import Feature, Measurement
from design.spans import grouped

PER_LINES = 1000
HIDDEN_WORDS = "hidden: fewer than 3, and one is restricted"
HIDDEN_REWORK = "hidden: fewer than 3, and one is because of a restricted incident"
NO_LINES = "no change tells its lines"
NO_DEPLOYMENT = "no deployment is known to hold its changes"
TOO_MANY_PATHS = "too many files to look through here"
NO_CLONE = "no clone was read to estimate it"
NOT_SHIPPED = "nothing has shipped yet"


def number(value: float | None) -> str:
    """As a reader writes it: four digits that matter, thousands apart, a true minus."""
    if value is None:
        return "–"
    size = abs(value)
    text = grouped(size, ".0f") if size >= 1000 else f"{size:.4g}"
    return f"−{text}" if value < 0 else text


def signed(value: float) -> str:
    text = number(value)
    return text if value < 0 or text == "0" else f"+{text}"


@dataclass(frozen=True)
class Part:
    """One part of the burden in one window. `value` None: not known, and `reason` says why."""

    key: str
    name: str
    value: int | None
    note: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Impact:
    """One measurement against the baseline; `better` None: without one there is nothing to compare with."""

    feature: Feature
    measured: Measurement

    @property
    def difference(self) -> float | None:
        baseline = self.feature.baseline
        return None if baseline is None else self.measured.value - baseline

    @property
    def better(self) -> float | None:
        """Above 0 where the metric moved as the team wants it to."""
        if self.difference is None:
            return None
        return self.difference if self.feature.direction == Feature.Direction.MORE else -self.difference

    @property
    def words(self) -> str:
        """Against the baseline, in the metric's own unit."""
        if self.difference is None or self.better is None:
            return "no baseline to compare with"
        if not self.difference:
            return "as before"
        words = f"{signed(self.difference)} {points(self.feature.unit)}".strip()
        if self.range_holds_baseline:
            return f"{words}; the range given includes the baseline"
        return f"{words}, {'better' if self.better > 0 else 'worse'} than before"

    @property
    def range_holds_baseline(self) -> bool:
        """As far as the source gave both ends."""
        baseline, low, high = self.feature.baseline, self.measured.low, self.measured.high
        return None not in (baseline, low, high) and low <= baseline <= high  # type: ignore[operator]


def points(unit: str) -> str:
    """The unit of a difference: between two percentages it is no percentage."""
    return "points" if unit == "%" else unit


@dataclass(frozen=True)
class Incidents:
    """Of one window. `hidden`: too few to tell their number without telling of a restricted one."""

    all: Sequence[Linked]

    @property
    def total(self) -> int:
        return len(self.all)

    @property
    def hidden(self) -> bool:
        return gives_away(self.total, sum(one.incident.is_restricted for one in self.all))

    @property
    def seen(self) -> list[Linked]:
        return [one for one in self.all if one.is_seen]

    @property
    def unseen(self) -> int:
        return self.total - len(self.seen)

    def within(self, window: Window) -> Incidents:
        return Incidents([one for one in self.all if _holds(window, one.began_on)])


def _holds(window: Window, day: date) -> bool:
    return (window.since is None or day >= window.since) and (window.until is None or day <= window.until)


@dataclass(frozen=True)
class Burden:
    """What one feature took to keep in one window, part by part."""

    window: Window
    counted: Counted
    incidents: Incidents
    actions: Sequence[Action]
    # None: there are too many paths to look through.
    configs: int | None
    actions_hidden: bool = False

    @property
    def parts(self) -> list[Part]:
        return [
            self.lines, self.services, self.settings, self.config_files, self.linked, self.undone, self.fixes,
            self.rewritten, self.rework, self.todo,
        ]  # fmt: skip

    @property
    def lines(self) -> Part:
        found = self.counted
        note = f"+{grouped(found.added)} −{grouped(found.deleted)} in {_many(found.shipped, 'change')}"
        if found.unsized:
            note += f"; {grouped(found.unsized)} tell no lines"
        if found.shipped and found.net is None:
            return Part("net_lines", "Net lines", None, reason=NO_LINES)
        return self._shipped("net_lines", "Net lines", found.net or 0, note if found.shipped else "")

    @property
    def services(self) -> Part:
        return self._shipped("services", "Services touched", self.counted.services)

    @property
    def settings(self) -> Part:
        return self._shipped("settings", "Changes of configuration", self.counted.settings)

    @property
    def config_files(self) -> Part:
        name = "Configuration files touched"
        if self.configs is None:
            return Part("config_files", name, None, reason=TOO_MANY_PATHS)
        return self._shipped("config_files", name, self.configs)

    def _shipped(self, key: str, name: str, value: int, note: str = "") -> Part:
        """What only a shipped change can bring: unknown before the first."""
        if self.counted.first_shipped_at is None:
            return Part(key, name, None, reason=NOT_SHIPPED)
        return Part(key, name, value, note)

    @property
    def linked(self) -> Part:
        if self.incidents.hidden:
            return Part("incidents", "Incidents linked", None, reason=HIDDEN_WORDS)
        restricted = self.incidents.unseen
        note = f"{restricted} of them restricted" if restricted else ""
        return self._shipped("incidents", "Incidents linked", self.incidents.total, note)

    @property
    def undone(self) -> Part:
        return self._shipped("undone", "Changes undone", self.counted.undone)

    @property
    def fixes(self) -> Part:
        found = self.counted
        note = f"{_many(found.fix_lines, 'line')} changed by them" if found.fixes else ""
        if not found.estimated:
            note = "; ".join(filter(None, [note, "only those that name what they fix"]))
        if found.fixes_unsized:
            note += f"; {grouped(found.fixes_unsized)} tell no lines"
        return self._shipped("fixes", "Follow-up fixes", found.fixes, note)

    @property
    def rewritten(self) -> Part:
        name = "Its lines rewritten by fixes (estimated)"
        if self.counted.first_shipped_at and not self.counted.estimated:
            return Part("rewritten", name, None, reason=NO_CLONE)
        return self._shipped("rewritten", name, self.counted.rewritten)

    @property
    def rework(self) -> Part:
        if not self.counted.held_by:
            reason = NO_DEPLOYMENT if self.counted.first_shipped_at else NOT_SHIPPED
            return Part("rework", "Rework deployments", None, reason=reason)
        if gives_away(self.counted.rework, self.counted.by_restricted):
            return Part("rework", "Rework deployments", None, reason=HIDDEN_REWORK)
        return Part("rework", "Rework deployments", self.counted.rework)

    @property
    def todo(self) -> Part:
        if self.actions_hidden:
            return Part("actions", "Open actions from its incidents", None, reason=HIDDEN_WORDS)
        return self._shipped("actions", "Open actions from its incidents", len(self.actions))


def _many(count: int, noun: str) -> str:
    return f"{grouped(count)} {noun}{'' if count == 1 else 's'}"


def burden(
    window: Window,
    counted: Counted,
    incidents: Sequence[Linked],
    actions: Sequence[Action],
    configs: int | None,
) -> Burden:
    """Of one window, from all incidents of the feature and all open actions of those."""
    within = Incidents(incidents).within(window)
    mine = {one.incident.pk: one for one in incidents}
    todo = [one for one in actions if one.incident in mine and _holds(window, one.made_on)]
    behind = Incidents([mine[pk] for pk in sorted({one.incident for one in todo})])
    return Burden(window, counted, within, todo, configs, within.hidden or behind.hidden)


@dataclass(frozen=True)
class Quotient:
    """Impact for one part of the burden; None where one of the two is not known, or the part is 0."""

    part: str
    amount: int | None
    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class Density:
    """One measurement beside what the feature took to keep by then, and in that period."""

    impact: Impact
    carried: Burden
    period: Burden
    quotients: tuple[Quotient, ...] = field(default=())


def density(impact: Impact, carried: Burden, period: Burden) -> Density:
    lines = carried.lines
    parts = [
        ("per 1,000 net lines", lines, PER_LINES),
        ("per incident", period.linked, 1),
        ("per follow-up fix", period.fixes, 1),
        ("per rework deployment", period.rework, 1),
    ]
    return Density(
        impact, carried, period, tuple(_quotient(impact, name, part, of) for name, part, of in parts)
    )


def _quotient(impact: Impact, name: str, part: Part, of: int) -> Quotient:
    if impact.better is None:
        return Quotient(name, part.value, None, "no baseline")
    if part.value is None:
        return Quotient(name, None, None, part.reason)
    if part.value <= 0:
        return Quotient(name, part.value, None, "none" if not part.value else "fewer than before")
    return Quotient(name, part.value, impact.better * of / part.value)


def configs_of(found: ConfigPaths | None, *, lately: bool) -> int | None:
    if found is None:
        return None
    return found.lately if lately else found.ever
