"""The five figures against a straightforward recount in Python, over random histories of real rows."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest

from accounts.models import Team
from analytics.flow_weeks import QUARTER, Span
from analytics.metrics import delivery
from analytics.models import SpanFigures
from analytics.services import flow
from changes.models import Change, Deployment, Service
from incidents.models import Cause, Fix, Incident
from intake import ledger
from tests import make
from tests.analytics.flow_rows import MONDAY, at

pytestmark = pytest.mark.django_db
SPAN = Span(MONDAY, QUARTER)
# So late that the last two weeks of the span are younger than 14 days.
NOW = at(13 * 7 - 1)


@pytest.fixture(autouse=True)
def only_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "PAGES", {"delivery": delivery})


class History:
    """Two services of a team, one of them with a window of its own, and one whose incidents nobody knows."""

    def __init__(self, seed: int) -> None:
        self.drawn = random.Random(seed)
        team = Team.objects.create(name="Payments", slug="payments")
        self.services = [
            make.service("Checkout", team=team, repository=make.repository(), reports_incidents=True),
            make.service("Ledger", team=team, repository=make.repository(), exposure_days=30),
            make.service("Silent", repository=make.repository()),
        ]
        for service in self.services:
            for when in sorted(self.moment() for _ in range(25)):
                self.roll_out(service, when)
        for _ in range(14):
            self.break_down()

    def moment(self) -> datetime:
        return at(self.drawn.uniform(-10, 13 * 7 - 1))

    def roll_out(self, service: Service, when: datetime) -> None:
        made = make.deployment(
            repository=service.repository, service=service, finished_at=when,
            status=self.drawn.choices(["succeeded", "failed"], [9, 1])[0],
            kind=self.drawn.choices(["planned", "rollback", "hotfix"], [8, 1, 1])[0],
        )  # fmt: skip
        if made.status == "succeeded":
            for _ in range(self.drawn.randint(1, 3)):
                begun = when - timedelta(hours=self.drawn.uniform(1, 200))
                change = make.change(
                    repository=service.repository, merged_at=when - timedelta(hours=1), shipped_at=when,
                    shipped_basis="deployment",
                    first_commit_at=begun if self.drawn.random() < 0.8 else None,
                    opened_at=begun if self.drawn.random() < 0.8 else None,
                )  # fmt: skip
                change.services.add(service)
                made.changes.add(change)
                ledger.touch(ledger.Kind.CHANGE, change.pk, verb="told")
        ledger.touch(ledger.Kind.DEPLOYMENT, made.pk, verb="told")

    def break_down(self) -> None:
        service = self.drawn.choice(self.services[:2])
        when, lasted = self.moment(), timedelta(hours=self.drawn.uniform(0.1, 30))
        is_open = self.drawn.random() < 0.2
        made = make.incident(
            impact_started_at=when if self.drawn.random() < 0.9 else None, reported_at=when,
            resolved_at=None if is_open else when + lasted, status="open" if is_open else "resolved",
            closing_reason="" if is_open else self.drawn.choices(["resolved", "false_alarm"], [9, 1])[0],
        )  # fmt: skip
        made.services.add(service)
        changes = list(Change.objects.filter(services=service))
        for change in self.drawn.sample(changes, self.drawn.choice([0, 0, 1, 2])):
            status = self.drawn.choice(["confirmed", "confirmed", "suspected", "ruled_out"])
            Cause.objects.create(incident=made, change=change, status=status)
        if self.drawn.random() < 0.3:
            Fix.objects.create(incident=made, change=self.drawn.choice(changes))
        ledger.touch(ledger.Kind.INCIDENT, made.pk, verb="told")


def counted() -> list[Incident]:
    return list(Incident.objects.exclude(closing_reason="false_alarm"))


def within(when: datetime | None) -> bool:
    return when is not None and at(-0.5) <= when < at(-0.5, SPAN.ends_on)


def first_of_all(service: Service) -> Deployment:
    return Deployment.objects.filter(service=service, status="succeeded").order_by("finished_at")[0]


def blames(deployment: Deployment, status: str) -> bool:
    return Cause.objects.filter(
        incident__in=counted(), status=status, change__in=deployment.changes.all()
    ).exists()


def recount(services: Iterable[Service]) -> dict[str, Any]:
    """What the definitions say, word by word, one row at a time."""
    services = list(services)
    rollouts = [one for one in Deployment.objects.filter(service__in=services) if within(one.finished_at)]
    reached = [one for one in rollouts if one.status == "succeeded"]
    judged, failed, suspected, pending, early, rework = 0, 0, 0, 0, 0, 0
    for one in reached:
        repairs = Fix.objects.filter(incident__in=counted(), change__in=one.changes.all()).exists()
        rework += one.kind != "planned" or repairs
        service = one.service
        assert service
        assert one.finished_at
        named = Incident.objects.filter(services=service).exists()
        if not (service.reports_incidents or named):
            continue
        if (NOW.date() - one.finished_at.date()).days < (service.exposure_days or 14):
            pending += 1
            early += blames(one, "confirmed")
        else:
            judged += 1
            failed += blames(one, "confirmed")
            suspected += blames(one, "suspected") and not blames(one, "confirmed")
    leads = []
    for change in Change.objects.filter(services__in=services):
        begun = change.first_commit_at or change.opened_at
        shipped = change.shipped_at
        assert shipped
        is_first = any(change in first_of_all(service).changes.all() for service in services)
        if within(shipped) and not is_first and begun:
            leads.append(round((shipped - begun).total_seconds()))
    lasted, still_open = [], 0
    for incident in counted():
        began = incident.impact_started_at or incident.reported_at
        own = incident.services.filter(pk__in=[one.pk for one in services]).exists()
        if not own or not within(began) or not incident.causes.filter(status="confirmed").exists():
            continue
        still_open += incident.status == "open"
        if incident.resolved_at and incident.impact_started_at:
            lasted.append(round((incident.resolved_at - incident.impact_started_at).total_seconds()))
    ranked = [*sorted(lasted), *[float("inf")] * still_open]
    half = median(ranked) if ranked else None
    return {
        "deployments": len(reached), "attempts": len(rollouts) - len(reached),
        "days": len({one.finished_at.date() for one in reached if one.finished_at}),
        "judged": judged, "failed": failed, "suspected": suspected, "pending": pending, "early": early,
        "rework": rework, "leads": len(leads), "lead": median(leads) if leads else None,
        "incidents": len(ranked), "open": still_open, "recovery": None if half == float("inf") else half,
    }  # fmt: skip


def told(scope: str) -> dict[str, Any]:
    row = SpanFigures.objects.get(page="delivery", scope=scope, begins_on=SPAN.begins_on, weeks=QUARTER)
    said = row.figures
    return {
        "deployments": said["frequency"]["deployments"], "attempts": said["frequency"]["attempts"],
        "days": said["frequency"]["active_days"], "judged": said["fail"]["judged"],
        "failed": said["fail"]["failed"], "suspected": said["fail"]["suspected"],
        "pending": said["fail"]["pending"], "early": said["fail"]["pending_failed"],
        "rework": said["rework"]["k"], "leads": said["lead"]["n"], "lead": said["lead"]["median"],
        "incidents": said["recovery"]["n"], "open": said["recovery"]["open"],
        "recovery": said["recovery"]["median"],
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_equal_a_recount_when_histories_are_random(seed: int) -> None:
    history = History(seed)
    flow.settle(now=NOW)
    flow.ask(page="delivery", span=SPAN, demo=False, now=NOW)
    flow.settle(now=NOW)
    assert told("") == recount(history.services)
    for service in history.services:
        assert told(f"service:{service.pk}") == recount([service]), service
    team = history.services[0].team_id
    assert told(f"team:{team}") == recount(history.services[:2])
    assert recount(history.services)["failed"] > 0
