"""Deployments, lead times and incidents of some weeks, for every scope at once.

One set of conditions says what counts as what: `queries.delivery_records` lists by the same words that are
counted by here.
"""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.days import day_of, midnight, organisation_zone
from analytics.flow_weeks import Span
from analytics.models.flow import ReviewRules
from analytics.queries.ranked import SPREAD, ranked
from analytics.stats.ranks import low_ranks


@dataclass(frozen=True)
class Asked:
    """Figures of these weeks as judged at that moment: what is young then is pending."""

    span: Span
    demo: bool
    rules: ReviewRules
    now: datetime

    def parameters(self) -> dict[str, Any]:
        return {
            "demo": self.demo,
            "since": midnight(self.span.begins_on),
            "until": midnight(self.span.ends_on),
            "zone": settings.ORGANISATION_TIME_ZONE,
            "today": day_of(self.now),
            "exposure_days": self.rules.exposure_days,
            "ranks": list(low_ranks()),
        }


# A person's word decides whether incidents of a service are known here; else whether any ever named it.
JUDGED = """
WITH known AS MATERIALIZED (
    SELECT service.id, COALESCE(service.exposure_days, %(exposure_days)s) AS exposure_days,
           COALESCE(service.reports_incidents,
               EXISTS (SELECT FROM incidents_incident_services AS hit WHERE hit.service_id = service.id)
               OR EXISTS (SELECT FROM incidents_alert AS alert WHERE alert.service_id = service.id)
           ) AS is_measured
    FROM changes_service AS service WHERE service.is_demo = %(demo)s
),
judged AS (
    SELECT flow.*, COALESCE(known.is_measured, false) AS is_measured,
           (flow.at AT TIME ZONE %(zone)s)::date AS day,
           (flow.at AT TIME ZONE %(zone)s)::date
               > %(today)s::date - COALESCE(known.exposure_days, %(exposure_days)s)::int AS is_young
    FROM analytics_deploymentflow AS flow LEFT JOIN known ON known.id = flow.service
    WHERE flow.is_demo = %(demo)s AND flow.at >= %(since)s AND flow.at < %(until)s
)
"""
_JUDGED = "reached_users AND is_measured AND NOT is_young"
_YOUNG = "reached_users AND is_measured AND is_young"
DEPLOYMENTS: Mapping[str, str] = {
    "deployments": "reached_users",
    "attempts": "NOT reached_users",
    "rework": "reached_users AND is_rework",
    "judged": _JUDGED,
    "failed": f"{_JUDGED} AND failed",
    "suspected": f"{_JUDGED} AND suspected AND NOT failed",
    "pending": _YOUNG,
    "pending_failed": f"{_YOUNG} AND failed",
    "pending_suspected": f"{_YOUNG} AND suspected AND NOT failed",
    "unmeasured": "reached_users AND NOT is_measured",
    "unmeasured_failed": "reached_users AND NOT is_measured AND failed",
    "of_no_service": "reached_users AND service = 0",
    "gaps": "reached_users AND is_gap",
}
# What incidents say of deployments, and of how many of them a restricted one alone says so.
TELLING = ("failed", "suspected", "pending_failed", "pending_suspected", "unmeasured_failed", "rework")
VEILED: Mapping[str, str] = {f"{name}_veiled": f"{DEPLOYMENTS[name]} AND by_restricted" for name in TELLING}
COUNTS = (
    JUDGED
    + "SELECT scope, service, bool_or(is_measured), "
    + ", ".join(f"COUNT(*) FILTER (WHERE {which})" for which in (*DEPLOYMENTS.values(), *VEILED.values()))
    + " FROM judged, unnest(scopes) AS scope GROUP BY scope, service"
)


