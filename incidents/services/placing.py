"""Which incident an alert belongs to, and what an incident shows of its alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import re2
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from incidents import lifecycle
from incidents.models import Alert, AlertRule, Incident, TimelineEntry
from incidents.services import alert_timeline, causes, timeline
from incidents.services.incidents import follow_due_date, open_incident
from intake import ledger
from intake.ledger import Kind
from intake.models import Source
from intake.sources import Unprocessable

# Key of the advisory lock under which alerts are placed: two of one outage never open two incidents.
PLACES = 0x48_49_4E_50
SHOWN_TIMES = ("detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
# Times at which something was going on; `reported_at` tells when somebody wrote, not when it happened.
NEVER = datetime.max.replace(tzinfo=UTC)
ACTIVE_TIMES = ("impact_started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")


def place(
    alerts: Iterable[Alert], states: Mapping[int, lifecycle.AlertState], source: Source
) -> dict[int, str]:
    """Give each alert without an incident the one that the source's rules say, an old or a new one.

    Returns what `statuses` would have said of the incidents before they got theirs.
    """
    homeless = [alert for alert in alerts if alert.incident_id is None and not alert.placed_by_person]
    if not homeless:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PLACES])
    rules = list(AlertRule.objects.filter(source=source).select_related("severity_at_least"))
    was: dict[int, str] = {}
    for alert in sorted(homeless, key=lambda one: (_moment(states[one.pk]), one.key)):
        incident = _incident_for(alert, states[alert.pk], rules)
        if incident is None:
            continue
        was = statuses({incident.pk}) | was
        alert.incident = incident
        alert.save(update_fields=["incident"])
        alert_timeline.tell(alert)
    return was


def _moment(state: lifecycle.AlertState) -> datetime:
    return state.opened_at or state.first_at or timezone.now()


def _incident_for(alert: Alert, state: lifecycle.AlertState, rules: list[AlertRule]) -> Incident | None:
    rule = next((rule for rule in rules if _applies(rule, alert)), AlertRule(source=alert.source))
    if rule.action == AlertRule.Action.KEEP_APART:
        return None
    at = _moment(state)
    found = _same_key(alert, state, at, rule) or _same_service(alert, at, rule)
    if found or rule.action == AlertRule.Action.JOIN_ONLY or state.status == lifecycle.DISMISSED:
        return found
    return open_incident(
        title=alert.title or f"Alert {alert.key}",
        now=timezone.now(),
        facts={"reported_at": at, "detected_at": alert.opened_at, "url": alert.url},
        services=[alert.service] if alert.service else [],
        source=alert.source,
        is_demo=alert.source.is_demo,
    )


def _applies(rule: AlertRule, alert: Alert) -> bool:
    wanted = rule.severity_at_least
    if wanted is not None and (alert.severity is None or alert.severity.rank > wanted.rank):
        return False
    if not rule.title_pattern:
        return True
    try:
        return re2.search(rule.title_pattern, alert.title) is not None
    except re2.error as error:
        raise Unprocessable(
            f"The pattern of the rule {rule.title_pattern!r} cannot be read: {error}"
        ) from error


def _open_to(alert: Alert) -> QuerySet[Incident]:
    """What may be joined: real with real, and nothing that a person has closed."""
    status = Incident.Status.CLOSED
    return Incident.objects.filter(is_demo=alert.source.is_demo).exclude(status=status).order_by("number")


def _same_key(alert: Alert, state: lifecycle.AlertState, at: datetime, rule: AlertRule) -> Incident | None:
    """An incident with an alert of the same dedup key, by this source or another: a group that was paged.

    Where the key lumps a whole route together, only alerts of other sources are looked at.
    """
    if not alert.dedup_key:
        return None
    same = Alert.objects.filter(incident=OuterRef("pk"), dedup_key=alert.dedup_key)
    if state.told.get("dedup_elsewhere_only"):
        same = same.exclude(source=alert.source)
    return _around(_open_to(alert).filter(Exists(same)), at, rule).first()


def _same_service(alert: Alert, at: datetime, rule: AlertRule) -> Incident | None:
    if alert.service is None:
        return None
    return _around(_open_to(alert).filter(services=alert.service), at, rule).first()


def _around(incidents: QuerySet[Incident], at: datetime, rule: AlertRule) -> QuerySet[Incident]:
    """Those with anything going on within the rule's minutes of this instant, before it or after."""
    window = timedelta(minutes=rule.window_minutes)
    near = (at - window, at + window)
    entries = TimelineEntry.objects.filter(incident=OuterRef("pk"), occurred_at__range=near)
    active = Q(Exists(entries.exclude(kind=TimelineEntry.Kind.CHANGE)))
    for name in ACTIVE_TIMES:
        active |= Q(**{f"{name}__range": near})
    return incidents.filter(active)


