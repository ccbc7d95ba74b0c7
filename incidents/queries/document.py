"""A postmortem as others read it: one shape behind page, Markdown and JSON. It names roles, and nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from accounts.models import User
from changes.models import Assistance
from incidents import markdown, wording
from incidents.models import Cause, Incident, Lesson, Postmortem
from incidents.queries.durations import durations, moments
from incidents.queries.outline import sections_of

SAID = (Assistance.Status.DECLARED, Assistance.Status.CONFIRMED)


def names_and_roles() -> dict[str, str]:
    """What prose may call people by: `@name`, and first and last name; a bare first name is too common."""
    roles = {}
    for user in User.objects.all():
        roles[f"@{user.username}"] = user.shown_role
        if user.first_name and user.last_name:
            roles[user.get_full_name()] = user.shown_role
    return roles


def document(incident: Incident, postmortem: Postmortem, reader: User) -> dict[str, Any]:
    """Everything that stands in it, in reading order; the keys are pinned, as others' tools read them."""
    roles = names_and_roles()

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
        "owner": postmortem.owner.shown_role if postmortem.owner else None,
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
            for section in sections_of(postmortem)
            if section.text.strip()
        ],
        "timeline": [
            {
                "occurred_at": entry.occurred_at,
                "kind": entry.kind,
                "text": said(entry.text),
                "evidence_url": entry.evidence_url,
                "starred": entry.starred,
            }
            for entry in incident.timeline.filter(hidden=False)
        ],
        "cause_answer": incident.cause_answer,
        "causes": [_cause(cause, said(cause.rationale)) for cause in _causes(incident)],
        "fixes": [str(fix.change) for fix in incident.fixes.select_related("change")],
        "factors": [
            {"kind": factor.kind.name if factor.kind else None, "text": said(factor.text)}
            for factor in incident.factors.select_related("kind")
        ],
        "lessons": [
            {"id": lesson.pk, "text": said(lesson.text), "why": said(lesson.why), "state": lesson.state}
            for lesson in Lesson.objects.visible_to(reader).filter(incidents=incident)
        ],
        "actions": [
            {
                "title": said(action.title),
                "type": action.type,
                "state": action.state,
                "owner": action.owner.shown_role if action.owner else None,
                "due_on": action.due_on,
                "tracker_url": action.tracker_url,
            }
            for action in incident.actions.select_related("owner")
        ],
    }


def _causes(incident: Incident) -> list[Cause]:
    """What was named: a suggestion is no statement."""
    named = incident.causes.filter(status__in=[Cause.Status.CONFIRMED, Cause.Status.SUSPECTED])
    return list(
        named.select_related(
            "change__repository",
            "deployment__service",
            "deployment__environment",
            "deployment__repository",
        ).prefetch_related("change__assistances__kind", "change__identities")
    )


def _cause(cause: Cause, rationale: str) -> dict[str, Any]:
    change = cause.change
    kinds = [row.kind.name for row in change.assistances.all() if row.status in SAID] if change else []
    return {
        "change": str(change) if change else None,
        "change_id": change.pk if change else None,
        "repository": change.repository.name if change else None,
        "deployment": str(cause.deployment) if cause.deployment else None,
        "role": cause.role,
        "status": cause.status,
        "rationale": rationale,
        "origin": change.origin if change else None,
        "kinds": kinds,
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
