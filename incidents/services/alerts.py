"""What pagers tell: kept as events of alerts, from which alerts and their incidents are worked out again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import AuditEntry, User
from changes.models import Service
from incidents import lifecycle
from incidents.facts import PagerFact
from incidents.models import Alert, AlertEvent, Incident, Severity
from incidents.services import alert_timeline, placing
from incidents.services.refusals import Refused
from intake.models import Delivery, Source


@transaction.atomic
def record_pager_facts(
    *, source: Source, delivery: Delivery | None, facts: Iterable[PagerFact]
) -> list[Alert]:
    """Keep what was told and bring alerts and incidents up to date: any order, any repetition, the same.

    Locks are taken in one order everywhere: alerts by key, then the right to place, then incidents by id.
    """
    told: dict[str, list[PagerFact]] = defaultdict(list)
    for fact in facts:
        told[alert_key(fact.alert_key)].append(fact)
    alerts = _locked_alerts(source, sorted(told))
    for alert in alerts:
        _keep_events(alert, told[alert.key], delivery)
    was = placing.statuses({alert.incident_id for alert in alerts if alert.incident_id})
    states = {alert.pk: _refold(alert, source) for alert in alerts}
    was |= placing.place([alert for alert in alerts if states[alert.pk].is_known], states, source)
    placing.sync(was=was, delivery_id=delivery.pk if delivery else None)
    for alert in alerts:
        alert_timeline.tell(alert)
    return alerts


def alert_key(key: str) -> str:
    """A pager's key as it is stored: one that is too long by its digest."""
    return key if len(key) <= 200 else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def _locked_alerts(source: Source, keys: list[str]) -> list[Alert]:
    Alert.objects.bulk_create([Alert(source=source, key=key) for key in keys], ignore_conflicts=True)
    alerts = Alert.objects.select_for_update(of=("self",)).filter(source=source, key__in=keys)
    return list(alerts.order_by("key"))


def _keep_events(alert: Alert, facts: Iterable[PagerFact], delivery: Delivery | None) -> None:
    """The same event told again replaces itself: when the reading is corrected, a replay corrects the row."""
    rows = {
        fact.external_id: AlertEvent(
            alert=alert,
            external_id=alert_key(fact.external_id),
            sequence=fact.sequence,
            kind=fact.kind,
            at=fact.at,
            told=fact.told,
            text=fact.text,
            delivery=delivery,
        )
        for fact in facts
    }
    AlertEvent.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["alert", "external_id"],
        update_fields=["sequence", "kind", "at", "told", "text", "delivery"],
    )


def _refold(alert: Alert, source: Source) -> lifecycle.AlertState:
    state = lifecycle.fold(alert.events.all())
    told = state.told
    alert.status = state.status
    alert.opened_at, alert.acknowledged_at = state.opened_at, state.acknowledged_at
    alert.mitigated_at, alert.resolved_at = state.mitigated_at, state.resolved_at
    alert.title = told.get("title", "")[:300]
    alert.url = told.get("url", "")[:500]
    alert.number = told.get("number", "")[:40]
    alert.dedup_key = alert_key(told.get("dedup_key", ""))
    alert.urgency = told.get("urgency", "")[:20]
    alert.labels = told.get("labels", {})
    alert.is_private = told.get("is_private", False)
    alert.severity_told = told.get("severity", "")[:60]
    alert.severity = severity_called(alert.severity_told)
    alert.service_told = told.get("service", "")[:200]
    names = [alert.service_told, told.get("service_id", "")]
    alert.service = service_called(*names, is_demo=source.is_demo)
    alert.save()
    return state


def severity_called(name: str) -> Severity | None:
    """By slug, name or alias, without regard to case. An unknown word is no severity, never the lowest."""
    wanted = name.strip().lower()
    if not wanted:
        return None
    severities: list[Severity] = list(Severity.objects.filter(merged_into=None))
    for severity in severities:
        known = {severity.slug, severity.name, *severity.aliases}
        if wanted in {str(word).lower() for word in known}:
            return severity
    return None


def service_called(*names: str, is_demo: bool) -> Service | None:
    """By name, slug or alias, without regard to case; None when no name fits, or one fits two services."""
    for word in filter(None, (name.strip() for name in names)):
        fits = "lower(%s) = ANY (SELECT lower(word) FROM unnest(aliases || ARRAY[name, slug]) AS word)"
        known = RawSQL(fits, [word], output_field=BooleanField())  # noqa: S611
        found = list(Service.objects.filter(known, is_demo=is_demo)[:2])
        if len(found) == 1:
            return found[0]
    return None


@transaction.atomic
def move_alert(*, alert_id: int, incident_id: int | None, by: User, now: datetime | None = None) -> Alert:
    """A person's word on where an alert belongs, to an incident or to none: no rule moves it again."""
    alert = Alert.objects.select_for_update(of=("self",)).select_related("source").get(pk=alert_id)
    before = alert.incident_id
    if incident_id is not None:
        target = Incident.objects.get(pk=incident_id)
        if target.is_demo != alert.source.is_demo:
            raise Refused(
                "Demonstration data and real data stay apart.", field="incident", code="demo_and_real"
            )
    was = placing.statuses({pk for pk in (before, incident_id) if pk is not None})
    alert.incident_id, alert.placed_by_person = incident_id, True
    alert.save(update_fields=["incident", "placed_by_person"])
    placing.sync(was=was, actor_id=by.pk)
    alert_timeline.move(alert)
    AuditEntry.objects.create(
        at=now or timezone.now(),
        actor=by,
        verb="move_alert",
        target_kind="alert",
        target_id=alert.pk,
        detail={"from": before, "to": incident_id},
    )
    return alert
