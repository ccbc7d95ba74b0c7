"""A postmortem as others read it: one shape behind page, Markdown and JSON. It names roles, and nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import Coalesce

from accounts.models import User
from changes.models import Assistance
from incidents import markdown, wording
from incidents.models import (
    ActionItem,
    Cause,
    ContributingFactor,
    Fix,
    Incident,
    Lesson,
    Postmortem,
    TimelineEntry,
)
from incidents.queries.durations import durations, moments
from incidents.queries.outline import sections_of
from incidents.queries.parts import Parts, Rows, listed, together

# Who it was, where a first name alone does not tell.
SHARED = "responder"
SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)


def names_and_roles(people: Iterable[User] | None = None) -> dict[str, str]:
    """What prose may call people by: `@name`, address, full name, first name; who left is among them.

    A first name that people of several roles share becomes “responder”.
    """
    roles: dict[str, str] = {}
    for user in User.objects.all() if people is None else people:
        roles[f"@{user.username}"] = user.shown_role
        if "@" in user.email:
            roles[user.email] = user.shown_role
        if user.first_name and user.last_name:
            roles[user.get_full_name()] = user.shown_role
        if first := user.first_name.strip():
            roles[first] = user.shown_role if roles.get(first, user.shown_role) == user.shown_role else SHARED
    return roles


def document(
    incident: Incident, postmortem: Postmortem, reader: User, parts: Parts | None = None
) -> dict[str, Any]:
    """Everything that stands in it, in reading order; the keys are pinned, as others' tools read them."""
    people = {user.pk: user for user in User.objects.all()}
    roles = names_and_roles(people.values())
    owner = people.get(postmortem.owner_id or 0)
    lists = _lists(incident, reader)

    def said(text: str) -> str:
        return wording.names_to_roles(text, roles)

    return {
        "incident": str(incident),
        "title": said(incident.title),
        "state": postmortem.state,
        "published_at": postmortem.published_at,
        "severity": incident.severity.name if incident.severity else None,
        "status": incident.status,
        "closing_reason": incident.closing_reason or None,
        "services": [service.name for service in incident.services.all()],
        "area": incident.area.name if incident.area else None,
        "owner": owner.shown_role if owner else None,
        "impact": said(incident.impact),
        "impact_numbers": incident.impact_numbers,
        "summary": said(incident.summary),
        "times": {moment.name: moment.at for moment in moments(incident)},
        "durations": [
            {
                "label": duration.label,
                "seconds": duration.span.total_seconds() if duration.span is not None else None,
                "state": duration.state or "known",
            }
            for duration in durations(incident)
        ],
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "text": said(section.text),
                "html": markdown.render(said(section.text)),
            }
            for section in sections_of(postmortem, parts)
            if section.text.strip()
        ],
        "timeline": [
            entry | {"occurred_at": datetime.fromisoformat(entry["occurred_at"]), "text": said(entry["text"])}
            for entry in lists["timeline"]
        ],
        "cause_answer": incident.cause_answer,
        "causes": [_cause(cause, said(cause["rationale"])) for cause in lists["causes"]],
        "fixes": [fix["change"] or f"change {fix['change_id']}" for fix in lists["fixes"]],
        "factors": [{"kind": factor["kind"], "text": said(factor["text"])} for factor in lists["factors"]],
        "lessons": [
            lesson | {"text": said(lesson["text"]), "why": said(lesson["why"])} for lesson in lists["lessons"]
        ],
        "actions": [_agreed(action, people, said(action["title"])) for action in lists["actions"]],
    }


def _lists(incident: Incident, reader: User) -> dict[str, Rows]:
    """What was named: a suggestion is no statement."""
    named = incident.causes.filter(status__in=[Cause.Status.CONFIRMED, Cause.Status.SUSPECTED])
    said_kinds = Assistance.objects.filter(change=OuterRef("change"), status__in=SAID).order_by("pk")
    lessons = Lesson.objects.visible_to(reader).filter(incidents=incident)
    return together(
        incident,
        timeline=listed(
            TimelineEntry.objects.filter(incident=incident, hidden=False),
            "occurred_at",
            "kind",
            "text",
            "evidence_url",
            "starred",
        ),
        causes=listed(
            named,
            "pk",
            "change_id",
            "deployment_id",
            "role",
            "status",
            "rationale",
            change=F("change__title"),
            repository=F("change__repository__name"),
            origin=F("change__origin"),
            kinds=ArraySubquery(said_kinds.values("kind__name")),
            rolled_out=Coalesce("deployment__service__name", "deployment__repository__name"),
            environment=F("deployment__environment__name"),
        ),
        fixes=listed(Fix.objects.filter(incident=incident), "change_id", change=F("change__title")),
        factors=listed(ContributingFactor.objects.filter(incident=incident), "text", kind=F("kind__name")),
        lessons=listed(lessons, "text", "why", "state", id=F("pk")),
        actions=listed(
            ActionItem.objects.filter(incident=incident),
            "title",
            "type",
            "state",
            "owner_id",
            "due_on",
            "tracker_url",
        ),
    )


