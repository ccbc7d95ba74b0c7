"""The five figures of delivery for every scope at once: what is kept of them, for a week as for thirteen.

What each means stands in the modules that are named here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from analytics.flow_weeks import Span
from analytics.metrics import (
    change_fail_rate,
    change_lead_time,
    deployment_frequency,
    deployment_rework_rate,
    failed_deployment_recovery,
)
from analytics.models.flow import ReviewRules
from analytics.queries import delivery as facts

VERSION = 2


def reckon(span: Span, demo: bool, rules: ReviewRules, now: datetime) -> dict[str, dict[str, Any]]:
    asked = facts.Asked(span, demo, rules, now)
    deployed, rhythm, leads = facts.deployed(asked), facts.rhythm(asked), facts.leads(asked)
    lasted, unknown, since = facts.durations(asked), facts.unknown(asked), facts.known_since(asked)
    scopes = {"", *deployed, *leads, *since, *(scope for scope, _ in lasted)}
    nothing, none = facts.Deployed(), facts.Undetermined()
    found = {}
    for scope in scopes:
        own = deployed.get(scope, nothing)
        led = leads.get(scope, {})
        found[scope] = {
            "frequency": deployment_frequency.part(own.counts, rhythm.get(scope, {}), since.get(scope)),
            "lead": change_lead_time.part(led, led, own.counts["gaps"]),
            "fail": change_fail_rate.part(own.counts, unknown.get(scope, none), own.room),
            "recovery": failed_deployment_recovery.part(lasted.get((scope, "recovery"), {})),
            "restore": failed_deployment_recovery.part(lasted.get((scope, "restore"), {})),
            "rework": deployment_rework_rate.part(own.counts),
        }
    return found
