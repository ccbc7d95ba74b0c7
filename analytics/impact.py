"""Features as their pages show them: impact beside burden, for a list of many and for a page of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import User
from analytics.flow_weeks import QUARTER, Span, last_full
from analytics.metrics.features import Burden, Density, Impact, Incidents, burden, configs_of, density
from analytics.queries import features as queries
from analytics.queries.features import Action, ConfigPaths, Counted, Linked, Window
from changes.models import Feature, Measurement

EVER, LATELY = "ever", "lately"
PERIODS = {EVER: "All time", LATELY: "Last 13 weeks"}


@dataclass(frozen=True)
class Line:
    """One feature with its newest impact, and its burden over all time and in the last 13 weeks."""

    feature: Feature
    impact: Impact | None
    burdens: dict[str, Burden]

    @property
    def is_asked(self) -> bool:
        return not self.feature.worth_it


@dataclass(frozen=True)
class Sheet(Line):
    """All of one feature. `actions` are those that the reader may open."""

    densities: list[Density]
    incidents: Incidents
    actions: list[Action]
    actions_unseen: int
    weeks: Span


def lines(features: Sequence[Feature], user: User, today: date) -> list[Line]:
    """In the order given; in as many statements for many as for one."""
    found = _Found.of(features, user, last_full(today, QUARTER))
    latest = queries.latest_measurements(found.ids) if features else {}
    windows = [window for one in features for window in found.windows(one)]
    counted = iter(queries.counted(windows))
    return [
        Line(one, Impact(one, latest[one.pk]) if one.pk in latest else None, found.burdens(one, counted))
        for one in features
    ]


def sheet(feature: Feature, measured: Iterable[Measurement], user: User, today: date) -> Sheet:
    """`measured`: its measurements in the order of their periods; those taken back count in nothing."""
    standing = [one for one in measured if one.taken_back_at is None]
    found = _Found.of([feature], user, last_full(today, QUARTER))
    windows = [*found.windows(feature), *_periods(feature, standing)]
    counted = iter(queries.counted(windows))
    burdens = found.burdens(feature, counted)
    impacts = [Impact(feature, one) for one in standing]
    incidents = Incidents(found.linked.get(feature.pk, []))
    seen = {one.incident.pk for one in incidents.seen}
    actions = [one for one in found.actions if one.incident in seen]
    return Sheet(
        feature=feature,
        impact=impacts[-1] if impacts else None,
        burdens=burdens,
        densities=[_density(one, found, counted) for one in impacts],
        incidents=incidents,
        actions=actions,
        actions_unseen=len(found.actions) - len(actions),
        weeks=found.weeks,
    )


def _periods(feature: Feature, measured: Iterable[Measurement]) -> list[Window]:
    """Of each measurement two: all up to its end, and its own period."""
    return [Window(feature.pk, since, one.ends_on) for one in measured for since in (None, one.begins_on)]


def _density(impact: Impact, found: _Found, counted: Any) -> Density:
    pk, measured = impact.feature.pk, impact.measured
    carried, period = (
        found.burden(Window(pk, since, measured.ends_on), next(counted), None)
        for since in (None, measured.begins_on)
    )
    return density(impact, carried, period)


@dataclass(frozen=True)
class _Found:
    """What was read of some features together."""

    ids: list[int]
    weeks: Span
    linked: dict[int, list[Linked]]
    actions: list[Action]
    configs: dict[int, ConfigPaths] | None

    @classmethod
    def of(cls, features: Sequence[Feature], user: User, weeks: Span) -> _Found:
        ids = [one.pk for one in features]
        linked = queries.linked(ids, user)
        actions = queries.open_actions(one for incidents in linked.values() for one in incidents)
        return cls(ids, weeks, linked, actions, queries.config_paths(ids, weeks))

    def windows(self, feature: Feature) -> list[Window]:
        return [Window(feature.pk), Window(feature.pk, self.weeks.begins_on, self.weeks.last_day)]

    def burdens(self, feature: Feature, counted: Any) -> dict[str, Burden]:
        found = self.configs.get(feature.pk) if self.configs is not None else None
        return {
            period: self.burden(window, next(counted), configs_of(found, lately=period == LATELY))
            for period, window in zip(PERIODS, self.windows(feature), strict=True)
        }

    def burden(self, window: Window, counted: Counted, configs: int | None) -> Burden:
        return burden(window, counted, self.linked.get(window.feature, []), self.actions, configs)


# ---------------------------------------------------------------- the order of a list

Key = Callable[[Line], float | None]


def _part(name: str) -> Callable[[Burden], float | None]:
    return lambda one: getattr(one, name).value


_PARTS = {
    "net_lines": ("Net lines", _part("lines")),
    "services": ("Services touched", _part("services")),
    "settings": ("Changes of configuration", _part("settings")),
    "incidents": ("Incidents linked", _part("linked")),
    "undone": ("Changes undone", _part("undone")),
    "fixes": ("Follow-up fixes", _part("fixes")),
    "rework": ("Rework deployments", _part("rework")),
    "actions": ("Open actions", _part("todo")),
}
BY_NAME, BY_IMPACT = "name", "impact"
ORDERS = {BY_NAME: "Name", BY_IMPACT: "Impact", **{key: name for key, (name, _) in _PARTS.items()}}


def in_order(found: Sequence[Line], order: str, period: str) -> list[Line]:
    """The largest first, what is not known last; by name where no other order is asked for."""
    if order == BY_NAME or order not in ORDERS:
        return list(found)

    def value(line: Line) -> float | None:
        if order == BY_IMPACT:
            return line.impact.better if line.impact else None
        return _PARTS[order][1](line.burdens[period])

    values = [(value(line), line) for line in found]
    known = sorted((one for one in values if one[0] is not None), key=lambda one: -(one[0] or 0))
    return [line for _, line in known] + [line for amount, line in values if amount is None]