RHYTHM = f"""
{JUDGED},
paced AS (
    SELECT scope, day, EXTRACT(EPOCH FROM at - lag(at) OVER (PARTITION BY scope ORDER BY at))::float8 AS gap
    FROM judged, unnest(scopes) AS scope WHERE {DEPLOYMENTS["deployments"]}
)
SELECT scope, active_days, {", ".join(SPREAD)} FROM ({
    ranked('''
    SELECT scope, COUNT(DISTINCT day) AS active_days,
           array_agg(gap ORDER BY gap) FILTER (WHERE gap IS NOT NULL) AS v
    FROM paced GROUP BY scope''')
}) AS picked
"""
# Changes by when they were shipped; what has no such moment by when it was merged.
CHANGES: Mapping[str, str] = {
    "lead": "in_shipped AND lead_seconds IS NOT NULL",
    "from_commit": "in_shipped AND lead_seconds IS NOT NULL AND lead_basis = 'commit'",
    "from_opening": "in_shipped AND lead_seconds IS NOT NULL AND lead_basis <> 'commit'",
    "no_begin": "in_shipped AND lead_seconds IS NULL",
    "first_known": "in_merged AND is_first_known",
    "not_deployed": "in_merged AND NOT is_first_known",
}
MOVED = """
WITH moved AS (
    SELECT flow.*, true AS in_shipped, false AS in_merged FROM analytics_changeflow AS flow
    WHERE flow.is_demo = %(demo)s AND flow.shipped_at >= %(since)s AND flow.shipped_at < %(until)s
    UNION ALL
    SELECT flow.*, false, true FROM analytics_changeflow AS flow
    WHERE flow.is_demo = %(demo)s AND flow.merged_at >= %(since)s AND flow.merged_at < %(until)s
      AND flow.shipped_at IS NULL
)
"""
_LEAD_COUNTS = ", ".join(f"COUNT(*) FILTER (WHERE {which}) AS {name}" for name, which in CHANGES.items())
LEADS = f"""
{MOVED}
SELECT scope, {", ".join(CHANGES)}, {", ".join(SPREAD)} FROM ({
    ranked(f'''
    SELECT scope, {_LEAD_COUNTS},
           array_agg(lead_seconds::float8 ORDER BY lead_seconds) FILTER (WHERE {CHANGES["lead"]}) AS v
    FROM moved, unnest(scopes) AS scope GROUP BY scope''')
}) AS picked
"""
INCIDENTS: Mapping[str, str] = {
    "restore": "true",
    "recovery": "by_change = 'yes'",
    "unknown": "by_change = 'unknown'",
}
BEGUN = """
WITH begun AS (
    SELECT flow.*, CASE WHEN is_open THEN 'Infinity'::float8 ELSE seconds::float8 END AS lasted,
           NOT is_open AND seconds IS NULL AS has_no_time,
           NOT is_open AND seconds IS NULL AND ended_at < began_at AS is_invalid
    FROM analytics_incidentflow AS flow
    WHERE flow.is_demo = %(demo)s AND flow.began_at >= %(since)s AND flow.began_at < %(until)s
)
"""
# Of incidents what is in no median, or ranks last in it.
APART: Mapping[str, str] = {
    "open": "is_open",
    "missing": "has_no_time AND NOT COALESCE(is_invalid, false)",
    "invalid": "is_invalid",
}
APART_NAMES = (*APART, *(f"{name}_restricted" for name in APART))
_APART_COUNTS = ", ".join(
    f"COUNT(*) FILTER (WHERE {which}) AS {name}, "
    f"COUNT(*) FILTER (WHERE {which} AND is_restricted) AS {name}_restricted"
    for name, which in APART.items()
)
DURATIONS = f"""
{BEGUN}
SELECT scope, which, incidents, restricted, {", ".join(APART_NAMES)}, {", ".join(SPREAD)} FROM ({
    ranked(f'''
    SELECT scope, which, COUNT(*) AS incidents, COUNT(*) FILTER (WHERE is_restricted) AS restricted,
           {_APART_COUNTS},
           array_agg(lasted ORDER BY lasted) FILTER (WHERE lasted IS NOT NULL) AS v
    FROM begun, unnest(scopes) AS scope,
         unnest(CASE WHEN {INCIDENTS["recovery"]} THEN ARRAY['restore', 'recovery']
                     ELSE ARRAY['restore'] END) AS which
    GROUP BY scope, which''')
}) AS picked
"""
UNKNOWN = f"""
{BEGUN}
SELECT scope, services, COUNT(*), COUNT(*) FILTER (WHERE is_restricted)
FROM begun, unnest(scopes) AS scope WHERE {INCIDENTS["unknown"]}
GROUP BY scope, services
"""
KNOWN_SINCE = """
SELECT scope, MIN(at) FROM analytics_deploymentflow AS flow, unnest(scopes) AS scope
WHERE flow.is_demo = %(demo)s AND flow.is_first_known AND flow.at < %(until)s GROUP BY scope
"""


class Deployed:
    """Counts of one scope, and of each of its services."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(
            (*DEPLOYMENTS, *VEILED, "services", "services_unmeasured"), 0
        )
        # Judged deployments that did not fail.
        self.room: dict[int, int] = {}

    def add(self, service: int, is_measured: bool, numbers: Iterable[int]) -> None:
        found = dict(zip((*DEPLOYMENTS, *VEILED), numbers, strict=True))
        for name, number in found.items():
            self.counts[name] += number
        if service and found["deployments"]:
            self.counts["services"] += 1
            self.counts["services_unmeasured"] += not is_measured
        self.room[service] = found["judged"] - found["failed"]


def _rows(statement: str, asked: Asked) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked.parameters())
        yield from cursor.fetchall()


def deployed(asked: Asked) -> dict[str, Deployed]:
    found: defaultdict[str, Deployed] = defaultdict(Deployed)
    for scope, service, is_measured, *numbers in _rows(COUNTS, asked):
        found[scope].add(service, is_measured, numbers)
    return found


def _picked(statement: str, names: tuple[str, ...], asked: Asked, keys: int = 1) -> dict[Any, dict[str, Any]]:
    """Rows by their first columns; without end is None."""
    found = {}
    for row in _rows(statement, asked):
        values = (None if value == float("inf") else value for value in row[keys:])
        found[row[0] if keys == 1 else row[:keys]] = dict(zip(names, values, strict=True))
    return found


def rhythm(asked: Asked) -> dict[str, dict[str, Any]]:
    return _picked(RHYTHM, ("active_days", *SPREAD), asked)


def leads(asked: Asked) -> dict[str, dict[str, Any]]:
    return _picked(LEADS, (*CHANGES, *SPREAD), asked)


def durations(asked: Asked) -> dict[tuple[str, str], dict[str, Any]]:
    """By scope and `recovery` or `restore`; seconds, an open incident longer than any."""
    names = ("incidents", "restricted", *APART_NAMES, *SPREAD)
    return _picked(DURATIONS, names, asked, keys=2)


class Undetermined:
    """Incidents whose cause nobody determined, each as the services that it names."""

    def __init__(self) -> None:
        self.each: list[tuple[int, ...]] = []
        self.restricted = 0


def unknown(asked: Asked) -> dict[str, Undetermined]:
    found: defaultdict[str, Undetermined] = defaultdict(Undetermined)
    for scope, services, count, restricted in _rows(UNKNOWN, asked):
        found[scope].each += [tuple(services)] * count
        found[scope].restricted += restricted
    return found


def known_since(asked: Asked) -> dict[str, date]:
    zone = organisation_zone()
    return {scope: at.astimezone(zone).date() for scope, at in _rows(KNOWN_SINCE, asked)}
