"""Every page of an incident, with as much on it as a bad night leaves behind, in at most twelve queries."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, Team, User
from changes.models import (
    Assistance,
    AssistanceKind,
    Change,
    ChangeIdentity,
    Decision,
    OriginEvidence,
    Prompt,
    Service,
)
from incidents.models import (
    ActionItem,
    Alert,
    Cause,
    ContributingFactor,
    FactorKind,
    Fix,
    Incident,
    Lesson,
    Postmortem,
    PostmortemComment,
    PostmortemDraft,
    PostmortemRevision,
    PostmortemSection,
    Severity,
    TimelineEntry,
)
from intake.models import Setup
from tests import make

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MOST = 12
# What each page took when it was last looked at; UPDATE_QUERY_COUNTS=1 writes it anew.
RECORDED = Path(__file__).parent / "query_counts.json"


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="Payments", slug="payments")


@pytest.fixture
def author(team: Team) -> User:
    user = make.user(username="robin", role=Role.AUTHOR, role_title="on-call engineer, payments")
    team.members.add(user)
    return user


@pytest.fixture
def client(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


@pytest.fixture
def incident(team: Team, author: User) -> Incident:
    """After a bad night: six alerts, forty entries, five causes, and all that was written."""
    Setup.objects.update(first_real_fact_at=BEGAN)
    area = make.area("payments-of-tests")
    incident = make.incident(
        title="Checkout answers slowly",
        impact="Shoppers waited 20 s.",
        impact_started_at=BEGAN,
        detected_at=BEGAN + timedelta(minutes=4),
        resolved_at=BEGAN + timedelta(hours=1),
        severity=Severity.objects.get(rank=2),
        area=area,
        impact_numbers=[{"label": "failed", "value": 1200, "unit": "payments"}],
        held_fields=["impact_started_at", "title"],
    )
    services = [make.service(name, team=team) for name in ("Checkout", "Tax", "Mail", "Search")]
    incident.services.set(services)
    _alerts_and_timeline(incident, services)
    _causes(incident, services, author)
    _outcomes(incident, author)
    _written(incident, author)
    Incident.objects.create(number=9001, title="The same again", duplicate_of=incident)
    return incident


def _alerts_and_timeline(incident: Incident, services: list[Service]) -> None:
    pager = make.source()
    alerts = [
        Alert.objects.create(
            source=pager,
            key=f"alert-{place}",
            title=f"Slow {place}",
            service=services[place % 4],
            incident=incident,
            opened_at=BEGAN + timedelta(minutes=place),
        )
        for place in range(6)
    ]
    for place in range(40):
        TimelineEntry.objects.create(
            incident=incident,
            occurred_at=BEGAN + timedelta(minutes=place),
            kind=TimelineEntry.Kind.values[place % 10],
            text=f"Entry {place}",
            alert=alerts[place] if place < 6 else None,
            starred=place % 7 == 0,
            written_by=None,
        )


def _change(services: list[Service], place: int, **over: Any) -> Change:
    change = make.change(shipped_at=BEGAN - timedelta(minutes=place + 1), **over)
    change.services.set(services[: place % 4 + 1])
    kind = AssistanceKind.objects.offered()[place % 5]
    ChangeIdentity.objects.create(
        change=change, repository=change.repository, space="number", value=f"{100 + place}"
    )
    OriginEvidence.objects.create(
        change=change,
        rule_key="tests",
        rule_version=1,
        place="trailer",
        strength="strong",
        origin="assisted",
        excerpt="Co-Authored-By: Claude",
    )
    Assistance.objects.create(change=change, kind=kind, status="suggested")
    return change


def _causes(incident: Incident, services: list[Service], author: User) -> None:
    for place in range(14):
        change = _change(services, place)
        if place < 4:
            Cause.objects.create(
                incident=incident, change=change, status=["confirmed", "suspected"][place % 2], said_by=author
            )
            Decision.objects.create(
                change=change, origin="assisted", verdict="confirmed", prompted_by=Prompt.POSTMORTEM
            )
        if place == 13:
            Fix.objects.create(incident=incident, change=change)
    for place in range(4):
        deployment = make.deployment(
            service=services[place], finished_at=BEGAN - timedelta(minutes=5 + place), is_production=True
        )
        if place == 0:
            Cause.objects.create(incident=incident, deployment=deployment, status="suspected")
    incident.cause_answer = Incident.CauseAnswer.CHANGES
    incident.save()
    for kind in FactorKind.objects.offered()[:4]:
        ContributingFactor.objects.create(incident=incident, kind=kind, text=f"No limit on {kind}")


def _outcomes(incident: Incident, author: User) -> None:
    for _ in range(3):
        lesson = make.lesson(incident, area=incident.area)
        lesson.kinds.set(AssistanceKind.objects.offered()[:2])
        lesson.services.set(incident.services.all()[:2])
    states = ["proposed", "accepted", "in_progress", "done", "verified", "proposed"]
    for state in states:
        make.action(incident, state=state, owner=make.user(), due_on=BEGAN.date())


def _written(incident: Incident, author: User) -> None:
    postmortem = incident.postmortem
    Postmortem.objects.filter(pk=postmortem.pk).update(
        state="in_review", owner=author, facilitator=make.user(), due_on=BEGAN.date()
    )
    texts = {"what_happened": "It was **slow**.", "resolution": "A rollback.", "surprised": "The limit."}
    for place, (key, text) in enumerate(texts.items()):
        PostmortemSection.objects.create(
            postmortem=postmortem, key=key, title=key, text=text, html=f"<p>{text}</p>", position=place
        )
    PostmortemRevision.objects.create(
        postmortem=postmortem, number=1, content={"sections": texts}, saved_by=author
    )
    for place in range(3):
        PostmortemComment.objects.create(
            postmortem=postmortem,
            text=f"Look at {place}",
            written_by=make.user(),
            section_key="what_happened",
        )
    for other in (make.user(role_title="on-call engineer, search"), author):
        PostmortemDraft.objects.create(
            postmortem=postmortem,
            user=other,
            step="facts",
            base_version=1,
            data={"page": "p", "fields": {"impact": ["Shoppers waited."]}},
        )


PAGES = {
    "list": "incidents:list",
    "report": "incidents:report",
    "detail": "incidents:detail",
    "edit": "incidents:edit",
    "access": "incidents:access",
    "facts": "incidents:step",
    "timeline": "incidents:step",
    "causes": "incidents:step",
    "lessons": "incidents:step",
    "publish": "incidents:step",
    "draft as read": "incidents:postmortem",
    "markdown": "incidents:postmortem_markdown",
    "json": "incidents:postmortem_json",
    "published": "incidents:postmortem",
    "lesson list": "incidents:lessons",
    "lesson": "incidents:lesson",
    "lesson edit": "incidents:lesson_edit",
    "action list": "incidents:actions",
    "action": "incidents:action",
}


def _address(page: str, incident: Incident) -> str:
    name = PAGES[page]
    match page:
        case "list" | "report" | "lesson list" | "action list":
            return reverse(name)
        case "lesson" | "lesson edit":
            return reverse(name, args=[Lesson.objects.order_by("pk")[0].pk])
        case "action":
            return reverse(name, args=[ActionItem.objects.order_by("pk")[0].pk])
    return reverse(name, args=[incident.number, page] if name == "incidents:step" else [incident.number])


@pytest.mark.parametrize("page", PAGES)
def test_page_takes_as_few_queries_as_recorded_when_much_is_on_it(
    client: Client, incident: Incident, page: str
) -> None:
    if page == "published":
        Postmortem.objects.update(state="published", published_at=BEGAN)
    address = _address(page, incident)
    client.get(address)
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    asked = [query["sql"] for query in queries.captured_queries if _is_of_the_page(query["sql"])]
    told = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        RECORDED.write_text(json.dumps(told | {page: len(asked)}, indent=2, sort_keys=True) + "\n")
        return
    assert len(asked) <= told[page] <= MOST, "\n".join(asked)


def _is_of_the_page(sql: str) -> bool:
    return not sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT"))