def statuses(incident_ids: set[int]) -> dict[int, str]:
    """What the alerts of each incident, as they are stored now, say of its status; nothing without alerts."""
    told: dict[int, list[Alert]] = {pk: [] for pk in incident_ids}
    for alert in Alert.objects.filter(incident__in=incident_ids):
        told[alert.incident_id or 0].append(alert)
    return {pk: lifecycle.combine(alerts).status if alerts else "" for pk, alerts in told.items()}


def sync(*, was: Mapping[int, str], delivery_id: int | None = None, actor_id: int | None = None) -> None:
    """Work out again what these incidents show of their alerts; what a person holds is left alone.

    `was` is what `statuses` said before: an incident's status, which people move too, follows only a change.
    """
    locked = Incident.objects.select_for_update(of=("self",)).filter(pk__in=was).order_by("pk")
    for incident in list(locked.select_related("severity", "source")):
        told_first = not was[incident.pk]
        if _sync(incident, was[incident.pk]) or told_first:
            ledger.touch(
                Kind.INCIDENT, incident.pk, verb="alerts_told", actor_id=actor_id, delivery_id=delivery_id
            )


def _sync(incident: Incident, was: str) -> bool:
    alerts = list(incident.alerts.select_related("severity", "service", "source"))
    if not alerts:
        return False
    began = incident.began_at
    shown = _shown(incident, alerts, was)
    altered = {
        name: value
        for name, value in shown.items()
        if name not in incident.held_fields and getattr(incident, name) != value
    }
    for name, value in altered.items():
        setattr(incident, name, value)
    if altered:
        incident.version += 1
        incident.save(update_fields=[*altered, "version"])
        follow_due_date(incident)
    more_services = _sync_services(incident, alerts)
    if incident.began_at != began:
        causes.refresh_first_incidents(incident_id=incident.pk)
    if altered or more_services:
        timeline.gather(incident=incident, now=timezone.now())
    return bool(altered or more_services)


def _shown(incident: Incident, alerts: list[Alert], was: str) -> dict[str, Any]:
    state = lifecycle.combine(alerts)
    shown: dict[str, Any] = {name: getattr(state, name) for name in SHOWN_TIMES}
    if incident.reported_by_id is None:  # else a person told it first, in their words
        shown |= _told_by_first(incident, alerts, state)
    known = [alert.severity for alert in alerts if alert.severity is not None]
    if known:
        shown["severity"] = min(known, key=lambda severity: severity.rank)
    if incident.status != Incident.Status.CLOSED and state.status != was:
        shown["status"] = _status(incident, state)
    return shown


def _told_by_first(incident: Incident, alerts: list[Alert], state: lifecycle.IncidentState) -> dict[str, Any]:
    first = min(alerts, key=lambda alert: (alert.opened_at or NEVER, alert.source_id, alert.key))
    return {
        "title": (first.title or incident.title)[:200],
        "url": first.url or incident.url,
        "source": first.source,
        "reported_at": state.detected_at or incident.reported_at,
    }


def _status(incident: Incident, state: lifecycle.IncidentState) -> str:
    """As far as the alerts have come, or a time that a person holds."""
    held = set(incident.held_fields)
    if "resolved_at" in held and incident.resolved_at:
        return Incident.Status.RESOLVED
    if "mitigated_at" in held and incident.mitigated_at and state.status != Incident.Status.RESOLVED:
        return Incident.Status.MITIGATED
    return state.status


def _sync_services(incident: Incident, alerts: list[Alert]) -> bool:
    if "services" in incident.held_fields:
        return False
    told = {alert.service_id for alert in alerts if alert.service_id}
    new = told - set(incident.services.values_list("pk", flat=True))
    incident.services.add(*new)
    return bool(new)