def _agreed(action: dict[str, Any], people: dict[int, User], title: str) -> dict[str, Any]:
    owner = people.get(action["owner_id"] or 0)
    return {
        "title": title,
        "type": action["type"],
        "state": action["state"],
        "owner": owner.shown_role if owner else None,
        "due_on": date.fromisoformat(action["due_on"]) if action["due_on"] else None,
        "tracker_url": action["tracker_url"],
    }


def _cause(cause: dict[str, Any], rationale: str) -> dict[str, Any]:
    is_change = cause["change_id"] is not None
    return {
        "change": (cause["change"] or f"change {cause['change_id']}") if is_change else None,
        "change_id": cause["change_id"],
        "repository": cause["repository"],
        "deployment": None if is_change else f"{cause['rolled_out']} to {cause['environment']}",
        "role": cause["role"],
        "status": cause["status"],
        "rationale": rationale,
        "origin": cause["origin"],
        "kinds": cause["kinds"] if is_change else [],
    }


def as_markdown(told: dict[str, Any]) -> str:
    return "\n".join(_lines(told)).rstrip() + "\n"


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"# {told['incident']}: {told['title']}"
    yield ""
    if told["state"] != Postmortem.State.PUBLISHED:
        yield f"*Not published: {told['state'].replace('_', ' ')}.*\n"
    yield f"- Severity: {told['severity'] or 'unknown'}"
    yield f"- Services: {', '.join(told['services']) or 'none named'}"
    if told["owner"]:
        yield f"- Owner: {told['owner']}"
    for name, at in told["times"].items():
        yield f"- {name.removesuffix('_at').replace('_', ' ').capitalize()}: {_time(at)}"
    for duration in told["durations"]:
        yield f"- {duration['label']}: {_span(duration)}"
    if told["impact"]:
        yield f"\n{told['impact']}"
    for number in told["impact_numbers"]:
        yield f"- {number.get('label') or 'Impact'}: {number['value']:g} {number.get('unit') or ''}".rstrip()
    for section in told["sections"]:
        yield f"\n## {section['title']}\n\n{section['text']}"
    yield from _listed("Timeline", (f"{_time(e['occurred_at'])}: {e['text']}" for e in told["timeline"]))
    yield from _listed("What made it possible", _made_possible(told))
    yield from _listed("Lessons", (lesson["text"] for lesson in told["lessons"]))
    yield from _listed("Actions", (_action(action) for action in told["actions"]))


def _listed(title: str, rows: Iterator[str]) -> Iterator[str]:
    told = list(rows)
    if told:
        yield f"\n## {title}\n"
        yield from (f"- {' '.join(row.split())}" for row in told)


def _made_possible(told: dict[str, Any]) -> Iterator[str]:
    for cause in told["causes"]:
        what = cause["change"] or cause["deployment"]
        kinds = f", {', '.join(cause['kinds'])}" if cause["kinds"] else ""
        origin = f" (origin: {cause['origin']}{kinds})" if cause["origin"] else ""
        yield f"{cause['status'].capitalize()} {cause['role']}: {what}{origin}. {cause['rationale']}"
    if told["cause_answer"] in {Incident.CauseAnswer.NO_CHANGE, Incident.CauseAnswer.NOT_DETERMINED}:
        yield f"{Incident.CauseAnswer(told['cause_answer']).label}."
    for factor in told["factors"]:
        yield f"{factor['kind']}: {factor['text']}" if factor["kind"] else factor["text"]


def _action(action: dict[str, Any]) -> str:
    due = f", due {action['due_on']}" if action["due_on"] else ""
    owner = f", {action['owner']}" if action["owner"] else ""
    return f"{action['title']} ({action['type']}, {action['state'].replace('_', ' ')}{owner}{due})"


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "not known"


def _span(duration: dict[str, Any]) -> str:
    if duration["seconds"] is None:
        return str(duration["state"])
    minutes = round(duration["seconds"] / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
