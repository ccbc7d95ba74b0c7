"""Rows of incidents: alerts, causes, fixes, timelines, postmortems and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from accounts.days import day_of
from accounts.models import User
from analytics.demo.history import History
from analytics.demo.outages import Outage
from analytics.demo.places import Places
from changes.models import Change, Deployment
from changes.services.bulk import insert
from incidents.markdown import render
from incidents.models import (
    ActionItem,
    Alert,
    AlertEvent,
    Cause,
    ContributingFactor,
    Fix,
    Incident,
    Postmortem,
    PostmortemSection,
    TimelineEntry,
)
from incidents.services.incidents import due_on
from incidents.starter import TEMPLATE_SECTIONS

State = Postmortem.State
SHORT_FROM = 3  # severities that get by with the short form
LEADS = [
    "",
    "",
    "It began quietly. ",
    "Nothing was red at first. ",
    "The day had been calm until then. ",
    "The roll-out itself went by the book. ",
]
NOT_REQUIRED = "SEV4 without lasting effect: the timeline and the lesson say it all."


@dataclass
class Told:
    """An incident with what was decided about its postmortem."""

    outage: Outage
    row: Incident
    owner: User
    postmortem: Postmortem | None = None

    @property
    def over_at(self) -> datetime:
        return self.outage.resolved_at or self.outage.mitigated_at or self.outage.detected_at

    @property
    def state(self) -> str:
        return self.outage.postmortem

    @property
    def is_written(self) -> bool:
        return self.outage.is_written


def make(
    history: History,
    places: Places,
    changes: dict[int, Change],
    deployments: dict[int, Deployment],
    first_number: int,
    random: Random,
) -> list[Told]:
    told = []
    for number, outage in enumerate(history.outages, start=first_number):
        owner = places.people[number % len(places.people)]
        told.append(Told(outage, _incident(outage, number, places), owner))
    insert([one.row for one in told])
    Incident.services.through.objects.bulk_create(
        Incident.services.through(incident=one.row, service=places.services[one.outage.part.slug])
        for one in told
    )
    Incident.people.through.objects.bulk_create(
        Incident.people.through(incident=one.row, user=person)
        for one in told
        if one.outage.is_restricted
        for person in places.people[:2]
    )
    _alerts(random, told, places)
    _judge(told, changes, history, places)
    _timeline(told, history, deployments)
    _postmortems(random, told, history, places)
    return told


def _incident(outage: Outage, number: int, places: Places) -> Incident:
    is_closed = outage.status == "closed"
    return Incident(
        number=number,
        title=outage.title[:200],
        summary=outage.mishap.happened,
        status=outage.status,
        closing_reason=outage.closing_reason if is_closed else "",
        severity=places.severities[outage.severity] if outage.severity else None,
        impact_started_at=outage.began_at if outage.knows_beginning else None,
        detected_at=outage.detected_at,
        acknowledged_at=outage.acknowledged_at,
        mitigated_at=outage.mitigated_at,
        resolved_at=outage.resolved_at,
        reported_at=outage.detected_at,
        closed_at=(outage.resolved_at or outage.detected_at) + timedelta(hours=1) if is_closed else None,
        area=places.areas[outage.part.area],
        environment=places.environments["production"],
        impact=outage.mishap.impact,
        cause_answer=outage.answer,
        is_restricted=outage.is_restricted,
        source=places.pager,
        dedup_key=f"demo-{number}",
        is_demo=True,
        recorded_at=outage.detected_at,
    )


def _alerts(random: Random, told: list[Told], places: Places) -> None:
    alerts = []
    for one in told:
        for nth in range(random.choices([0, 1, 2, 3], [15, 55, 20, 10])[0]):
            alerts.append(_alert(random, one, nth, places))
    insert(alerts)
    events = [
        AlertEvent(
            alert=alert,
            external_id=f"{alert.key}-{kind}",
            sequence=sequence,
            kind=kind,
            at=at,
            told={"title": alert.title, "severity": alert.severity_told} if kind == "opened" else {},
        )
        for alert in alerts
        for sequence, (kind, at) in enumerate(
            [
                ("opened", alert.opened_at),
                ("acknowledged", alert.acknowledged_at),
                ("resolved", alert.resolved_at),
            ]
        )
        if at is not None
    ]
    insert(events)


def _alert(random: Random, one: Told, nth: int, places: Places) -> Alert:
    outage = one.outage
    opened = outage.detected_at + timedelta(minutes=nth * 3)
    words = ["Error rate above 1 %", "p95 latency above 2 s", "Success rate below its goal"]
    return Alert(
        source=places.pager,
        key=f"demo-{one.row.number}-{nth}",
        number=f"#{one.row.number * 10 + nth}",
        dedup_key=f"demo-{one.row.number}-{nth}",
        title=outage.title if nth == 0 else f"{random.choice(words)}: {outage.part.name}",
        status="resolved" if outage.resolved_at else "acknowledged",
        opened_at=opened,
        acknowledged_at=max(outage.acknowledged_at, opened),
        resolved_at=outage.resolved_at,
        severity_told=f"P{outage.severity}" if outage.severity else "",
        severity=one.row.severity,
        urgency="high" if (outage.severity or 4) < SHORT_FROM else "low",
        service_told=outage.part.aliases[0],
        service=places.services[outage.part.slug],
        is_private=outage.is_restricted,
        incident=one.row,
        recorded_at=opened,
    )


def _judge(told: list[Told], changes: dict[int, Change], history: History, places: Places) -> None:
    causes, fixes = [], []
    for one in told:
        said_at = min(one.over_at + timedelta(days=1), history.as_of)
        for nth, work in enumerate(one.outage.causes):
            is_sure = work in one.outage.confirmed
            causes.append(
                Cause(
                    incident=one.row,
                    change=changes[id(work)],
                    role="trigger" if nth == 0 else "contributor",
                    status="confirmed" if is_sure else "suspected",
                    rationale=one.outage.mishap.happened
                    if is_sure
                    else "Shipped to the service shortly before.",
                    said_by=one.owner,
                    said_at=said_at,
                )
            )
        for work in one.outage.ruled_out:
            causes.append(
                Cause(
                    incident=one.row,
                    change=changes[id(work)],
                    status="ruled_out",
                    rationale="Looked at first because it was near in time; it touches another path.",
                    said_by=one.owner,
                    said_at=said_at,
                )
            )
        fixes += [
            Fix(incident=one.row, change=changes[id(work)], said_by=one.owner, said_at=said_at)
            for work in one.outage.fixes
        ]
    insert(causes)
    insert(fixes)


def _timeline(told: list[Told], history: History, deployments: dict[int, Deployment]) -> None:
    hot = {
        id(work): deployments[id(rollout)]
        for rollout in history.rollouts
        if rollout.kind != "planned"
        for work in rollout.works
    }
    entries = []
    for one in told:
        entries += _moments(one)
        for work in one.outage.fixes:
            deployment = hot[id(work)]
            entries.append(
                TimelineEntry(
                    incident=one.row,
                    occurred_at=deployment.finished_at or one.over_at,
                    kind="change",
                    text=f"{deployment.get_kind_display()} of {one.outage.part.name}: {work.title}",
                    origin_key=f"deployment:{deployment.pk}",
                    deployment=deployment,
                )
            )
    for entry in entries:
        entry.recorded_at = entry.occurred_at
    insert(entries)


def _moments(one: Told) -> list[TimelineEntry]:
    outage = one.outage
    if outage.story:
        found = [
            (outage.began_at + timedelta(minutes=at), kind, text, starred)
            for at, kind, text, starred in outage.story.moments
        ]
    else:
        found = [
            (outage.began_at, "note", outage.mishap.impact, True),
            (outage.detected_at, "detection", f"Seen: {outage.title}", False),
            (outage.acknowledged_at, "status", "Somebody on call has it.", False),
        ]
        if outage.mitigated_at:
            found.append((outage.mitigated_at, "mitigation", outage.mishap.resolved, True))
    if outage.resolved_at:
        found.append((outage.resolved_at, "status", "Resolved.", False))
    return [
        TimelineEntry(
            incident=one.row, occurred_at=at, kind=kind, text=text, starred=starred, written_by=one.owner
        )
        for at, kind, text, starred in found
    ]


def _postmortems(random: Random, told: list[Told], history: History, places: Places) -> None:
    for one in told:
        one.postmortem = _postmortem(random, one, history.as_of)
    insert([one.postmortem for one in told if one.postmortem])
    sections, factors, actions = [], [], []
    for one in told:
        if not one.is_written:
            continue
        sections += _sections(random, one)
        factors += _factors(one, places)
        actions += _actions(random, one, history.as_of, places)
    insert(sections)
    insert(factors)
    insert(actions)


def _postmortem(random: Random, one: Told, as_of: datetime) -> Postmortem:
    days = one.row.severity.postmortem_days if one.row.severity else None
    published = None
    if one.state == State.PUBLISHED:
        published = min(one.over_at + timedelta(days=random.uniform(1.5, 11)), as_of)
    return Postmortem(
        incident=one.row,
        state=one.state,
        is_short=not one.outage.story and (one.outage.severity or 4) >= SHORT_FROM,
        owner=one.owner if one.state != State.NOT_STARTED else None,
        due_on=due_on(one.over_at.date(), days) if days and one.outage.mitigated_at else None,
        not_required_reason=NOT_REQUIRED if one.state == State.NOT_REQUIRED else "",
        published_at=published,
    )


def _sections(random: Random, one: Told) -> list[PostmortemSection]:
    mishap = one.outage.mishap
    texts = (
        one.outage.story.sections
        if one.outage.story
        else {
            "what_happened": random.choice(LEADS) + mishap.happened,
            "impact": mishap.impact,
            "resolution": mishap.resolved if one.outage.mitigated_at else "",
            "surprised": mishap.factor[1] if one.state == State.PUBLISHED else "",
        }
    )
    is_short = one.postmortem is not None and one.postmortem.is_short
    return [
        PostmortemSection(
            postmortem=one.postmortem,
            key=section["key"],
            title=section["title"],
            text=texts.get(section["key"], ""),
            html=render(texts.get(section["key"], "")),
            position=position,
        )
        for position, section in enumerate(TEMPLATE_SECTIONS)
        if section["in_short"] or not is_short
    ]


def _factors(one: Told, places: Places) -> list[ContributingFactor]:
    found = [one.outage.mishap.factor, *(one.outage.story.factors if one.outage.story else [])]
    return [
        ContributingFactor(incident=one.row, kind=places.factors.get(kind), text=text, position=position)
        for position, (kind, text) in enumerate(found)
    ]


def _actions(random: Random, one: Told, as_of: datetime, places: Places) -> list[ActionItem]:
    wanted = [one.outage.mishap.action, *(one.outage.story.actions if one.outage.story else [])]
    return [_action(random, one, kind, title, as_of, places) for kind, title in wanted if title]


def _action(random: Random, one: Told, kind: str, title: str, as_of: datetime, places: Places) -> ActionItem:
    made = one.over_at + timedelta(days=2)
    age = (as_of - made) / timedelta(days=1)
    if age < 14:
        state = "proposed"
    elif age < 60:
        state = random.choice(["accepted", "in_progress", "in_progress", "done"])
    else:
        state = random.choices(["verified", "done", "in_progress", "declined"], [46, 36, 10, 8])[0]
    due = made + timedelta(days=random.choice([14, 30, 45]))
    return ActionItem(
        incident=one.row,
        title=title,
        type=kind,
        state=state,
        priority=1 if (one.outage.severity or 4) == 1 else random.choice([1, 2, 2, 3]),
        owner=random.choice(places.people),
        due_on=day_of(due),
        declined_reason="The part is replaced next quarter; until then the alert has to do."
        if state == "declined"
        else "",
        verified_by_evidence="Its test scenario has passed since." if state == "verified" else "",
        created_at=min(made, as_of),
        state_since=min(made + timedelta(days=min(age, 12)), as_of) if age > 0 else as_of,
    )
