"""Prometheus Alertmanager, webhook version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config

Cannot sign: a bearer token, a basic password or a header of ours. A letter is a group of alerts in mixed
states, sent again and again while they last, by every member of a cluster; it has no identity but its bytes.
`groupKey` is the same for unrelated alerts of a route without `group_by`, and the group's `status` hides
resolved members: each alert speaks for itself, known by its fingerprint and the start of its episode.
Old senders and many forwarders leave out `fingerprint` or the status of each alert.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

from incidents.facts import ORDER_OF_A_LIFE, EventKind, PagerFact, Told
from incidents.pagers.pager import Pager, quietly
from incidents.pagers.telling import address, digest, mapped, objects, part, without_blanks, words
from intake.models import Delivery
from intake.sources import Ignored, Letter, SharedSecret, Unprocessable, body_key, instant

UNKNOWN = None
STATES: dict[str, EventKind | None] = {
    "firing": EventKind.OPENED,
    "resolved": EventKind.RESOLVED,
    "unknown": UNKNOWN,
}
SERVICE_LABELS = ("service", "job", "namespace")


class Alertmanager(SharedSecret, Pager):
    kind = "alertmanager"
    title = "Prometheus Alertmanager"
    docs = "https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"
    mapping_keys = {
        "service_label": "Label that names the service; without it `service`, else `job`, else `namespace`.",
        "severity_label": "Label that names the severity; `severity` without it.",
    }

    def key(self, letter: Letter) -> str:
        return body_key(letter)

    def event(self, letter: Letter) -> str:
        return quietly(letter, "status")

    def facts(self, delivery: Delivery, letter: Letter) -> list[PagerFact]:
        return parse(
            letter,
            service_label=mapped(delivery, "service_label", ""),
            severity_label=mapped(delivery, "severity_label", "severity"),
        )


def parse(letter: Letter, *, service_label: str = "", severity_label: str = "severity") -> list[PagerFact]:
    """An opening for each alert, and its end where it has one. Raises: Unprocessable, Ignored."""
    group = letter.document
    if "alerts" not in group:
        raise Unprocessable(
            "No `alerts`: not a webhook of Alertmanager, or its body was replaced by a template"
        )
    facts: list[PagerFact] = []
    for alert in objects(group["alerts"], "alerts"):
        labels = {name: words(value) for name, value in part(alert.get("labels")).items()}
        service_names = (service_label,) if service_label else SERVICE_LABELS
        told = _told(group, alert, labels) | without_blanks(
            {
                "severity": labels.get(severity_label, ""),
                "service": next((labels[name] for name in service_names if labels.get(name)), ""),
            }
        )
        facts += _facts(letter, group, alert, labels, told)
    if not facts:
        raise Ignored("A group without an alert in a state known here")
    return facts


def _facts(
    letter: Letter, group: dict[str, Any], alert: dict[str, Any], labels: dict[str, str], told: dict[str, Any]
) -> list[PagerFact]:
    state = (words(alert.get("status")) or words(group.get("status"))).lower()
    kind = STATES.get(state, UNKNOWN)
    if kind is UNKNOWN:
        return []
    started = instant(alert.get("startsAt"))
    began = started or letter.received_at
    name = words(alert.get("fingerprint")) or digest(labels)[:32]
    key = f"{name}@{started.isoformat() if started else 'unknown'}"
    if started:
        told["opened_at"] = started.isoformat()
    # Annotations change while it lasts: each wording is an event of its own, so that order decides nothing.
    wording = digest(told)[:16]
    facts = [_fact(key, EventKind.OPENED, began, wording, told)]
    if kind is EventKind.RESOLVED:
        # Forwarded letters can end in year 1 although they are over: the receipt is the best known end.
        ended = instant(alert.get("endsAt")) or letter.received_at
        facts.append(_fact(key, kind, ended, wording, told))
    return facts


def _fact(key: str, kind: EventKind, at: Any, wording: str, told: dict[str, Any]) -> PagerFact:
    return PagerFact(
        alert_key=key,
        external_id=f"{kind}:{at.isoformat()}:{wording}",
        kind=kind,
        at=at,
        sequence=ORDER_OF_A_LIFE[kind],
        told=cast(Told, told),
    )


def _told(group: dict[str, Any], alert: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    annotations = part(alert.get("annotations"))
    group_key = words(group.get("groupKey"))
    told = without_blanks(
        {
            "title": words(annotations.get("summary"))
            or labels.get("summary")
            or labels.get("alertname", ""),
            "url": address(alert.get("generatorURL")),
            "labels": {name: value[:500] for name, value in sorted(labels.items())},
            # What Alertmanager gives PagerDuty as `incident_key`, when both of them tell us.
            "dedup_key": hashlib.sha256(group_key.encode()).hexdigest() if group_key else "",
        }
    )
    if not part(group.get("groupLabels")):
        told["dedup_elsewhere_only"] = True
    return told
