"""Operating load

How much a team has to keep right besides writing changes: services, alerts, settings and dependencies, per
area and over time.

Services: Those that are known here by the end of the span. That one is new here does not mean that it is new.

Alerts: Episodes of pagers and monitors by their own record that began within the span, by the area, the team
and the service that they name; one that names none counts in everything alone. Alerts that led to no
incident, or to one closed as a false alarm, are noise, and said as such: each woke somebody, or taught them
not to look. Where no alert ever named a service, nobody can tell whether it is watched: not measured, not 0.

Settings: Configuration entries, one for each name that a file of the repository gives a value, by the last
reading. The same name in two files is two entries. Which files count stands in the documentation, on the page
of the operating load.

Dependencies: Packages that the manifests of a repository name, each once; what only comes along with them, by
its lock files, is counted apart.

Readings: Told by CI in one line, or counted in a clone for the ends of past months. A reading stands until
the next, for 92 days at most; then nothing is known. A repository counts as a whole for everything; for an
area, a team or a service only its parts count, or the whole where it belongs there as a whole.

Change: Only between places that were measured at both ends, so that a repository that is measured for the
first time is no growth.

Source: Services, alerts and readings as they are recorded. Alerts of restricted incidents count for everyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.days import day_of, midnight
from analytics.flow_weeks import Span
from analytics.models.flow import ReviewRules
from analytics.queries import load as facts
from analytics.stats import wilson_interval

VERSION = 1
KINDS = ("dependencies", "indirect", "settings", "services")
# Below it no percentage is told.
FEWEST = 20


def reckon(span: Span, demo: bool, rules: ReviewRules, now: datetime) -> dict[str, dict[str, Any]]:
    since, until = midnight(span.begins_on), min(midnight(span.ends_on), now)
    until_day = min(span.ends_on, day_of(now) + timedelta(days=1))
    given = facts.parameters(demo=demo, since=since, until=until, until_day=until_day)
    services, alerts = facts.services(given), facts.alerts(given)
    watched, readings = facts.watched(given), facts.readings(given)
    found: dict[str, dict[str, Any]] = {}
    for scope in {"", *services, *readings, *watched}:
        own = alerts.get(scope, facts.Alerts(0, 0, 0, 0))
        found[scope] = {
            "services": services.get(scope, (0, 0))[1],
            "alerts": asdict(own) if scope in watched else None,
            "readings": {
                kind: {
                    "counts": one.counts,
                    "repositories": len(one.repositories),
                    "oldest": str(one.oldest),
                }
                for kind, one in readings.get(scope, {}).items()
            },
        }
    return found


@dataclass(frozen=True)
class Noise:
    """Alerts that led nowhere, of all; the rate only from `FEWEST` on."""

    k: int
    n: int

    @property
    def rate(self) -> float | None:
        return self.k / self.n if self.n >= FEWEST else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.k, self.n) if self.n >= FEWEST else None


@dataclass(frozen=True)
class Load:
    """Of one scope and span, as it is shown; None is not measured."""

    figures: Mapping[str, Any]

    @property
    def services(self) -> int | None:
        count = int(self.figures["services"])
        return count or None

    @property
    def alerts(self) -> int | None:
        return self.figures["alerts"]["opened"] if self.figures["alerts"] else None

    @property
    def open_alerts(self) -> int | None:
        return self.figures["alerts"]["open"] if self.figures["alerts"] else None

    @property
    def noise(self) -> Noise | None:
        own = self.figures["alerts"]
        return Noise(own["apart"] + own["false"], own["opened"]) if own else None

    def total(self, kind: str) -> int | None:
        reading = self.figures["readings"].get(kind)
        return sum(reading["counts"].values()) if reading else None

    def repositories(self, kind: str) -> int:
        reading = self.figures["readings"].get(kind)
        return reading["repositories"] if reading else 0

    def oldest(self, kind: str) -> str:
        reading = self.figures["readings"].get(kind)
        return reading["oldest"] if reading else ""

    @property
    def dependencies(self) -> int | None:
        return self.total("dependencies")

    @property
    def indirect(self) -> int | None:
        return self.total("indirect")

    @property
    def settings(self) -> int | None:
        return self.total("settings")


@dataclass(frozen=True)
class Growth:
    """Between two spans, over the places measured at both; `new` are measured at the later one only."""

    before: int
    now: int
    places: int
    new: int
    gone: int

    @property
    def difference(self) -> int:
        return self.now - self.before


def growth(now: Load | None, before: Load | None, kind: str) -> Growth | None:
    """None where no place was measured at both ends."""
    if now is None or before is None:
        return None
    own, past = (one.figures["readings"].get(kind, {}).get("counts", {}) for one in (now, before))
    both = own.keys() & past.keys()
    if not both:
        return None
    return Growth(
        before=sum(past[place] for place in both),
        now=sum(own[place] for place in both),
        places=len(both),
        new=len(own.keys() - both),
        gone=len(past.keys() - both),
    )
